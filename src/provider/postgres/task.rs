//! The SQL of tasks: what may stand in it, and what an `unless` says.
//! Never lets a task end the transaction, reach outside of the database or touch our own record.

use postgres::{Client, Error};

use super::catalog::SCHEMA;
use super::lexer::{Sort, Token, tokens};
use super::limits::{self, milliseconds};
use super::refusal;
use crate::model::task::TaskRules;
use crate::target::Left;

/// How this target judges tasks.
pub const RULES: TaskRules = TaskRules { sql_fault, unless_fault };

const ENDS: &str = "which would end the transaction of the apply";
const LEAVES: &str = "which would leave the one transaction of the apply";
const OUTSIDE: &str = "which reaches outside of the database";
const CONNECTION: &str = "which changes the connection and not the data";
const NO_TRANSACTION: &str = "which cannot run in a transaction";

/// What a statement may not begin with.
const REFUSED: [(&str, &str); 29] = [
    ("BEGIN", LEAVES),
    ("START", LEAVES),
    ("COMMIT", ENDS),
    ("END", ENDS),
    ("ROLLBACK", ENDS),
    ("ABORT", ENDS),
    ("PREPARE TRANSACTION", ENDS),
    ("SAVEPOINT", LEAVES),
    ("RELEASE", LEAVES),
    ("COPY", OUTSIDE),
    ("LOAD", OUTSIDE),
    ("ALTER SYSTEM", OUTSIDE),
    ("ALTER DATABASE", OUTSIDE),
    ("CREATE DATABASE", OUTSIDE),
    ("DROP DATABASE", OUTSIDE),
    ("CREATE TABLESPACE", OUTSIDE),
    ("DROP TABLESPACE", OUTSIDE),
    ("CREATE SUBSCRIPTION", OUTSIDE),
    ("SET SESSION", CONNECTION),
    ("SET ROLE", CONNECTION),
    ("SET TRANSACTION", CONNECTION),
    ("RESET", CONNECTION),
    ("DISCARD", CONNECTION),
    ("LISTEN", CONNECTION),
    ("UNLISTEN", CONNECTION),
    ("VACUUM", NO_TRANSACTION),
    ("CHECKPOINT", OUTSIDE),
    ("CLUSTER", "which writes no data of anybody's"),
    ("REINDEX", "which writes no data of anybody's"),
];

/// The settings of our own connection, which a task may not change even for its transaction.
const OURS: [&str; 9] = [
    "search_path",
    "lock_timeout",
    "statement_timeout",
    "standard_conforming_strings",
    "role",
    "session",
    "transaction",
    "session_replication_role",
    "transaction_read_only",
];

/// Functions that change the connection, end others or reach outside of the database.
const FUNCTIONS: [&str; 14] = [
    "set_config",
    "dblink_exec",
    "dblink_connect",
    "lo_export",
    "lo_import",
    "pg_advisory_unlock",
    "pg_advisory_unlock_all",
    "pg_ls_dir",
    "pg_read_binary_file",
    "pg_read_file",
    "pg_reload_conf",
    "pg_rotate_logfile",
    "pg_terminate_backend",
    "pg_cancel_backend",
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
    statements.into_iter().find_map(statement_fault)
}

/// Returns why a text cannot be the `unless` of a task.
pub fn unless_fault(sql: &str) -> Option<String> {
    let found = match readable(sql) {
        Ok(found) => found,
        Err(fault) => return Some(fault),
    };
    let is_query =
        |statement: &[Token<'_>]| ["SELECT", "WITH", "VALUES"].iter().any(|word| statement[0].is(word));
    match statements(&found).as_slice() {
        [] => Some("is empty".to_owned()),
        // `SELECT … INTO` makes a table.
        [one] if is_query(one) && one.iter().any(|token| token.is("INTO")) => {
            Some("holds `INTO`, which writes".to_owned())
        }
        [one] if is_query(one) => None,
        [_] => Some("is no query".to_owned()),
        [_, ..] => Some("holds more than one statement".to_owned()),
    }
}

fn statement_fault(statement: &[Token<'_>]) -> Option<String> {
    let begins = |words: &str| {
        words.split(' ').enumerate().all(|(at, word)| statement.get(at).is_some_and(|token| token.is(word)))
    };
    if let Some((words, why)) = REFUSED.iter().find(|(words, _)| begins(words)) {
        return Some(format!("holds `{words}`, {why}"));
    }
    if begins("SET") && !begins("SET CONSTRAINTS") {
        let name = statement.get(2).and_then(Token::name).unwrap_or_default();
        return match begins("SET LOCAL") && !OURS.contains(&name.as_str()) && name != "time" {
            true => None,
            false if begins("SET LOCAL") => Some(format!("sets `{name}`, which `reconcile` sets itself")),
            false => Some(format!("holds `SET` without `LOCAL`, {CONNECTION}")),
        };
    }
    let makes_or_drops = ["CREATE", "DROP", "ALTER", "REFRESH"].iter().any(|word| begins(word));
    if makes_or_drops && statement.iter().any(|token| token.is("CONCURRENTLY")) && !begins("REFRESH") {
        return Some(format!("holds `CONCURRENTLY`, {NO_TRANSACTION}"));
    }
    None
}

/// The tokens of a text that is whole, that nothing must be filled into, and that speaks of nothing of ours.
fn readable(sql: &str) -> Result<Vec<Token<'_>>, String> {
    if sql.contains('\0') {
        return Err("holds a NUL character".to_owned());
    }
    let found = tokens(sql).map_err(|unread| unread.to_string())?;
    for (at, token) in found.iter().enumerate() {
        if token.sort == Sort::Parameter {
            return Err(format!("holds the parameter `{}`, which nothing fills", token.text));
        }
        if token.is_sign("\\") {
            return Err("holds a `\\`, which only psql understands".to_owned());
        }
        // The body of a `DO` is a text, and is read as SQL again.
        if token.sort == Sort::Text && token.text.starts_with('$') {
            let body = token.value().unwrap_or_default();
            if let Some(fault) = tokens(&body).ok().and_then(|inner| reach(&inner)) {
                return Err(fault);
            }
        }
        if let Some(fault) = reach_at(&found, at) {
            return Err(fault);
        }
    }
    Ok(found)
}

/// Returns what of ours, or of the world outside, a text speaks of.
fn reach(found: &[Token<'_>]) -> Option<String> {
    (0..found.len()).find_map(|at| reach_at(found, at))
}

fn reach_at(found: &[Token<'_>], at: usize) -> Option<String> {
    let name = found[at].name()?;
    let next = found.get(at + 1);
    let is_schema = next.is_some_and(|next| next.is_sign("."))
        || at.checked_sub(1).is_some_and(|before| found[before].is("SCHEMA") || found[before].is("EXISTS"));
    if name == SCHEMA && is_schema {
        return Some(format!("speaks of the schema `{name}`, which belongs to `reconcile`"));
    }
    if FUNCTIONS.contains(&name.as_str()) && next.is_some_and(|next| next.is_sign("(")) {
        return Some(format!("calls `{name}`, which a task may not"));
    }
    None
}

/// The statements of a text, none of them empty. A semicolon in brackets, or in the body of a function that is
/// written without quotes, belongs to its statement.
fn statements<'a, 't>(tokens: &'a [Token<'t>]) -> Vec<&'a [Token<'t>]> {
    let mut found = Vec::new();
    let (mut from, mut depth, mut blocks) = (0, 0_usize, 0_usize);
    for (at, token) in tokens.iter().enumerate() {
        let is_function = tokens[from].is("CREATE")
            && tokens[from..at].iter().take(5).any(|token| token.is("FUNCTION") || token.is("PROCEDURE"));
        if token.is_sign("(") {
            depth += 1;
        } else if token.is_sign(")") {
            depth = depth.saturating_sub(1);
        } else if (is_function && opens_block(tokens, at)) || (blocks > 0 && token.is("CASE")) {
            blocks += 1;
        } else if blocks > 0 && token.is("END") {
            blocks -= 1;
        } else if token.is_sign(";") && depth == 0 && blocks == 0 {
            if from < at {
                found.push(&tokens[from..at]);
            }
            from = at + 1;
        }
    }
    if from < tokens.len() {
        found.push(&tokens[from..]);
    }
    found
}

/// `BEGIN ATOMIC`
fn opens_block(tokens: &[Token<'_>], at: usize) -> bool {
    tokens[at].is("BEGIN") && tokens.get(at + 1).is_some_and(|next| next.is("ATOMIC"))
}

/// Asks an `unless` inside a transaction, where it can write nothing and leaves nothing behind. What the target cannot
/// make sense of is not known yet; all else that goes wrong is an error.
pub fn left(client: &mut Client, unless: &str) -> Result<Left, Error> {
    if let Some(fault) = unless_fault(unless) {
        return Ok(Left::Unknown(format!("it {fault}")));
    }
    client.batch_execute(&format!(
        "SAVEPOINT reconcile_unless; SET LOCAL transaction_read_only = on; SET LOCAL statement_timeout = {}",
        milliseconds(limits::QUESTION)
    ))?;
    // A cursor takes a query and nothing else, and one row of it is enough.
    let asked = client
        .batch_execute(&format!("DECLARE reconcile_unless NO SCROLL CURSOR FOR {unless}"))
        .and_then(|()| client.simple_query("FETCH 1 FROM reconcile_unless"));
    client.batch_execute("ROLLBACK TO SAVEPOINT reconcile_unless; RELEASE SAVEPOINT reconcile_unless")?;
    match asked {
        Ok(messages) => {
            let has_row = messages.iter().any(|said| matches!(said, postgres::SimpleQueryMessage::Row(_)));
            Ok(if has_row { Left::Nothing } else { Left::Something })
        }
        Err(error) if refusal::is_about_the_text(&error) => Ok(Left::Unknown(refusal::message(&error, None))),
        Err(error) => Err(error),
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
            "DO $$ BEGIN UPDATE a SET b = 1; END $$",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 1",
            "CREATE RULE r AS ON INSERT TO a DO ALSO (DELETE FROM b; DELETE FROM c)",
            "SET LOCAL work_mem = '64MB'; UPDATE a SET b = 1",
            "SET CONSTRAINTS ALL IMMEDIATE",
            "ANALYZE a",
            "SELECT reconcile FROM a",
            "REFRESH MATERIALIZED VIEW CONCURRENTLY a",
            "PREPARE a AS SELECT 1; EXECUTE a",
            "SELECT set_config FROM a;;",
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
            "UPDATE a SET b = 1;/* /* */ */end",
            "UPDATE a SET b = E'\\'; x' ; COMMIT --'",
            "UPDATE a SET b = '\\'; COMMIT --'",
            "UPDATE a SET b = $x$ $y$ $x$; ABORT",
            "-- a\rCOMMIT",
            ";ROLLBACK",
            "START TRANSACTION",
            "PREPARE TRANSACTION 'a'",
            "SAVEPOINT a",
            "COPY a FROM PROGRAM 'rm'",
            "COPY a TO '/tmp/x'",
            "SELECT 1 \\gexec",
            "VACUUM a",
            "CREATE INDEX CONCURRENTLY ON a (b)",
            "DROP INDEX CONCURRENTLY a",
            "REINDEX TABLE a",
            "SET search_path = x",
            "SET LOCAL search_path = x",
            "SET LOCAL \"lock_timeout\" = 0",
            "SET work_mem = '1GB'",
            "SET ROLE a",
            "RESET ALL",
            "DISCARD ALL",
            "ALTER SYSTEM SET a = b",
            "SELECT set_config('search_path', 'x', false)",
            "SELECT pg_catalog.\"pg_advisory_unlock_all\" ()",
            "DELETE FROM reconcile.lock",
            "DELETE FROM \"reconcile\" . task",
            "DROP SCHEMA IF EXISTS Reconcile CASCADE",
            "DO $$ BEGIN DELETE FROM reconcile.journal; END $$",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END; COMMIT",
            "UPDATE a SET b = $1",
            "UPDATE a SET b = 'x",
            "UPDATE a /* b",
            "UPDATE a SET b = U&'\\0061'",
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
        for sql in [
            "",
            "DELETE FROM a",
            "SELECT 1; SELECT 2",
            "EXPLAIN SELECT 1",
            "SELECT * FROM reconcile.meta",
            "SELECT 1 INTO a",
        ] {
            assert!(unless_fault(sql).is_some(), "{sql}");
        }
    }
}
