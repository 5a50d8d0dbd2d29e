//! A table that is there, brought to what its entity says: column by column, constraint by constraint.
//! Never touches what the entity says nothing of, and never writes a row again that need not be.

mod columns;
mod constraints;

use std::collections::BTreeMap;

use super::lexer::quote;
use super::lower;
use super::online::{self, Course};
use super::projection;
use super::shape::{Column, Reference, Rule, Table};
use crate::diff::change::Change;
use crate::model::entity::Entity;
use crate::target::{Scene, Work};

pub use columns::{counts_by_itself, lone_counters, set_counter};

/// Turns the change of one entity into work.
pub fn work(change: &Change, before: &Entity, after: &Entity, scene: &Scene<'_>) -> Vec<Work> {
    let (old, new) = (change.address_before().name.as_str(), change.address.name.as_str());
    // Under the names that what it points to has now.
    let present = scene.before.get(change.address_before()).and_then(|resource| resource.as_entity());
    let was = lower::table(old, present.unwrap_or(before), scene.before);
    let actual = Table::find(old, scene.natives).unwrap_or_else(|| was.clone());
    let wanted = lower::table(new, after, scene.after);
    let sources = projection::pairs(change, before, after, &actual, scene);
    let course = Course::new(new, old, online::pace(scene, change));
    let mut alter = Alter { change, before, after, scene, old, new, was, actual, wanted, sources, course };
    alter.rename();
    alter.constraints_and_indexes();
    alter.columns();
    alter.comments();
    let title = alter.title();
    alter.course.finish(&title)
}

struct Alter<'a> {
    change: &'a Change,
    before: &'a Entity,
    after: &'a Entity,
    scene: &'a Scene<'a>,
    old: &'a str,
    new: &'a str,
    /// What the entity of before comes to, under the names that it has by now.
    was: Table,
    /// What is there, under the names that it has by now.
    actual: Table,
    wanted: Table,
    /// The present name of each column after the change that has one.
    sources: BTreeMap<String, String>,
    course: Course,
}

/// Gives the columns of a table and all that names them other names.
fn with_names(table: &mut Table, new: &str, renames: &BTreeMap<String, String>) {
    let follow = |name: &mut String| {
        if let Some(new) = renames.get(name.as_str()) {
            name.clone_from(new);
        }
    };
    let former = std::mem::replace(&mut table.name, new.to_owned());
    table.columns.iter_mut().for_each(|column| follow(&mut column.name));
    for constraint in &mut table.constraints {
        constraint.columns.iter_mut().for_each(follow);
        if let Rule::Reference(far) = &mut constraint.rule
            && far.table == former
        {
            new.clone_into(&mut far.table);
            far.columns.iter_mut().for_each(follow);
        }
    }
    for index in &mut table.indexes {
        index.columns.iter_mut().flatten().for_each(follow);
    }
}

impl Alter<'_> {
    fn title(&self) -> String {
        match self.old == self.new {
            true => format!("alter table {}", quote(self.new)),
            false => format!("rename table {} to {}", quote(self.old), quote(self.new)),
        }
    }

    fn alter(&mut self, what: String) {
        let sql = format!("ALTER TABLE {} {what}", quote(self.new));
        self.course.now(sql);
    }

    /// Gives table and columns their new names.
    fn rename(&mut self) {
        if self.old != self.new {
            let sql = format!("ALTER TABLE {} RENAME TO {}", quote(self.old), quote(self.new));
            self.course.now(sql);
        }
        let renames: BTreeMap<String, String> = self
            .sources
            .iter()
            .filter(|(new, old)| new != old)
            .map(|(new, old)| (old.clone(), new.clone()))
            .collect();
        let mut taken: Vec<String> = self.actual.columns.iter().map(|column| column.name.clone()).collect();
        let mut open: Vec<(String, String)> =
            renames.iter().map(|(old, new)| (old.clone(), new.clone())).collect();
        let mut aside: BTreeMap<String, String> = BTreeMap::new();
        let mut number = 0;
        while !open.is_empty() {
            let is_free = |(_, to): &(String, String)| !taken.contains(to);
            let (from, to) = match open.iter().position(is_free) {
                Some(next) => open.remove(next),
                // The name is still another column's: that one steps aside, and takes its own name later or goes.
                None => {
                    let holder = open[0].1.clone();
                    number += 1;
                    let place = format!("_reconcile_aside_{number}");
                    let waits = open.iter_mut().find(|(from, _)| *from == holder);
                    match waits {
                        Some((from, _)) => from.clone_from(&place),
                        None => drop(aside.insert(holder.clone(), place.clone())),
                    }
                    (holder, place)
                }
            };
            self.alter(format!("RENAME COLUMN {} TO {}", quote(&from), quote(&to)));
            taken.retain(|name| *name != from);
            taken.push(to);
        }
        self.course.renamed(&renames);
        let all: BTreeMap<String, String> = renames.into_iter().chain(aside).collect();
        with_names(&mut self.actual, self.new, &all);
        with_names(&mut self.was, self.new, &all);
        // What others are called by now, they are called here too.
        for table in [&mut self.actual, &mut self.was] {
            for constraint in &mut table.constraints {
                if let Rule::Reference(far) = &mut constraint.rule {
                    follow(far, self.scene);
                }
            }
        }
    }

    /// The columns that the entity of before had, and that go.
    fn dropped_columns(&self) -> Vec<String> {
        let goes = |column: &&Column| {
            self.wanted.column(&column.name).is_none() && self.was.column(&column.name).is_some()
        };
        let gone = self.actual.columns.iter().filter(goes).map(|column| column.name.clone());
        let mut all: Vec<String> = gone.chain(self.remade()).collect();
        // What is computed goes before what it is computed from.
        let is_computed = |name: &String| self.actual.column(name).is_some_and(|one| one.made.is_generated());
        all.sort_by_key(|name| !is_computed(name));
        all
    }

    /// The columns whose values are computed anew, and a generated key in the place of another one: PostgreSQL makes
    /// such a column again.
    fn remade(&self) -> Vec<String> {
        let is_remade = |wanted: &&Column| {
            self.actual.column(&wanted.name).is_some_and(|found| {
                let was = self.was.column(&wanted.name);
                let says_otherwise =
                    was.is_none_or(|was| was.default != wanted.default || was.ty != wanted.ty);
                let is_other_key =
                    **wanted == lower::generated_key() && !self.sources.contains_key(&wanted.name);
                is_other_key || wanted.made.is_generated() && (!found.made.is_generated() || says_otherwise)
            })
        };
        self.wanted.columns.iter().filter(is_remade).map(|column| column.name.clone()).collect()
    }

    /// The columns that do not hold yet what they will hold.
    fn touched(&self) -> Vec<String> {
        self.retyped().into_iter().chain(self.remade()).collect()
    }

    /// The columns that get another type.
    fn retyped(&self) -> Vec<String> {
        let is_other = |wanted: &&Column| {
            self.actual
                .column(&wanted.name)
                .is_some_and(|found| found.ty != wanted.ty || self.collation_changes(found, wanted))
        };
        self.wanted.columns.iter().filter(is_other).map(|column| column.name.clone()).collect()
    }

    fn comments(&mut self) {
        if self.actual.comment != self.wanted.comment {
            let sql = lower::comment_on_table(self.new, self.wanted.comment.as_deref());
            self.course.now(sql);
        }
        for wanted in self.wanted.columns.clone() {
            let found = self.actual.column(&wanted.name).filter(|_| !self.remade().contains(&wanted.name));
            let said = found.and_then(|found| found.comment.as_deref());
            if said != wanted.comment.as_deref() {
                let sql = lower::comment_on_column(self.new, &wanted.name, wanted.comment.as_deref());
                self.course.now(sql);
            }
        }
    }
}

/// Points a reference at the new name of a table that the plan renames, as PostgreSQL itself does.
fn follow(far: &mut Reference, scene: &Scene<'_>) {
    for (new, old) in scene.renamed {
        if old.name == far.table {
            far.table.clone_from(&new.name);
            return;
        }
    }
}
