//! The written form of a watch: `--format json` of `reconcile watch`, one object a line.
//! Never holds more than one thing that happened in a line.

use serde::{Deserialize, Serialize};

use crate::journal::Timestamp;
use crate::plan::Summary;
use crate::report::standing::Why;
use crate::source::Revision;

/// Major and minor: a newer minor only adds, a newer major is another form.
pub const FORMAT_VERSION: &str = "1.0";

/// One thing that happened, as `reconcile watch --format json` prints it. The first line is of type `version`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WatchEvent {
    #[serde(rename = "type")]
    pub word: Word,
    pub at: Timestamp,
    /// Of the first line only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format_version: Option<String>,
    /// What this happened to; none for what concerns the watch as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<Revision>,
    /// For people, in one line.
    pub message: String,
    /// The journal's number of an apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<u64>,
    /// Where the package lies that a person can apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// What a plan would change, or has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// What stands in the way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<Why>,
    /// The paths that have moved, or are fought over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// When it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
}

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// The first line: which program, and which form of lines.
    Version,
    /// What is followed from here on.
    Watching,
    /// Nothing is left to do.
    Synced,
    /// A plan was applied.
    Applied,
    /// What had moved in the target was brought back.
    Healed,
    /// What an apply that was cut off had left is tidied up.
    Tidied,
    /// There are changes, and nothing is applied here by itself.
    OutOfSync,
    /// The target has moved.
    Drifted,
    /// The target moves again and again after it was brought back.
    Fighting,
    /// Somebody must consent first.
    Pending,
    /// What the plan wants was rolled back before.
    Held,
    /// Somebody has suspended the environment.
    Suspended,
    /// No window is open.
    WindowShut,
    /// Somebody else was at it; it is tried again soon.
    Busy,
    /// A turn failed.
    Failed,
    /// Another watcher works on it.
    Standby,
    /// This watcher works on it from here on.
    Leading,
    /// The environment is not declared any more.
    Left,
    /// Somebody was told of it.
    Told,
    /// What concerns the watch as a whole went wrong, and is tried again.
    #[default]
    Warning,
    /// The watch was asked to stop.
    Stopping,
    /// The watch is over.
    Stopped,
}

impl Word {
    /// As it is written: `window-shut`.
    pub fn written(self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(word)) => word,
            Ok(_) | Err(_) => unreachable!("BUG: a word is written as no text"),
        }
    }
}

/// Writes an event as one line.
pub fn to_json(event: &WatchEvent) -> String {
    let Ok(mut line) = serde_json::to_string(event) else { unreachable!("BUG: an event has no JSON form") };
    line.push('\n');
    line
}
