//! The SQL of tasks: what may stand in it, and what an `unless` says.
//! Never lets a task end the transaction, reach another database or touch our own record.

use rusqlite::{Connection, ErrorCode};

use super::lexer::{Sort, Token, tokens};
use super::{catalog, refusal};
use crate::model::task::TaskRules;
use crate::target::Left;

/// How this target judges tasks.
pub const RULES: TaskRules = TaskRules { sql_fault, unless_fault };

/// What would end the transaction, or leave the one database that it is for.
const REFUSED: [(&str, &str); 12] = [
    ("BEGIN", "which would leave the one transaction of the apply"),
    ("COMMIT", "which would end the transaction of the apply"),
    ("END", "which would end the transaction of the apply"),
    ("ROLLBACK", "which would end the transaction of the apply"),
    ("SAVEPOINT", "which would leave the one transaction of the apply"),
    ("RELEASE", "which would leave the one transaction of the apply"),
    ("ATTACH", "which reaches another database"),
    ("DETACH", "which reaches another database"),
    ("PRAGMA", "which changes the connection and not the data"),
    ("VACUUM", "which cannot run in a transaction"),
    ("ANALYZE", "which writes no data of anybody's"),
    ("REINDEX", "which writes no data of anybody's"),
];

/// Returns why a text cannot be what a task runs.
pub fn sql_fault(sql: &str) -> Option<String> {
    let found = match readable(sql) {
        Ok(found) => found,
        Err(fault) => return Some(fault),
    };
    let statements = statements(&found);
    if statements.is_empty() {
        return Some("is empty".to_owned());
    }
    statements.iter().find_map(|statement| {
        let (word, why) = REFUSED.iter().find(|(word, _)| statement[0].is(word))?;
        Some(format!("holds `{word}`, {why}"))
    })
}

/// Returns why a text cannot be the `unless` of a task.
pub fn unless_fault(sql: &str) -> Option<String> {
    let found = match readable(sql) {
        Ok(found) => found,
        Err(fault) => return Some(fault),
    };
    let is_query =
        |statement: &&[Token<'_>]| ["SELECT", "WITH", "VALUES"].iter().any(|word| statement[0].is(word));
    match statements(&found).as_slice() {
        [] => Some("is empty".to_owned()),
        [one] if is_query(one) => None,
        [_] => Some("is no query".to_owned()),
        [_, ..] => Some("holds more than one statement".to_owned()),
    }
}

/// The tokens of a text that is whole, that nothing must be filled into, and that speaks of nothing of ours.
fn readable(sql: &str) -> Result<Vec<Token<'_>>, String> {
    if sql.contains('\0') {
        return Err("holds a NUL character".to_owned());
    }
    let found = tokens(sql).map_err(|_| "opens a quote or a comment that it does not close".to_owned())?;
    for token in &found {
        if token.sort == Sort::Parameter {
            return Err(format!("holds the parameter `{}`, which nothing fills", token.text));
        }
        let Some(name) = token.name().map(|name| name.to_ascii_lowercase()) else { continue };
        if name.starts_with(catalog::PREFIX) {
            return Err(format!("speaks of `{name}`, which belongs to `reconcile`"));
        }
        if name == "load_extension" {
            return Err("calls `load_extension`, which reaches outside of the database".to_owned());
        }
    }
    Ok(found)
}

/// The statements of a text, none of them empty. The body of a trigger belongs to the trigger.
fn statements<'a, 't>(tokens: &'a [Token<'t>]) -> Vec<&'a [Token<'t>]> {
    let mut found = Vec::new();
    let mut rest = tokens;
    while !rest.is_empty() {
        let end = if makes_trigger(rest) { trigger_end(rest) } else { statement_end(rest, 0) };
        if end > 0 {
            found.push(&rest[..end]);
        }
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    found
}

fn makes_trigger(statement: &[Token<'_>]) -> bool {
    let kind = match statement {
        [create, scope, kind, ..] if create.is("CREATE") && (scope.is("TEMP") || scope.is("TEMPORARY")) => {
            kind
        }
        [create, kind, ..] if create.is("CREATE") => kind,
        _ => return false,
    };
    kind.is("TRIGGER")
}

/// Where a statement ends: at a semicolon, or with the text.
fn statement_end(tokens: &[Token<'_>], from: usize) -> usize {
    tokens.iter().skip(from).position(|token| token.is_sign(";")).map_or(tokens.len(), |at| from + at)
}

/// A trigger ends with the `END` that follows the semicolon of its last statement.
fn trigger_end(tokens: &[Token<'_>]) -> usize {
    let last = tokens.windows(2).position(|pair| pair[0].is_sign(";") && pair[1].is("END"));
    last.map_or(tokens.len(), |at| statement_end(tokens, at + 1))
}

/// Asks an `unless`. What the target cannot make sense of is not known yet; all else that goes wrong is an error.
pub fn left(connection: &Connection, unless: &str) -> rusqlite::Result<Left> {
    if let Some(fault) = unless_fault(unless) {
        return Ok(Left::Unknown(format!("it {fault}")));
    }
    let unknown = |error: rusqlite::Error| match (&error, error.sqlite_error_code()) {
        (rusqlite::Error::SqlInputError { .. }, _) | (_, Some(ErrorCode::Unknown)) => {
            Ok(Left::Unknown(refusal::message(&error)))
        }
        (_, Some(_) | None) => Err(error),
    };
    let mut statement = match connection.prepare(unless) {
        Ok(statement) => statement,
        Err(error) => return unknown(error),
    };
    if !statement.readonly() {
        return Ok(Left::Unknown("it is no query, but a statement that writes".to_owned()));
    }
    let mut rows = statement.query([])?;
    match rows.next() {
        Ok(Some(_)) => Ok(Left::Nothing),
        Ok(None) => Ok(Left::Something),
        Err(error) => unknown(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_in_the_transaction_may_run() {
        for sql in [
            "UPDATE \"order\" SET region = 'north' WHERE region IS NULL",
            "UPDATE a SET b = CASE WHEN c THEN 1 ELSE 2 END; DELETE FROM d;",
            "-- why\nINSERT INTO a SELECT 'BEGIN; COMMIT' FROM b",
            "WITH x AS (SELECT 1) DELETE FROM a",
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET b = CASE WHEN 1 THEN 2 END; DELETE FROM c; END; SELECT 1",
            "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END",
            "REPLACE INTO a VALUES (1);;",
        ] {
            assert_eq!(sql_fault(sql), None, "{sql}");
        }
    }

    #[test]
    fn what_leaves_the_transaction_or_the_database_may_not() {
        for sql in [
            "",
            " ; ; ",
            "-- nothing",
            "begin",
            "UPDATE a SET b = 1; COMMIT",
            "UPDATE a SET b = 1;end",
            ";ROLLBACK",
            "SAVEPOINT a",
            "RELEASE a",
            "ATTACH 'x.db' AS x",
            "DETACH x",
            "PRAGMA foreign_keys = ON",
            "VACUUM",
            "ANALYZE",
            "REINDEX",
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END; COMMIT",
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END COMMIT; PRAGMA user_version = 1",
            "SELECT load_extension('x')",
            "SELECT \"Load_Extension\"('x')",
            "DELETE FROM _reconcile_task",
            "DELETE FROM [_RECONCILE_journal]",
            "DELETE FROM '_reconcile_lock'",
            "UPDATE a SET b = ?1",
            "UPDATE a SET b = :b",
            "UPDATE a SET b = 'x",
            "UPDATE a /* b",
            "UPDATE a\0",
        ] {
            assert!(sql_fault(sql).is_some(), "{sql}");
        }
    }

    #[test]
    fn an_unless_is_one_query() {
        for sql in ["SELECT 1", "select 1;", "VALUES (1)", "WITH a AS (SELECT 1) SELECT * FROM a -- b"] {
            assert_eq!(unless_fault(sql), None, "{sql}");
        }
        for sql in
            ["", "DELETE FROM a", "SELECT 1; SELECT 2", "EXPLAIN SELECT 1", "SELECT * FROM _reconcile_meta"]
        {
            assert!(unless_fault(sql).is_some(), "{sql}");
        }
    }

    #[test]
    fn an_unless_says_what_is_left() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE a (b); INSERT INTO a VALUES (NULL)").unwrap();
        let ask = |sql: &str| left(&connection, sql).unwrap();
        assert_eq!(ask("SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM a WHERE b IS NULL)"), Left::Something);
        assert_eq!(ask("SELECT NULL FROM a"), Left::Nothing);
        assert_eq!(ask("SELECT c FROM a"), Left::Unknown("no such column: c".to_owned()));
        assert_eq!(ask("SELECT 1 FROM d"), Left::Unknown("no such table: d".to_owned()));
        assert!(matches!(ask("WITH x AS (SELECT 1) DELETE FROM a"), Left::Unknown(_)));
        let n_rows: u32 = connection.query_row("SELECT count(*) FROM a", [], |row| row.get(0)).unwrap();
        assert_eq!(n_rows, 1);
    }
}
