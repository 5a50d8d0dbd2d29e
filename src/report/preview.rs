//! A preview: the plans of one or several environments, with where each finding comes from and how they differ.
//! Never holds a secret, and never says how it is shown: `render` and `wire` do.

use serde::{Deserialize, Serialize};

use super::rehearsal::Rehearsal;
use crate::diagnostic::Diagnostic;
use crate::diff::change::{Change, Reason};
use crate::diff::decision::Verb;
use crate::model::power::Power;
use crate::model::state::State;
use crate::plan::{Finding, Level, Plan};
use crate::source::Revision;

/// Everything that a preview shows. Every format is made from this one value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preview {
    pub subject: Subject,
    pub revision: Revision,
    /// Environment by environment: what a branch changes, then what would change in the target.
    pub planned: Vec<Planned>,
    /// Where the two are not the same.
    pub apart: Vec<Apart>,
    /// The environments that could not be planned.
    pub unplanned: Vec<Unplanned>,
    /// What is to be said of the manifests. With an error among it, nothing was planned.
    pub diagnostics: Vec<Diagnostic>,
    pub rehearsals: Vec<Rehearsal>,
    /// What the revision would change in power, where another one is trusted with it.
    pub power: Option<Power>,
}

/// What was asked for, whatever comes of it: by this a host's comment is found again, also where the manifests have
/// fallen apart meanwhile, or an environment was added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// Where the manifests lie in their git repository, with `/`.
    pub folder: String,
    /// The environments that were named; empty where all were asked for.
    pub named: Vec<String>,
    /// Whether their targets are asked.
    pub has_targets: bool,
}

/// One plan, with what it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    pub plan: Plan,
    /// Where each of its findings comes from, in their order; none where no line causes it.
    pub places: Vec<Option<Place>>,
    /// Everything that is declared for the environment.
    pub model: State,
}

/// A place in a manifest. Lines and columns count from 1, columns in characters; the end is behind the last one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// From the root of the git repository, with `/`.
    pub file: String,
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
}

/// How what a branch changes differs from what would change in the target: the target is not what the base says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Apart {
    pub environment: String,
    pub target: String,
    /// What would change in the target although the branch does not touch it.
    pub beside: Vec<Change>,
    /// What the branch changes, and what needs no change in the target.
    pub already: Vec<Change>,
}

impl Apart {
    pub fn is_empty(&self) -> bool {
        self.beside.is_empty() && self.already.is_empty()
    }
}

/// An environment that could not be planned, or all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Unplanned {
    pub environment: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Preview {
    /// The plans that count: of an environment whose target was asked, not what its branch alone comes to.
    pub fn deciding(&self) -> impl Iterator<Item = &Planned> {
        let is_asked = |name: &str| {
            self.planned.iter().any(|one| one.plan.compared.is_none() && one.plan.environment == name)
        };
        self.planned.iter().filter(move |one| one.plan.compared.is_none() || !is_asked(&one.plan.environment))
    }

    pub fn n_errors(&self) -> usize {
        self.diagnostics.iter().filter(|one| one.is_error()).count()
    }
}

impl Planned {
    /// A plan alone.
    pub fn new(plan: Plan) -> Planned {
        let places = vec![None; plan.findings.len()];
        Planned { plan, places, model: State::new() }
    }

    /// The findings with their places, those first that stand most in the way.
    pub fn worst_first(&self) -> Vec<(&Finding, Option<&Place>)> {
        let places = self.places.iter().map(Option::as_ref).chain(std::iter::repeat(None));
        let mut findings: Vec<_> = self.plan.findings.iter().zip(places).collect();
        findings.sort_by_key(|(finding, _)| std::cmp::Reverse(weight(finding)));
        findings
    }

    /// How many resources have moved in the target since the last apply.
    pub fn n_drifted(&self) -> usize {
        let is_drift = |reason: Reason| matches!(reason, Reason::Drifted | Reason::Vanished);
        let has_drift = |change: &&Change| {
            is_drift(change.reason)
                || change.settings.iter().any(|one| is_drift(one.reason))
                || change.members.iter().any(|one| one.verb != Verb::Keep && is_drift(one.reason))
                || change.members.iter().flat_map(|one| &one.settings).any(|one| is_drift(one.reason))
        };
        self.plan.changes.iter().filter(has_drift).count()
    }
}

/// How much a finding stands in the way: an allowed one no more than a notice.
pub fn weight(finding: &Finding) -> Level {
    match (finding.level, &finding.allowed_by) {
        (Level::Consent, Some(_)) => Level::Notice,
        (level, _) => level,
    }
}
