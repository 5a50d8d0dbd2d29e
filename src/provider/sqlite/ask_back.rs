//! Questions about rows that go back to what they were.
//! Never looks at the data itself: a query is a text until the target runs it.

use super::actual::actual;
use super::after::{self, Origin, Source};
use super::ask::{AFTER, KEY, Seen, all, any, count, key_of};
use super::conversion::Losses;
use super::lexer::quote;
use super::lower;
use super::table::Table;
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
            let moved = line.destroyed.as_ref().and_then(|hop| after::alive(hop, scene))?;
            Some(format!("SELECT count(*), '[]' FROM {}", quote(&moved.table)))
        }
        Question::ComesBack { field: Some(field) } => values_back(line, goal, field, scene),
        Question::RowGone => rows_gone(line, scene),
        _ => {
            let before = present(line, scene);
            let actual = before.map(|(_, table)| table);
            let rows = rows(line, scene, Losses::Shown);
            if actual.is_none()
                && line.destroyed.as_ref().is_none_or(|hop| after::alive(hop, scene).is_none())
            {
                return None;
            }
            let key = match &actual {
                Some(table) if table.primary_key().is_empty() => "''".to_owned(),
                Some(table) => key_of(table, &|column| quote(&after::from(column))),
                None => key_text(&rows.key),
            };
            let condition = match question {
                Question::UnfitAfter { after: field, .. } => {
                    let columns = lower::columns_of(goal, std::slice::from_ref(field));
                    let tells = |column: &&String| {
                        rows.outputs.iter().any(|output| output.column == **column && output.tells_losses)
                    };
                    let terms: Vec<String> =
                        columns.iter().filter(tells).map(|column| quote(&after::lost(column))).collect();
                    (!terms.is_empty()).then(|| any(&terms))?
                }
                _ => {
                    let none = Table {
                        name: String::new(),
                        columns: Vec::new(),
                        constraints: Vec::new(),
                        strict: false,
                        without_rowid: false,
                    };
                    let seen = Seen {
                        change,
                        before: goal,
                        after: goal,
                        actual: actual.as_ref().unwrap_or(&none),
                        scene,
                    };
                    seen.condition(question)?
                }
            };
            let with = format!("SELECT {key} AS {KEY}, * FROM ({})", rows.select);
            let found = format!("SELECT * FROM {AFTER} AS {} WHERE {condition}", quote(&change.address.name));
            Some(count(Some(&with), &found))
        }
    }
}

fn key_text(columns: &[String]) -> String {
    let text = |column: &String| format!("coalesce(CAST({} AS TEXT), '')", quote(column));
    match columns.is_empty() {
        true => "''".to_owned(),
        false => columns.iter().map(text).collect::<Vec<_>>().join(" || ', ' || "),
    }
}

/// The table that a line starts from today.
fn present(line: &Line, scene: &Scene<'_>) -> Option<(String, Table)> {
    let now = line.now.as_ref()?;
    let entity = scene.before.get(now)?.as_entity()?;
    Some((now.name.clone(), actual(&now.name, entity, scene.natives, scene.before, scene).table))
}

/// All rows of a line, as they will be.
pub fn rows(line: &Line, scene: &Scene<'_>, losses: Losses) -> after::After {
    let none = std::collections::BTreeMap::new();
    match present(line, scene) {
        Some((name, table)) => {
            after::back(line, Some(Source { table: &name, actual: &table, renamed: &none }), scene, losses)
        }
        None => after::back(line, None, scene, losses),
    }
}

/// The rows that another entity will have, if this plan brings it back.
pub fn far_rows(entity: &Address, scene: &Scene<'_>) -> Option<String> {
    let line = scene.aside.lines.get(entity)?;
    Some(format!("({})", rows(line, scene, Losses::Refused).select))
}

fn before_hop(line: &Line, hop: usize, scene: &Scene<'_>) -> String {
    let none = std::collections::BTreeMap::new();
    match present(line, scene) {
        Some((name, table)) => {
            after::rows_after(line, hop, Some(Source { table: &name, actual: &table, renamed: &none }), scene)
        }
        None => after::rows_after(line, hop, None, scene),
    }
}

fn values_back(line: &Line, goal: &Entity, field: &str, scene: &Scene<'_>) -> Option<String> {
    let mut held = Vec::new();
    let mut place = None;
    for column in lower::columns_of(goal, &[field.to_owned()]) {
        if let Origin::Kept { moved, column, hop } = after::origin(line, &column, scene) {
            held.push(format!("kept.{} IS NOT NULL", quote(&after::was(&column))));
            place = Some((moved, hop));
        }
    }
    let (moved, hop) = place?;
    Some(format!(
        "SELECT count(*), '[]' FROM {} AS kept JOIN ({}) AS rows ON {} WHERE {}",
        quote(&moved.table),
        before_hop(line, hop, scene),
        after::Level::same_row(&moved),
        any(&held)
    ))
}

fn rows_gone(line: &Line, scene: &Scene<'_>) -> Option<String> {
    let counts: Vec<String> = line
        .hops
        .iter()
        .enumerate()
        .filter_map(|(index, hop)| {
            let moved =
                after::alive(hop, scene).filter(|moved| !moved.is_whole() && !moved.key.is_empty())?;
            Some(format!(
                "(SELECT count(*) FROM {} AS kept WHERE NOT EXISTS (SELECT 1 FROM ({}) AS rows WHERE {}))",
                quote(&moved.table),
                before_hop(line, index, scene),
                all(&[after::Level::same_row(moved)])
            ))
        })
        .collect();
    (!counts.is_empty()).then(|| format!("SELECT {}, '[]'", counts.join(" + ")))
}
