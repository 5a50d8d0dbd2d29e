//! How two sides differ, resource by resource: environments, revisions, packages.
//! Never says which side is right.

use serde::{Deserialize, Serialize};

use super::form;
use crate::diff::change::Change;

pub const FORMAT_VERSION: &str = "1.0";

/// What `diff --format json` writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiffDocument {
    /// Major and minor: a reader refuses another major, and takes any minor.
    pub format_version: String,
    /// Always `diff`.
    pub kind: String,
    pub difference: SidesDiffer,
}

/// What leads from one side to the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SidesDiffer {
    /// The first side, for people: `environment staging (sqlite staging.db)`.
    pub from: String,
    pub to: String,
    /// From the first side (`before`) to the second (`after`), by address.
    pub changes: Vec<Change>,
}

pub fn to_json(difference: SidesDiffer) -> String {
    let format_version = FORMAT_VERSION.to_owned();
    form::write(&DiffDocument { format_version, kind: "diff".to_owned(), difference })
}
