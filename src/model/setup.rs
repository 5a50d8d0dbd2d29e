//! How one resource is set up in a target.
//! Never decides what an action does at a path: the table in `diff` does.

use std::fmt;
use std::str::FromStr;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::task::Task;
use crate::address::Kind;

/// The setup actions of the design, section 3.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    Merge,
    Overwrite,
    Create,
    Update,
    Existing,
    Skip,
    Select,
}

pub const ACTIONS: [Action; 7] = [
    Action::Merge,
    Action::Overwrite,
    Action::Create,
    Action::Update,
    Action::Existing,
    Action::Skip,
    Action::Select,
];

impl Action {
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Merge => "merge",
            Action::Overwrite => "overwrite",
            Action::Create => "create",
            Action::Update => "update",
            Action::Existing => "existing",
            Action::Skip => "skip",
            Action::Select => "select",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is no setup action.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is no setup action; choose merge, overwrite, create, update, existing, skip or select")]
pub struct NoAction(pub String);

impl FromStr for Action {
    type Err = NoAction;

    fn from_str(word: &str) -> Result<Action, NoAction> {
        ACTIONS.into_iter().find(|a| a.as_str() == word).ok_or_else(|| NoAction(word.to_owned()))
    }
}

/// What a manifest says of its resource's setup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Setup {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// What an importer may choose instead; empty allows every action of the kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<Action>,
    /// The name that `create` gives the new resource.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    pub as_name: Option<String>,
    /// The name that `existing` or `update` binds in the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Work that no state can express, in the order in which it runs.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub tasks: IndexMap<String, Task>,
}

impl Action {
    /// Tells whether a resource with this action is changed, and not only looked at.
    pub fn acts(self) -> bool {
        match self {
            Action::Merge | Action::Overwrite | Action::Create | Action::Update => true,
            Action::Existing | Action::Skip | Action::Select => false,
        }
    }
}

impl Setup {
    pub fn is_empty(&self) -> bool {
        *self == Setup::default()
    }

    /// Tells whether an importer may choose `action` for a resource of a kind with these `actions`.
    pub fn permits(&self, action: Action, actions: &[Action]) -> bool {
        actions.contains(&action)
            && (self.allowed.is_empty() || self.allowed.contains(&action) || self.action == Some(action))
    }
}

/// What an importer decides for one resource of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Binding {
    pub action: Option<Action>,
    /// The name that `create` gives the new resource.
    pub as_name: Option<String>,
    /// The name that `existing` or `update` binds in the target.
    pub target: Option<String>,
    /// Whether its tasks are left out.
    pub without_tasks: bool,
}

/// Where the action of a resource was decided, for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecidedBy {
    Importer,
    EnvironmentResource,
    Manifest,
    EnvironmentDefault,
    KindDefault,
}

/// Chooses a resource's action in the order of the design: the importer's choice, the environment's entry for
/// the resource, the manifest's, the environment's default where the kind has that action, the kind's default.
pub fn choose(
    importer: Option<Action>,
    environment: Option<Action>,
    manifest: Option<Action>,
    default: Option<Action>,
    kind: &KindActions,
) -> (Action, DecidedBy) {
    if let Some(action) = importer {
        return (action, DecidedBy::Importer);
    }
    if let Some(action) = environment {
        return (action, DecidedBy::EnvironmentResource);
    }
    if let Some(action) = manifest {
        return (action, DecidedBy::Manifest);
    }
    match default {
        Some(action) if kind.actions.contains(&action) => (action, DecidedBy::EnvironmentDefault),
        Some(_) | None => (kind.default, DecidedBy::KindDefault),
    }
}

/// The actions one kind knows.
#[derive(Clone, Debug)]
pub struct KindActions {
    pub kind: Kind,
    pub actions: &'static [Action],
    pub default: Action,
}
