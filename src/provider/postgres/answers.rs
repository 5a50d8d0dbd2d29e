//! Questions about rows and the record of the journal, read from one connection.
//! Never writes anything.

use std::time::Duration;

use postgres::error::SqlState;
use postgres::{Client, Error, SimpleQueryMessage};

use super::limits::{self, milliseconds};
use super::refusal::failed;
use super::settings::Settings;
use crate::journal::Entry;
use crate::target::{Answer, Certainty, TargetError};

/// Asks all queries in one round trip. They see one state if `begin` opens a transaction for them.
pub fn measure(
    client: &mut Client,
    begin: &str,
    limit: Duration,
    queries: &[String],
) -> Result<Vec<Answer>, Error> {
    if queries.is_empty() {
        return Ok(Vec::new());
    }
    let limit = milliseconds(limit);
    let mut batch = format!("{begin}SET LOCAL statement_timeout = {limit};\n");
    for query in queries {
        batch.push_str(query);
        // A query may end in a comment.
        batch.push_str("\n;\n");
    }
    let answers = client.simple_query(&batch)?.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(answer(row.get(0), row.try_get(1).ok().flatten())),
        _ => None,
    });
    Ok(answers.collect())
}

fn answer(count: Option<&str>, samples: Option<&str>) -> Answer {
    let samples = samples.and_then(|json| serde_json::from_str::<Vec<Option<String>>>(json).ok());
    Answer {
        count: count.and_then(|count| count.parse().ok()).unwrap_or_default(),
        samples: samples.unwrap_or_default().into_iter().flatten().collect(),
        certainty: Certainty::Counted,
    }
}

/// Asks again, one by one, what could not be answered together in time; what takes too long is estimated, where the
/// server's own statistics say it, and else not known.
pub fn one_by_one(
    client: &mut Client,
    begin: &str,
    limit: Duration,
    queries: &[String],
) -> Result<Vec<Answer>, Error> {
    let mut answers = Vec::new();
    let started = client.query_one("SELECT clock_timestamp()::text", &[])?;
    let started: String = started.try_get(0)?;
    for query in queries {
        let spent = "SELECT extract(epoch FROM clock_timestamp() - $1::text::timestamptz)::float8";
        let spent: f64 = client.query_one(spent, &[&started])?.try_get(0)?;
        let is_spent = spent > limits::QUESTIONS.as_secs_f64();
        let answer = match is_spent {
            true => None,
            false => match measure(client, begin, limit.min(limits::AGAIN), std::slice::from_ref(query)) {
                Ok(answers) => answers.into_iter().next(),
                Err(error) if error.code() == Some(&SqlState::QUERY_CANCELED) => None,
                Err(error) => return Err(error),
            },
        };
        client.batch_execute("ROLLBACK")?;
        answers.push(match answer {
            Some(answer) => answer,
            None => estimate(client, query)?,
        });
    }
    Ok(answers)
}

/// What the statistics say of a question that counts all rows of a table.
fn estimate(client: &mut Client, query: &str) -> Result<Answer, Error> {
    let unknown = Answer { certainty: Certainty::Unknown, ..Answer::default() };
    let Some(table) = query.strip_prefix("SELECT count(*), '[]' FROM ") else { return Ok(unknown) };
    let sql = "SELECT reltuples::bigint FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass($1)";
    let found = client.query_opt(sql, &[&table])?;
    let rows = found.map(|row| row.try_get::<_, i64>(0)).transpose()?;
    // A table that was never analyzed says -1.
    let count = rows.and_then(|rows| u64::try_from(rows).ok());
    Ok(count.map_or(unknown, |count| Answer { count, certainty: Certainty::Estimated, ..Answer::default() }))
}

/// The query of several that the server would not answer. Only `begin` ones can be asked again one by one.
pub fn unanswered(
    client: &mut Client,
    settings: &Settings,
    begin: &str,
    queries: &[String],
    error: &Error,
) -> TargetError {
    for query in queries {
        let asked = measure(client, begin, limits::QUESTION, std::slice::from_ref(query));
        // Should this fail, the connection is gone, and so is the transaction.
        let _ = client.batch_execute("ROLLBACK");
        if let Err(error) = asked {
            return failed(settings, &format!("answer `{query}`"), &error, None);
        }
    }
    failed(settings, "answer a question about its rows", error, None)
}

/// Reads one entry of the journal.
pub fn entry(settings: &Settings, (id, text): (u64, String)) -> Result<Entry, TargetError> {
    let mut entry: Entry = serde_json::from_str(&text).map_err(|error| TargetError::Record {
        target: settings.name.clone(),
        message: format!("entry {id} of the journal: {error}"),
    })?;
    entry.id = id;
    Ok(entry)
}
