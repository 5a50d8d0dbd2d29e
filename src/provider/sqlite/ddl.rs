//! One change as statements.
//! Never starts from what a table should be: it starts from what it is, and changes what the change names.

use std::collections::BTreeMap;

use super::conversion::{self, Losses, Projected};
use super::lexer::{quote, tokens};
use super::lower::{self, World};
use super::rebuild::{self, Course, Passage};
use super::table::{Clause, Column, Meaning, Shape, Table};
use super::wanted;
use super::{autonumber, inspect, lift, parse, picklist, scratch};
use crate::address::Address;
use crate::diff::change::Change;
use crate::model::entity::{self, Entity};
use crate::model::field::FieldType;
use crate::model::picklist::Picklist;
use crate::model::resource::Resource;
use crate::model::state::{Native, State};
use crate::target::{Cost, Scene, Work};

/// Turns a change into work. Empty where only our record changes.
pub fn work(change: &Change, scene: &Scene<'_>) -> Vec<Work> {
    if !change.touches_target() {
        return Vec::new();
    }
    let name = change.address.name.as_str();
    let before_name = change.address_before().name.as_str();
    let work = match (&change.before, &change.after) {
        (None, Some(Resource::Entity(after))) => create(name, after, scene),
        (None, Some(Resource::Picklist(after))) => create_picklist(name, after),
        (Some(Resource::Entity(before)), None) => drop_table(before_name, Some(before)),
        (Some(Resource::Picklist(_)), None) => drop_table(before_name, None),
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
    Work { title: format!("create table {}", quote(name)), statements, cost: Cost::Instant }
}

fn create_picklist(name: &str, after: &Picklist) -> Work {
    let mut statements = vec![picklist::create(name)];
    statements.extend(picklist::fill(name, after));
    Work { title: format!("create picklist {}", quote(name)), statements, cost: Cost::Instant }
}

fn drop_table(name: &str, before: Option<&Entity>) -> Work {
    let numbered = before.map(|entity| entity.fields.iter()).into_iter().flatten();
    let numbered = numbered.filter(|(_, field)| matches!(field.ty, FieldType::Autonumber { .. }));
    let mut statements = vec![format!("DROP TABLE {}", quote(name))];
    statements.extend(numbered.map(|(field, _)| autonumber::forget(name, field)));
    Work { title: format!("drop table {}", quote(name)), statements, cost: Cost::Instant }
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
    let users = if renames.is_empty() { Vec::new() } else { users(old, new, scene.before) };
    statements.extend(picklist::change(new, before, after, &renames, &users));
    let cost = if users.is_empty() { Cost::Instant } else { Cost::Scan };
    let title = match old == new {
        true => format!("change options of picklist {}", quote(new)),
        false => format!("rename picklist {} to {}", quote(old), quote(new)),
    };
    Work { title, statements, cost }
}

/// The tables and columns that hold options of a picklist, under either of its names.
pub fn users(old: &str, new: &str, state: &State) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (address, resource) in state {
        let Some(entity) = resource.as_entity() else { continue };
        for (field_name, field) in &entity.fields {
            if matches!(&field.ty, FieldType::Picklist { picklist } if picklist == old || picklist == new) {
                found.push((address.name.clone(), field_name.clone()));
            }
        }
    }
    found
}

/// The table as it is, in the form in which it is lifted; as it should be where nobody has looked.
pub fn actual(name: &str, entity: &Entity, natives: &[Native], state: &State, scene: &Scene<'_>) -> Shape {
    let of_kind = |kind: &'static str| natives.iter().filter(move |native| native.kind == kind);
    let found = of_kind("table").find(|native| native.name.eq_ignore_ascii_case(name));
    let Some(table) = found.and_then(|native| parse::table(&native.definition).ok()) else {
        let mut shape = lower::shape(name, entity, World::State(state));
        shape.triggers.clear();
        return shape;
    };
    let on_table = |native: &&Native| native.table.eq_ignore_ascii_case(name);
    let hanging = of_kind("index").chain(of_kind("trigger")).filter(on_table);
    let clauses = table.columns.iter().flat_map(|column| &column.clauses).chain(&table.constraints);
    let mut known = BTreeMap::new();
    for clause in clauses {
        let Meaning::ForeignKey(key) = &clause.meaning else { continue };
        let far = of_kind("table").find(|native| native.name.eq_ignore_ascii_case(&key.table));
        if let Some((far, table)) = far.and_then(|far| Some((far, parse::table(&far.definition).ok()?))) {
            let is_entity = state.contains_key(&Address::new(entity::KIND, far.name.as_str()));
            known.insert(far.name.to_ascii_lowercase(), inspect::known_table(&far.name, &table, is_entity));
        }
    }
    let mut shape = inspect::shape(table, name, hanging);
    lift::prepare(&mut shape, Some(entity), &known);
    let clauses = shape.table.columns.iter_mut().flat_map(|column| &mut column.clauses);
    clauses.chain(&mut shape.table.constraints).for_each(|clause| follow(clause, scene));
    shape
}

/// Points a foreign key at the new name of a table that the plan renames, as SQLite itself will do.
fn follow(clause: &mut Clause, scene: &Scene<'_>) {
    let Meaning::ForeignKey(key) = &mut clause.meaning else { return };
    let Some((new, _)) = scene.renamed.iter().find(|(_, old)| old.name.eq_ignore_ascii_case(&key.table))
    else {
        return;
    };
    let words = tokens(&clause.text).unwrap_or_default();
    let place = words.iter().position(|token| token.is("REFERENCES")).and_then(|at| words.get(at + 1));
    let place = place.map(|token| token.start..token.end());
    if let Some(place) = place {
        clause.text.replace_range(place, &quote(&new.name));
        key.table.clone_from(&new.name);
    }
}

/// The triggers that number an entity's fields.
fn numbering(table: &Table, entity: &Entity) -> Vec<super::table::Trigger> {
    let number = |(name, field): (&String, &crate::model::field::Field)| match &field.ty {
        FieldType::Autonumber { format } => Some(autonumber::trigger(table, name, format)),
        _ => None,
    };
    entity.fields.iter().filter_map(number).collect()
}

fn alter(change: &Change, before: &Entity, after: &Entity, scene: &Scene<'_>) -> Work {
    let (old, new) = (change.address_before().name.as_str(), change.address.name.as_str());
    let mut shape = actual(old, before, scene.natives, scene.before, scene);
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
                return Work { title: rename_title(old, new, &renames), statements, cost: Cost::Instant };
            }
        }
    }
    statements.extend(sequences_before(change, before, after));

    let mut wanted = wanted::shape(change, before, after, &shape, scene);
    wanted.triggers.extend(numbering(&wanted.table, after));
    let same: BTreeMap<String, String> = sources.keys().map(|name| (name.clone(), name.clone())).collect();
    let known = conversion::projection(change, before, after, &same, scene, Losses::Refused);
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
    Work { title, statements, cost: cost.unwrap_or(Cost::Instant) }
}

fn rename_title(old: &str, new: &str, renames: &[String]) -> String {
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
fn renames(old: &str, new: &str, sources: &BTreeMap<String, String>, table: &Table) -> Vec<String> {
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
fn renamed_natives(shape: &Shape, natives: &[Native], renames: &[String]) -> Option<Vec<Native>> {
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

fn sequences_before(change: &Change, before: &Entity, after: &Entity) -> Vec<String> {
    let tables = (change.address_before().name.as_str(), change.address.name.as_str());
    let kept: Vec<(&str, &str)> =
        numbered(change, before, after).filter_map(|(new, old)| Some((new, old?))).collect();
    let numbered = before.fields.iter().filter(|(_, f)| matches!(f.ty, FieldType::Autonumber { .. }));
    let gone = numbered.filter(|(name, _)| kept.iter().all(|(_, old)| old != name));
    let mut statements: Vec<String> = gone.map(|(name, _)| autonumber::forget(tables.0, name)).collect();
    let moved = kept.iter().filter(|(new, old)| new != old || tables.0 != tables.1);
    statements.extend(moved.map(|(new, old)| autonumber::rename(tables, (old, new))));
    statements
}

fn sequences_after(change: &Change, before: &Entity, after: &Entity) -> Vec<String> {
    let new = numbered(change, before, after).filter(|(_, old)| old.is_none());
    new.map(|(name, _)| autonumber::start(&change.address.name, name)).collect()
}

/// Puts the far end of a column's foreign key where the wanted column has it.
pub fn retarget(column: &mut Column, wanted: &Column) {
    let far = wanted.clauses.iter().find(|clause| matches!(clause.meaning, Meaning::ForeignKey(_)));
    let Some(far) = far else { return };
    let own = column.clauses.iter_mut().find(|clause| matches!(clause.meaning, Meaning::ForeignKey(_)));
    if let (Some(own), Meaning::ForeignKey(key)) = (own, &far.meaning)
        && !matches!(&own.meaning, Meaning::ForeignKey(now) if now.table.eq_ignore_ascii_case(&key.table))
    {
        *own = Clause { name: own.name.take(), ..far.clone() };
    }
}
