//! Questions about rows and the record of the journal, read from one connection.
//! Never writes anything.

use postgres::{Client, Error, SimpleQueryMessage};

use super::limits::{self, milliseconds};
use super::refusal::failed;
use super::settings::Settings;
use crate::journal::Entry;
use crate::target::{Answer, TargetError};

/// Asks all queries in one round trip. They see one state if `begin` opens a transaction for them.
pub fn measure(client: &mut Client, begin: &str, queries: &[String]) -> Result<Vec<Answer>, Error> {
    if queries.is_empty() {
        return Ok(Vec::new());
    }
    let limit = milliseconds(limits::QUESTION);
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
    }
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
        let asked = measure(client, begin, std::slice::from_ref(query));
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
