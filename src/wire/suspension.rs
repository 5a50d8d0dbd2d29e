//! The written form of a suspension: `--format json` of `suspend`.
//! Never decides anything.

use serde::{Deserialize, Serialize};

use super::form;
use crate::journal::suspension::Suspension;

/// Major and minor: a newer minor only adds, a newer major is refused.
pub const FORMAT_VERSION: &str = "1.0";

/// What `suspend --format json` writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SuspensionDocument {
    pub format_version: String,
    pub kind: SuspensionKind,
    pub environments: Vec<Suspended>,
}

/// The word that tells this document from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SuspensionKind {
    Suspension,
}

/// One environment, and the suspension that holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Suspended {
    pub environment: String,
    pub target: String,
    pub suspension: Suspension,
}

impl SuspensionDocument {
    pub fn new(environments: Vec<Suspended>) -> SuspensionDocument {
        let format_version = FORMAT_VERSION.to_owned();
        SuspensionDocument { format_version, kind: SuspensionKind::Suspension, environments }
    }
}

pub fn to_json(document: &SuspensionDocument) -> String {
    form::write(document)
}
