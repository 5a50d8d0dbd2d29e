//! Picklists as tables: made, changed row by row, and read back.
//! Never holds languages and descriptions: those live in our record.

use std::collections::HashMap;

use super::lexer::{literal, quote};
use super::table::Table;
use crate::model::picklist::{Choice, Picklist};
use crate::model::text::Text;

/// The columns that make a table a picklist.
pub const COLUMNS: [&str; 5] = ["name", "label", "position", "color", "retired"];

/// One row of a picklist's table, in the order of its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub name: String,
    pub label: String,
    pub color: Option<String>,
    pub retired: bool,
}

/// Tells whether a table is built as we build picklists.
pub fn is_picklist(table: &Table) -> bool {
    table.columns.len() == COLUMNS.len()
        && table.columns.iter().zip(COLUMNS).all(|(column, name)| column.name == name)
        && table.primary_key() == ["name"]
        && !table.without_rowid
}

/// The statement that makes an empty picklist.
pub fn create(name: &str) -> String {
    format!(
        "CREATE TABLE {} (\n  \"name\" TEXT NOT NULL PRIMARY KEY,\n  \"label\" TEXT NOT NULL,\n  \
         \"position\" INTEGER NOT NULL,\n  \"color\" TEXT,\n  \
         \"retired\" INTEGER NOT NULL DEFAULT 0 CHECK (\"retired\" IN (0, 1))\n) STRICT",
        quote(name)
    )
}

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
pub fn fill(table: &str, picklist: &Picklist) -> Option<String> {
    let rows: Vec<String> = picklist
        .options
        .iter()
        .enumerate()
        .map(|(number, (name, choice))| values(&row(name, choice), &(number + 1).to_string()))
        .collect();
    (!rows.is_empty()).then(|| insert(table, &rows.join(",\n  ")))
}

fn values(row: &Row, position: &str) -> String {
    let (name, label) = (literal(&row.name), literal(&row.label));
    format!("({name}, {label}, {position}, {}, {})", color_sql(row.color.as_ref()), u8::from(row.retired))
}

fn insert(table: &str, rows: &str) -> String {
    let table = quote(table);
    format!(
        "INSERT INTO {table} (\"name\", \"label\", \"position\", \"color\", \"retired\") VALUES\n  {rows}"
    )
}

/// The statements that bring the rows of `before` to those of `after`. `renames` are new and old names;
/// `users` are the tables and columns that hold options of this picklist.
pub fn change(
    table: &str,
    before: &Picklist,
    after: &Picklist,
    renames: &[(&str, &str)],
    users: &[(String, String)],
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
    statements.extend(rename_all(table, renames, users));
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
            statements.push(insert(table, &values(&wanted, &position)));
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
            sets.push(format!("\"retired\" = {}", u8::from(wanted.retired)));
        }
        if !sets.is_empty() {
            let (table, name) = (quote(table), literal(name));
            statements.push(format!("UPDATE {table} SET {} WHERE \"name\" = {name}", sets.join(", ")));
        }
    }
    statements
}

/// Renames options in the list and in every row that holds one, all at once: names may trade places.
fn rename_all(table: &str, renames: &[(&str, &str)], users: &[(String, String)]) -> Vec<String> {
    if renames.is_empty() {
        return Vec::new();
    }
    let olds: Vec<String> = renames.iter().map(|(_, old)| literal(old)).collect();
    let case = |column: &str| {
        let arms: Vec<String> =
            renames.iter().map(|(new, old)| format!("WHEN {} THEN {}", literal(old), literal(new))).collect();
        format!("CASE {column} {} END", arms.join(" "))
    };
    let update = |table: &str, column: &str| {
        let (table, column) = (quote(table), quote(column));
        format!("UPDATE {table} SET {column} = {} WHERE {column} IN ({})", case(&column), olds.join(", "))
    };
    let trades = renames.iter().any(|(new, _)| renames.iter().any(|(_, old)| new == old));
    let mut statements = Vec::new();
    if trades {
        // One row cannot take a name that another still has, so all step aside first.
        let (name, table) = (quote("name"), quote(table));
        let aside = format!(
            "UPDATE {table} SET {name} = '_reconcile_' || {name} WHERE {name} IN ({})",
            olds.join(", ")
        );
        statements.push(aside);
        for (new, old) in renames {
            let aside = literal(&format!("_reconcile_{old}"));
            statements.push(format!("UPDATE {table} SET {name} = {} WHERE {name} = {aside}", literal(new)));
        }
    } else {
        statements.push(update(table, "name"));
    }
    statements.extend(users.iter().map(|(table, column)| update(table, column)));
    statements
}

/// The picklist that rows and record together say: the rows decide, the record adds what rows cannot hold.
pub fn lift(rows: &[Row], hint: Option<&Picklist>) -> Picklist {
    let mut picklist = Picklist {
        display_name: hint.and_then(|hint| hint.display_name.clone()),
        description: hint.and_then(|hint| hint.description.clone()),
        options: indexmap::IndexMap::with_capacity(rows.len()),
        storage: None,
    };
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
