//! Carries out a plan: exactly its steps, in one transaction, on the base it was made for.
//! Never plans: what is printed, packed and run is one value.

mod verify;

use crate::address::Address;
use crate::fingerprint::Fingerprint;
use crate::journal::{Entry, Holder, Outcome, Timestamp, after_days};
use crate::model::state::Snapshot;
use crate::plan::{Allowance, Plan, Refusal, StepId};
use crate::report::{FailedAt, Report};
use crate::target::{Session, Target, TargetError};

pub use verify::remaining;

/// Where an apply is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The lock is held, and nothing is checked yet.
    Locked,
    /// The base and the facts are as planned.
    Checked,
    Before(StepId),
    After(StepId),
    /// Inventory and state are written.
    Recorded,
    /// The target reports back what was planned.
    Verified,
    Committed,
}

/// Is told of every moment; an error stops the apply there, as a failing step would.
pub trait Observer {
    fn at(&mut self, moment: &Moment) -> Result<(), String>;
}

/// Why an apply did not begin. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    #[error("the plan is refused by policy")]
    Refused { reasons: Vec<String> },
    #[error("the plan is stale: {target} is not what it was when the plan was made")]
    Stale { target: String, planned: Fingerprint, found: Fingerprint },
    #[error("the plan is stale: a question about `{address}` that found {planned} rows now finds {found}")]
    FactsMoved { address: Address, planned: u64, found: u64 },
    #[error(transparent)]
    Target(#[from] TargetError),
}

/// What an apply needs besides its plan and target.
pub struct Terms<'a> {
    pub holder: &'a Holder,
    /// Findings allowed by the person who applies.
    pub allow: &'a [Allowance],
    pub clock: &'a dyn Fn() -> Timestamp,
}

/// Applies a plan, all or nothing. A step that fails rolls everything back and is a report, not an error.
pub fn apply(
    plan: &Plan,
    target: &mut dyn Target,
    terms: &Terms<'_>,
    observer: &mut dyn Observer,
) -> Result<Report, ApplyError> {
    let reasons: Vec<String> = plan.refusals(terms.allow).iter().map(reason).collect();
    if !reasons.is_empty() {
        return Err(ApplyError::Refused { reasons });
    }
    if plan.is_empty() {
        return Ok(Report::done(plan, None, Vec::new()));
    }
    let allowed: Vec<String> = terms.allow.iter().map(|a| a.as_str().to_owned()).collect();
    let mut entry = Entry::open(plan, terms.holder, &allowed);
    let name = target.describe();
    let result = {
        let mut session = target.lock(terms.holder)?;
        match observer.at(&Moment::Locked) {
            Ok(()) => {
                let base = check_base(plan, session.as_mut(), name)?;
                entry.note_base(plan, &base);
                run(plan, session, &mut entry, terms, observer)
            }
            Err(message) => Err((FailedAt::Start, message)),
        }
    };
    match result {
        Ok(number) => Ok(Report::done(plan, Some(number), Vec::new())),
        Err((failed, message)) => {
            entry.finished = (terms.clock)();
            entry.outcome = Outcome::Failed { step: failed.step(), message: message.clone() };
            // The journal is a courtesy here: the failure itself is what must be told.
            let number = target.journal_failure(&entry).ok();
            Ok(Report::rolled_back(plan, failed, &message, number))
        }
    }
}

fn check_base(plan: &Plan, session: &mut dyn Session, target: String) -> Result<Snapshot, ApplyError> {
    let base = session.inspect()?;
    let found = base.fingerprint();
    if found != plan.base || !has_trash_of(plan, &base) {
        return Err(ApplyError::Stale { target, planned: plan.base, found });
    }
    let queries: Vec<String> = plan.facts.iter().map(|f| f.query.clone()).collect();
    let answers = session.measure(&queries)?;
    for (fact, answer) in plan.facts.iter().zip(answers) {
        if answer.count > fact.count {
            let (address, planned) = (fact.address.clone(), fact.count);
            return Err(ApplyError::FactsMoved { address, planned, found: answer.count });
        }
    }
    Ok(base)
}

/// Tells whether what a plan brings back is still there, and the numbers it gives are still free.
fn has_trash_of(plan: &Plan, base: &Snapshot) -> bool {
    let is_there = |number: u64| base.trash.iter().any(|one| one.moved.number == number);
    plan.restores().all(is_there) && plan.trash.iter().all(|moved| moved.number > base.last_trash)
}

/// Runs all steps in the session's transaction. An error says where, and why.
fn run(
    plan: &Plan,
    mut session: Box<dyn Session + '_>,
    entry: &mut Entry,
    terms: &Terms<'_>,
    observer: &mut dyn Observer,
) -> Result<u64, (FailedAt, String)> {
    let whole = |error: TargetError| (FailedAt::Commit, error.to_string());
    observer.at(&Moment::Checked).map_err(|m| (FailedAt::Start, m))?;
    for step in &plan.steps {
        observer.at(&Moment::Before(step.id)).map_err(|m| (FailedAt::Step(step.id), m))?;
        session.run(step).map_err(|error| (FailedAt::Step(step.id), error.to_string()))?;
        observer.at(&Moment::After(step.id)).map_err(|m| (FailedAt::Step(step.id), m))?;
    }
    for change in &plan.changes {
        session.record(change, plan.revision.commit.as_deref()).map_err(whole)?;
    }
    observer.at(&Moment::Recorded).map_err(|m| (FailedAt::Commit, m))?;
    let found = session.inspect().map_err(whole)?;
    if let Some(difference) = verify::remaining(plan, &found).first() {
        let message = format!("the target does not report back what was planned for `{difference}`");
        return Err((FailedAt::Commit, message));
    }
    observer.at(&Moment::Verified).map_err(|m| (FailedAt::Commit, m))?;
    entry.finished = (terms.clock)();
    entry.trash_until = (!entry.trash.is_empty()).then(|| after_days(&entry.finished, plan.policy.trash));
    let number = session.commit(entry).map_err(whole)?;
    // The target has committed: from here on nothing can be taken back.
    observer.at(&Moment::Committed).ok();
    Ok(number)
}

fn reason(refusal: &Refusal<'_>) -> String {
    match refusal {
        Refusal::NotAllowed(finding) => {
            let place = match &finding.path {
                Some(path) => format!("{}/{path}", finding.address),
                None => finding.address.to_string(),
            };
            let flag = format!("--allow {}:{place}", finding.code);
            format!("{} {place} {} (allow it with {flag})", finding.code, finding.message)
        }
        Refusal::Impossible(finding) => {
            let help = finding.help.as_ref().map(|h| format!(": {h}")).unwrap_or_default();
            format!("{} {} {}{help}", finding.code, finding.address, finding.message)
        }
        Refusal::DestroysTooMuch { destroyed, limit } => format!(
            "the plan destroys {destroyed} resources and members, and the environment's maxDestroy is {limit}"
        ),
    }
}
