//! One change as statements.
//! Never starts from what a table should be: it starts from what it is, and changes what the change names.

use std::collections::BTreeMap;

use super::actual::{actual, users};
use super::conversion::{self, Losses, Projected};
use super::lexer::quote;
use super::lower::{self, World};
use super::rebuild::{self, Course, Passage};
use super::table::{Shape, Table};
use super::wanted;
use super::{autonumber, keep, picklist, restore, scratch};
use crate::diff::change::Change;
use crate::model::entity::Entity;
use crate::model::field::FieldType;
use crate::model::picklist::Picklist;
use crate::model::resource::Resource;
use crate::model::state::Native;
use crate::model::trash::Moved;
use crate::target::{Cost, Scene, Stage, Work};

/// Turns a change into work. Empty where only our record changes.
pub fn work(change: &Change, scene: &Scene<'_>) -> Vec<Work> {
    if !change.touches_target() {
        return Vec::new();
    }
    let name = change.address.name.as_str();
    let before_name = change.address_before().name.as_str();
    if let (Some(line), Some(Resource::Entity(after))) =
        (scene.aside.lines.get(&change.address), &change.after)
    {
        return vec![restore::work(change, line, after, scene)];
    }
    let work = match (&change.before, &change.after) {
        (None, Some(Resource::Entity(after))) => create(name, after, scene),
        (None, Some(Resource::Picklist(after))) => create_picklist(name, after),
        (Some(Resource::Entity(before)), None) => drop_table(before_name, Some(before), kept(change, scene)),
        (Some(Resource::Picklist(_)), None) => drop_table(before_name, None, None),
        (Some(Resource::Entity(before)), Some(Resource::Entity(after))) => {
            alter(change, before, after, scene)
        }
        (Some(Resource::Picklist(before)), Some(Resource::Picklist(after))) => {
            alter_picklist(change, before, after, scene)
        }
        (None, None)
        | (Some(Resource::Entity(_)), Some(Resource::Picklist(_)))
        | (Some(Resource::Picklist(_)), Some(Resource::Entity(_))) => return Vec::new(),
    };
    if work.statements.is_empty() { Vec::new() } else { vec![work] }
}

fn create(name: &str, after: &Entity, scene: &Scene<'_>) -> Work {
    let shape = lower::shape(name, after, World::State(scene.after));
    let mut statements = vec![shape.table.render()];
    statements.extend(shape.indexes.into_iter().map(|index| index.sql));
    statements.extend(shape.triggers.into_iter().map(|trigger| trigger.sql));
    Work {
        title: format!("create table {}", quote(name)),
        statements,
        cost: Cost::Instant,
        stage: Stage::Inside,
    }
}

fn create_picklist(name: &str, after: &Picklist) -> Work {
    let mut statements = vec![picklist::create(name)];
    statements.extend(picklist::fill(name, after));
    Work {
        title: format!("create picklist {}", quote(name)),
        statements,
        cost: Cost::Instant,
        stage: Stage::Inside,
    }
}

/// What the plan moved aside of a change.
fn kept<'a>(change: &Change, scene: &Scene<'a>) -> Option<&'a Moved> {
    scene.aside.moved.get(&change.address)
}

/// The statement that ends a numbering: it waits in the trash where something is kept, else it is dropped.
pub fn end_sequence(table: &str, field: &str, moved: Option<&Moved>) -> String {
    let sequence = autonumber::sequence(table, field);
    match moved.filter(|moved| moved.sequences.contains(&sequence)) {
        Some(moved) => keep::move_sequence(&sequence, &keep::sequence_aside(&moved.table, &sequence)),
        None => autonumber::forget(table, field),
    }
}

fn drop_table(name: &str, before: Option<&Entity>, moved: Option<&Moved>) -> Work {
    let numbered = before.map(|entity| entity.fields.iter()).into_iter().flatten();
    let numbered = numbered.filter(|(_, field)| matches!(field.ty, FieldType::Autonumber { .. }));
    let mut statements = vec![format!("DROP TABLE {}", quote(name))];
    statements.extend(numbered.map(|(field, _)| end_sequence(name, field, moved)));
    Work {
        title: format!("drop table {}", quote(name)),
        statements,
        cost: Cost::Instant,
        stage: Stage::Inside,
    }
}

fn rename_table(old: &str, new: &str) -> Vec<String> {
    let rename = |old: &str, new: &str| format!("ALTER TABLE {} RENAME TO {}", quote(old), quote(new));
    if old == new {
        Vec::new()
    } else if old.eq_ignore_ascii_case(new) {
        // To SQLite both are one name, which is taken.
        let passing = format!("_reconcile_old_{old}");
        vec![rename(old, &passing), rename(&passing, new)]
    } else {
        vec![rename(old, new)]
    }
}

fn alter_picklist(change: &Change, before: &Picklist, after: &Picklist, scene: &Scene<'_>) -> Work {
    let (old, new) = (change.address_before().name.as_str(), change.address.name.as_str());
    let mut statements = rename_table(old, new);
    let renames: Vec<(&str, &str)> = change.renames("options").collect();
    let mut users = if renames.is_empty() { Vec::new() } else { users(old, new, scene.before) };
    if !scene.aside.lines.is_empty() {
        users.retain(|(table, column)| restore::follows(table, column, new, scene));
    }
    statements.extend(picklist::change(new, before, after, &renames, &users));
    let cost = if users.is_empty() { Cost::Instant } else { Cost::Scan };
    let title = match old == new {
        true => format!("change options of picklist {}", quote(new)),
        false => format!("rename picklist {} to {}", quote(old), quote(new)),
    };
    Work { title, statements, cost, stage: Stage::Inside }
}

/// The triggers that number an entity's fields.
pub fn numbering(table: &Table, entity: &Entity) -> Vec<super::table::Trigger> {
    let number = |(name, field): (&String, &crate::model::field::Field)| match &field.ty {
        FieldType::Autonumber { format } => Some(autonumber::trigger(table, name, format)),
        _ => None,
    };
    entity.fields.iter().filter_map(number).collect()
}

fn alter(change: &Change, before: &Entity, after: &Entity, scene: &Scene<'_>) -> Work {
    let (old, new) = (change.address_before().name.as_str(), change.address.name.as_str());
    let mut shape = actual(old, before, scene.natives, scene.before, scene);
    let former: Vec<String> = shape.table.columns.iter().map(|column| column.name.clone()).collect();
    let sources = conversion::pairs(change, before, after, &shape.table, scene);
    shape.triggers.extend(numbering(&shape.table, before));

    let renames = renames(old, new, &sources, &shape.table);
    let mut statements = Vec::new();
    if !renames.is_empty() {
        // Our triggers carry the names in their own; they are made again.
        let ours = shape.triggers.iter().filter(|trigger| trigger.name.starts_with(autonumber::PREFIX));
        statements.extend(ours.map(|trigger| format!("DROP TRIGGER IF EXISTS {}", quote(&trigger.name))));
        statements.extend(renames.iter().cloned());
        match renamed_natives(&shape, scene.natives, &renames) {
            Some(natives) => {
                shape = actual(new, &wanted::renamed(change, before), &natives, scene.after, scene)
            }
            // SQLite refuses the renaming, and will say so when it is rehearsed.
            None => {
                return Work {
                    title: rename_title(old, new, &renames),
                    statements,
                    cost: Cost::Instant,
                    stage: Stage::Inside,
                };
            }
        }
    }
    statements.extend(sequences_before(change, before, after, kept(change, scene)));

    let mut wanted = wanted::shape(change, before, after, &shape, scene);
    wanted.triggers.extend(numbering(&wanted.table, after));
    let same: BTreeMap<String, String> = sources.keys().map(|name| (name.clone(), name.clone())).collect();
    let mut known = conversion::projection(change, before, after, &same, scene, Losses::Refused);
    // A renaming leaves every column in its place.
    let present = |name: &str| {
        let place = former.iter().position(|column| column == name);
        let column = place.and_then(|place| shape.table.columns.get(place));
        quote(column.map_or(name, |column| column.name.as_str()))
    };
    let keep::Noted { keys, fillings } = keep::noted(change, scene, &present);
    for (column, sql) in keys {
        known.retain(|projected| projected.column != column);
        known.push(Projected { column, sql });
    }
    for (column, sql) in fillings {
        if let Some(projected) = known.iter_mut().find(|projected| projected.column == column) {
            projected.sql = format!("coalesce({sql}, {})", projected.sql);
        }
    }
    let projection = in_order(known, &wanted.table);
    let filled = filled(change, after);
    let passage = Passage {
        actual: &shape,
        wanted: &wanted,
        projection: &projection,
        filled: &filled,
        natives: scene.natives,
        rows: scene.rows.get(&change.address).copied(),
    };
    let Course { statements: rest, title, cost } = rebuild::course(&passage);
    let title = match (renames.is_empty(), rest.is_empty()) {
        (true, _) => title,
        (false, true) => rename_title(old, new, &renames),
        (false, false) => format!("{}, then {title}", rename_title(old, new, &renames)),
    };
    statements.extend(rest);
    statements.extend(sequences_after(change, before, after));
    Work { title, statements, cost: cost.unwrap_or(Cost::Instant), stage: Stage::Inside }
}

pub fn rename_title(old: &str, new: &str, renames: &[String]) -> String {
    match old == new {
        true if renames.len() == 1 => format!("rename a column of table {}", quote(new)),
        true => format!("rename columns of table {}", quote(new)),
        false => format!("rename table {} to {}", quote(old), quote(new)),
    }
}

/// Columns whose rows want another value than the column's default.
fn filled(change: &Change, after: &Entity) -> Vec<String> {
    let numbered = after.fields.iter().filter(|(_, field)| matches!(field.ty, FieldType::Autonumber { .. }));
    change.backfill.keys().cloned().chain(numbered.map(|(name, _)| name.clone())).collect()
}

/// The projection in the order of the table's columns; a column that the model does not know is itself.
fn in_order(known: Vec<Projected>, table: &Table) -> Vec<Projected> {
    let writable = table.columns.iter().filter(|column| !column.is_generated());
    writable
        .map(|column| {
            let found = known.iter().find(|projected| projected.column.eq_ignore_ascii_case(&column.name));
            found
                .cloned()
                .unwrap_or_else(|| Projected { column: column.name.clone(), sql: quote(&column.name) })
        })
        .collect()
}

/// The statements that give table and columns their new names.
pub fn renames(old: &str, new: &str, sources: &BTreeMap<String, String>, table: &Table) -> Vec<String> {
    let mut statements = rename_table(old, new);
    let rename = |from: &str, to: &str| {
        format!("ALTER TABLE {} RENAME COLUMN {} TO {}", quote(new), quote(from), quote(to))
    };
    let mut taken: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
    let mut open: Vec<(String, String)> =
        sources.iter().filter(|(to, from)| to != from).map(|(to, from)| (from.clone(), to.clone())).collect();
    let mut number = 0;
    while !open.is_empty() {
        let is_free = |(from, to): &(String, String)| {
            taken.iter().all(|name| !name.eq_ignore_ascii_case(to) || name == from)
        };
        let (from, to) = match open.iter().position(is_free) {
            Some(next) => open.remove(next),
            // The name is still another column's: that one steps aside, and takes its own name later or goes.
            None => {
                let to = open[0].1.clone();
                let holder = taken.iter().find(|name| name.eq_ignore_ascii_case(&to)).cloned().unwrap_or(to);
                number += 1;
                let aside = format!("_reconcile_aside_{number}");
                for (from, _) in &mut open {
                    if *from == holder {
                        from.clone_from(&aside);
                    }
                }
                (holder, aside)
            }
        };
        statements.push(rename(&from, &to));
        taken.retain(|name| *name != from);
        taken.push(to);
    }
    statements
}

/// The definitions as they are after the renaming.
pub fn renamed_natives(shape: &Shape, natives: &[Native], renames: &[String]) -> Option<Vec<Native>> {
    let name = &shape.table.name;
    let there = natives.iter().any(|native| native.kind == "table" && native.name == *name);
    let drawn: Vec<Native> = if there { Vec::new() } else { draw(shape) };
    let all: Vec<&Native> = natives.iter().chain(&drawn).collect();
    scratch::rename(&all, name, renames)
}

/// The definitions of a table that nobody has looked at.
fn draw(shape: &Shape) -> Vec<Native> {
    let native = |kind: &str, name: &str, definition: String| Native {
        kind: kind.to_owned(),
        name: name.to_owned(),
        table: shape.table.name.clone(),
        definition,
    };
    let mut all = vec![native("table", &shape.table.name, shape.table.render())];
    all.extend(shape.indexes.iter().map(|index| native("index", &index.name, index.sql.clone())));
    all
}

/// Each numbered field after the change, with its name before where it was numbered then.
fn numbered<'a>(
    change: &'a Change,
    before: &'a Entity,
    after: &'a Entity,
) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
    let is_numbered = |entity: &Entity, name: &str| {
        entity.fields.get(name).is_some_and(|field| matches!(field.ty, FieldType::Autonumber { .. }))
    };
    let names = after.fields.keys().map(String::as_str).filter(move |name| is_numbered(after, name));
    names.map(move |name| {
        let old = change.renames("fields").find(|(new, _)| *new == name).map_or(name, |(_, old)| old);
        (name, Some(old).filter(|old| is_numbered(before, old)))
    })
}

fn sequences_before(change: &Change, before: &Entity, after: &Entity, moved: Option<&Moved>) -> Vec<String> {
    let tables = (change.address_before().name.as_str(), change.address.name.as_str());
    let kept: Vec<(&str, &str)> =
        numbered(change, before, after).filter_map(|(new, old)| Some((new, old?))).collect();
    let numbered = before.fields.iter().filter(|(_, f)| matches!(f.ty, FieldType::Autonumber { .. }));
    let gone = numbered.filter(|(name, _)| kept.iter().all(|(_, old)| old != name));
    let mut statements: Vec<String> = gone.map(|(name, _)| end_sequence(tables.0, name, moved)).collect();
    let moved = kept.iter().filter(|(new, old)| new != old || tables.0 != tables.1);
    statements.extend(moved.map(|(new, old)| autonumber::rename(tables, (old, new))));
    statements
}

fn sequences_after(change: &Change, before: &Entity, after: &Entity) -> Vec<String> {
    let new = numbered(change, before, after).filter(|(_, old)| old.is_none());
    new.map(|(name, _)| autonumber::start(&change.address.name, name)).collect()
}
