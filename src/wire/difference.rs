//! What two packages do not have alike, as written.
//! Never says which of the two is right.

use serde::{Deserialize, Serialize};

use super::form;
use super::package::EntryDiff;

pub const FORMAT_VERSION: &str = "1.0";

/// What `package diff --format json` writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DifferenceDocument {
    /// Major and minor: a reader refuses another major, and takes any minor.
    pub format_version: String,
    /// Always `package-difference`.
    pub kind: String,
    /// By path; empty where the packages hold the same.
    pub entries: Vec<EntryDiff>,
}

pub fn to_json(entries: Vec<EntryDiff>) -> String {
    let format_version = FORMAT_VERSION.to_owned();
    form::write(&DifferenceDocument { format_version, kind: "package-difference".to_owned(), entries })
}
