//! What targets keep in their trash, as written: `--format json` of `trash list` and `trash purge`.
//! Never holds a row of anybody's data.

use serde::{Deserialize, Serialize};

use super::form;
use crate::model::trash::Trashed;

/// Major and minor: a newer minor only adds, a newer major is refused.
pub const FORMAT_VERSION: &str = "1.0";

/// The trash of one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Trash {
    pub environment: String,
    pub target: String,
    /// By number.
    pub kept: Vec<Trashed>,
}

/// What `trash list --format json` writes; for `trash purge`, what was dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrashDocument {
    pub format_version: String,
    pub kind: TrashKind,
    pub environments: Vec<Trash>,
}

/// The word that tells this document from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TrashKind {
    Trash,
    Purged,
}

pub fn to_json(kind: TrashKind, environments: Vec<Trash>) -> String {
    form::write(&TrashDocument { format_version: FORMAT_VERSION.to_owned(), kind, environments })
}
