//! The drift of environments as written: what moved since the last apply, and what nobody declared.
//! Never says what to do about it.

use serde::{Deserialize, Serialize};

use super::form;
use crate::diff::change::{Change, Kept};

pub const FORMAT_VERSION: &str = "1.0";

/// The drift of one environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    pub environment: String,
    pub target: String,
    /// From what was last applied (`before`) to what is found (`after`).
    pub moved: Vec<Change>,
    /// What nobody declared.
    pub unmanaged: Vec<Kept>,
    /// What the model has no words for: name and reason.
    pub opaque: Vec<(String, String)>,
}

impl Drift {
    /// Tells whether nothing that is managed has moved.
    pub fn is_empty(&self) -> bool {
        self.moved.is_empty()
    }
}

/// What `drift --format json` writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DriftDocument {
    /// Major and minor: a reader refuses another major, and takes any minor.
    pub format_version: String,
    /// Always `drift`.
    pub kind: String,
    pub environments: Vec<Drift>,
}

/// Writes the drift of several environments.
pub fn to_json(environments: Vec<Drift>) -> String {
    let format_version = FORMAT_VERSION.to_owned();
    form::write(&DriftDocument { format_version, kind: "drift".to_owned(), environments })
}
