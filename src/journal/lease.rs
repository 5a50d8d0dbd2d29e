//! Who watches a target: one at a time, for a while, and with a number that tells him from all who came before.
//! Never says what time it is: a lease runs by the clock of the target that it is for.

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// The right to work on a target by oneself, until it runs out or is given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Lease {
    /// Who has it: user, host and process.
    pub holder: String,
    /// When it runs out, by the clock of the target.
    pub until: Timestamp,
    /// Higher than that of every holder before.
    pub fence: u64,
}

/// What came of asking for a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leased {
    /// It is ours now.
    Ours(Lease),
    /// Somebody else has it.
    Theirs(Lease),
    /// There is no target yet in which it could be kept.
    Nowhere,
}

/// An instant in milliseconds since 1970, as the journal writes it. What is no instant is the first one.
pub fn timestamp(milliseconds: i64) -> Timestamp {
    let instant = jiff::Timestamp::from_millisecond(milliseconds).unwrap_or_default();
    instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
