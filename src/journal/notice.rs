//! What is told to the world: notices, and how far each has come on its way to each of those who want to know.
//! Never sends anything, and never holds where it is sent to: a sink is a name here.

use serde::{Deserialize, Serialize};

use super::Timestamp;
pub use crate::model::notify::Event;
use crate::source::Revision;

/// One thing that is told. What is sent is this, as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// The same for the same thing, whenever it is told; a receiver that has it already has it.
    pub id: String,
    pub event: Event,
    pub environment: String,
    pub target: String,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<Revision>,
    /// The entry of the target's journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<u64>,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// All of it in one line.
    pub text: String,
    /// Line by line, what needs consent, what has moved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
}

/// A notice on its way to one sink.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    pub notice: Notice,
    /// The name of the sink.
    pub sink: String,
    pub state: DeliveryState,
    /// How many times it was begun to be sent.
    pub attempts: u32,
    /// Not sent again before.
    pub next: Timestamp,
    /// Why it was not taken the last time.
    pub error: Option<String>,
}

/// How far a notice has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryState {
    Waiting,
    /// It was begun to be sent, and nothing is known of how that ended.
    Sending,
    Sent,
    /// It was tried for too long.
    GivenUp,
}

impl DeliveryState {
    pub fn word(self) -> &'static str {
        match self {
            DeliveryState::Waiting => "waiting",
            DeliveryState::Sending => "sending",
            DeliveryState::Sent => "sent",
            DeliveryState::GivenUp => "given-up",
        }
    }

    /// The state with this word; what is no state is one of which nothing is known.
    pub fn of(word: &str) -> DeliveryState {
        match word {
            "waiting" => DeliveryState::Waiting,
            "sent" => DeliveryState::Sent,
            "given-up" => DeliveryState::GivenUp,
            _ => DeliveryState::Sending,
        }
    }
}

/// What a target keeps of what is told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outbox {
    /// The last entry of the journal that was told of; none where none ever was.
    pub announced: Option<u64>,
    /// What is neither sent nor given up, the oldest first.
    pub open: Vec<Delivery>,
}
