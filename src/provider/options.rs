//! Picklists as rows of a table, in the SQL that every target takes.
//! Never knows how a target renames what other rows point to, nor how it makes the table.

use std::collections::HashMap;

use super::sql::{literal, quote};
use crate::model::picklist::{Choice, Picklist, Storage};
use crate::model::text::Text;

/// One row of a picklist's table, in the order of its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub name: String,
    pub label: String,
    pub color: Option<String>,
    pub retired: bool,
}

/// How a target writes yes and no.
pub type Truth = fn(bool) -> &'static str;

/// An option as its row has it.
fn row(name: &str, choice: &Choice) -> Row {
    Row {
        name: name.to_owned(),
        label: choice.label.as_ref().map_or(name, Text::first).to_owned(),
        color: choice.color.clone(),
        retired: choice.is_retired(),
    }
}

fn color_sql(color: Option<&String>) -> String {
    color.map_or_else(|| "NULL".to_owned(), |color| literal(color))
}

/// The statement that fills a new picklist.
pub fn fill(table: &str, picklist: &Picklist, truth: Truth) -> Option<String> {
    let rows: Vec<String> = picklist
        .options
        .iter()
        .enumerate()
        .map(|(number, (name, choice))| values(&row(name, choice), &(number + 1).to_string(), truth))
        .collect();
    (!rows.is_empty()).then(|| insert(table, &rows.join(",\n  ")))
}

fn values(row: &Row, position: &str, truth: Truth) -> String {
    let (name, label) = (literal(&row.name), literal(&row.label));
    format!("({name}, {label}, {position}, {}, {})", color_sql(row.color.as_ref()), truth(row.retired))
}

fn insert(table: &str, rows: &str) -> String {
    let table = quote(table);
    format!(
        "INSERT INTO {table} (\"name\", \"label\", \"position\", \"color\", \"retired\") VALUES\n  {rows}"
    )
}

/// The statements that bring the rows of `before` to those of `after`. `renames` are new and old names, and `renaming`
/// the statements that give the rows these names.
pub fn change(
    table: &str,
    before: &Picklist,
    after: &Picklist,
    renames: &[(&str, &str)],
    renaming: Vec<String>,
    truth: Truth,
) -> Vec<String> {
    let mut statements = Vec::new();
    let mut current: Vec<Row> = before.options.iter().map(|(name, choice)| row(name, choice)).collect();
    // What goes makes room for what takes its name.
    let renamed = |name: &str| renames.iter().any(|(_, old)| *old == name);
    let stays = |row: &Row| renamed(&row.name) || after.options.contains_key(&row.name);
    let taken = |name: &str| renames.iter().any(|(new, _)| *new == name) && !renamed(name);
    for gone in current.iter().filter(|row| !stays(row) || taken(&row.name)) {
        let place = format!("{} WHERE \"name\" = {}", quote(table), literal(&gone.name));
        statements.push(format!("DELETE FROM {place}"));
    }
    current.retain(|row| stays(row) && !taken(&row.name));
    statements.extend(renaming);
    for row in &mut current {
        if let Some((new, _)) = renames.iter().find(|(_, old)| *old == row.name) {
            row.name = (*new).to_owned();
        }
    }
    // Where all that stays has the place it had, only what is new behind it needs one. Else all are numbered.
    let place_before = |name: &str| {
        let old = renames.iter().find(|(new, _)| *new == name).map_or(name, |(_, old)| old);
        before.options.get_index_of(old)
    };
    let n_kept = current.len();
    let places_stay =
        after.options.keys().take(n_kept).enumerate().all(|(place, name)| place_before(name) == Some(place));
    let current: HashMap<&str, &Row> = current.iter().map(|row| (row.name.as_str(), row)).collect();
    for (number, (name, choice)) in after.options.iter().enumerate() {
        let wanted = row(name, choice);
        let position = match places_stay {
            true => format!("(SELECT coalesce(max(\"position\"), 0) + 1 FROM {})", quote(table)),
            false => (number + 1).to_string(),
        };
        let Some(found) = current.get(name.as_str()) else {
            statements.push(insert(table, &values(&wanted, &position, truth)));
            continue;
        };
        let mut sets = Vec::new();
        if found.label != wanted.label {
            sets.push(format!("\"label\" = {}", literal(&wanted.label)));
        }
        if !places_stay {
            sets.push(format!("\"position\" = {position}"));
        }
        if found.color != wanted.color {
            sets.push(format!("\"color\" = {}", color_sql(wanted.color.as_ref())));
        }
        if found.retired != wanted.retired {
            sets.push(format!("\"retired\" = {}", truth(wanted.retired)));
        }
        if !sets.is_empty() {
            let (table, name) = (quote(table), literal(name));
            statements.push(format!("UPDATE {table} SET {} WHERE \"name\" = {name}", sets.join(", ")));
        }
    }
    statements
}

/// The picklist that rows and record together say: the rows decide, the record adds what rows cannot hold.
pub fn lift(rows: &[Row], hint: Option<&Picklist>) -> Picklist {
    let mut picklist = described(hint, None);
    for found in rows {
        let recorded = hint.and_then(|hint| hint.options.get(&found.name));
        let mut choice = recorded.cloned().unwrap_or_default();
        choice.renamed_from = None;
        let said = row(&found.name, &choice);
        if said.label != found.label {
            choice.label = (found.label != found.name).then(|| Text::Plain(found.label.clone()));
        }
        choice.color.clone_from(&found.color);
        if choice.is_retired() != found.retired {
            choice.retired = found.retired.then_some(true);
        }
        picklist.options.insert(found.name.clone(), choice);
    }
    picklist
}

/// A picklist without options: what our record says of it, which no row can hold.
pub fn described(hint: Option<&Picklist>, storage: Option<Storage>) -> Picklist {
    Picklist {
        display_name: hint.and_then(|hint| hint.display_name.clone()),
        description: hint.and_then(|hint| hint.description.clone()),
        options: indexmap::IndexMap::new(),
        storage,
    }
}
