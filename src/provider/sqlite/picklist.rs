//! Picklists as tables: made, changed row by row, and read back.
//! Never holds languages and descriptions: those live in our record.

use super::lexer::{literal, quote};
use super::table::Table;
use crate::model::picklist::Picklist;
use crate::provider::options;

pub use crate::provider::options::{Row, lift};

/// The columns that make a table a picklist.
pub const COLUMNS: [&str; 5] = ["name", "label", "position", "color", "retired"];

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

fn truth(is_so: bool) -> &'static str {
    if is_so { "1" } else { "0" }
}

/// The statement that fills a new picklist.
pub fn fill(table: &str, picklist: &Picklist) -> Option<String> {
    options::fill(table, picklist, truth)
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
    options::change(table, before, after, renames, rename_all(table, renames, users), truth)
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
