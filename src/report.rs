//! What an apply did, step by step: done, failed, not started.
//! Never says "ok" of an apply that the next plan would change again.

pub mod preview;
pub mod rehearsal;
mod resource;
pub mod standing;
pub mod tally;

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::model::trash::Trashed;
use crate::plan::{Plan, StepId};

pub use resource::{ResourceReport, ResourceState};

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
    /// A step that cannot share the transaction is left to be tidied up.
    Unfinished,
    /// One of several transactions failed; what those before it did holds.
    Partial,
    /// Policy forbids it, so nothing was begun.
    Refused,
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
    /// It was a task with nothing left to do.
    Skipped,
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

    /// The report of a plan of which some transactions held, `n_done` of them, before one failed.
    pub fn partial(plan: &Plan, n_done: u32, failed: FailedAt, message: &str, entry: Option<u64>) -> Report {
        let part = |id: StepId| plan.steps.iter().find(|step| step.id == id).map_or(0, |step| step.part);
        let report = Report::of(plan, Applied::Partial, entry, Vec::new(), |id| match failed {
            _ if part(id) <= n_done => Fate::Done,
            FailedAt::Step(failed) if id == failed => Fate::Failed { message: message.to_owned() },
            FailedAt::Step(failed) if id < failed => Fate::Undone,
            FailedAt::Start | FailedAt::Step(_) | FailedAt::Commit => Fate::NotStarted,
        });
        let message = failed.step().is_none().then(|| message.to_owned());
        Report { message, ..report }
    }

    /// Says of these steps that they did not run, because nothing was left to do.
    pub fn with_skipped(mut self, skipped: &[StepId]) -> Report {
        for step in self.steps.iter_mut().filter(|step| skipped.contains(&step.id)) {
            step.fate = Fate::Skipped;
        }
        self
    }

    /// Says of these steps, which only tidy up or were to be taken back, that they could not, and why.
    pub fn with_unfinished(mut self, left: &[(StepId, String)]) -> Report {
        for (id, message) in left {
            for step in self.steps.iter_mut().filter(|step| step.id == *id) {
                step.fate = Fate::Failed { message: message.clone() };
            }
            self.outcome = Applied::Unfinished;
        }
        self
    }

    /// Adds what a new plan would still change.
    pub fn with_remaining(mut self, remaining: Vec<Address>) -> Report {
        if self.outcome == Applied::Done && !remaining.is_empty() {
            self.outcome = Applied::NotConverged;
        }
        self.remaining = remaining;
        self
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
