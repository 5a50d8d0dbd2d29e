//! What came of running the steps of a plan where nothing of it stays: how long each took, what it locked and what it
//! wrote anew.
//! Never says of a step that it would go well which did not run.

use serde::{Deserialize, Serialize};

use crate::plan::StepId;

/// The rehearsal of one plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rehearsal {
    pub environment: String,
    pub place: Place,
    /// The steps, in the order of the plan.
    pub steps: Vec<Rehearsed>,
}

/// Where a plan was rehearsed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", tag = "on")]
pub enum Place {
    /// On the target itself, in a transaction that was rolled back.
    Target,
    /// On a database of its own, without rows, which was dropped afterwards.
    Scratch {
        /// The server, without secrets.
        server: String,
        /// What of the target could not be made there, each with what the server said of it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        missing: Vec<String>,
    },
}

/// What came of one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rehearsed {
    pub id: StepId,
    pub title: String,
    #[serde(flatten)]
    pub came_of_it: CameOfIt,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub milliseconds: u64,
    /// The locks on tables that were there before, as the target calls them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locks: Vec<Lock>,
    /// The tables and indexes that were there before and were written anew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rewritten: Vec<String>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What a step locked, that no step before had locked so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Lock {
    pub table: String,
    /// `AccessExclusiveLock`.
    pub mode: String,
}

/// Whether a step ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", tag = "outcome")]
pub enum CameOfIt {
    Ran,
    /// It cannot be rolled back, or needs what cannot.
    Skipped {
        because: String,
    },
    /// It would fail at apply as well.
    Failed {
        message: String,
    },
    /// Others held what it needed: an apply would try again.
    Busy {
        message: String,
    },
    /// One before it failed.
    NotReached,
}
