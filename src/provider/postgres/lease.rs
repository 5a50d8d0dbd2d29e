//! The lease of whoever watches a target schema, kept in a table of our own beside the lock.
//! Never changes anything else, and never takes a lease that has not run out.

use std::time::Duration;

use postgres::{Client, Error, Row};

use super::catalog::making_key;
use crate::journal::lease::{Lease, timestamp};

const CREATE: &str = r#"
CREATE TABLE IF NOT EXISTS "reconcile"."lease" (
  "target" text PRIMARY KEY, "holder" text NOT NULL, "until" timestamptz NOT NULL, "fence" bigint NOT NULL
);
"#;

/// What is read of a lease.
const COLUMNS: &str = "\"holder\", (extract(epoch FROM \"until\") * 1000)::bigint, \"fence\"";

/// How long a lease runs from now on.
const LATER: &str = "clock_timestamp() + $3::bigint * interval '1 millisecond'";

/// The lease of a target that is held, and has not run out.
pub fn held(client: &mut Client, target: &str) -> Result<Option<Lease>, Error> {
    if !is_there(client)? {
        return Ok(None);
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM \"reconcile\".\"lease\" WHERE \"target\" = $1 AND \"until\" > clock_timestamp()"
    );
    client.query_opt(&sql, &[&target])?.as_ref().map(read).transpose()
}

/// Takes a lease that is free or has run out. None where somebody has it. Our other tables are there.
pub fn take(client: &mut Client, target: &str, holder: &str, life: Duration) -> Result<Option<Lease>, Error> {
    if !is_there(client)? {
        // Two that make it at once would both fail.
        let sql = format!("BEGIN; SELECT pg_advisory_xact_lock({});{CREATE}COMMIT", making_key());
        if let Err(error) = client.batch_execute(&sql) {
            // Should this fail, the connection is gone, and so is the transaction.
            let _ = client.batch_execute("ROLLBACK");
            return Err(error);
        }
    }
    let sql = format!(
        "INSERT INTO \"reconcile\".\"lease\" AS had (\"target\", \"holder\", \"until\", \"fence\") \
         VALUES ($1, $2, {LATER}, 1) ON CONFLICT (\"target\") DO UPDATE SET \"holder\" = excluded.\"holder\", \
         \"until\" = excluded.\"until\", \"fence\" = had.\"fence\" + 1 WHERE had.\"until\" <= clock_timestamp() \
         RETURNING {}",
        COLUMNS
            .replace("\"until\"", "had.\"until\"")
            .replace("\"holder\"", "had.\"holder\"")
            .replace("\"fence\"", "had.\"fence\"")
    );
    client.query_opt(&sql, &[&target, &holder, &milliseconds(life)])?.as_ref().map(read).transpose()
}

/// Lets a lease run longer. None where it is somebody else's by now.
pub fn renew(
    client: &mut Client,
    target: &str,
    lease: &Lease,
    life: Duration,
) -> Result<Option<Lease>, Error> {
    if !is_there(client)? {
        return Ok(None);
    }
    let sql = format!(
        "UPDATE \"reconcile\".\"lease\" SET \"until\" = {LATER} WHERE \"target\" = $1 AND \"fence\" = $2 \
         RETURNING {COLUMNS}"
    );
    client.query_opt(&sql, &[&target, &fence(lease), &milliseconds(life)])?.as_ref().map(read).transpose()
}

/// Gives a lease back, if it is still the one. Its number stays, so that the next is higher.
pub fn give_back(client: &mut Client, target: &str, lease: &Lease) -> Result<(), Error> {
    if !is_there(client)? {
        return Ok(());
    }
    let sql =
        "UPDATE \"reconcile\".\"lease\" SET \"until\" = '-infinity' WHERE \"target\" = $1 AND \"fence\" = $2";
    client.execute(sql, &[&target, &fence(lease)]).map(drop)
}

/// Returns who has come after the holder of a lease; none where it is still his, and stays so until the transaction
/// has ended.
pub fn successor(client: &mut Client, target: &str, lease: &Lease) -> Result<Option<String>, Error> {
    let sql = "SELECT \"holder\", \"fence\" FROM \"reconcile\".\"lease\" WHERE \"target\" = $1 FOR UPDATE";
    Ok(match client.query_opt(sql, &[&target])? {
        Some(row) if row.try_get::<_, i64>(1)? == fence(lease) => None,
        Some(row) => Some(row.try_get(0)?),
        None => Some("nobody".to_owned()),
    })
}

fn is_there(client: &mut Client) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
               WHERE n.nspname = 'reconcile' AND c.relname = 'lease'";
    Ok(client.query_opt(sql, &[])?.is_some())
}

fn read(row: &Row) -> Result<Lease, Error> {
    Ok(Lease {
        holder: row.try_get(0)?,
        until: timestamp(row.try_get(1)?),
        fence: u64::try_from(row.try_get::<_, i64>(2)?).unwrap_or_default(),
    })
}

fn fence(lease: &Lease) -> i64 {
    i64::try_from(lease.fence).unwrap_or(i64::MAX)
}

fn milliseconds(life: Duration) -> i64 {
    i64::try_from(life.as_millis()).unwrap_or(i64::MAX / 2)
}
