//! What SQLite itself makes of other definitions when a table or column gets another name.
//! Never touches a file: it works in memory, without rows.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::lexer::{Token, tokens};
use crate::model::state::Native;

/// Runs renaming statements against a table and all that its definition and triggers speak of, and returns
/// the definitions of the objects as they are then. None where SQLite refuses.
pub fn rename(natives: &[&Native], table: &str, statements: &[String]) -> Option<Vec<Native>> {
    let connection = Connection::open_in_memory().ok()?;
    super::refusal::strict_names(&connection).ok()?;
    connection.execute_batch("PRAGMA foreign_keys = OFF; BEGIN").ok()?;
    let wanted = surroundings(natives, table);
    for kind in ["table", "index", "view", "trigger"] {
        for native in natives.iter().filter(|native| native.kind == kind) {
            let belongs = match kind {
                "index" | "trigger" => native.table.eq_ignore_ascii_case(table),
                _ => wanted.contains(&native.name.to_lowercase()),
            };
            if belongs {
                connection.execute_batch(&native.definition).ok()?;
            }
        }
    }
    for statement in statements {
        connection.execute_batch(statement).ok()?;
    }
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema \
               WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name";
    let mut statement = connection.prepare(sql).ok()?;
    let rows = statement
        .query_map([], |row| {
            Ok(Native { kind: row.get(0)?, name: row.get(1)?, table: row.get(2)?, definition: row.get(3)? })
        })
        .ok()?;
    rows.collect::<rusqlite::Result<Vec<Native>>>().ok()
}

/// The names, in lower case, of the tables and views that a table's triggers speak of, and theirs in turn.
fn surroundings(natives: &[&Native], table: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::from([table.to_lowercase()]);
    let mut open: Vec<&str> = natives
        .iter()
        .filter(|native| native.kind == "trigger" && native.table.eq_ignore_ascii_case(table))
        .map(|native| native.definition.as_str())
        .collect();
    while let Some(text) = open.pop() {
        let words: BTreeSet<String> = tokens(text)
            .unwrap_or_default()
            .iter()
            .filter_map(Token::name)
            .map(|name| name.to_lowercase())
            .collect();
        for native in natives.iter().filter(|native| matches!(native.kind.as_str(), "table" | "view")) {
            let name = native.name.to_lowercase();
            if words.contains(&name) && found.insert(name) && native.kind == "view" {
                open.push(&native.definition);
            }
        }
    }
    found
}
