//! What a file keeps beside the journal: a suspension, and what is to be told to the world.
//! Never touches anybody's data, and makes its table only when there is something to tell.

use rusqlite::{Connection, OptionalExtension, params};

use super::catalog;
use crate::journal::notice::{Delivery, DeliveryState, Outbox};
use crate::journal::suspension::Suspension;

const CREATE: &str = r#"
CREATE TABLE IF NOT EXISTS "_reconcile_outbox" (
  "notice" TEXT NOT NULL, "sink" TEXT NOT NULL, "made" TEXT NOT NULL, "state" TEXT NOT NULL,
  "attempts" INTEGER NOT NULL, "next" TEXT NOT NULL, "error" TEXT, "body" TEXT NOT NULL CHECK (json_valid("body")),
  PRIMARY KEY ("notice", "sink")
) STRICT;
"#;

fn wrong(error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}

fn has_table(connection: &Connection, name: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    connection.query_row(sql, [name], |row| row.get::<_, i64>(0)).map(|found| found > 0)
}

fn meta(connection: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    if !has_table(connection, "_reconcile_meta")? {
        return Ok(None);
    }
    let sql = "SELECT \"value\" FROM \"_reconcile_meta\" WHERE \"key\" = ?1";
    connection.query_row(sql, [key], |row| row.get(0)).optional()
}

/// The suspension that holds; none where nobody suspended it.
pub fn suspension(connection: &Connection) -> rusqlite::Result<Option<Suspension>> {
    let text = meta(connection, "suspension")?;
    text.map(|text| serde_json::from_str(&text).map_err(wrong)).transpose()
}

/// Suspends, unless it is suspended already. Returns the suspension that holds.
pub fn suspend(connection: &Connection, suspension: &Suspension) -> rusqlite::Result<Suspension> {
    connection.execute_batch(catalog::CREATE)?;
    let sql = "INSERT INTO \"_reconcile_meta\" (\"key\", \"value\") VALUES ('suspension', ?1) \
               ON CONFLICT (\"key\") DO NOTHING";
    connection.execute(sql, [serde_json::to_string(suspension).map_err(wrong)?])?;
    Ok(self::suspension(connection)?.unwrap_or_else(|| suspension.clone()))
}

/// Lifts the suspension. Returns the one that held.
pub fn lift(connection: &Connection) -> rusqlite::Result<Option<Suspension>> {
    let held = suspension(connection)?;
    if held.is_some() {
        connection.execute("DELETE FROM \"_reconcile_meta\" WHERE \"key\" = 'suspension'", [])?;
    }
    Ok(held)
}

/// What is still to be told.
pub fn outbox(connection: &Connection) -> rusqlite::Result<Outbox> {
    let announced = meta(connection, "announced")?.and_then(|text| text.parse().ok());
    if !has_table(connection, "_reconcile_outbox")? {
        return Ok(Outbox { announced, open: Vec::new() });
    }
    let sql = "SELECT \"sink\", \"state\", \"attempts\", \"next\", \"error\", \"body\" FROM \"_reconcile_outbox\" \
               WHERE \"state\" IN ('waiting', 'sending') ORDER BY \"made\", rowid";
    let mut statement = connection.prepare(sql)?;
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Delivery {
            sink: row.get(0)?,
            state: DeliveryState::of(&row.get::<_, String>(1)?),
            attempts: row.get(2)?,
            next: row.get(3)?,
            error: row.get(4)?,
            notice: serde_json::from_str(&row.get::<_, String>(5)?).map_err(wrong)?,
        })
    };
    let open = statement.query_map([], read)?.collect::<rusqlite::Result<_>>()?;
    Ok(Outbox { announced, open })
}

/// Puts in what is not there yet, and notes how far the journal is told of.
pub fn post(
    connection: &Connection,
    deliveries: &[Delivery],
    announced: Option<u64>,
) -> rusqlite::Result<()> {
    connection.execute_batch(catalog::CREATE)?;
    connection.execute_batch(CREATE)?;
    let sql = "INSERT INTO \"_reconcile_outbox\" \
               (\"notice\", \"sink\", \"made\", \"state\", \"attempts\", \"next\", \"error\", \"body\") \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING";
    for one in deliveries {
        let body = serde_json::to_string(&one.notice).map_err(wrong)?;
        let (state, at) = (one.state.word(), &one.notice.at);
        connection.execute(
            sql,
            params![one.notice.id, one.sink, at, state, one.attempts, one.next, one.error, body],
        )?;
    }
    if let Some(announced) = announced {
        let sql = "INSERT INTO \"_reconcile_meta\" (\"key\", \"value\") VALUES ('announced', ?1) \
                   ON CONFLICT (\"key\") DO UPDATE SET \"value\" = \
                   max(CAST(\"value\" AS INTEGER), CAST(excluded.\"value\" AS INTEGER))";
        connection.execute(sql, [announced.to_string()])?;
    }
    Ok(())
}

/// Notes how a delivery goes on, if nobody else has noted anything meanwhile.
pub fn mark(connection: &Connection, before: &Delivery, after: &Delivery) -> rusqlite::Result<bool> {
    let sql = "UPDATE \"_reconcile_outbox\" SET \"state\" = ?5, \"attempts\" = ?6, \"next\" = ?7, \"error\" = ?8 \
               WHERE \"notice\" = ?1 AND \"sink\" = ?2 AND \"state\" = ?3 AND \"attempts\" = ?4";
    let (was, is) = (before.state.word(), after.state.word());
    let key = params![
        before.notice.id,
        before.sink,
        was,
        before.attempts,
        is,
        after.attempts,
        after.next,
        after.error
    ];
    Ok(connection.execute(sql, key)? > 0)
}

/// Forgets what was told before an instant.
pub fn forget(connection: &Connection, before: &str) -> rusqlite::Result<()> {
    let sql = "DELETE FROM \"_reconcile_outbox\" WHERE \"made\" < ?1 AND \"state\" IN ('sent', 'given-up')";
    connection.execute(sql, [before]).map(drop)
}
