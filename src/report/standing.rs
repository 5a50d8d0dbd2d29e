//! How one environment stands: what it is meant to be, what it is, and what stands in the way.
//! Never looks at a target or a clock: whoever looked fills it in.

use serde::{Deserialize, Serialize};

use crate::journal::suspension::Suspension;
use crate::journal::{Entry, Outcome, Timestamp};
use crate::model::window::Gate;
use crate::plan::Finding;
use crate::source::Revision;

/// How one environment stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    pub environment: String,
    /// The target as people know it; empty where it could not be named.
    pub target: String,
    /// What the environment is meant to be; none where nothing could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<Revision>,
    /// What was last applied; none where nothing ever was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<Revision>,
    pub health: Health,
    /// How many resources a plan would change.
    pub changes: usize,
    /// How many paths have moved in the target since the last apply.
    pub drift: usize,
    /// Which paths those are, the first of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moved: Vec<String>,
    /// What waits for somebody's consent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<Pending>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended: Option<Suspension>,
    /// Whether its windows let an apply through; none where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<Windows>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastApply>,
    /// Who watches it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watcher: Option<Watcher>,
    /// What is to be said beyond that: an error, the reason of a hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// In one word, how an environment stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Health {
    /// It is what it is meant to be.
    Synced,
    /// It is not, and nothing is in the way of an apply.
    OutOfSync,
    /// A plan needs somebody's consent.
    Pending,
    /// The last turn failed.
    Failed {
        /// When it is tried again; none where nobody will.
        #[serde(default, skip_serializing_if = "Option::is_none", rename = "retryAt")]
        retry_at: Option<Timestamp>,
    },
    /// A revision was rolled back, and is not applied again until a newer one comes.
    Held,
    /// Somebody has suspended it.
    Suspended,
    /// Its windows let nothing through now.
    WindowShut {
        /// When they open again; none where that is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// Another watcher works on it.
    Standby,
    /// Somebody else keeps changing back what is applied.
    Fighting,
    /// Nothing is known yet, or the target cannot be reached.
    #[default]
    Unknown,
}

impl Health {
    /// The word for people and for metrics: `out-of-sync`.
    pub fn word(&self) -> &'static str {
        match self {
            Health::Synced => "synced",
            Health::OutOfSync => "out-of-sync",
            Health::Pending => "pending",
            Health::Failed { .. } => "failed",
            Health::Held => "held",
            Health::Suspended => "suspended",
            Health::WindowShut { .. } => "window-shut",
            Health::Standby => "standby",
            Health::Fighting => "fighting",
            Health::Unknown => "unknown",
        }
    }

    /// Every word there is.
    pub const WORDS: [&'static str; 10] = [
        "synced",
        "out-of-sync",
        "pending",
        "failed",
        "held",
        "suspended",
        "window-shut",
        "standby",
        "fighting",
        "unknown",
    ];
}

/// What the windows of an environment say now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Windows {
    pub open: bool,
    /// Until when that is so; none where nobody knows an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What is in the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Windows {
    /// What a gate says of an environment that has windows.
    pub fn of(gate: &Gate) -> Windows {
        let written = |until: &Option<jiff::Timestamp>| {
            until.map(|until| until.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        };
        match gate {
            Gate::Open { until } => Windows { open: true, until: written(until), why: None },
            Gate::Shut { until, why } => {
                Windows { open: false, until: written(until), why: Some(why.clone()) }
            }
        }
    }
}

/// A plan that needs consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pending {
    /// Where the package lies that a person can apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    pub why: Vec<Why>,
}

/// One reason for which a plan is not applied by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Why {
    /// The code of a finding; none where a limit is in the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// `entity/order/fax`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    pub message: String,
}

impl Why {
    pub fn of(finding: &Finding) -> Why {
        Why {
            code: Some(finding.code.clone()),
            place: Some(finding.place()),
            message: finding.message.clone(),
        }
    }
}

/// The newest entry of a target's journal, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastApply {
    pub entry: u64,
    pub actor: String,
    pub started: Timestamp,
    pub finished: Timestamp,
    pub revision: Revision,
    pub outcome: Outcome,
}

impl From<&Entry> for LastApply {
    fn from(entry: &Entry) -> LastApply {
        LastApply {
            entry: entry.id,
            actor: entry.actor.clone(),
            started: entry.started.clone(),
            finished: entry.finished.clone(),
            revision: entry.revision.clone(),
            outcome: entry.outcome.clone(),
        }
    }
}

/// Who watches an environment, and until when others leave it to him.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Watcher {
    pub holder: String,
    pub until: Timestamp,
}

impl Standing {
    /// The standing of an environment that nobody has looked at yet.
    pub fn unknown(environment: &str, target: &str) -> Standing {
        Standing {
            environment: environment.to_owned(),
            target: target.to_owned(),
            revision: None,
            applied: None,
            health: Health::Unknown,
            changes: 0,
            drift: 0,
            moved: Vec::new(),
            pending: None,
            suspended: None,
            windows: None,
            last: None,
            watcher: None,
            message: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_the_one_that_is_written() {
        let until = Some("2026-11-21T13:45:00Z".to_owned());
        let all = [
            Health::Synced,
            Health::OutOfSync,
            Health::Pending,
            Health::Failed { retry_at: until.clone() },
            Health::Held,
            Health::Suspended,
            Health::WindowShut { until },
            Health::Standby,
            Health::Fighting,
            Health::Unknown,
        ];
        for (health, word) in all.iter().zip(Health::WORDS) {
            assert_eq!(health.word(), word);
            assert_eq!(serde_json::to_value(health).unwrap()["state"], word);
        }
        let failed = serde_json::to_string(&all[3]).unwrap();
        assert_eq!(failed, r#"{"state":"failed","retryAt":"2026-11-21T13:45:00Z"}"#);
    }
}
