//! Picklists as tables or as enumerated types: made, changed option by option, and read back.
//! Never holds languages and descriptions: those live in our record.

use super::lexer::{literal, quote};
use super::shape::{Rule, Table};
use crate::model::picklist::{Picklist, Storage};
use crate::provider::options::{self, described};

pub use crate::provider::options::{Row, lift};

/// The columns that make a table a picklist, with their types.
const COLUMNS: [(&str, &str); 5] =
    [("name", "text"), ("label", "text"), ("position", "integer"), ("color", "text"), ("retired", "boolean")];

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

fn truth(is_so: bool) -> &'static str {
    if is_so { "true" } else { "false" }
}

/// The statement that fills a new picklist.
pub fn fill(table: &str, picklist: &Picklist) -> Option<String> {
    options::fill(table, picklist, truth)
}

/// The statements that bring the rows of `before` to those of `after`. `renames` are new and old names; the rows
/// that hold a renamed option follow by themselves, because their foreign keys cascade.
pub fn change(table: &str, before: &Picklist, after: &Picklist, renames: &[(&str, &str)]) -> Vec<String> {
    options::change(table, before, after, renames, rename_all(table, renames), truth)
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
