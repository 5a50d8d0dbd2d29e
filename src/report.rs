//! What an apply did, step by step: done, failed, not started.
//! Never says "ok" of an apply that the next plan would change again.

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::diff::decision::Verb;
use crate::model::setup::Action;
use crate::model::trash::Trashed;
use crate::plan::{Plan, StepId};

/// The report of one apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub environment: String,
    pub target: String,
    pub outcome: Applied,
    pub steps: Vec<StepReport>,
    /// The journal's number of this apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<u64>,
    /// Why nothing was changed, where no single step says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What a new plan would still change; empty after a good apply.
    pub remaining: Vec<Address>,
    /// What became of each resource of an imported package, by address; empty where no package was imported.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<ResourceReport>,
    /// What was in the trash longer than it was to be kept, and is dropped now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub purged: Vec<Trashed>,
}

/// How the apply as a whole ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Applied {
    /// There was nothing to do.
    Nothing,
    /// Everything was done, and a new plan is empty.
    Done,
    /// A step failed; everything was rolled back and the target is as it was.
    RolledBack,
    /// Everything was done, but a new plan is not empty.
    NotConverged,
}

/// One resource's fate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceReport {
    /// In the target.
    pub address: Address,
    pub state: ResourceState,
    pub why: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What became of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceState {
    Applied,
    /// There was nothing to change in it.
    Unchanged,
    /// Its steps ran or failed, and none of them holds.
    NotApplied,
    NotStarted,
}

/// One step's fate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepReport {
    pub id: StepId,
    pub address: Address,
    pub title: String,
    #[serde(flatten)]
    pub fate: Fate,
}

/// Where an apply failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailedAt {
    /// Before its first step.
    Start,
    Step(StepId),
    /// After its last step.
    Commit,
}

impl FailedAt {
    pub fn step(self) -> Option<StepId> {
        match self {
            FailedAt::Step(step) => Some(step),
            FailedAt::Start | FailedAt::Commit => None,
        }
    }
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Fate {
    Done,
    Failed {
        message: String,
    },
    /// It was done, and undone with the transaction when a later one failed.
    Undone,
    NotStarted,
}

impl Report {
    /// The report of a plan whose steps all ran.
    pub fn done(plan: &Plan, entry: Option<u64>, remaining: Vec<Address>) -> Report {
        let outcome = match (plan.is_empty(), remaining.is_empty()) {
            (true, _) => Applied::Nothing,
            (false, true) => Applied::Done,
            (false, false) => Applied::NotConverged,
        };
        Report::of(plan, outcome, entry, remaining, |_| Fate::Done)
    }

    /// The report of a plan that failed and was rolled back.
    pub fn rolled_back(plan: &Plan, failed: FailedAt, message: &str, entry: Option<u64>) -> Report {
        let report = Report::of(plan, Applied::RolledBack, entry, Vec::new(), |id| match failed {
            FailedAt::Start => Fate::NotStarted,
            FailedAt::Step(failed) if id == failed => Fate::Failed { message: message.to_owned() },
            FailedAt::Step(failed) if id > failed => Fate::NotStarted,
            FailedAt::Step(_) | FailedAt::Commit => Fate::Undone,
        });
        let message = failed.step().is_none().then(|| message.to_owned());
        Report { message, ..report }
    }

    /// Adds what became of these resources, each with the action that was chosen for it.
    pub fn with_resources(mut self, plan: &Plan, spoken_of: &[(Address, Action)]) -> Report {
        self.resources =
            spoken_of.iter().map(|(address, action)| self.resource(plan, address, *action)).collect();
        self
    }

    fn resource(&self, plan: &Plan, address: &Address, action: Action) -> ResourceReport {
        let report = |state, why: String, next: Option<&str>| ResourceReport {
            address: address.clone(),
            state,
            why,
            next: next.map(str::to_owned),
        };
        let Some(change) = plan.changes.iter().find(|change| change.address == *address) else {
            let why = match action {
                Action::Skip | Action::Existing => format!("left as it is (`{action}`)"),
                Action::Merge | Action::Overwrite | Action::Create | Action::Update | Action::Select => {
                    "it is already what the package says".to_owned()
                }
            };
            return report(ResourceState::Unchanged, why, None);
        };
        let done = match change.verb {
            Verb::Create => "created",
            Verb::Adopt => "adopted",
            Verb::Update | Verb::Keep => "changed",
            Verb::Delete => "deleted",
            Verb::Release | Verb::Forget => "no longer managed",
        };
        match self.outcome {
            Applied::Done | Applied::Nothing => report(ResourceState::Applied, done.to_owned(), None),
            Applied::NotConverged if !self.remaining.contains(address) => {
                report(ResourceState::Applied, done.to_owned(), None)
            }
            Applied::NotConverged => {
                let next = "plan again to see what is left";
                report(
                    ResourceState::Applied,
                    format!("{done}, and a new plan would change it again"),
                    Some(next),
                )
            }
            Applied::RolledBack => self.rolled_back_resource(address, report),
        }
    }

    fn rolled_back_resource(
        &self,
        address: &Address,
        report: impl Fn(ResourceState, String, Option<&str>) -> ResourceReport,
    ) -> ResourceReport {
        let failed = self.steps.iter().find_map(|step| match &step.fate {
            Fate::Failed { message } => Some((step, message)),
            Fate::Done | Fate::Undone | Fate::NotStarted => None,
        });
        let again = Some("nothing of it was changed; import again once that is mended");
        let Some((step, message)) = failed else {
            let why = self.message.clone().unwrap_or_else(|| "the transaction was rolled back".to_owned());
            let was_started = self.steps.iter().any(|step| step.fate != Fate::NotStarted);
            let state = if was_started { ResourceState::NotApplied } else { ResourceState::NotStarted };
            return report(state, why, again);
        };
        let mut own = self.steps.iter().filter(|step| step.address == *address).peekable();
        if step.address == *address {
            return report(ResourceState::NotApplied, format!("step {} failed: {message}", step.id), again);
        }
        let is_started = own.peek().is_some() && own.any(|step| step.fate == Fate::Undone);
        match is_started {
            true => {
                let why = format!("it was undone, because step {} of `{}` failed", step.id, step.address);
                report(ResourceState::NotApplied, why, again)
            }
            false => {
                let why = format!("step {} of `{}` failed before it", step.id, step.address);
                report(ResourceState::NotStarted, why, again)
            }
        }
    }

    fn of(
        plan: &Plan,
        outcome: Applied,
        entry: Option<u64>,
        remaining: Vec<Address>,
        fate: impl Fn(StepId) -> Fate,
    ) -> Report {
        let steps = plan
            .steps
            .iter()
            .map(|step| StepReport {
                id: step.id,
                address: step.address.clone(),
                title: step.title.clone(),
                fate: fate(step.id),
            })
            .collect();
        Report {
            environment: plan.environment.clone(),
            target: plan.target.clone(),
            outcome,
            steps,
            entry,
            message: None,
            remaining,
            resources: Vec::new(),
            purged: Vec::new(),
        }
    }
}
