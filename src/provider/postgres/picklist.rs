//! Picklists as tables or as enumerated types: made, changed option by option, and read back.
//! Never holds languages and descriptions: those live in our record.

use std::collections::HashMap;

use super::lexer::{literal, quote};
use super::shape::{Rule, Table};
use crate::model::picklist::{Choice, Picklist, Storage};
use crate::model::text::Text;

/// The columns that make a table a picklist, with their types.
const COLUMNS: [(&str, &str); 5] =
    [("name", "text"), ("label", "text"), ("position", "integer"), ("color", "text"), ("retired", "boolean")];

/// One row of a picklist's table, in the order of its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub name: String,
    pub label: String,
    pub color: Option<String>,
    pub retired: bool,
}

/// An enumerated type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnumType {
    /// In their order.
    pub options: Vec<String>,
    pub comment: Option<String>,
}

/// Tells whether a table is built as we build picklists.
pub fn is_picklist(table: &Table) -> bool {
    let is_key = |columns: &[String]| columns == ["name"];
    table.columns.len() == COLUMNS.len()
        && table
            .columns
            .iter()
            .zip(COLUMNS)
            .all(|(column, (name, ty))| column.name == name && column.ty == ty)
        && table.constraints.iter().any(|one| one.rule == Rule::PrimaryKey && is_key(&one.columns))
}

/// The statement that makes an empty picklist.
pub fn create(name: &str) -> String {
    format!(
        "CREATE TABLE {} (\n  \"name\" text PRIMARY KEY,\n  \"label\" text NOT NULL,\n  \
         \"position\" integer NOT NULL,\n  \"color\" text,\n  \"retired\" boolean NOT NULL DEFAULT false\n)",
        quote(name)
    )
}

/// The query that reads the options of one picklist among others.
pub fn read(number: usize, table: &str) -> String {
    format!("SELECT {number}, \"name\", \"label\", \"color\", \"retired\", \"position\" FROM {table}")
}

/// The statement that makes an enumerated type.
pub fn create_enum(name: &str, picklist: &Picklist) -> String {
    let options: Vec<String> = picklist.options.keys().map(|option| literal(option)).collect();
    format!("CREATE TYPE {} AS ENUM ({})", quote(name), options.join(", "))
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
    format!("({name}, {label}, {position}, {}, {})", color_sql(row.color.as_ref()), row.retired)
}

fn insert(table: &str, rows: &str) -> String {
    let table = quote(table);
    format!(
        "INSERT INTO {table} (\"name\", \"label\", \"position\", \"color\", \"retired\") VALUES\n  {rows}"
    )
}

/// The statements that bring the rows of `before` to those of `after`. `renames` are new and old names; the rows
/// that hold a renamed option follow by themselves, because their foreign keys cascade.
pub fn change(table: &str, before: &Picklist, after: &Picklist, renames: &[(&str, &str)]) -> Vec<String> {
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
    statements.extend(rename_all(table, renames));
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
            sets.push(format!("\"retired\" = {}", wanted.retired));
        }
        if !sets.is_empty() {
            let (table, name) = (quote(table), literal(name));
            statements.push(format!("UPDATE {table} SET {} WHERE \"name\" = {name}", sets.join(", ")));
        }
    }
    statements
}

/// Renames options. Where names trade places, all step aside first: a key is held against each row at once.
fn rename_all(table: &str, renames: &[(&str, &str)]) -> Vec<String> {
    let table = quote(table);
    let rename = |old: &str, new: &str| {
        format!("UPDATE {table} SET \"name\" = {} WHERE \"name\" = {}", literal(new), literal(old))
    };
    let trades = renames.iter().any(|(new, _)| renames.iter().any(|(_, old)| new == old));
    match trades {
        false => renames.iter().map(|(new, old)| rename(old, new)).collect(),
        true => {
            let aside = renames.iter().map(|(_, old)| rename(old, &format!("_reconcile_{old}")));
            let there = renames.iter().map(|(new, old)| rename(&format!("_reconcile_{old}"), new));
            aside.chain(there).collect()
        }
    }
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

/// The picklist that an enumerated type and our record together say: the type has names and their order only.
pub fn lift_enum(found: &EnumType, hint: Option<&Picklist>) -> Picklist {
    let mut picklist = described(hint, Some(Storage::Enum));
    super::lift::describe(&mut picklist.description, found.comment.as_deref());
    for name in &found.options {
        let mut choice = hint.and_then(|hint| hint.options.get(name)).cloned().unwrap_or_default();
        choice.renamed_from = None;
        picklist.options.insert(name.clone(), choice);
    }
    picklist
}

fn described(hint: Option<&Picklist>, storage: Option<Storage>) -> Picklist {
    Picklist {
        display_name: hint.and_then(|hint| hint.display_name.clone()),
        description: hint.and_then(|hint| hint.description.clone()),
        options: indexmap::IndexMap::new(),
        storage,
    }
}
