//! Tasks, and conversions into types that the server alone knows, carried out on a copy of the tables they are about,
//! with everything that comes before them: what they would change, and fail at.
//! Never writes to a table of anybody's, and never copies large ones.

use postgres::error::SqlState;
use postgres::{Client, Error, SimpleQueryMessage};

use super::lexer::{Token, tokens};
use super::scratch::{self, Original};
use super::{limits, refusal, task};
use crate::plan::Step;
use crate::target::{Broken, Left, Tried};

/// Tells of steps that no question about rows can answer for: tasks, and conversions into types of which only the
/// server knows what a value is.
pub fn is_unsure(step: &Step) -> bool {
    step.task.is_some() || step.statements.iter().any(|statement| converts_unseen(statement))
}

/// Tells of a statement that turns values into a type that has no kind of its own here: `inet`, `integer[]`.
fn converts_unseen(statement: &str) -> bool {
    let inner = statement.split("$reconcile$").nth(1);
    let Ok(found) = tokens(inner.unwrap_or(statement)) else { return false };
    let begins = |word: &str| found.first().is_some_and(|token| token.is(word));
    let leads = |token: &Token<'_>| match begins("ALTER") {
        true => token.is("TYPE"),
        false => (inner.is_some() || begins("UPDATE")) && token.is_sign("::"),
    };
    found.iter().enumerate().filter(|(_, token)| leads(token)).any(|(at, _)| is_unseen(&found[at + 1..]))
}

/// Tells of a type that only the server knows the values of.
fn is_unseen(ty: &[Token<'_>]) -> bool {
    let Some(name) = ty.first().and_then(Token::name) else { return false };
    // What names things of the catalog turns no value of a row into another.
    let is_known = SEEN.contains(&name.as_str()) || name.starts_with("reg");
    !is_known || ty.get(1).is_some_and(|next| next.is_sign("["))
}

/// How the types begin whose values are known here.
const SEEN: [&str; 16] = [
    "bigint",
    "boolean",
    "bytea",
    "character",
    "date",
    "double",
    "integer",
    "json",
    "jsonb",
    "numeric",
    "real",
    "smallint",
    "text",
    "time",
    "timestamp",
    "uuid",
];

/// Runs the steps on a copy. Empty where all of them can be answered for, or where it cannot be told.
pub fn try_out(client: &mut Client, original: &Original<'_>, steps: &[Step]) -> Result<Vec<Tried>, Error> {
    let tried = scratch::open(client, original, steps);
    let tried = match tried {
        Ok(true) => run_all(client, original, steps),
        // Too large, or not ours to copy: nothing is said.
        Ok(false) | Err(_) => Ok(Vec::new()),
    };
    client.batch_execute("ROLLBACK")?;
    tried
}

fn run_all(client: &mut Client, original: &Original<'_>, steps: &[Step]) -> Result<Vec<Tried>, Error> {
    let mut ran = Vec::new();
    for step in steps {
        match run(client, step)? {
            Ran::Changed(rows) => ran.push((step, rows)),
            Ran::Unknown(why) => {
                return Ok(vec![Tried::Failed(Broken::Step { step: step.id, message: why })]);
            }
            Ran::Refused(error, statement)
                if is_of_values(&error) || step.task.is_some() && is_told(client, &error, original)? =>
            {
                let place = step.task.is_some().then_some(statement.as_str());
                let message = refusal::message(&error, place);
                return Ok(vec![Tried::Failed(Broken::Step { step: step.id, message })]);
            }
            Ran::Refused(_, _) => return Ok(Vec::new()),
        }
    }
    let mut tried = Vec::new();
    for (step, rows) in ran.into_iter().filter(|(step, _)| step.task.is_some()) {
        // What a task waits for may be done by a later step.
        let is_left = match step.unless() {
            Some(unless) => task::left(client, unless)? != Left::Nothing,
            None => false,
        };
        tried.push(Tried::Changed { step: step.id, rows, is_left });
    }
    Ok(tried)
}

/// What came of one step.
enum Ran {
    Changed(u64),
    /// Its `unless` makes no sense.
    Unknown(String),
    Refused(Error, String),
}

/// Runs one step as an apply would.
fn run(client: &mut Client, step: &Step) -> Result<Ran, Error> {
    if let Some(unless) = step.unless() {
        match task::left(client, unless)? {
            Left::Something => {}
            Left::Nothing => return Ok(Ran::Changed(0)),
            Left::Unknown(why) => return Ok(Ran::Unknown(format!("its `unless`: {why}"))),
        }
    }
    let mut rows = 0;
    if step.task.is_some() {
        client.batch_execute(limits::CHECK_LATER)?;
    }
    for statement in &step.statements {
        if let Some(fault) = step.task.as_ref().and_then(|_| task::sql_fault(statement)) {
            return Ok(Ran::Unknown(format!("its SQL {fault}")));
        }
        match client.simple_query(&scratch::inside(statement)) {
            Ok(said) => rows += n_changed(&said),
            Err(error) => return Ok(Ran::Refused(error, statement.clone())),
        }
    }
    if step.task.is_some()
        && let Err(error) = client.batch_execute(limits::CHECK_AT_ONCE)
    {
        return Ok(Ran::Refused(error, limits::CHECK_AT_ONCE.to_owned()));
    }
    Ok(Ran::Changed(rows))
}

/// How many rows statements have changed; what a query returns is not among them.
fn n_changed(said: &[SimpleQueryMessage]) -> u64 {
    let (mut changed, mut is_query) = (0, false);
    for message in said {
        match message {
            SimpleQueryMessage::CommandComplete(rows) => {
                changed += if is_query { 0 } else { *rows };
                is_query = false;
            }
            SimpleQueryMessage::RowDescription(_) | SimpleQueryMessage::Row(_) => is_query = true,
            _ => {}
        }
    }
    changed
}

/// Tells of a value that a type does not take (SQLSTATE class 22, data exception).
fn is_of_values(error: &Error) -> bool {
    error.code().is_some_and(|code| code.code().starts_with("22"))
}

/// Tells whether a refusal would be the same on the real tables: what is not there in the copy may be there.
fn is_told(client: &mut Client, error: &Error, original: &Original<'_>) -> Result<bool, Error> {
    let Some(refused) = error.as_db_error() else { return Ok(false) };
    let unknown = [
        SqlState::UNDEFINED_FUNCTION,
        SqlState::UNDEFINED_OBJECT,
        SqlState::INSUFFICIENT_PRIVILEGE,
        SqlState::QUERY_CANCELED,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::FEATURE_NOT_SUPPORTED,
        SqlState::INVALID_TABLE_DEFINITION,
    ];
    if unknown.contains(refused.code()) {
        return Ok(false);
    }
    if *refused.code() != SqlState::UNDEFINED_TABLE {
        return Ok(true);
    }
    let Some(name) = refused.message().split('"').nth(1) else { return Ok(false) };
    client.batch_execute("ROLLBACK; BEGIN READ ONLY")?;
    let sql = "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
               WHERE n.nspname = $1 AND c.relname = $2";
    let is_named = name.contains('.') || !client.query(sql, &[&original.schema, &name])?.is_empty();
    Ok(!is_named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_the_server_knows_the_values_of_is_tried() {
        for (statement, is_unsure) in [
            ("ALTER TABLE \"a\" ALTER COLUMN \"b\" TYPE inet USING b::inet", true),
            ("ALTER TABLE \"a\" ALTER COLUMN \"b\" TYPE integer[] USING b::integer[]", true),
            ("DO $reconcile$ BEGIN UPDATE a SET b = c::inet; END $reconcile$", true),
            ("UPDATE a SET b = c::cidr", true),
            ("ALTER TABLE \"a\" ALTER COLUMN \"b\" TYPE double precision", false),
            ("ALTER TABLE \"a\" ALTER COLUMN \"b\" TYPE character varying(9)", false),
            ("ALTER TABLE \"a\" ALTER COLUMN \"b\" TYPE timestamp with time zone USING b", false),
            ("ALTER TABLE \"a\" ALTER COLUMN \"b\" SET DEFAULT nextval('c'::regclass)", false),
            ("CREATE TABLE \"a\" (\"b\" inet DEFAULT '::'::inet)", false),
            ("'", false),
        ] {
            assert_eq!(converts_unseen(statement), is_unsure, "{statement}");
        }
    }
}
