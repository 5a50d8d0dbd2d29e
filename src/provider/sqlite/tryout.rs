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
    let Some(last) = steps.iter().rposition(|step| step.task.is_some()) else { return Ok(Vec::new()) };
    // A target that cannot be copied just now is told of by whatever reads it next.
    let Ok(Some(copy)) = copy(connection) else { return Ok(Vec::new()) };
    let loose = references_to_nowhere(&copy)?;
    let mut tried = Vec::new();
    for step in &steps[..=last] {
        if let Some(unless) = step.unless() {
            match task::left(&copy, unless)? {
                Left::Something => {}
                Left::Nothing => {
                    tried.push(Tried::Changed { step: step.id, rows: 0 });
                    continue;
                }
                Left::Unknown(why) => {
                    let message = format!("its `unless`: {why}");
                    tried.push(Tried::Failed(Broken::Step { step: step.id, message }));
                    return Ok(tried);
                }
            }
        }
        let before = copy.total_changes();
        for statement in &step.statements {
            if let Err(error) = copy.execute_batch(statement) {
                let message = refusal::message(&error);
                tried.push(Tried::Failed(Broken::Step { step: step.id, message }));
                return Ok(tried);
            }
        }
        if step.task.is_some() {
            tried.push(Tried::Changed { step: step.id, rows: copy.total_changes() - before });
        }
    }
    // Until everything is deleted that goes, only what no later step could mend is wrong.
    let is_done = last + 1 == steps.len();
    let untied = references_to_nowhere(&copy)?.into_iter().find(|one| !loose.contains(one));
    if let Some(message) = untied.filter(|_| is_done) {
        tried.push(Tried::Failed(Broken::Step { step: steps[last].id, message }));
    }
    Ok(tried)
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
