//! An entity brought back to what it was: its very definitions, the rows that are there, and what the trash kept.
//! Never makes up a definition: what the target said then is said again.

use super::after::{self, After};
use super::ddl;
use super::keep;
use super::lexer::quote;
use super::lower;
use super::native;
use super::reshape;
use super::shape::{Column, Table};
use super::way::{self, Origin};
use crate::diff::change::Change;
use crate::journal::past::Line;
use crate::model::entity::Entity;
use crate::model::resource::Resource;
use crate::target::{Cost, Scene, Stage, Work};

/// The work that brings one entity back.
pub fn work(change: &Change, line: &Line, goal: &Entity, scene: &Scene<'_>) -> Vec<Work> {
    let present = Table::find(&change.address_before().name, scene.natives);
    let mut all = match (&change.before, present) {
        (Some(Resource::Entity(before)), Some(actual)) if !keep::is_replaced(change) => {
            // Under the names that what it points to has now, by which its columns are called.
            let today = scene.before.get(change.address_before()).and_then(|one| one.as_entity());
            reshape::work(change, line, today.unwrap_or(before), goal, &actual, scene)
        }
        (Some(Resource::Entity(_)), _) if keep::is_replaced(change) => {
            let mut all = from_trash(change, line, goal, scene);
            if let Some(first) = all.first_mut() {
                first.statements.insert(0, format!("DROP TABLE {}", quote(&change.address.name)));
            }
            all
        }
        (_, _) => from_trash(change, line, goal, scene),
    };
    let alive = line.all_hops().filter_map(|hop| way::alive(hop, scene));
    let drops: Vec<String> = alive.map(keep::drop_kept).collect();
    match all.first_mut() {
        Some(first) => first.statements.extend(drops),
        None => all.push(Work {
            title: format!("bring table {} back to what it was", quote(&change.address.name)),
            statements: drops,
            cost: Cost::Instant,
            stage: Stage::Inside,
        }),
    }
    all
}

/// The table of then under the name that it will have, in the target's own words where it said any.
pub fn then(line: &Line, name: &str, goal: &Entity, scene: &Scene<'_>) -> Table {
    let oldest = line.hops.last().or(line.destroyed.as_ref());
    let found = oldest.and_then(|hop| Table::find(&hop.address.name, &hop.natives));
    let mut table = found.unwrap_or_else(|| lower::table(name, goal, scene.after));
    name.clone_into(&mut table.name);
    table
}

/// A column as `CREATE TABLE` and `ADD COLUMN` take it: what counts by a sequence of its own says so with its type.
pub fn spelled(column: &Column) -> Column {
    match native::is_serial(column) {
        true => Column { default: None, ..column.clone() },
        false => column.clone(),
    }
}

/// The columns that are written, with what stands for their values where rows are read: `place` is where.
pub fn written(table: &Table, place: &str) -> Vec<(String, String)> {
    let stored = table.columns.iter().filter(|column| !column.made.is_generated());
    stored
        .map(|column| (quote(&column.name), typed(column, &format!("{place}{}", quote(&column.name)))))
        .collect()
}

/// A value as its column takes it.
pub fn typed(column: &Column, value: &str) -> String {
    match &column.enumeration {
        Some(name) => format!("{value}::{}", lower::enum_type(name)),
        None => value.to_owned(),
    }
}

/// Makes it again and fills it from the trash, if that still has its rows.
fn from_trash(change: &Change, line: &Line, goal: &Entity, scene: &Scene<'_>) -> Vec<Work> {
    let name = change.address.name.as_str();
    let then = then(line, name, goal, scene);
    let spelled = Table { columns: then.columns.iter().map(spelled).collect(), ..then.clone() };
    let (mut statements, later) = lower::create(&spelled, &|far| ddl::is_there(far, scene));
    let has_rows = line.destroyed.as_ref().is_some_and(|hop| way::alive(hop, scene).is_some());
    if has_rows {
        let rows = after::back(line, None, scene);
        statements.push(fill(&then, &rows));
    }
    for column in then.columns.iter().filter(|column| column.sequence.is_some()) {
        statements.extend(go_on(line, name, column, has_rows, scene));
    }
    let title = match has_rows {
        true => format!("bring back table {} with its rows", quote(name)),
        false => format!("make table {} again", quote(name)),
    };
    let mut all = vec![Work { title, statements, cost: Cost::Rewrite, stage: Stage::Inside }];
    all.extend(ddl::references_later(name, &later));
    all
}

fn fill(table: &Table, rows: &After) -> String {
    let (names, values): (Vec<String>, Vec<String>) = written(table, "").into_iter().unzip();
    format!(
        "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE\n  SELECT {}\n  FROM ({}) AS rows",
        quote(&table.name),
        names.join(", "),
        values.join(", "),
        rows.select
    )
}

/// The sequence of the trash that holds where the numbering of a column was.
fn aside(line: &Line, column: &str, sequence: &str, scene: &Scene<'_>) -> Option<String> {
    match way::origin(line, column, scene) {
        Origin::Kept { moved, .. } | Origin::Whole { moved, .. } => keep::sequence_aside(&moved, sequence),
        Origin::Present(_) => {
            // It is there, and was not numbered for a while.
            let moved = line.hops.iter().filter_map(|hop| way::alive(hop, scene));
            moved.filter_map(|moved| keep::sequence_aside(moved, sequence)).next()
        }
        Origin::Nothing => None,
    }
}

/// Lets the numbering of a column go on where it was, or behind the rows that there are.
pub fn go_on(line: &Line, table: &str, column: &Column, has_rows: bool, scene: &Scene<'_>) -> Vec<String> {
    let Some(sequence) = &column.sequence else { return Vec::new() };
    match aside(line, &column.name, &sequence.name, scene) {
        Some(aside) => vec![keep::copy_sequence(&aside, &quote(&sequence.name))],
        None if has_rows && sequence.comment.is_none() => {
            vec![super::alter::set_counter(table, column)]
        }
        None => Vec::new(),
    }
}
