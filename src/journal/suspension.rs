//! A suspension: nothing is applied to an environment until somebody lifts it. The target itself keeps it.
//! Never ends by itself: no clock lifts it.

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// Who suspended an environment, why, and since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Suspension {
    pub actor: String,
    pub since: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// `by ada@shop since 2026-11-21T13:45:00Z: the index is being rebuilt`
impl std::fmt::Display for Suspension {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "by {} since {}", self.actor, self.since)?;
        match &self.reason {
            Some(reason) => write!(f, ": {reason}"),
            None => Ok(()),
        }
    }
}
