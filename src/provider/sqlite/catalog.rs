//! Our own tables in a target: the record of what we manage, the journal, the lock.
//! Never holds a row of anybody's data.

use rusqlite::{Connection, OptionalExtension, params};

use super::dialect::NAME;
use super::lexer::quote;
use crate::address::Address;
use crate::diff::change::{Change, Restored, TaskChange, TaskVerb};
use crate::diff::decision::Verb;
use crate::journal::{Entry, Holder};
use crate::model::resource::Resource;
use crate::model::trash::Moved;

/// The version of these tables; a target with a higher one is left alone. Version 2 has tasks and the trash.
pub const VERSION: u32 = 2;

/// What the names of our tables begin with.
pub const PREFIX: &str = "_reconcile_";

/// Makes the tables where they are not there yet.
pub const CREATE: &str = r#"
CREATE TABLE IF NOT EXISTS "_reconcile_meta" ("key" TEXT NOT NULL PRIMARY KEY, "value" TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS "_reconcile_resource" (
  "address" TEXT NOT NULL PRIMARY KEY, "state" TEXT NOT NULL CHECK (json_valid("state")),
  "declared" TEXT CHECK (json_valid("declared")), "revision" TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS "_reconcile_journal" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT, "finished" TEXT NOT NULL, "entry" TEXT NOT NULL CHECK (json_valid("entry"))
) STRICT;
CREATE TABLE IF NOT EXISTS "_reconcile_document" (
  "address" TEXT NOT NULL PRIMARY KEY, "spec" TEXT NOT NULL CHECK (json_valid("spec"))
) STRICT;
CREATE TABLE IF NOT EXISTS "_reconcile_lock" (
  "id" INTEGER PRIMARY KEY CHECK ("id" = 1), "actor" TEXT NOT NULL, "since" TEXT NOT NULL, "token" TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS "_reconcile_sequence" (
  "name" TEXT NOT NULL PRIMARY KEY, "next" INTEGER NOT NULL
) STRICT;
INSERT INTO "_reconcile_meta" ("key", "value") VALUES ('catalog', '1') ON CONFLICT ("key") DO NOTHING;
"#;

/// Brings the tables of an older version to this one. It belongs into the transaction of the apply that needs it.
pub const UPGRADE: &str = r#"
CREATE TABLE IF NOT EXISTS "_reconcile_task" (
  "address" TEXT NOT NULL, "name" TEXT NOT NULL, "place" INTEGER NOT NULL,
  "task" TEXT NOT NULL CHECK (json_valid("task")), "ran" TEXT, "entry" INTEGER,
  PRIMARY KEY ("address", "name")
) STRICT;
CREATE TABLE IF NOT EXISTS "_reconcile_trash" (
  "number" INTEGER PRIMARY KEY AUTOINCREMENT, "entry" INTEGER NOT NULL, "kept" TEXT NOT NULL, "until" TEXT NOT NULL,
  "moved" TEXT NOT NULL CHECK (json_valid("moved"))
) STRICT;
UPDATE "_reconcile_meta" SET "value" = '2' WHERE "key" = 'catalog' AND "value" = '1';
"#;

/// The version since which tasks are recorded.
const TASKS_SINCE: u32 = 2;

/// One row of our record, still as text.
#[derive(Clone, Debug)]
pub struct Row {
    pub address: String,
    pub state: String,
    pub declared: Option<String>,
    pub revision: Option<String>,
}

/// The version of the catalog that is there; none where there is none.
pub fn version(connection: &Connection) -> rusqlite::Result<Option<u32>> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '_reconcile_meta'";
    let found: u32 = connection.query_row(sql, [], |row| row.get(0))?;
    if found == 0 {
        return Ok(None);
    }
    let sql = "SELECT \"value\" FROM \"_reconcile_meta\" WHERE \"key\" = 'catalog'";
    let text: Option<String> = connection.query_row(sql, [], |row| row.get(0)).optional()?;
    // A version that does not read is none that we know.
    Ok(Some(text.map_or(0, |text| text.parse().unwrap_or(u32::MAX))))
}

/// Reads our whole record.
pub fn rows(connection: &Connection) -> rusqlite::Result<Vec<Row>> {
    let sql = "SELECT \"address\", \"state\", \"declared\", \"revision\" FROM \"_reconcile_resource\"";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        Ok(Row { address: row.get(0)?, state: row.get(1)?, declared: row.get(2)?, revision: row.get(3)? })
    })?;
    rows.collect()
}

/// One task of our record, still as text.
#[derive(Clone, Debug)]
pub struct TaskRow {
    pub address: String,
    pub name: String,
    pub place: u32,
    pub task: String,
    pub ran: Option<String>,
}

/// Reads our record of tasks from a catalog of this version.
pub fn tasks(connection: &Connection, version: u32) -> rusqlite::Result<Vec<TaskRow>> {
    if version < TASKS_SINCE {
        return Ok(Vec::new());
    }
    let sql = "SELECT \"address\", \"name\", \"place\", \"task\", \"ran\" FROM \"_reconcile_task\"";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        Ok(TaskRow {
            address: row.get(0)?,
            name: row.get(1)?,
            place: row.get(2)?,
            task: row.get(3)?,
            ran: row.get(4)?,
        })
    })?;
    rows.collect()
}

fn json<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// Writes what one change leaves behind: the resource as it is now, and what of it we own.
pub fn record(connection: &Connection, change: &Change, revision: Option<&str>) -> rusqlite::Result<()> {
    if change.address_before() != &change.address {
        let sql = "UPDATE \"_reconcile_task\" SET \"address\" = ?2 WHERE \"address\" = ?1";
        connection.execute(sql, params![change.address_before().to_string(), change.address.to_string()])?;
        delete(connection, change.address_before())?;
    }
    for task in &change.tasks {
        record_task(connection, &change.address, task)?;
    }
    // What is brought back is recorded as it was then.
    let revision = match &change.restored {
        Some(restored) => {
            restore_tasks(connection, &change.address, restored)?;
            restored.revision.as_deref()
        }
        None => revision,
    };
    match change.verb {
        Verb::Create | Verb::Adopt | Verb::Update => match &change.after {
            Some(after) => upsert(connection, &change.address, after, change.declared.as_ref(), revision),
            None => Ok(()),
        },
        Verb::Release => {
            forget_tasks(connection, &change.address)?;
            match change.after.as_ref().or(change.before.as_ref()) {
                Some(state) => upsert(connection, &change.address, state, None, None),
                None => {
                    let sql = "UPDATE \"_reconcile_resource\" SET \"declared\" = NULL WHERE \"address\" = ?1";
                    connection.execute(sql, [change.address.to_string()]).map(drop)
                }
            }
        }
        Verb::Delete | Verb::Forget => delete(connection, &change.address),
        Verb::Keep => Ok(()),
    }
}

fn upsert(
    connection: &Connection,
    address: &Address,
    state: &Resource,
    declared: Option<&Resource>,
    revision: Option<&str>,
) -> rusqlite::Result<()> {
    let declared = declared.map(json).transpose()?;
    let sql = "INSERT INTO \"_reconcile_resource\" (\"address\", \"state\", \"declared\", \"revision\") \
               VALUES (?1, ?2, ?3, ?4) ON CONFLICT (\"address\") DO UPDATE SET \"state\" = excluded.\"state\", \
               \"declared\" = excluded.\"declared\", \"revision\" = excluded.\"revision\"";
    let mut statement = connection.prepare_cached(sql)?;
    statement.execute(params![address.to_string(), json(state)?, declared, revision]).map(drop)
}

/// Writes what becomes of one task. One that did not run keeps what our record says of its last run.
fn record_task(connection: &Connection, address: &Address, change: &TaskChange) -> rusqlite::Result<()> {
    let ran = match change.verb {
        TaskVerb::Run => change.task.fingerprint_on(NAME).map(|ran| ran.to_string()),
        TaskVerb::Record => None,
        TaskVerb::Forget => {
            let sql = "DELETE FROM \"_reconcile_task\" WHERE \"address\" = ?1 AND \"name\" = ?2";
            return connection.execute(sql, params![address.to_string(), change.name]).map(drop);
        }
    };
    let sql = "INSERT INTO \"_reconcile_task\" (\"address\", \"name\", \"place\", \"task\", \"ran\") \
               VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (\"address\", \"name\") DO UPDATE SET \
               \"place\" = excluded.\"place\", \"task\" = excluded.\"task\", \
               \"entry\" = CASE WHEN excluded.\"ran\" IS NULL THEN \"entry\" END, \
               \"ran\" = coalesce(excluded.\"ran\", \"ran\")";
    let row = params![address.to_string(), change.name, change.place, json(&change.task)?, ran];
    connection.execute(sql, row).map(drop)
}

/// Writes the tasks of a resource as our record had them before the applies that are taken back.
fn restore_tasks(connection: &Connection, address: &Address, restored: &Restored) -> rusqlite::Result<()> {
    forget_tasks(connection, address)?;
    let sql = "INSERT INTO \"_reconcile_task\" (\"address\", \"name\", \"place\", \"task\", \"ran\") \
               VALUES (?1, ?2, ?3, ?4, ?5)";
    for (name, record) in &restored.tasks {
        let ran = record.ran.map(|ran| ran.to_string());
        connection
            .execute(sql, params![address.to_string(), name, record.place, json(&record.task)?, ran])?;
    }
    Ok(())
}

fn forget_tasks(connection: &Connection, address: &Address) -> rusqlite::Result<()> {
    let sql = "DELETE FROM \"_reconcile_task\" WHERE \"address\" = ?1";
    connection.execute(sql, [address.to_string()]).map(drop)
}

fn delete(connection: &Connection, address: &Address) -> rusqlite::Result<()> {
    forget_tasks(connection, address)?;
    let sql = "DELETE FROM \"_reconcile_resource\" WHERE \"address\" = ?1";
    connection.execute(sql, [address.to_string()]).map(drop)
}

/// Keeps one entry of the journal and returns its number.
pub fn keep(connection: &Connection, entry: &Entry) -> rusqlite::Result<u64> {
    let sql = "INSERT INTO \"_reconcile_journal\" (\"finished\", \"entry\") VALUES (?1, ?2)";
    connection.execute(sql, params![entry.finished, json(entry)?])?;
    Ok(u64::try_from(connection.last_insert_rowid()).unwrap_or_default())
}

/// Says of the tasks that ran in this transaction which entry of the journal tells of it.
pub fn enter_tasks(connection: &Connection, entry: u64) -> rusqlite::Result<()> {
    let sql = "UPDATE \"_reconcile_task\" SET \"entry\" = ?1 WHERE \"ran\" IS NOT NULL AND \"entry\" IS NULL";
    connection.execute(sql, [i64::try_from(entry).unwrap_or(i64::MAX)]).map(drop)
}

/// Reads entries of the journal as text, newest first; one where `id` is given.
pub fn entries(
    connection: &Connection,
    id: Option<u64>,
    limit: usize,
) -> rusqlite::Result<Vec<(u64, String)>> {
    let sql = "SELECT \"id\", \"entry\" FROM \"_reconcile_journal\" WHERE ?1 IS NULL OR \"id\" = ?1 \
               ORDER BY \"id\" DESC LIMIT ?2";
    let id = id.map(|id| i64::try_from(id).unwrap_or(i64::MAX));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map(params![id, limit], |row| {
        Ok((u64::try_from(row.get::<_, i64>(0)?).unwrap_or_default(), row.get(1)?))
    })?;
    rows.collect()
}

/// The number of the newest entry of the journal.
pub fn newest_entry(connection: &Connection) -> rusqlite::Result<Option<u64>> {
    if version(connection)?.is_none() {
        return Ok(None);
    }
    let newest: Option<i64> =
        connection.query_row("SELECT max(\"id\") FROM \"_reconcile_journal\"", [], |row| row.get(0))?;
    Ok(newest.and_then(|id| u64::try_from(id).ok()))
}

/// Counts what was moved aside.
pub fn count_moved(connection: &Connection, moved: &mut [Moved]) -> rusqlite::Result<()> {
    for one in moved {
        let sql = format!("SELECT count(*) FROM {}", quote(&one.table));
        let rows: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
        one.rows = Some(u64::try_from(rows).unwrap_or_default());
    }
    Ok(())
}

/// Notes what an entry moved aside.
pub fn note_moved(connection: &Connection, entry: &Entry, id: u64, until: &str) -> rusqlite::Result<()> {
    let sql = "INSERT INTO \"_reconcile_trash\" (\"number\", \"entry\", \"kept\", \"until\", \"moved\") \
               VALUES (?1, ?2, ?3, ?4, ?5)";
    for moved in &entry.trash {
        let (number, id) =
            (i64::try_from(moved.number).unwrap_or(i64::MAX), i64::try_from(id).unwrap_or(i64::MAX));
        connection.execute(sql, params![number, id, entry.finished, until, json(moved)?])?;
    }
    Ok(())
}

/// Forgets things of the trash that are not there any more.
pub fn forget_moved(connection: &Connection, numbers: &[u64]) -> rusqlite::Result<()> {
    for number in numbers {
        let number = i64::try_from(*number).unwrap_or(i64::MAX);
        connection.execute("DELETE FROM \"_reconcile_trash\" WHERE \"number\" = ?1", [number])?;
    }
    Ok(())
}

/// One thing in the trash, still as text.
#[derive(Clone, Debug)]
pub struct Kept {
    pub entry: u64,
    pub kept: String,
    pub until: String,
    pub moved: String,
}

/// Reads what the trash holds, by number, and the last number given.
pub fn trash(connection: &Connection) -> rusqlite::Result<(Vec<Kept>, u64)> {
    let sql =
        "SELECT \"entry\", \"kept\", \"until\", \"moved\" FROM \"_reconcile_trash\" ORDER BY \"number\"";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        let entry = u64::try_from(row.get::<_, i64>(0)?).unwrap_or_default();
        Ok(Kept { entry, kept: row.get(1)?, until: row.get(2)?, moved: row.get(3)? })
    })?;
    let rows = rows.collect::<rusqlite::Result<_>>()?;
    let sql = "SELECT seq FROM sqlite_sequence WHERE name = '_reconcile_trash'";
    let last: Option<i64> = connection.query_row(sql, [], |row| row.get(0)).optional()?;
    Ok((rows, last.and_then(|last| u64::try_from(last).ok()).unwrap_or_default()))
}

/// Takes the lock for `holder`, whoever left it behind, and returns the token that makes it ours.
pub fn take_lock(connection: &Connection, holder: &Holder) -> rusqlite::Result<String> {
    let sql = "INSERT INTO \"_reconcile_lock\" (\"id\", \"actor\", \"since\", \"token\") \
               VALUES (1, ?1, ?2, hex(randomblob(16))) ON CONFLICT (\"id\") DO UPDATE SET \
               \"actor\" = excluded.\"actor\", \"since\" = excluded.\"since\", \"token\" = excluded.\"token\" \
               RETURNING \"token\"";
    connection.query_row(sql, params![holder.actor, holder.since], |row| row.get(0))
}

/// Who holds the lock, and the token.
pub fn lock_holder(connection: &Connection) -> rusqlite::Result<Option<(Holder, String)>> {
    let sql = "SELECT \"actor\", \"since\", \"token\" FROM \"_reconcile_lock\"";
    let read = |row: &rusqlite::Row<'_>| Ok((Holder { actor: row.get(0)?, since: row.get(1)? }, row.get(2)?));
    connection.query_row(sql, [], read).optional()
}

/// Gives the lock back, if it is still ours.
pub fn drop_lock(connection: &Connection, token: &str) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM \"_reconcile_lock\" WHERE \"token\" = ?1", [token]).map(drop)
}
