//! The kind `picklist`: a closed list of options that fields choose from.
//! Never knows how a target stores it.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::text::Text;
use crate::address::Kind;

pub const KIND: Kind = Kind::of("picklist");

/// One picklist. The order of its options is state: people see them in it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Picklist {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text>,
    #[serde(default)]
    pub options: IndexMap<String, Choice>,
    /// How a target keeps it, where its author said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<Storage>,
}

/// How a target keeps a picklist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Storage {
    /// As a table with a row for each option.
    Table,
    /// As an enumerated type, where the target has such types.
    Enum,
}

impl PartialEq for Picklist {
    fn eq(&self, other: &Picklist) -> bool {
        self.display_name == other.display_name
            && self.description == other.description
            && self.is_enum() == other.is_enum()
            && self.options.iter().eq(other.options.iter())
    }
}

impl Eq for Picklist {}

/// One option of a picklist.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Choice {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text>,
    /// `#rrggbb`, in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// Kept for old rows, not for new ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired: Option<bool>,
    /// A directive, not a state: the name this option had before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<String>,
}

impl Choice {
    pub fn is_retired(&self) -> bool {
        self.retired == Some(true)
    }
}

impl Picklist {
    /// Tells whether it is an enumerated type where the target has such types.
    pub fn is_enum(&self) -> bool {
        self.storage == Some(Storage::Enum)
    }

    /// Drops what is a directive and no state: `renamedFrom`.
    pub fn strip_directives(&mut self) {
        for choice in self.options.values_mut() {
            choice.renamed_from = None;
        }
    }
}
