//! What a database keeps of a target schema beside the journal: a suspension, and what is to be told to the world.
//! Never touches anybody's data, and makes its table only when there is something to tell.

use postgres::{Client, Error, GenericClient, Row};

use super::catalog::making_key;
use crate::journal::notice::{Delivery, DeliveryState, Outbox};
use crate::journal::suspension::Suspension;

const CREATE: &str = r#"
CREATE TABLE IF NOT EXISTS "reconcile"."outbox" (
  "number" bigint GENERATED ALWAYS AS IDENTITY, "target" text, "notice" text, "sink" text, "made" text NOT NULL,
  "state" text NOT NULL, "attempts" bigint NOT NULL, "next" text NOT NULL, "error" text, "body" json NOT NULL,
  PRIMARY KEY ("target", "notice", "sink")
);
"#;

/// Why a note was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum NoteError {
    #[error(transparent)]
    Server(#[from] Error),
    #[error("{0}")]
    Unreadable(#[from] serde_json::Error),
}

/// The key of what is kept of one target schema.
fn key(what: &str, target: &str) -> String {
    format!("{what}:{target}")
}

fn has_table(client: &mut impl GenericClient, name: &str) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
               WHERE n.nspname = 'reconcile' AND c.relname = $1";
    Ok(client.query_opt(sql, &[&name])?.is_some())
}

fn meta(client: &mut impl GenericClient, key: &str) -> Result<Option<String>, Error> {
    if !has_table(client, "meta")? {
        return Ok(None);
    }
    let sql = "SELECT \"value\" FROM \"reconcile\".\"meta\" WHERE \"key\" = $1";
    client.query_opt(sql, &[&key])?.map(|row| row.try_get(0)).transpose()
}

/// The suspension that holds; none where nobody suspended it.
pub fn suspension(client: &mut impl GenericClient, target: &str) -> Result<Option<Suspension>, NoteError> {
    let text = meta(client, &key("suspension", target))?;
    Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
}

/// Suspends, unless it is suspended already. Returns the suspension that holds. Our tables are there.
pub fn suspend(client: &mut Client, target: &str, suspension: &Suspension) -> Result<Suspension, NoteError> {
    let sql =
        "INSERT INTO \"reconcile\".\"meta\" (\"key\", \"value\") VALUES ($1, $2) ON CONFLICT DO NOTHING";
    client.execute(sql, &[&key("suspension", target), &serde_json::to_string(suspension)?])?;
    Ok(self::suspension(client, target)?.unwrap_or_else(|| suspension.clone()))
}

/// Lifts the suspension. Returns the one that held.
pub fn lift(client: &mut Client, target: &str) -> Result<Option<Suspension>, NoteError> {
    if !has_table(client, "meta")? {
        return Ok(None);
    }
    let sql = "DELETE FROM \"reconcile\".\"meta\" WHERE \"key\" = $1 RETURNING \"value\"";
    let held = client.query_opt(sql, &[&key("suspension", target)])?;
    let text: Option<String> = held.map(|row| row.try_get(0)).transpose()?;
    Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
}

/// What is still to be told.
pub fn outbox(client: &mut Client, target: &str) -> Result<Outbox, NoteError> {
    let announced = meta(client, &key("announced", target))?.and_then(|text| text.parse().ok());
    if !has_table(client, "outbox")? {
        return Ok(Outbox { announced, open: Vec::new() });
    }
    let sql = "SELECT \"sink\", \"state\", \"attempts\", \"next\", \"error\", \"body\"::text \
               FROM \"reconcile\".\"outbox\" WHERE \"target\" = $1 AND \"state\" IN ('waiting', 'sending') \
               ORDER BY \"number\"";
    let read = |row: &Row| -> Result<Delivery, NoteError> {
        Ok(Delivery {
            sink: row.try_get(0)?,
            state: DeliveryState::of(row.try_get(1)?),
            attempts: u32::try_from(row.try_get::<_, i64>(2)?).unwrap_or(u32::MAX),
            next: row.try_get(3)?,
            error: row.try_get(4)?,
            notice: serde_json::from_str(row.try_get(5)?)?,
        })
    };
    let open = client.query(sql, &[&target])?.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Outbox { announced, open })
}

/// Puts in what is not there yet, notes how far the journal is told of, and forgets what was told before an instant:
/// all or nothing. Our other tables are there.
pub fn post(
    client: &mut Client,
    target: &str,
    deliveries: &[Delivery],
    announced: Option<u64>,
    forget: &str,
) -> Result<(), NoteError> {
    let mut transaction = client.transaction()?;
    if !has_table(&mut transaction, "outbox")? {
        // Two that make it at once would both fail.
        transaction.batch_execute(&format!("SELECT pg_advisory_xact_lock({});{CREATE}", making_key()))?;
    }
    let sql = "INSERT INTO \"reconcile\".\"outbox\" (\"target\", \"notice\", \"sink\", \"made\", \"state\", \
               \"attempts\", \"next\", \"error\", \"body\") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::json) \
               ON CONFLICT DO NOTHING";
    for one in deliveries {
        let (notice, state, attempts) = (&one.notice, one.state.word(), i64::from(one.attempts));
        let body = serde_json::to_string(notice)?;
        transaction.execute(
            sql,
            &[&target, &notice.id, &one.sink, &notice.at, &state, &attempts, &one.next, &one.error, &body],
        )?;
    }
    if let Some(announced) = announced {
        let sql = "INSERT INTO \"reconcile\".\"meta\" AS had (\"key\", \"value\") VALUES ($1, $2) \
                   ON CONFLICT (\"key\") DO UPDATE SET \
                   \"value\" = greatest(had.\"value\"::bigint, excluded.\"value\"::bigint)::text";
        transaction.execute(sql, &[&key("announced", target), &announced.to_string()])?;
    }
    let sql = "DELETE FROM \"reconcile\".\"outbox\" WHERE \"target\" = $1 AND \"made\" < $2 \
               AND \"state\" IN ('sent', 'given-up')";
    transaction.execute(sql, &[&target, &forget])?;
    Ok(transaction.commit()?)
}

/// Notes how a delivery goes on, if nobody else has noted anything meanwhile.
pub fn mark(
    client: &mut Client,
    target: &str,
    before: &Delivery,
    after: &Delivery,
) -> Result<bool, NoteError> {
    let sql = "UPDATE \"reconcile\".\"outbox\" SET \"state\" = $6, \"attempts\" = $7, \"next\" = $8, \"error\" = $9 \
               WHERE \"target\" = $1 AND \"notice\" = $2 AND \"sink\" = $3 AND \"state\" = $4 AND \"attempts\" = $5";
    let (was, is) = (before.state.word(), after.state.word());
    let (began, begun) = (i64::from(before.attempts), i64::from(after.attempts));
    let changed = client.execute(
        sql,
        &[&target, &before.notice.id, &before.sink, &was, &began, &is, &begun, &after.next, &after.error],
    )?;
    Ok(changed > 0)
}
