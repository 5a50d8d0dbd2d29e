//! How environments stand, as written: `--format json` of `status`.
//! Never decides how one stands.

use serde::{Deserialize, Serialize};

use super::form;
use crate::report::standing::Standing;

/// Major and minor: a newer minor only adds, a newer major is refused.
pub const FORMAT_VERSION: &str = "1.0";

/// What `status --format json` writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusDocument {
    pub format_version: String,
    pub kind: StatusKind,
    pub environments: Vec<Standing>,
}

/// The word that tells this document from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StatusKind {
    Status,
}

pub fn to_json(environments: Vec<Standing>) -> String {
    let format_version = FORMAT_VERSION.to_owned();
    form::write(&StatusDocument { format_version, kind: StatusKind::Status, environments })
}
