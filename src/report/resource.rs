//! What became of each resource of an imported package, why, and what to do about it.
//! Never says that something holds which was rolled back, or was never begun.

use serde::{Deserialize, Serialize};

use super::{Applied, Fate, Report};
use crate::address::Address;
use crate::diff::change::Reason;
use crate::diff::decision::Verb;
use crate::model::setup::Action;
use crate::plan::{Allowance, Plan, Refusal};

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

impl Report {
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
            return unchanged(address, action);
        };
        let done = match change.verb {
            Verb::Create => "created",
            Verb::Adopt => "adopted",
            Verb::Update if change.reason == Reason::Tasks => "its tasks were seen to",
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
            Applied::Unfinished if self.entry.is_some() && self.message.is_none() => {
                report(ResourceState::Applied, done.to_owned(), Some("run `reconcile resume` to tidy up"))
            }
            Applied::Partial if self.is_held(address) => {
                report(ResourceState::Applied, done.to_owned(), None)
            }
            Applied::Unfinished | Applied::Partial => self.rolled_back_resource(address, report),
            Applied::Refused => report(ResourceState::NotStarted, "the plan is refused".to_owned(), None),
        }
    }

    /// Tells whether every step of a resource holds.
    fn is_held(&self, address: &Address) -> bool {
        self.steps.iter().filter(|step| step.address == *address).all(|step| step.fate == Fate::Done)
    }

    fn rolled_back_resource(
        &self,
        address: &Address,
        report: impl Fn(ResourceState, String, Option<&str>) -> ResourceReport,
    ) -> ResourceReport {
        let failed = self.steps.iter().find_map(|step| match &step.fate {
            Fate::Failed { message } => Some((step, message)),
            Fate::Done | Fate::Undone | Fate::NotStarted | Fate::Skipped => None,
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

    /// The report of an import that policy refuses, before anything of it began.
    pub fn refused(plan: &Plan, allow: &[Allowance], spoken_of: &[(Address, Action)]) -> Report {
        let refusals = plan.refusals(allow);
        let report = Report::of(plan, Applied::Refused, None, Vec::new(), |_| Fate::NotStarted);
        let one = |(address, action): &(Address, Action)| refused_resource(plan, &refusals, address, *action);
        Report { resources: spoken_of.iter().map(one).collect(), ..report }
    }
}

fn unchanged(address: &Address, action: Action) -> ResourceReport {
    let why = match action {
        Action::Skip | Action::Existing => format!("left as it is (`{action}`)"),
        Action::Merge | Action::Overwrite | Action::Create | Action::Update | Action::Select => {
            "it is already what the package says".to_owned()
        }
    };
    ResourceReport { address: address.clone(), state: ResourceState::Unchanged, why, next: None }
}

/// What a refusal comes to for one resource: it is refused itself, or waits for those that are.
fn refused_resource(
    plan: &Plan,
    refusals: &[Refusal<'_>],
    address: &Address,
    action: Action,
) -> ResourceReport {
    let report = |state, why: String, next: String| ResourceReport {
        address: address.clone(),
        state,
        why,
        next: Some(next),
    };
    let mut whys = Vec::new();
    let mut nexts = Vec::new();
    for refusal in refusals {
        let (finding, next) = match refusal {
            Refusal::NotAllowed(finding) => {
                (finding, format!("allow it with --allow {}", finding.allowance()))
            }
            Refusal::Impossible(finding) => {
                (finding, finding.help.clone().unwrap_or_else(|| "change what causes it".to_owned()))
            }
            Refusal::DestroysTooMuch { .. } => continue,
        };
        if finding.address == *address {
            let path = finding.path.as_ref().map(|path| format!("{path} ")).unwrap_or_default();
            whys.push(format!("{} {path}{}", finding.code, finding.message));
            nexts.push(next);
        }
    }
    if !whys.is_empty() {
        return report(ResourceState::NotApplied, whys.join("; "), nexts.join("; "));
    }
    if !plan.changes.iter().any(|change| change.address == *address) {
        return unchanged(address, action);
    }
    let why = refusals.iter().map(|refusal| match refusal {
        Refusal::NotAllowed(finding) | Refusal::Impossible(finding) => {
            format!("the plan is refused because of `{}`", finding.address)
        }
        Refusal::DestroysTooMuch { destroyed, limit } => {
            format!("the plan destroys {destroyed} resources and members, more than maxDestroy {limit}")
        }
    });
    let next = "nothing of it was changed; import again once that is settled".to_owned();
    report(ResourceState::NotStarted, why.take(1).collect(), next)
}
