//! Questions about rows that go back to what they were.
//! Never looks at the data itself: a query is a text until the target runs it.

use super::after::{self, After};
use super::ask::{self, Expected, KEY, Source, any, count};
use super::lexer::quote;
use super::lower;
use super::projection::Projected;
use super::shape::Table;
use super::way::{self, Origin};
use crate::address::Address;
use crate::diff::change::Change;
use crate::journal::past::Line;
use crate::model::entity::Entity;
use crate::target::{Question, Scene};

/// Writes a question about an entity that goes back. None where there are no rows that it could be asked of.
pub fn query(
    change: &Change,
    line: &Line,
    goal: &Entity,
    question: &Question,
    scene: &Scene<'_>,
) -> Option<String> {
    match question {
        Question::ComesBack { field: None } => {
            let moved = line.destroyed.as_ref().and_then(|hop| way::alive(hop, scene))?;
            Some(format!("SELECT count(*), '[]' FROM {}", after::kept_table(moved)))
        }
        Question::ComesBack { field: Some(field) } => values_back(line, goal, field, scene),
        Question::RowGone => rows_gone(line, scene),
        Question::Rows
        | Question::Values { .. }
        | Question::OptionUse { .. }
        | Question::NullsAfter { .. }
        | Question::DuplicatesAfter { .. }
        | Question::DuplicatesBy { .. }
        | Question::OrphansAfter { .. }
        | Question::NoOptionAfter { .. }
        | Question::ViolationsAfter { .. }
        | Question::UnfitAfter { .. } => rows_in_question(change, line, goal, question, scene),
    }
}

fn rows_in_question(
    change: &Change,
    line: &Line,
    goal: &Entity,
    question: &Question,
    scene: &Scene<'_>,
) -> Option<String> {
    let actual = present(line, scene);
    let comes_back = line.destroyed.as_ref().is_some_and(|hop| way::alive(hop, scene).is_some());
    if actual.is_none() && !comes_back {
        return None;
    }
    let after = rows(line, scene);
    let key = match actual.filter(|_| line.destroyed.is_none()) {
        Some(table) if table.primary_key().is_empty() => format!("{}::text", after::PLACE),
        Some(table) => {
            let from: Vec<String> = table.primary_key().iter().map(|column| after::from(column)).collect();
            ask::key_text(&from)
        }
        None if after.key.is_empty() => "''".to_owned(),
        None => ask::key_text(&after.key),
    };
    let rows = format!("SELECT {key} AS {KEY}, rows.* FROM ({}) AS rows", after.select);
    let found = match question {
        Question::UnfitAfter { after: field, .. } => {
            let columns = lower::columns_of(goal, std::slice::from_ref(field));
            let tells = |column: &&String| {
                after.outputs.iter().any(|output| output.column == **column && output.tells_losses)
            };
            let terms: Vec<String> =
                columns.iter().filter(tells).map(|column| quote(&after::lost(column))).collect();
            let own = quote(&change.address.name);
            (!terms.is_empty())
                .then(|| format!("SELECT {KEY} FROM ({rows}) AS {own} WHERE {}", any(&terms)))?
        }
        _ => ask::found(&Source::Back { change, goal, rows, columns: shown(&after) }, question, scene)?,
    };
    Some(count(Expected::Few, &found))
}

/// The columns of rows as they will be.
fn shown(rows: &After) -> Vec<Projected> {
    let projected = |output: &after::Output| Projected {
        column: output.column.clone(),
        sql: quote(&output.column),
        bare: quote(&output.column),
        ty: output.ty.clone(),
        lost: output.tells_losses.then(|| quote(&after::lost(&output.column))),
        is_computed: false,
        carried: None,
        is_new: false,
    };
    rows.outputs.iter().map(projected).collect()
}

/// The table that a line starts from today.
fn present(line: &Line, scene: &Scene<'_>) -> Option<Table> {
    Table::find(&line.now.as_ref()?.name, scene.natives)
}

/// All rows of a line, as they will be.
pub fn rows(line: &Line, scene: &Scene<'_>) -> After {
    let table = present(line, scene);
    after::back(line, table.as_ref().map(|table| (table.name.as_str(), table)), scene)
}

/// The rows that another entity will have, if this plan brings it back, and the types of its columns.
pub fn far_rows(entity: &Address, scene: &Scene<'_>) -> Option<(String, Vec<(String, String)>)> {
    let rows = rows(scene.aside.lines.get(entity)?, scene);
    let columns = rows.outputs.iter().map(|output| (output.column.clone(), output.ty.clone()));
    Some((format!("({})", rows.select), columns.collect()))
}

fn before_hop(line: &Line, hop: usize, scene: &Scene<'_>) -> String {
    let table = present(line, scene);
    after::rows_after(line, hop, table.as_ref().map(|table| (table.name.as_str(), table)), scene)
}

fn values_back(line: &Line, goal: &Entity, field: &str, scene: &Scene<'_>) -> Option<String> {
    let mut held = Vec::new();
    let mut place = None;
    for column in lower::columns_of(goal, &[field.to_owned()]) {
        if let Origin::Kept { moved, column, hop } = way::origin(line, &column, scene) {
            held.push(format!("kept.{} IS NOT NULL", quote(&after::was(&column))));
            place = Some((moved, hop));
        }
    }
    let (moved, hop) = place?;
    Some(format!(
        "SELECT count(*), '[]' FROM {} AS kept JOIN ({}) AS rows ON {} WHERE {}",
        after::kept_table(&moved),
        before_hop(line, hop, scene),
        after::same_row(&moved),
        any(&held)
    ))
}

fn rows_gone(line: &Line, scene: &Scene<'_>) -> Option<String> {
    let counts: Vec<String> = line
        .hops
        .iter()
        .enumerate()
        .filter_map(|(index, hop)| {
            let moved = way::alive(hop, scene).filter(|moved| !moved.is_whole() && !moved.key.is_empty())?;
            Some(format!(
                "(SELECT count(*) FROM {} AS kept WHERE NOT EXISTS (SELECT 1 FROM ({}) AS rows WHERE {}))",
                after::kept_table(moved),
                before_hop(line, index, scene),
                after::same_row(moved)
            ))
        })
        .collect();
    (!counts.is_empty()).then(|| format!("SELECT {}, '[]'", counts.join(" + ")))
}
