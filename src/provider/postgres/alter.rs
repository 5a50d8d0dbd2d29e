//! A table that is there, brought to what its entity says: column by column, constraint by constraint.
//! Never touches what the entity says nothing of, and never writes a row again that need not be.

use std::collections::BTreeMap;

use super::conversion;
use super::ddl;
use super::holding;
use super::keep::{self, Noted};
use super::lexer::{Token, quote, tokens};
use super::lower;
use super::names;
use super::native;
use super::online::{self, Course, Filler};
use super::projection;
use super::restore;
use super::shape::{Column, Constraint, Index, Made, Reference, Rule, Table};
use super::types;
use crate::address::{Address, Kind};
use crate::diff::change::Change;
use crate::model::entity::{self, Deferral, Entity};
use crate::model::field::{DefaultValue, FieldType};
use crate::model::picklist;
use crate::target::{Cost, Scene, Work};

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

    fn rule_is_same(&self, actual: &Constraint, wanted: &Constraint) -> bool {
        match (&actual.rule, &wanted.rule) {
            (Rule::PrimaryKey, Rule::PrimaryKey) => {
                actual.columns == wanted.columns
                    && actual.beyond.is_none()
                    && actual.deferral == wanted.deferral
            }
            (Rule::Unique, Rule::Unique) => {
                let says_same = match (&actual.using, &wanted.using) {
                    (None, None) => actual.columns == wanted.columns,
                    // As of checks, the server's own words are compared through what their author wrote before.
                    (Some(_), Some(sql)) => {
                        let was = self.was.constraint(&actual.name);
                        was.is_some_and(|was| was.using.as_ref() == Some(sql))
                    }
                    (_, _) => false,
                };
                says_same && actual.beyond.is_none() && actual.deferral == wanted.deferral
            }
            (Rule::Reference(found), Rule::Reference(far)) => {
                actual.columns == wanted.columns
                    && actual.beyond.is_none()
                    && found.table == far.table
                    && found.on_delete == far.on_delete
                    && found.on_update == far.on_update
                    && (found.columns == far.columns || self.is_renamed_key(found, far))
            }
            // The server's own words for a check are compared through what its author wrote before.
            (Rule::Check(_), Rule::Check(sql)) => {
                let was = self.was.constraint(&actual.name);
                actual.beyond.is_none()
                    && actual.name == wanted.name
                    && matches!(was.map(|was| &was.rule), Some(Rule::Check(former)) if former == sql)
            }
            (Rule::Other(_), Rule::Other(sql)) => {
                let was = self.was.constraint(&actual.name);
                actual.deferral == wanted.deferral
                    && matches!(was.map(|was| &was.rule), Some(Rule::Other(former)) if former == sql)
            }
            (Rule::PrimaryKey | Rule::Unique | Rule::Check(_) | Rule::Reference(_) | Rule::Other(_), _) => {
                false
            }
        }
    }

    /// Tells whether two references mean one key, which the plan renames.
    fn is_renamed_key(&self, found: &Reference, far: &Reference) -> bool {
        let address = Address::new(entity::KIND, far.table.as_str());
        let former = self.scene.renamed.get(&address).unwrap_or(&address);
        let key = |state: &crate::model::state::State, address: &Address| -> Option<Vec<String>> {
            let entity = state.get(address)?.as_entity()?.clone();
            Some(entity.key_fields().into_iter().map(str::to_owned).collect())
        };
        key(self.scene.before, former).as_ref() == Some(&found.columns)
            && key(self.scene.after, &address).as_ref() == Some(&far.columns)
    }

    /// Matches what is there with what is wanted: what is the same stays, under its right name; what only the entity
    /// of before wanted goes; what is missing comes.
    fn constraints_and_indexes(&mut self) {
        let touched = self.touched();
        self.course.found(&self.actual.constraints);
        let remade = self.remade();
        // What is on a column that is made again goes with it.
        let goes_along = |columns: &[String]| columns.iter().any(|column| remade.contains(column));
        let mut open: Vec<Constraint> =
            self.actual.constraints.iter().filter(|one| !goes_along(&one.columns)).cloned().collect();
        let mut missing: Vec<Constraint> = Vec::new();
        let mut renamed: Vec<(String, String)> = Vec::new();
        let mut deferred: Vec<String> = Vec::new();
        for wanted in &self.wanted.constraints {
            // Both of its ends get another type, one after the other: meanwhile it does not hold.
            let ends_move = self.ends_move(wanted, &touched);
            let same = |one: &Constraint| !ends_move && self.rule_is_same(one, wanted);
            let by_name = open.iter().position(|one| one.name == wanted.name && same(one));
            match by_name.or_else(|| open.iter().position(same)) {
                // What holds for all rows holds for the new ones.
                Some(place) if open[place].validated || !wanted.validated => {
                    let found = open.remove(place);
                    // It comes again with everything that it says.
                    if let Rule::Reference(far) = &found.rule
                        && holding::holds_again(far, self.scene)
                    {
                        continue;
                    }
                    let is_ours = self.was.constraint(&found.name).is_some();
                    let may_rename = matches!(found.rule, Rule::Unique | Rule::Other(_)) || is_ours;
                    if found.deferral != wanted.deferral {
                        let name = quote(&found.name);
                        let words = match wanted.deferral {
                            Deferral::Never => "NOT DEFERRABLE",
                            Deferral::Deferrable => "DEFERRABLE INITIALLY IMMEDIATE",
                            Deferral::Deferred => Deferral::Deferred.sql(),
                        };
                        deferred.push(format!("ALTER CONSTRAINT {name} {words}"));
                    }
                    if found.name != wanted.name && may_rename {
                        renamed.push((found.name, wanted.name.clone()));
                    }
                }
                // Somebody began it: it only has to be held against the rows that are there.
                Some(place) => {
                    let found = open.remove(place);
                    self.course.validate(&found.name, wanted);
                }
                None => missing.push(wanted.clone()),
            }
        }
        let gone: Vec<Constraint> = open
            .into_iter()
            .filter(|one| {
                let is_ours = |was: &Constraint| {
                    was.name == one.name || (was.rule == one.rule && was.columns == one.columns)
                };
                // What has the name of what is to come is in the way, whoever made it.
                self.was.constraints.iter().any(is_ours) || missing.iter().any(|new| new.name == one.name)
            })
            .collect();
        let dropped: Vec<String> = self.dropped_columns();
        for constraint in &gone {
            // What is on a column that goes, goes with it; but a reference holds the key that it points to.
            let goes_anyway = !matches!(constraint.rule, Rule::Reference(_))
                && !constraint.columns.is_empty()
                && constraint.columns.iter().any(|column| dropped.contains(column));
            if !goes_anyway {
                self.alter(holding::drop_constraint(constraint, self.scene));
            }
        }
        deferred.into_iter().for_each(|what| self.alter(what));
        for (old, new) in renamed {
            self.alter(format!("RENAME CONSTRAINT {} TO {}", quote(&old), quote(&new)));
        }
        self.indexes(&missing, &dropped, &touched);
        for constraint in missing {
            let later = match &constraint.rule {
                Rule::Reference(far) => {
                    let waits = self.ends_move(&constraint, &touched);
                    far.table != self.new && (waits || !ddl::is_there(&far.table, self.scene))
                }
                Rule::PrimaryKey | Rule::Unique | Rule::Check(_) | Rule::Other(_) => false,
            };
            let is_settled = !later && self.constraint_is_settled(&constraint, &touched);
            self.course.add_constraint(constraint, is_settled, later);
        }
    }

    /// Tells whether a reference of this table gets another type at both of its ends, the far one with this change or a
    /// later one.
    fn ends_move(&self, constraint: &Constraint, touched: &[String]) -> bool {
        let Rule::Reference(far) = &constraint.rule else { return false };
        let moves = |columns: &[String]| columns.iter().any(|column| touched.contains(column));
        moves(&constraint.columns)
            && match far.table == self.new {
                true => moves(&far.columns),
                false => holding::moves_later(far, self.scene),
            }
    }

    /// As `constraints_and_indexes`, of indexes alone; `constraints` are those to come.
    fn indexes(&mut self, constraints: &[Constraint], dropped: &[String], touched: &[String]) {
        let remade = self.remade();
        let goes_along = |one: &&Index| match &one.columns {
            Some(columns) => columns.iter().any(|column| remade.contains(column)),
            None => remade.iter().any(|column| super::lexer::names(&one.sql, column)),
        };
        let mut open: Vec<Index> =
            self.actual.indexes.iter().filter(|one| !goes_along(one)).cloned().collect();
        let mut missing: Vec<Index> = Vec::new();
        for wanted in self.wanted.indexes.clone() {
            let is_same = |one: &Index| {
                let says_same = match (&one.columns, &wanted.columns) {
                    (Some(found), Some(columns)) => found == columns,
                    (None, None) => self.was.index(&one.name).is_some_and(|was| was.sql == wanted.sql),
                    (_, _) => false,
                };
                one.valid && one.unique == wanted.unique && says_same
            };
            let by_name = open.iter().position(|one| one.name == wanted.name && is_same(one));
            match by_name.or_else(|| open.iter().position(is_same)) {
                Some(place) => {
                    let found = open.remove(place);
                    if found.name != wanted.name {
                        let (old, new) = (quote(&found.name), quote(&wanted.name));
                        self.course.now(format!("ALTER INDEX {old} RENAME TO {new}"));
                    }
                }
                None => missing.push(wanted),
            }
        }
        for index in open {
            let was_wanted = |was: &Index| {
                was.name == index.name
                    || (was.unique == index.unique && was.columns.is_some() && was.columns == index.columns)
            };
            let is_ours = self.was.indexes.iter().any(was_wanted);
            // An index that was never built to its end, or another one under the name of one that is to come.
            let is_in_the_way = missing.iter().any(|new| new.name == index.name)
                || constraints.iter().any(|new| new.name == index.name);
            let goes_anyway =
                index.columns.as_ref().is_some_and(|columns| columns.iter().any(|one| dropped.contains(one)));
            if (is_ours || is_in_the_way) && !goes_anyway {
                self.course.drop_index(&index);
            }
        }
        for index in missing {
            let is_settled = match &index.columns {
                Some(columns) => self.is_settled(columns, touched),
                None => self.reads_settled(&index.sql, touched),
            };
            self.course.add_index(index, is_settled);
        }
    }

    /// Tells whether columns are there already, with the type and the values that they will have.
    fn is_settled(&self, columns: &[String], touched: &[String]) -> bool {
        columns.iter().all(|column| self.actual.column(column).is_some() && !touched.contains(column))
    }

    /// Tells whether all that an expression can read is settled.
    fn reads_settled(&self, sql: &str, touched: &[String]) -> bool {
        let Ok(found) = tokens(sql) else { return false };
        let names: Vec<String> = found.iter().filter_map(Token::name).collect();
        let moves = |column: &Column| {
            let is_renamed = self.sources.get(&column.name).is_some_and(|old| *old != column.name);
            is_renamed || !self.is_settled(std::slice::from_ref(&column.name), touched)
        };
        let mut moving = self.wanted.columns.iter().filter(|column| moves(column)).peekable();
        // A whole row may be read by the table's name.
        let reads_row = moving.peek().is_some() && names.iter().any(|name| *name == self.new);
        !reads_row && !moving.any(|column| names.contains(&column.name))
    }

    /// Tells whether the rows can be held against a constraint before anything else is done.
    fn constraint_is_settled(&self, constraint: &Constraint, touched: &[String]) -> bool {
        let is_filled = |column: &String| self.backfill(column).is_some();
        match &constraint.rule {
            Rule::Check(sql) | Rule::Other(sql) => {
                let filled = self.change.backfill.keys().cloned();
                let touched: Vec<String> = touched.iter().cloned().chain(filled).collect();
                self.reads_settled(sql, &touched)
            }
            Rule::PrimaryKey | Rule::Unique => {
                let reads = constraint.using.as_ref().is_none_or(|sql| self.reads_settled(sql, touched));
                reads
                    && self.is_settled(&constraint.columns, touched)
                    && !constraint.columns.iter().any(is_filled)
            }
            Rule::Reference(far) => {
                self.is_settled(&constraint.columns, touched)
                    && !constraint.columns.iter().any(is_filled)
                    && self.far_is_settled(far)
            }
        }
    }

    /// Tells whether what a reference points to is there already, and stays as it is.
    fn far_is_settled(&self, far: &Reference) -> bool {
        let is_key = |one: &Constraint| {
            matches!(one.rule, Rule::PrimaryKey | Rule::Unique) && one.columns == far.columns
        };
        let has_key = |table: &Table| table.constraints.iter().any(is_key);
        let stays = |kind: Kind| {
            let address = Address::new(kind, far.table.as_str());
            let (before, after) = (self.scene.before.get(&address), self.scene.after.get(&address));
            !self.scene.renamed.contains_key(&address) && before.is_some() && before == after
        };
        Table::find(&far.table, self.scene.natives).is_some_and(|table| has_key(&table))
            && (stays(entity::KIND) || stays(picklist::KIND))
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

    fn collation_changes(&self, found: &Column, wanted: &Column) -> bool {
        let was = self.was.column(&wanted.name).and_then(|was| was.collation.as_ref());
        found.collation != wanted.collation && was != wanted.collation.as_ref()
    }

    fn columns(&mut self) {
        let keys = self.keys();
        let remade = self.remade();
        // What is computed from a column lets go of it first.
        for wanted in self.wanted.columns.clone() {
            let found = self.actual.column(&wanted.name);
            if found.is_some_and(|found| found.made.is_generated()) && !wanted.made.is_generated() {
                self.alter(format!("ALTER COLUMN {} DROP EXPRESSION", quote(&wanted.name)));
            }
        }
        for name in self.dropped_columns() {
            self.course.drop_column(&name);
        }
        for wanted in self.wanted.columns.clone() {
            if keys.contains(&wanted.name) {
                continue;
            }
            let found = self.actual.column(&wanted.name).filter(|_| !remade.contains(&wanted.name)).cloned();
            match found {
                Some(found) => self.column(&found, &wanted),
                None => self.add_column(&wanted),
            }
        }
    }

    /// Adds the columns of a key that nothing else tells, while what the rows are found by is still there: the trash
    /// knows the rows by the keys that it noted for them.
    fn keys(&mut self) -> Vec<String> {
        let Some(noted) = keep::noted(self.change, self.scene).filter(|noted| !noted.keys.is_empty()) else {
            return Vec::new();
        };
        let new = self.wanted.columns.iter().filter(|one| self.actual.column(&one.name).is_none()).cloned();
        let new: Vec<Column> =
            new.filter(|one| noted.keys.iter().any(|(name, _)| *name == one.name)).collect();
        let mut sets = Vec::new();
        for column in &new {
            self.add_column(column);
            let kept = noted.keys.iter().find(|(name, _)| *name == column.name).map(|(_, kept)| quote(kept));
            sets.push(format!("{} = noted.{}", quote(&column.name), kept.unwrap_or_default()));
        }
        if !sets.is_empty() {
            self.course.note(Cost::Rewrite);
            self.write_noted(&noted, &sets.join(", "), "");
        }
        new.into_iter().map(|column| column.name).collect()
    }

    /// Writes what the trash noted of the rows.
    fn write_noted(&mut self, noted: &Noted, sets: &str, and: &str) {
        let table = quote(self.new);
        let by_now = |column: &str| {
            let found = self.sources.iter().find(|(_, old)| *old == column).map(|(new, _)| new.as_str());
            format!("{table}.{}", quote(found.unwrap_or(column)))
        };
        let same = noted.is_same(&by_now);
        let sql = format!("UPDATE {table} SET {sets} FROM {} AS noted WHERE {same}{and}", noted.table);
        self.course.now(sql);
    }

    /// The field that a column belongs to, after the change.
    fn field_of(&self, column: &str) -> Option<(&String, &crate::model::field::Field)> {
        self.after.fields.iter().find(|(name, field)| {
            let own = field.ty.polymorphic_columns(name);
            name.as_str() == column || own.iter().any(|(own, _)| own == column)
        })
    }

    fn backfill(&self, column: &str) -> Option<(FieldType, DefaultValue)> {
        let (name, field) = self.field_of(column)?;
        let value = self.change.backfill.get(name)?;
        field.ty.polymorphic_columns(name).is_empty().then(|| (field.ty.clone(), value.clone()))
    }

    fn add_column(&mut self, wanted: &Column) {
        if let Some(sequence) = wanted.sequence.as_ref().filter(|one| one.comment.is_some()) {
            self.course.now(format!("CREATE SEQUENCE {}", quote(&sequence.name)));
        }
        lower::counters(wanted).into_iter().for_each(|sql| self.course.now(sql));
        let filler = self.backfill(&wanted.name);
        let default = self.field_of(&wanted.name).and_then(|(_, field)| field.default.clone());
        let filler = filler.map(|(ty, value)| Filler {
            sql: types::default_sql(&ty, &value),
            is_constant: matches!(value, DefaultValue::Value(_)) && !types::is_volatile(&ty, &value),
        });
        let ty = self.field_of(&wanted.name).map(|(_, field)| field.ty.clone());
        let is_volatile = match (&ty, &default) {
            (Some(FieldType::Autonumber { .. }), _) => true,
            (Some(ty), Some(default)) => types::is_volatile(ty, default),
            // The generated key.
            (None, _) => wanted.default.is_some(),
            (Some(_), None) => wanted.sequence.is_some(),
        };
        self.course.add_column(wanted, filler.as_ref(), is_volatile);
        for sql in lower::own_sequence(self.new, wanted) {
            self.course.now(sql);
        }
    }

    fn column(&mut self, found: &Column, wanted: &Column) {
        let name = quote(&wanted.name);
        let was = self.was.column(&wanted.name).cloned();
        let retyped = found.ty != wanted.ty || self.collation_changes(found, wanted);
        let counted = |column: &Column| column.sequence.is_some() && column.made.is_plain();
        let makes_otherwise = found.made != wanted.made;
        // A default is compared through what its author wrote before, not through the server's words for it.
        let is_numbering =
            |column: &Column| column.sequence.as_ref().is_some_and(|one| one.comment.is_some());
        let says_same = was.as_ref().is_some_and(|was| was.default == wanted.default)
            && (found.default.is_some() == wanted.default.is_some() || counted(wanted));
        let default_stays =
            says_same && counted(found) == counted(wanted) && is_numbering(found) == is_numbering(wanted);
        let is_generated = wanted.made.is_generated();
        let still_counts = counted(found) && counted(wanted) && !is_numbering(wanted) && default_stays;
        if !found.made.is_generated()
            && found.default.is_some()
            && !is_generated
            && (!default_stays || (retyped && !still_counts))
            // Another default takes its place, unless a sequence or another type is in the way.
            && (retyped || makes_otherwise || wanted.default.is_none() || counted(found) || counted(wanted))
        {
            self.alter(format!("ALTER COLUMN {name} DROP DEFAULT"));
        }
        if makes_otherwise && matches!(found.made, Made::IdentityAlways | Made::IdentityByDefault) {
            match wanted.made {
                Made::IdentityAlways => self.alter(format!("ALTER COLUMN {name} SET GENERATED ALWAYS")),
                Made::IdentityByDefault => {
                    self.alter(format!("ALTER COLUMN {name} SET GENERATED BY DEFAULT"))
                }
                Made::Plain | Made::Stored | Made::Virtual => {
                    self.alter(format!("ALTER COLUMN {name} DROP IDENTITY"));
                }
            }
        }
        if counted(found)
            && !counted(wanted)
            && let Some(sequence) = &found.sequence
        {
            self.course.now(format!("DROP SEQUENCE {}", quote(&sequence.name)));
        }
        if counts_by_itself(wanted) {
            for name in lone_counters(found, self.scene) {
                self.course.now(format!("DROP SEQUENCE {}", quote(&name)));
            }
        }
        if retyped {
            self.retype(found, wanted);
        }
        if retyped
            && still_counts
            && let Some(sequence) = &found.sequence
        {
            self.course.now(format!("ALTER SEQUENCE {} AS {}", quote(&sequence.name), wanted.ty));
        }
        self.counting(found, wanted);
        if let Some(default) = &wanted.default
            && !is_generated
            && (!default_stays || retyped)
        {
            lower::counters(wanted).into_iter().for_each(|sql| self.course.now(sql));
            self.alter(format!("ALTER COLUMN {name} SET DEFAULT {default}"));
        }
        let fills = !found.not_null && wanted.not_null;
        let mut waits = false;
        if fills && let Some((ty, value)) = self.backfill(&wanted.name) {
            let sql = types::default_sql(&ty, &value);
            // What is another value each time is the one that the trash noted.
            let noted = keep::noted(self.change, self.scene);
            let kept = noted.as_ref().and_then(|noted| {
                noted.fillings.iter().find(|(column, _)| *column == wanted.name).map(|(_, kept)| quote(kept))
            });
            if let (Some(noted), Some(kept)) = (&noted, kept) {
                let (table, value) = (quote(self.new), restore::typed(wanted, &format!("noted.{kept}")));
                self.write_noted(
                    noted,
                    &format!("{name} = {value}"),
                    &format!(" AND {table}.{name} IS NULL"),
                );
            }
            // What could not be brought back is filled in the transaction.
            let early = keep::early(self.change, self.scene)
                .filter(|_| !retyped && self.reads_settled(&sql, &self.touched()));
            waits = !self.course.backfill(&wanted.name, &sql, early);
        }
        match (found.not_null, wanted.not_null) {
            (false, true) => {
                let in_key = self.wanted.primary_key().contains(&wanted.name);
                self.course.set_not_null(&wanted.name, !retyped && !in_key && !waits);
            }
            (true, false) => self.alter(format!("ALTER COLUMN {name} DROP NOT NULL")),
            (true, true) | (false, false) => {}
        }
    }

    /// Makes a column count by a sequence of its own.
    fn counting(&mut self, found: &Column, wanted: &Column) {
        let name = quote(&wanted.name);
        let identity = |made: Made| matches!(made, Made::IdentityAlways | Made::IdentityByDefault);
        let options = |column: &Column| column.sequence.as_ref().map(|one| one.options.clone());
        let counts_otherwise =
            identity(wanted.made) && identity(found.made) && options(wanted) != options(found);
        if counts_otherwise {
            self.alter(format!("ALTER COLUMN {name} DROP IDENTITY"));
        }
        if identity(wanted.made) && (!identity(found.made) || counts_otherwise) {
            if !found.not_null {
                self.alter(format!("ALTER COLUMN {name} SET NOT NULL"));
            }
            let words = lower::render_type(wanted);
            let words = words.find("GENERATED").map_or("", |place| &words[place..]).to_owned();
            self.alter(format!("ALTER COLUMN {name} ADD {words}"));
            self.course.now(set_counter(self.new, wanted));
        }
        if identity(wanted.made)
            && identity(found.made)
            && !counts_otherwise
            && let (Some(old), Some(new)) = (&found.sequence, &wanted.sequence)
        {
            self.renumber(&wanted.name, old, new);
        }
        let plain = |column: &Column| column.sequence.clone().filter(|_| column.made.is_plain());
        let (Some(sequence), None) = (plain(wanted), plain(found)) else {
            if let (Some(old), Some(new)) = (plain(found), plain(wanted)) {
                self.renumber(&wanted.name, &old, &new);
            }
            return;
        };
        let (table, own) = (quote(self.new), quote(&sequence.name));
        // As `serial` makes it.
        let of = match (&sequence.comment, wanted.ty.as_str()) {
            (None, ty @ ("smallint" | "integer")) => format!(" AS {ty}"),
            (_, _) => String::new(),
        };
        self.course.now(format!("CREATE SEQUENCE {own}{of}"));
        self.course.now(format!("ALTER SEQUENCE {own} OWNED BY {table}.{name}"));
        match &sequence.comment {
            Some(comment) => {
                let comment = super::lexer::literal(comment);
                self.course.now(format!("COMMENT ON SEQUENCE {own} IS {comment}"));
                let text = super::lexer::literal(&own);
                self.course.now(format!("SELECT setval({text}, count(*) + 1, false) FROM {table}"));
            }
            None => {
                let text = super::lexer::literal(&own);
                self.alter(format!("ALTER COLUMN {name} SET DEFAULT nextval({text})"));
                self.course.now(set_counter(self.new, wanted));
            }
        }
    }

    /// Brings the sequence of a numbered column to its name and format.
    fn renumber(&mut self, column: &str, old: &super::shape::Sequence, new: &super::shape::Sequence) {
        let is_ours = new.comment.is_some();
        if (is_ours || new.is_named) && old.name != new.name {
            self.course.now(format!("ALTER SEQUENCE {} RENAME TO {}", quote(&old.name), quote(&new.name)));
        }
        let was = self.was.column(column).and_then(|was| was.sequence.as_ref());
        if !is_ours && !new.is_named && was.is_some_and(|was| was.is_named) {
            let own = quote(&names::counter(self.new, column));
            self.course.now(format!("ALTER SEQUENCE {} RENAME TO {own}", quote(&old.name)));
        }
        if is_ours && old.comment != new.comment {
            let comment = new.comment.as_deref().map(super::lexer::literal).unwrap_or_default();
            self.course.now(format!("COMMENT ON SEQUENCE {} IS {comment}", quote(&new.name)));
        }
    }

    fn retype(&mut self, found: &Column, wanted: &Column) {
        let name = quote(&wanted.name);
        let collation = wanted.collation.as_ref().map(|one| format!(" COLLATE {one}")).unwrap_or_default();
        let (from, to) =
            (self.type_before(&wanted.name), self.field_of(&wanted.name).map(|(_, f)| f.ty.clone()));
        let using = match (from, to) {
            (Some(from), Some(to)) if conversion::needs_using(&found.ty, &wanted.ty) => {
                let value = conversion::convert(&name, &from, &to, &found.ty, &wanted.ty);
                format!(" USING {value}")
            }
            (_, _) => String::new(),
        };
        let free = conversion::is_rewrite_free(&found.ty, &wanted.ty);
        self.course.note(if free { Cost::Instant } else { Cost::Rewrite });
        self.alter(format!("ALTER COLUMN {name} TYPE {}{collation}{using}", wanted.ty));
    }

    /// The type of the field that a column's values come from.
    fn type_before(&self, column: &str) -> Option<FieldType> {
        let source = self.sources.get(column)?;
        let found = self.before.fields.iter().find(|(name, field)| {
            let own = field.ty.polymorphic_columns(name);
            *name == source || own.iter().any(|(own, _)| own == source)
        });
        found.map(|(_, field)| field.ty.clone())
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

/// Sets a counting column beyond the rows that are there, and not below where it begins.
pub fn set_counter(table: &str, column: &Column) -> String {
    let (name, text) = (quote(&column.name), super::lexer::literal(&column.name));
    let place = super::lexer::literal(&quote(table));
    let options = column.sequence.as_ref().map(|sequence| sequence.options.as_str()).unwrap_or_default();
    let said = |words: &str| options.split_once(words)?.1.split_whitespace().next()?.parse::<i64>().ok();
    let next = match (said("START WITH "), said("INCREMENT BY ")) {
        (start, Some(..0)) => {
            format!("least(coalesce(min({name}), 0) - 1, {})", start.unwrap_or(-1))
        }
        (Some(start), _) => format!("greatest(coalesce(max({name}), 0) + 1, {start})"),
        (None, _) => format!("coalesce(max({name}), 0) + 1"),
    };
    format!("SELECT setval(pg_get_serial_sequence({place}, {text}), {next}, false) FROM {}", quote(table))
}

/// The sequences that no column owns, and that the default of this one alone counts by.
pub fn lone_counters(found: &Column, scene: &Scene<'_>) -> Vec<String> {
    let counters = native::counters(found.default.as_deref().unwrap_or_default());
    if found.sequence.is_some() || counters.is_empty() {
        return Vec::new();
    }
    let is_free =
        |name: &String| scene.natives.iter().any(|native| native.kind == "sequence" && native.name == *name);
    let tables = scene.natives.iter().filter(|native| native.kind == "table");
    let tables: Vec<Table> =
        tables.filter_map(|native| serde_json::from_str(&native.definition).ok()).collect();
    let n_users = |name: &String| {
        let defaults =
            tables.iter().flat_map(|table| &table.columns).filter_map(|one| one.default.as_deref());
        defaults.filter(|default| native::counters(default).contains(name)).count()
    };
    counters.into_iter().filter(|name| is_free(name) && n_users(name) == 1).collect()
}

/// Tells of a column that the target itself numbers.
pub fn counts_by_itself(column: &Column) -> bool {
    column.sequence.as_ref().is_some_and(|sequence| sequence.comment.is_none())
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
