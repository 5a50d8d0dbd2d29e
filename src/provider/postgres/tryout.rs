//! Tasks carried out on a copy of the tables they are about, with everything that comes before them: what they would
//! change, and fail at.
//! Never writes to a table of anybody's, and never copies large ones.

use postgres::error::SqlState;
use postgres::{Client, Error, SimpleQueryMessage};

use super::scratch::{self, Original};
use super::{limits, refusal, task};
use crate::plan::Step;
use crate::target::{Broken, Left, Tried};

/// Runs the steps on a copy. Empty where there is no task among them, or where it cannot be told.
pub fn try_out(client: &mut Client, original: &Original<'_>, steps: &[Step]) -> Result<Vec<Tried>, Error> {
    if !steps.iter().any(|step| step.task.is_some()) {
        return Ok(Vec::new());
    }
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
            Ran::Refused(error, statement) if step.task.is_some() && is_told(client, &error, original)? => {
                let message = refusal::message(&error, Some(&statement));
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
