//! Tasks carried out on a copy in memory, with everything that comes before them: what they would change, and fail at.
//! Never writes to the target, and never copies one that is large.

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::references::references_to_nowhere;
use super::{catalog, refusal, task};
use crate::plan::Step;
use crate::target::{Broken, Left, Tried};

/// The largest database that is copied, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// Runs the steps on a copy. Empty where there is no task among them, or none can be copied.
pub fn try_out(connection: &Connection, steps: &[Step]) -> rusqlite::Result<Vec<Tried>> {
    let Some(last) = steps.iter().rfind(|step| step.task.is_some()) else { return Ok(Vec::new()) };
    // A target that cannot be copied just now is told of by whatever reads it next.
    let Ok(Some(copy)) = copy(connection) else { return Ok(Vec::new()) };
    let loose = references_to_nowhere(&copy)?;
    let mut ran = Vec::new();
    for step in steps {
        match run(&copy, step)? {
            Ok(rows) => ran.push((step, rows)),
            Err(message) => return Ok(vec![Tried::Failed(Broken::Step { step: step.id, message })]),
        }
    }
    let untied = references_to_nowhere(&copy)?.into_iter().find(|one| !loose.contains(one));
    if let Some(message) = untied {
        return Ok(vec![Tried::Failed(Broken::Step { step: last.id, message })]);
    }
    let mut tried = Vec::new();
    for (step, rows) in ran.into_iter().filter(|(step, _)| step.task.is_some()) {
        // What a task waits for may be done by a later step.
        let is_left = match step.unless() {
            Some(unless) => task::left(&copy, unless)? != Left::Nothing,
            None => false,
        };
        tried.push(Tried::Changed { step: step.id, rows, is_left });
    }
    Ok(tried)
}

/// Runs one step as an apply would: how many rows it changed, or why it cannot run.
fn run(copy: &Connection, step: &Step) -> rusqlite::Result<Result<u64, String>> {
    if let Some(unless) = step.unless() {
        match task::left(copy, unless)? {
            Left::Something => {}
            Left::Nothing => return Ok(Ok(0)),
            Left::Unknown(why) => return Ok(Err(format!("its `unless`: {why}"))),
        }
    }
    let before = copy.total_changes();
    for statement in &step.statements {
        if let Err(error) = copy.execute_batch(statement) {
            return Ok(Err(refusal::message(&error)));
        }
    }
    Ok(Ok(copy.total_changes() - before))
}

fn copy(connection: &Connection) -> rusqlite::Result<Option<Connection>> {
    let sql = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    let n_bytes: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    if u64::try_from(n_bytes).is_ok_and(|n_bytes| n_bytes > MAX_BYTES) {
        return Ok(None);
    }
    let mut copy = Connection::open_in_memory()?;
    let is_copied = Backup::new(connection, &mut copy)?.step(-1)? == StepResult::Done;
    if !is_copied {
        return Ok(None);
    }
    refusal::strict_names(&copy)?;
    copy.execute_batch("PRAGMA foreign_keys = OFF; BEGIN")?;
    copy.execute_batch(catalog::CREATE)?;
    copy.execute_batch(catalog::UPGRADE)?;
    Ok(Some(copy))
}
