//! Who stands in the way of a statement that could not get its locks.
//! Never shows what another's query holds in quotes: it may be anybody's data.

use postgres::{Client, Error};

use super::lexer::{Token, tokens};
use super::limits::is_beside;

/// How many are named.
const LIMIT: i64 = 5;

/// How much of another's query is shown.
const QUERY_LENGTH: usize = 60;

/// The sessions that hold a lock on the tables named here, or wait for one that keeps others out; the oldest first.
const HOLDERS: &str = "\
SELECT a.pid, a.usename::text, a.application_name, a.state, coalesce(a.xact_start, a.query_start)::timestamptz(0)::text, \
       a.query, l.modes \
  FROM (SELECT l.pid, string_agg(DISTINCT l.mode, ', ' ORDER BY l.mode) AS modes \
          FROM pg_catalog.pg_locks l \
          JOIN pg_catalog.pg_class c ON c.oid = l.relation \
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE l.pid <> pg_catalog.pg_backend_pid() \
           AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) \
           AND n.nspname = ANY ($1) AND (c.relname = ANY ($2) OR $3) \
           AND (l.granted OR l.mode = 'AccessExclusiveLock') \
         GROUP BY l.pid) l \
  JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
 ORDER BY coalesce(a.xact_start, a.query_start), a.pid LIMIT $4";

/// The sessions with an open transaction, the oldest first: what works beside others waits for all of them.
const TRANSACTIONS: &str = "\
SELECT a.pid, a.usename::text, a.application_name, a.state, a.xact_start::timestamptz(0)::text, a.query \
  FROM pg_catalog.pg_stat_activity a \
 WHERE a.pid <> pg_catalog.pg_backend_pid() AND a.datname = pg_catalog.current_database() \
   AND a.backend_type = 'client backend' AND a.xact_start IS NOT NULL \
 ORDER BY a.xact_start, a.pid LIMIT $1";

/// Says who holds the tables that a statement names; where nobody does any more, who holds any table of the schema.
/// Of a statement that works beside others, who keeps a transaction open.
pub fn blockers(client: &mut Client, schema: &str, statement: &str) -> Result<Vec<String>, Error> {
    if is_beside(statement) {
        return client.query(TRANSACTIONS, &[&LIMIT])?.iter().map(describe).collect();
    }
    let names: Vec<String> = tokens(statement).unwrap_or_default().iter().filter_map(Token::name).collect();
    let schemas = [schema, "reconcile"].map(str::to_owned).to_vec();
    for any in [false, true] {
        let rows = client.query(HOLDERS, &[&schemas, &names, &any, &LIMIT])?;
        let found: Vec<String> = rows.iter().map(describe).collect::<Result<_, Error>>()?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// `process 4711, user app of report-tool, idle in transaction since 2026-11-26 01:02:03+00: SELECT * FROM …`
fn describe(row: &postgres::Row) -> Result<String, Error> {
    let pid: i32 = row.try_get(0)?;
    let text = |at: usize| -> Result<Option<String>, Error> {
        Ok(row.try_get::<_, Option<String>>(at)?.filter(|text| !text.is_empty()))
    };
    let mut said = format!("process {pid}");
    if let Some(user) = text(1)? {
        said.push_str(&format!(", user {user}"));
    }
    if let Some(program) = text(2)? {
        said.push_str(&format!(" of {program}"));
    }
    if let Some(state) = text(3)? {
        said.push_str(&format!(", {state}"));
    }
    if let Some(since) = text(4)? {
        said.push_str(&format!(" since {since}"));
    }
    if let Some(query) = text(5)? {
        said.push_str(&format!(": {}", beginning(&query)));
    }
    Ok(said)
}

/// The first words of a query, up to the first value in quotes.
fn beginning(query: &str) -> String {
    let words = query.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = words.find(['\'', '$']).unwrap_or(words.len());
    let shown: String = words[..end].chars().take(QUERY_LENGTH).collect();
    if shown.len() < words.len() { format!("{} …", shown.trim_end()) } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_of_a_query_is_shown() {
        assert_eq!(beginning("SELECT *\n  FROM \"order\""), "SELECT * FROM \"order\"");
        assert_eq!(beginning("UPDATE a SET b = 'secret' WHERE c"), "UPDATE a SET b = …");
        assert_eq!(beginning("DO $$ x $$"), "DO …");
        assert!(beginning(&"word ".repeat(50)).ends_with(" …"));
    }
}
