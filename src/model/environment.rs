//! A named target with its own policy.
//! Never knows what targets there are: a provider reads `target.settings`.

use std::collections::BTreeMap;

use super::setup::Action;

/// One environment, as its manifest declares it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    pub name: String,
    pub target: TargetConfig,
    /// Globs over addresses; empty includes everything.
    pub include: Vec<String>,
    pub setup_default: Option<Action>,
    /// By address or glob; the longest pattern that matches decides.
    pub setup_resources: BTreeMap<String, Action>,
    pub prune: bool,
    pub auto_apply: bool,
    /// Findings accepted in advance: `CODE`, `CODE:ADDRESS` or `CODE:ADDRESS/path`.
    pub allow: Vec<String>,
    /// How many resources and members one plan may destroy; none sets no limit.
    pub max_destroy: Option<usize>,
    /// How many days what a plan destroys or changes stays in the trash; 0 keeps nothing.
    pub trash: u32,
}

/// Which provider, and what it was told. `{ sqlite: a.db }` has the setting `""` = `a.db`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetConfig {
    pub provider: String,
    pub settings: BTreeMap<String, String>,
}

impl Environment {
    /// The limit that holds: under `autoApply` nothing is destroyed unless a limit says otherwise.
    pub fn destroy_limit(&self) -> Option<usize> {
        match (self.max_destroy, self.auto_apply) {
            (Some(limit), _) => Some(limit),
            (None, true) => Some(0),
            (None, false) => None,
        }
    }
}
