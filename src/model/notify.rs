//! Who wants to be told what: the sinks of a repository, and the events that can be told.
//! Never holds a secret: what is one is named, and filled in where it is used.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::setting::Setting;
use crate::address::glob;

/// What can be told.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// An apply went well.
    Applied,
    /// An apply failed, or could not begin.
    Failed,
    /// A plan waits for somebody's consent.
    Pending,
    /// Something has moved in the target since the last apply.
    Drift,
    /// A revision is not applied because it was rolled back.
    Held,
    Suspended,
    /// Somebody else keeps changing back what is applied.
    Fighting,
}

impl Event {
    pub const ALL: [Event; 7] = [
        Event::Applied,
        Event::Failed,
        Event::Pending,
        Event::Drift,
        Event::Held,
        Event::Suspended,
        Event::Fighting,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Event::Applied => "applied",
            Event::Failed => "failed",
            Event::Pending => "pending",
            Event::Drift => "drift",
            Event::Held => "held",
            Event::Suspended => "suspended",
            Event::Fighting => "fighting",
        }
    }
}

/// One who wants to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sink {
    /// Tells it from the others, and stays the same while what it is stays the same.
    pub name: String,
    pub channel: Channel,
    /// What it wants to know; empty: everything.
    pub events: Vec<Event>,
    /// Globs over environments; empty: all.
    pub environments: Vec<String>,
}

/// How somebody is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channel {
    /// A notice as JSON, by POST.
    Webhook {
        url: Setting,
        headers: BTreeMap<String, Setting>,
        /// What the body is signed with.
        secret: Option<Setting>,
    },
    /// A message as Slack and those that are like it take it.
    Slack { url: Setting },
    /// A program, which reads the notice from its standard input.
    Command(Vec<String>),
}

impl Sink {
    pub fn wants(&self, event: Event, environment: &str) -> bool {
        (self.events.is_empty() || self.events.contains(&event))
            && (self.environments.is_empty()
                || self.environments.iter().any(|pattern| glob(pattern, environment)))
    }
}

/// Where the host of the repository shows how a revision stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostConfig {
    /// None: told by the remote's url.
    pub kind: Option<HostKind>,
    /// Where its API is; none: where such hosts have it.
    pub api: Option<String>,
    /// `owner/name`; none: told by the remote's url.
    pub repository: Option<String>,
}

/// The kinds of hosts whose API is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostKind {
    Github,
    Gitlab,
    /// Also Forgejo, which has the same API.
    #[serde(alias = "forgejo")]
    Gitea,
    /// The one at bitbucket.org; a server of one's own has another API.
    Bitbucket,
}
