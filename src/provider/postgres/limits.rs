//! How long a statement may take.
//! Never runs one.

use std::time::Duration;

use super::lexer::{Token, tokens};
use crate::plan::Step;

/// Holds rows against deferrable constraints with every statement: a table that waits for such a check cannot be altered
/// (`pending trigger events`).
pub const CHECK_AT_ONCE: &str = "SET CONSTRAINTS ALL IMMEDIATE";

/// Holds them at the end of a task, which may have to break them on its way.
pub const CHECK_LATER: &str = "SET CONSTRAINTS ALL DEFERRED";

/// How long a statement waits for a lock: as long, and no longer, others wait behind it.
pub const LOCK: Duration = Duration::from_secs(2);

/// How long a statement waits that works beside others: nobody waits behind it, and it must outlast their transactions.
pub const BESIDE: Duration = Duration::from_secs(60);

/// How long a question about rows may take.
pub const QUESTION: Duration = Duration::from_secs(60);

/// How long a question may take that is asked again by itself, because together they took too long.
pub const AGAIN: Duration = Duration::from_secs(10);

/// How long all questions of a plan may take that are asked again.
pub const QUESTIONS: Duration = Duration::from_secs(120);

/// What a statement does to the rows that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It changes the catalog alone.
    Instant,
    /// It may read or write all rows of a table.
    Long,
}

impl Class {
    /// How long it may take, with what it waits for its lock.
    pub fn limit(self) -> Duration {
        match self {
            Class::Instant => Duration::from_secs(15),
            Class::Long => Duration::from_secs(30 * 60),
        }
    }

    /// The statement that puts those after it, in the same transaction, under this limit.
    pub fn set(self) -> String {
        format!("SET LOCAL statement_timeout = {}", milliseconds(self.limit()))
    }

    /// Judges a statement by its first words; what is not known to be instant may be long.
    pub fn of(statement: &str) -> Class {
        let Ok(found) = tokens(statement) else { return Class::Long };
        if found.iter().any(|token| token.is_sign(";")) {
            return Class::Long;
        }
        let has = |words: &[&str]| found.windows(words.len()).any(|run| is(run, words));
        let begins = |words: &[&str]| found.get(..words.len()).is_some_and(|run| is(run, words));
        let is_instant = if begins(&["CREATE", "TABLE"]) {
            !has(&["AS"]) && !has(&["SELECT"])
        } else if begins(&["ALTER", "TABLE"]) {
            let is_plain = has(&["RENAME"])
                || has(&["DROP"])
                || has(&["SET", "DEFAULT"])
                || (has(&["ADD", "CONSTRAINT"]) && has(&["NOT", "VALID"]))
                || (has(&["ADD", "COLUMN"])
                    && !has(&["DEFAULT"])
                    && !has(&["GENERATED"])
                    && !has(&["CHECK"]));
            is_plain && !has(&["TYPE"]) && !has(&["SET", "NOT", "NULL"]) && !has(&["VALIDATE"])
        } else {
            [
                "COMMENT",
                "CREATE SCHEMA",
                "CREATE SEQUENCE",
                "CREATE TYPE",
                "ALTER INDEX",
                "ALTER SEQUENCE",
                "DROP",
            ]
            .iter()
            .any(|words| begins(&words.split(' ').collect::<Vec<_>>()))
        };
        if is_instant { Class::Instant } else { Class::Long }
    }
}

/// Tells of a statement that works beside those who read and write its table.
pub fn is_beside(statement: &str) -> bool {
    tokens(statement).is_ok_and(|found| found.iter().take(4).any(|token| token.is("CONCURRENTLY")))
}

/// How long a statement that runs alone waits for its locks.
pub fn lock(statement: &str) -> Duration {
    if is_beside(statement) { BESIDE } else { LOCK }
}

/// How long a statement may take that runs alone. What takes long there blocks neither readers nor writers, and a limit
/// that large tables meet would make it impossible for them.
pub fn alone(statement: &str) -> Duration {
    match Class::of(statement) {
        Class::Instant => Class::Instant.limit(),
        Class::Long => Duration::from_secs(24 * 60 * 60),
    }
}

/// How many relations a step locks about: a table, what keeps its long values, and each index.
pub fn locks(step: &Step) -> u64 {
    let of_statement = |statement: &String| {
        let found = tokens(statement).unwrap_or_default();
        let n_times = |word: &str| found.iter().filter(|token| token.is(word)).count() as u64;
        let is_on = |word: &str| found.get(1).is_some_and(|token| token.is(word));
        match found.first() {
            Some(first) if first.is("CREATE") && is_on("TABLE") => 3 + n_times("UNIQUE") + n_times("PRIMARY"),
            Some(first) if first.is("DROP") && is_on("TABLE") => 7,
            Some(first) if first.is("ALTER") && is_on("TABLE") => 4,
            Some(first) if first.is("CREATE") || first.is("DROP") => 1,
            Some(first) if first.is("ALTER") && is_on("INDEX") => 1,
            Some(_) | None => 0,
        }
    };
    // What is said of a table or its rows takes locks of its own where the step takes none yet.
    let least = if step.statements.is_empty() { 0 } else { 2 };
    step.statements.iter().map(of_statement).sum::<u64>().max(least)
}

fn is(run: &[Token<'_>], words: &[&str]) -> bool {
    run.iter().zip(words).all(|(token, word)| token.is(word))
}

/// A limit as PostgreSQL takes it, in milliseconds.
pub fn milliseconds(limit: Duration) -> String {
    limit.as_millis().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_touch_rows_may_take_long() {
        for sql in [
            "CREATE TABLE \"a\" (\"as\" text)",
            "ALTER TABLE \"a\" ADD COLUMN \"b\" text",
            "ALTER TABLE \"a\" RENAME COLUMN \"b\" TO \"c\"",
            "ALTER TABLE \"a\" ADD CONSTRAINT \"c\" CHECK (b > 0) NOT VALID",
            "DROP TABLE \"a\"",
            "COMMENT ON TABLE \"a\" IS 'x'",
        ] {
            assert_eq!(Class::of(sql), Class::Instant, "{sql}");
        }
        for sql in [
            "UPDATE a SET b = 1",
            "CREATE TABLE a AS SELECT 1",
            "CREATE INDEX a ON b (c)",
            "ALTER TABLE a ALTER COLUMN b TYPE text",
            "ALTER TABLE a ALTER COLUMN b SET NOT NULL",
            "ALTER TABLE a VALIDATE CONSTRAINT c",
            "ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0)",
            "ALTER TABLE a ADD COLUMN b uuid DEFAULT gen_random_uuid()",
            "DROP TABLE a; UPDATE b SET c = 1",
            "'",
        ] {
            assert_eq!(Class::of(sql), Class::Long, "{sql}");
        }
        assert_eq!(lock("CREATE UNIQUE INDEX CONCURRENTLY a ON b (c)"), BESIDE);
        assert_eq!(lock("DROP INDEX CONCURRENTLY IF EXISTS a"), BESIDE);
        assert_eq!(lock("CREATE INDEX a ON b (\"concurrently\")"), LOCK);
    }
}
