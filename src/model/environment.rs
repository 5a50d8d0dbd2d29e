//! A named target with its own policy.
//! Never knows what targets there are: a provider reads `target.settings`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::policy::Policy;
use super::setting::{NoVariable, Setting, Unfilled};
use super::setup::Action;
use super::window::Window;
use crate::signature::PublicKey;

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
    /// What has moved in the target is brought back by a watch, and not only reported.
    pub self_heal: bool,
    /// The branch that a watch follows here; none leaves it to the watch.
    pub follows: Option<String>,
    /// Findings accepted in advance: `CODE`, `CODE:ADDRESS` or `CODE:ADDRESS/path`.
    pub allow: Vec<String>,
    /// How many resources and members one plan may destroy; none sets no limit.
    pub max_destroy: Option<usize>,
    /// Where there is one, only what a package brings is written, and only if one of these keys signed it.
    pub require_signed_by: Vec<PublicKey>,
    /// How many days what a plan destroys or changes stays in the trash; 0 keeps nothing.
    pub trash: u32,
    /// How tables are changed that others use meanwhile; none leaves it to their size.
    pub strategy: Option<Strategy>,
    /// When it may be applied to; none: always.
    pub windows: Vec<Window>,
    /// What the repository asks of every change.
    pub policy: Arc<Policy>,
}

/// How tables are changed that others use meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// In steps that do not block readers and writers, some of them before the transaction.
    Online,
    /// All in one transaction.
    Plain,
}

/// Which provider, and what it was told. `{ sqlite: a.db }` has the setting `""` = `a.db`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetConfig {
    pub provider: String,
    pub settings: BTreeMap<String, Setting>,
}

impl TargetConfig {
    /// Fills in the variables that the settings name, for opening the target.
    pub fn filled(
        &self,
        variable: &dyn Fn(&str) -> Result<String, NoVariable>,
    ) -> Result<TargetConfig, Unfilled> {
        let fill = |(name, setting): (&String, &Setting)| Ok((name.clone(), setting.filled(variable)?));
        let settings = self.settings.iter().map(fill).collect::<Result<_, Unfilled>>()?;
        Ok(TargetConfig { provider: self.provider.clone(), settings })
    }
}

impl Environment {
    /// The limit that holds: under `autoApply` nothing is destroyed unless a limit says otherwise. What a person names
    /// outright, a package or a rollback, is under the written limit alone.
    pub fn destroy_limit(&self) -> Option<usize> {
        match (self.max_destroy, self.auto_apply) {
            (Some(limit), _) => Some(limit),
            (None, true) => Some(0),
            (None, false) => None,
        }
    }
}
