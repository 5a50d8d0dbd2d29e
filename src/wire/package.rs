//! The written form of a package's manifest, and of the difference between two packages.
//! Never opens a package: `package` verifies one before it believes this.

use serde::{Deserialize, Serialize};

use super::form::{self, WireError};
use crate::address::Address;
use crate::fingerprint::Fingerprint;
use crate::model::setup::{Action, Setup};
use crate::signature::PublicKey;
use crate::source::Revision;

/// Major and minor: a newer minor only adds, a newer major is refused.
pub const FORMAT_VERSION: &str = "1.0";

/// What a package says of itself: `manifest.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    pub format_version: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The revision of the repository that the package was made from.
    pub provenance: Revision,
    /// The version of `reconcile` that made it.
    pub tool_version: String,
    /// The environment that the resources were exported from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_environment: Option<String>,
    /// The one environment that the package is planned for; none where it holds no plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Always true: a package without it was not finished.
    pub complete: bool,
    /// Sorted by address.
    pub resources: Vec<ManifestResource>,
    /// Every entry but this one and `SHA256SUMS`, sorted by path.
    pub files: Vec<ManifestFile>,
}

/// One resource of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ManifestResource {
    pub address: Address,
    /// The setup action that holds if the importer chooses no other.
    pub action: Action,
    /// What the resource's own manifest says of its setup.
    #[serde(default, skip_serializing_if = "Setup::is_empty")]
    pub setup: Setup,
    /// What must be in the target, or in this package, before it. Sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<Address>,
    /// Why it is here although nobody selected it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub related_because: Option<String>,
    /// Of the resource's content.
    pub fingerprint: Fingerprint,
}

/// One entry of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ManifestFile {
    pub path: String,
    /// In bytes.
    pub size: u64,
    pub sha256: Fingerprint,
}

/// A package as `package inspect` and `verify` print it: what it says of itself, and who signed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    #[serde(flatten)]
    pub manifest: Manifest,
    /// Every one is good for this content. Sorted by key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<SignatureCheck>,
}

/// One signature of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignatureCheck {
    pub key: PublicKey,
    pub trust: Trust,
}

/// What is known of the key that made a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// No key was given to hold it against.
    NotChecked,
    /// It is one of the keys that were given.
    Known,
    Unknown,
}

/// One entry that two packages do not have alike. Only one side may be absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EntryDiff {
    pub path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Writes a manifest as canonical JSON: keys sorted, no floats, indented by two.
pub fn to_json(manifest: &Manifest) -> String {
    // A generic value keeps its keys sorted.
    let Ok(value) = serde_json::to_value(manifest) else {
        unreachable!("BUG: a package manifest has no JSON form")
    };
    form::write(&value)
}

/// Writes a manifest with its package's signatures, likewise.
pub fn inspection_to_json(inspection: &Inspection) -> String {
    let Ok(value) = serde_json::to_value(inspection) else {
        unreachable!("BUG: an inspected package has no JSON form")
    };
    form::write(&value)
}

pub fn from_json(text: &str) -> Result<Manifest, WireError> {
    form::read("package", FORMAT_VERSION, text)
}
