//! References that point to no row: SQLite checks them while foreign keys are on, and an apply turns them off.
//! Never says which of them an apply has made.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::lexer::quote;
use super::refusal::message;

/// One line for each row of a table whose reference points nowhere.
pub fn references_to_nowhere(connection: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    if let Ok(found) = check_references(connection, "PRAGMA foreign_key_check") {
        return Ok(found);
    }
    // Some reference cannot even be checked, because nothing keeps its far end unique; the others can.
    let mut statement = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    let names = statement.query_map([], |row| row.get::<_, String>(0))?;
    let mut found = BTreeSet::new();
    for name in names {
        let pragma = format!("PRAGMA foreign_key_check({})", quote(&name?));
        match check_references(connection, &pragma) {
            Ok(more) => found.extend(more),
            Err(error) => {
                found.insert(message(&error));
            }
        }
    }
    Ok(found)
}

fn check_references(connection: &Connection, pragma: &str) -> rusqlite::Result<BTreeSet<String>> {
    let mut statement = connection.prepare(pragma)?;
    let rows = statement.query_map([], |row| {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        Ok(match row.get::<_, Option<i64>>(1)? {
            Some(rowid) => format!("row {rowid} of `{table}` points to no row of `{parent}`"),
            None => format!("a row of `{table}` points to no row of `{parent}`"),
        })
    })?;
    rows.collect()
}
