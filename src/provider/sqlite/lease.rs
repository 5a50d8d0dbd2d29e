//! The lease of whoever watches a file, kept in a table of our own in it.
//! Never changes anything else, and never takes a lease that has not run out.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use crate::journal::lease::{Lease, timestamp};

const CREATE: &str = r#"
CREATE TABLE IF NOT EXISTS "_reconcile_lease" (
  "id" INTEGER PRIMARY KEY CHECK ("id" = 1), "holder" TEXT NOT NULL, "until" INTEGER NOT NULL, "fence" INTEGER NOT NULL
) STRICT;
"#;

/// The clock that leases run by, in milliseconds.
const NOW: &str = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/// The lease that is held, and has not run out.
pub fn held(connection: &Connection) -> rusqlite::Result<Option<Lease>> {
    if !is_there(connection)? {
        return Ok(None);
    }
    let sql =
        format!("SELECT \"holder\", \"until\", \"fence\" FROM \"_reconcile_lease\" WHERE \"until\" > {NOW}");
    connection.query_row(&sql, [], read).optional()
}

/// Takes a lease that is free or has run out. None where somebody has it.
pub fn take(connection: &Connection, holder: &str, life: Duration) -> rusqlite::Result<Option<Lease>> {
    connection.execute_batch(CREATE)?;
    let sql = format!(
        "INSERT INTO \"_reconcile_lease\" (\"id\", \"holder\", \"until\", \"fence\") VALUES (1, ?1, {NOW} + ?2, 1) \
         ON CONFLICT (\"id\") DO UPDATE SET \"holder\" = excluded.\"holder\", \"until\" = excluded.\"until\", \
         \"fence\" = \"fence\" + 1 WHERE \"until\" <= {NOW} RETURNING \"holder\", \"until\", \"fence\""
    );
    connection.query_row(&sql, params![holder, milliseconds(life)], read).optional()
}

/// Lets a lease run longer. None where it is somebody else's by now.
pub fn renew(connection: &Connection, lease: &Lease, life: Duration) -> rusqlite::Result<Option<Lease>> {
    if !is_there(connection)? {
        return Ok(None);
    }
    let sql = format!(
        "UPDATE \"_reconcile_lease\" SET \"until\" = {NOW} + ?2 WHERE \"fence\" = ?1 \
         RETURNING \"holder\", \"until\", \"fence\""
    );
    connection.query_row(&sql, params![fence(lease), milliseconds(life)], read).optional()
}

/// Gives a lease back, if it is still the one. Its number stays, so that the next is higher.
pub fn give_back(connection: &Connection, lease: &Lease) -> rusqlite::Result<()> {
    if !is_there(connection)? {
        return Ok(());
    }
    let sql = "UPDATE \"_reconcile_lease\" SET \"until\" = 0 WHERE \"fence\" = ?1";
    connection.execute(sql, [fence(lease)]).map(drop)
}

/// Returns who has come after the holder of a lease; none where it is still his.
pub fn successor(connection: &Connection, lease: &Lease) -> rusqlite::Result<Option<String>> {
    if !is_there(connection)? {
        return Ok(Some("nobody: the file is another one now".to_owned()));
    }
    let sql = "SELECT \"holder\", \"fence\" FROM \"_reconcile_lease\"";
    let found = connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?))).optional()?;
    Ok(match found {
        Some((_, number)) if number == fence(lease) => None,
        Some((holder, _)) => Some(holder),
        None => Some("nobody".to_owned()),
    })
}

fn is_there(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '_reconcile_lease'";
    connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map(|found| found > 0)
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Lease> {
    Ok(Lease {
        holder: row.get(0)?,
        until: timestamp(row.get(1)?),
        fence: u64::try_from(row.get::<_, i64>(2)?).unwrap_or_default(),
    })
}

fn fence(lease: &Lease) -> i64 {
    i64::try_from(lease.fence).unwrap_or(i64::MAX)
}

fn milliseconds(life: Duration) -> i64 {
    i64::try_from(life.as_millis()).unwrap_or(i64::MAX / 2)
}
