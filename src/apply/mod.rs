//! Carries out a plan: exactly its steps, in one transaction, on the base it was made for.
//! Never plans: what is printed, packed and run is one value.

mod alone;
mod parts;
mod patience;
mod verify;

use std::borrow::Cow;

use crate::address::Address;
use crate::diff::change::{Change, TaskVerb};
use crate::fingerprint::Fingerprint;
use crate::journal::{Entry, Holder, Outcome, Timestamp, after_days};
use crate::model::state::Snapshot;
use crate::plan::{Allowance, Plan, Refusal, Runs, Step, StepId};
use crate::report::{FailedAt, Report};
use crate::signature::PublicKey;
use crate::target::{Left, Session, Target, TargetError};

pub use patience::{Impatient, Patience, pause};
pub use verify::remaining;

/// Where an apply is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Others hold what is needed: all was taken back, and is tried again after a pause. It says who.
    Waiting(String),
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
    /// Who signed the package that the plan comes from, for the journal.
    pub signed_by: &'a [PublicKey],
    pub clock: &'a dyn Fn() -> Timestamp,
    /// Why a person applies although the windows of the environment are shut, for the journal.
    pub outside_window: Option<&'a str>,
    /// How long others are waited for.
    pub patience: &'a dyn Patience,
}

/// What came of an apply.
pub struct Done {
    pub report: Report,
    /// What the target held when the transaction committed, as it was verified; none where something was done after
    /// that.
    pub found: Option<Snapshot>,
}

/// Applies a plan, all or nothing. A step that fails rolls everything back and is a report, not an error.
pub fn apply(
    plan: &Plan,
    target: &mut dyn Target,
    terms: &Terms<'_>,
    observer: &mut dyn Observer,
) -> Result<Done, ApplyError> {
    let reasons: Vec<String> = plan.refusals(terms.allow).iter().map(reason).collect();
    if !reasons.is_empty() {
        return Err(ApplyError::Refused { reasons });
    }
    if plan.is_empty() {
        return Ok(Report::done(plan, None, Vec::new()).into());
    }
    let allowed: Vec<String> =
        terms.allow.iter().map(|a| a.as_str().to_owned()).chain(plan.waived()).collect();
    let entry = Entry::open(plan, terms.holder, &allowed);
    let outside_window = terms.outside_window.map(str::to_owned);
    let fresh = Entry { signed_by: terms.signed_by.to_vec(), outside_window, ..entry };
    let mut tries = 0;
    let (mut entry, failed, message, left) = loop {
        let mut entry = fresh.clone();
        let stopped = match attempt(plan, target, &mut entry, terms, observer) {
            Ok(done) => {
                let report = Report::done(plan, Some(done.number), Vec::new());
                let report = report.with_skipped(&entry.skipped).with_unfinished(&done.left);
                return Ok(Done { report, found: done.found });
            }
            Err(stopped) => stopped,
        };
        let (failed, message, left) = match stopped {
            Stopped::Unbegun(error) => return Err(error),
            Stopped::Failed(failed, message) => (failed, message, Vec::new()),
            Stopped::TakenBack(failed, message, left) => (failed, message, left),
            Stopped::Partial(failed, message, n_done) => {
                entry.finished = (terms.clock)();
                entry.outcome = Outcome::Failed { step: failed.step(), message: message.clone() };
                let number = target.journal_failure(&entry).ok();
                return Ok(Report::partial(plan, n_done, failed, &message, number).into());
            }
            Stopped::Busy(failed, error) => {
                let message = error.to_string();
                tries += 1;
                match observer.at(&Moment::Waiting(message.clone())) {
                    Ok(()) if terms.patience.wait(tries) => continue,
                    // Nothing had begun.
                    Ok(()) if failed == FailedAt::Start => return Err(ApplyError::Target(error)),
                    Ok(()) => (failed, message, Vec::new()),
                    Err(message) => (failed, message, Vec::new()),
                }
            }
        };
        break (entry, failed, message, left);
    };
    entry.finished = (terms.clock)();
    entry.outcome = Outcome::Failed { step: failed.step(), message: message.clone() };
    // The journal is a courtesy here: the failure itself is what must be told.
    let number = target.journal_failure(&entry).ok();
    let report = Report::rolled_back(plan, failed, &message, number);
    Ok(report.with_skipped(&entry.skipped).with_unfinished(&left).into())
}

impl From<Report> for Done {
    fn from(report: Report) -> Done {
        Done { report, found: None }
    }
}

/// Why one attempt came to nothing. All that it did is taken back.
enum Stopped {
    /// It may not begin.
    Unbegun(ApplyError),
    Failed(FailedAt, String),
    /// It failed after steps that ran alone, and these were taken back; those that could not be are named, with why.
    TakenBack(FailedAt, String, Vec<(StepId, String)>),
    /// It failed after some of several transactions, which hold; the number of those.
    Partial(FailedAt, String, u32),
    /// Others held what was needed.
    Busy(FailedAt, TargetError),
}

impl Stopped {
    fn at(failed: FailedAt, error: TargetError) -> Stopped {
        match error {
            busy @ TargetError::Busy { .. } => Stopped::Busy(failed, busy),
            TargetError::Open { .. }
            | TargetError::Locked { .. }
            | TargetError::Suspended { .. }
            | TargetError::Failed { .. }
            | TargetError::Superseded { .. }
            | TargetError::Newer { .. }
            | TargetError::Record { .. } => Stopped::Failed(failed, error.to_string()),
        }
    }
}

impl From<TargetError> for Stopped {
    fn from(error: TargetError) -> Stopped {
        match error {
            busy @ TargetError::Busy { .. } => Stopped::Busy(FailedAt::Start, busy),
            TargetError::Open { .. }
            | TargetError::Locked { .. }
            | TargetError::Suspended { .. }
            | TargetError::Failed { .. }
            | TargetError::Superseded { .. }
            | TargetError::Newer { .. }
            | TargetError::Record { .. } => Stopped::Unbegun(ApplyError::Target(error)),
        }
    }
}

/// What one attempt came to.
struct Finished {
    /// The journal's number.
    number: u64,
    /// What was verified, where nothing was done after it.
    found: Option<Snapshot>,
    /// The steps that tidy up and could not, with the reason.
    left: Vec<(StepId, String)>,
}

/// Does all of it once: the lock, the base, the steps, the commit.
fn attempt(
    plan: &Plan,
    target: &mut dyn Target,
    entry: &mut Entry,
    terms: &Terms<'_>,
    observer: &mut dyn Observer,
) -> Result<Finished, Stopped> {
    let name = target.describe();
    let mut session = target.lock(terms.holder)?;
    observer.at(&Moment::Locked).map_err(|message| Stopped::Failed(FailedAt::Start, message))?;
    let fresh = entry.clone();
    let mut tries = 0;
    let (number, found) = loop {
        *entry = fresh.clone();
        match under_lock(plan, &name, session.as_mut(), entry, terms, observer) {
            // Whoever waits for others keeps the lock: nobody takes his place.
            Err(Stopped::Busy(failed, error)) => {
                tries += 1;
                let told = observer.at(&Moment::Waiting(error.to_string()));
                told.map_err(|message| Stopped::Failed(failed, message))?;
                if !terms.patience.wait(tries) {
                    return Err(Stopped::Busy(failed, error));
                }
                session.begin()?;
            }
            result => break result?,
        }
    };
    let left = alone::after(plan, session.as_mut(), terms, observer);
    let is_last = plan.steps.iter().all(|step| step.runs != Runs::After);
    Ok(Finished { number, found: is_last.then_some(found), left })
}

/// Does once what is done under the lock: the base, the steps, the commit. Returns the journal's number, and what was
/// verified.
fn under_lock(
    plan: &Plan,
    target: &str,
    session: &mut dyn Session,
    entry: &mut Entry,
    terms: &Terms<'_>,
    observer: &mut dyn Observer,
) -> Result<(u64, Snapshot), Stopped> {
    let base = check_base(plan, session, target)?;
    entry.note_base(plan, &base);
    observer.at(&Moment::Checked).map_err(|message| Stopped::Failed(FailedAt::Start, message))?;
    match plan.steps.iter().any(|step| step.runs == Runs::Before) {
        false => parts::all(plan, &base, session, entry, terms, observer),
        true => alone::around(plan, &base, session, entry, terms, observer),
    }
}

/// Returns what there is before the first step.
fn check_base(plan: &Plan, session: &mut dyn Session, target: &str) -> Result<Snapshot, Stopped> {
    let base = session.inspect()?;
    let found = base.fingerprint();
    if found != plan.base || !has_trash_of(plan, &base) {
        let target = target.to_owned();
        return Err(Stopped::Unbegun(ApplyError::Stale { target, planned: plan.base, found }));
    }
    check_facts(plan, session)?;
    Ok(base)
}

/// Asks again what the plan asked: a risk may have grown since.
fn check_facts(plan: &Plan, session: &mut dyn Session) -> Result<(), Stopped> {
    let queries: Vec<String> = plan.facts.iter().map(|f| f.query.clone()).collect();
    let answers = session.measure(&queries)?;
    for (fact, answer) in plan.facts.iter().zip(answers) {
        if answer.count > fact.count {
            let (address, planned) = (fact.address.clone(), fact.count);
            let found = answer.count;
            return Err(Stopped::Unbegun(ApplyError::FactsMoved { address, planned, found }));
        }
    }
    Ok(())
}

/// Tells whether what a plan brings back is still there, and the numbers it gives are still free.
fn has_trash_of(plan: &Plan, base: &Snapshot) -> bool {
    let is_there = |number: u64| base.trash.iter().any(|one| one.moved.number == number);
    plan.restores().all(is_there) && plan.trash.iter().all(|moved| moved.number > base.last_trash)
}

/// Runs the steps of the session's transaction. An error says where, and why.
fn inside(
    plan: &Plan,
    before: &Snapshot,
    session: &mut dyn Session,
    entry: &mut Entry,
    terms: &Terms<'_>,
    observer: &mut dyn Observer,
) -> Result<(u64, Snapshot), Stopped> {
    let whole = |error: TargetError| Stopped::at(FailedAt::Commit, error);
    let stopped = |failed: FailedAt| move |message: String| Stopped::Failed(failed, message);
    for step in plan.steps.iter().filter(|step| step.runs == Runs::Inside) {
        observer.at(&Moment::Before(step.id)).map_err(stopped(FailedAt::Step(step.id)))?;
        match is_due(step, session)? {
            true => session.run(step).map_err(|error| Stopped::at(FailedAt::Step(step.id), error))?,
            false => entry.skipped.push(step.id),
        }
        observer.at(&Moment::After(step.id)).map_err(stopped(FailedAt::Step(step.id)))?;
    }
    for change in &plan.changes {
        let change = as_done(change, plan, &entry.skipped);
        session.record(&change, plan.revision.commit.as_deref()).map_err(whole)?;
    }
    observer.at(&Moment::Recorded).map_err(stopped(FailedAt::Commit))?;
    let found = session.inspect().map_err(whole)?;
    if let Some(difference) = verify::remaining(plan, &found).first() {
        let message = format!("the target does not report back what was planned for `{difference}`");
        return Err(Stopped::Failed(FailedAt::Commit, message));
    }
    if let Some(disturbed) = verify::disturbed(plan, before, &found) {
        let message = format!("a task changed what `{disturbed}` is, which the plan does not speak of");
        return Err(Stopped::Failed(FailedAt::Commit, message));
    }
    observer.at(&Moment::Verified).map_err(stopped(FailedAt::Commit))?;
    entry.finished = (terms.clock)();
    entry.trash_until = (!entry.trash.is_empty()).then(|| after_days(&entry.finished, plan.policy.trash));
    let number = session.commit(entry).map_err(whole)?;
    // The target has committed: from here on nothing can be taken back.
    observer.at(&Moment::Committed).ok();
    Ok((number, found))
}

/// Tells whether a step is to run: a task has a last word on whether anything is left to do.
fn is_due(step: &Step, session: &mut dyn Session) -> Result<bool, Stopped> {
    let Some(unless) = step.unless() else { return Ok(true) };
    let failed = FailedAt::Step(step.id);
    match session.left(unless) {
        Ok(Left::Something) => Ok(true),
        Ok(Left::Nothing) => Ok(false),
        Ok(Left::Unknown(why)) => {
            Err(Stopped::Failed(failed, format!("its `unless` cannot be asked: {why}")))
        }
        Err(error) => Err(Stopped::at(failed, error)),
    }
}

/// The change as it is recorded: a task that was skipped did not run.
fn as_done<'a>(change: &'a Change, plan: &Plan, skipped: &[StepId]) -> Cow<'a, Change> {
    let skipped: Vec<&str> = plan
        .steps
        .iter()
        .filter(|step| step.address == change.address && skipped.contains(&step.id))
        .filter_map(|step| Some(step.task.as_ref()?.name.as_str()))
        .collect();
    if skipped.is_empty() {
        return Cow::Borrowed(change);
    }
    let mut change = change.clone();
    for task in change.tasks.iter_mut().filter(|task| skipped.contains(&task.name.as_str())) {
        task.verb = TaskVerb::Record;
    }
    Cow::Owned(change)
}

fn reason(refusal: &Refusal<'_>) -> String {
    match refusal {
        Refusal::NotAllowed(finding) => {
            let (place, allowance) = (finding.place(), finding.allowance());
            format!("{} {place} {} (allow it with --allow {allowance})", finding.code, finding.message)
        }
        Refusal::Impossible(finding) => {
            let help = finding.help.as_ref().map(|h| format!(": {h}")).unwrap_or_default();
            format!("{} {} {}{help}", finding.code, finding.place(), finding.message)
        }
        Refusal::DestroysTooMuch { destroyed, limit } => format!(
            "the plan destroys {destroyed} resources and members, and the environment's maxDestroy is {limit}"
        ),
    }
}
