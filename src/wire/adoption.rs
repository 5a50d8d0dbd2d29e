//! An adoption as written: what one environment begins to own, where its manifests are, and what is left alone.
//! Never holds the manifests: they are files.

use serde::{Deserialize, Serialize};

use super::form;
use crate::address::Address;

pub const FORMAT_VERSION: &str = "1.0";

/// What one environment begins to own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Adoption {
    pub environment: String,
    pub target: String,
    pub adopted: Vec<Adopted>,
    /// What no manifest says: it stays in the target, and would be missing in a fresh one.
    pub left: Vec<Left>,
    /// The journal's number; none where nothing was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<u64>,
}

/// One resource with its manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Adopted {
    pub address: Address,
    /// From the repository's root.
    pub file: String,
    /// What it holds, in short: `3 fields, 1 index`.
    pub holds: String,
    /// The selected resource that points to it, where it was not selected itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub related: Option<Address>,
}

/// Something that is left alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Left {
    /// `view late-orders`, `entity/order`.
    pub name: String,
    pub reason: String,
}

/// What `adopt --format json` writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdoptionDocument {
    /// Major and minor: a reader refuses another major, and takes any minor.
    pub format_version: String,
    /// Always `adoption`.
    pub kind: String,
    #[serde(flatten)]
    pub adoption: Adoption,
}

/// Writes one adoption.
pub fn to_json(adoption: Adoption) -> String {
    let format_version = FORMAT_VERSION.to_owned();
    form::write(&AdoptionDocument { format_version, kind: "adoption".to_owned(), adoption })
}
