//! The steps that cannot share the transaction: those before it, which are taken back where it fails, and those after
//! it, which only tidy up.
//! Never leaves anything behind without saying so.

use super::{Moment, Observer, Stopped, Terms, check_facts, parts};
use crate::journal::Entry;
use crate::model::state::Snapshot;
use crate::plan::{Plan, Runs, Step, StepId};
use crate::report::FailedAt;
use crate::target::{Session, TargetError};

/// Runs the steps before the transaction, and the transaction. Returns the journal's number, and what was verified.
pub fn around(
    plan: &Plan,
    base: &Snapshot,
    session: &mut dyn Session,
    entry: &mut Entry,
    terms: &Terms<'_>,
    observer: &mut dyn Observer,
) -> Result<(u64, Snapshot), Stopped> {
    session.step_out()?;
    let mut begun: Vec<&Step> = Vec::new();
    let result = before(plan, session, terms, observer, &mut begun)
        .and_then(|()| transaction(plan, base, session, entry, terms, observer));
    let stopped = match result {
        Ok(done) => return Ok(done),
        // What holds needs what was done before it.
        Err(stopped @ Stopped::Partial(..)) => return Err(stopped),
        Err(stopped) => stopped,
    };
    let (failed, message) = match stopped {
        Stopped::Unbegun(error) => (FailedAt::Commit, error.to_string()),
        Stopped::Failed(failed, message)
        | Stopped::TakenBack(failed, message, _)
        | Stopped::Partial(failed, message, _) => (failed, message),
        Stopped::Busy(failed, error) => (failed, error.to_string()),
    };
    Err(Stopped::TakenBack(failed, message, take_back(&begun, session, terms)))
}

fn before<'p>(
    plan: &'p Plan,
    session: &mut dyn Session,
    terms: &Terms<'_>,
    observer: &mut dyn Observer,
    begun: &mut Vec<&'p Step>,
) -> Result<(), Stopped> {
    for step in plan.steps.iter().filter(|step| step.runs == Runs::Before) {
        let failed = FailedAt::Step(step.id);
        observer.at(&Moment::Before(step.id)).map_err(|message| Stopped::Failed(failed, message))?;
        begun.push(step);
        patiently(terms, observer, || session.run_alone(step)).map_err(|error| Stopped::at(failed, error))?;
        observer.at(&Moment::After(step.id)).map_err(|message| Stopped::Failed(failed, message))?;
    }
    Ok(())
}

/// The transaction, tried again while others hold what it needs.
fn transaction(
    plan: &Plan,
    base: &Snapshot,
    session: &mut dyn Session,
    entry: &mut Entry,
    terms: &Terms<'_>,
    observer: &mut dyn Observer,
) -> Result<(u64, Snapshot), Stopped> {
    let mut tries = 0;
    loop {
        let mut fresh = entry.clone();
        let tried = session
            .begin()
            .map_err(|error| Stopped::at(FailedAt::Commit, error))
            .and_then(|()| check_facts(plan, session))
            .and_then(|()| parts::all(plan, base, session, &mut fresh, terms, observer));
        match tried {
            Ok(done) => {
                *entry = fresh;
                return Ok(done);
            }
            Err(Stopped::Busy(failed, error)) => {
                tries += 1;
                observer
                    .at(&Moment::Waiting(error.to_string()))
                    .map_err(|message| Stopped::Failed(failed, message))?;
                if !terms.patience.wait(tries) {
                    return Err(Stopped::Busy(failed, error));
                }
            }
            Err(stopped) => return Err(stopped),
        }
    }
}

/// Takes back what ran before the transaction, the last first. Returns what could not be taken back.
fn take_back(begun: &[&Step], session: &mut dyn Session, terms: &Terms<'_>) -> Vec<(StepId, String)> {
    let mut left = Vec::new();
    if let Err(error) = session.step_out() {
        return begun.iter().map(|step| (step.id, error.to_string())).collect();
    }
    for step in begun.iter().rev() {
        let taken = patiently(terms, &mut Silent, || session.take_back(step));
        if let Err(error) = taken {
            left.push((step.id, error.to_string()));
        }
    }
    left
}

/// Runs the steps that tidy up after the transaction. Returns those that could not.
pub fn after(
    plan: &Plan,
    session: &mut dyn Session,
    terms: &Terms<'_>,
    observer: &mut dyn Observer,
) -> Vec<(StepId, String)> {
    let mut left = Vec::new();
    for step in plan.steps.iter().filter(|step| step.runs == Runs::After) {
        let begun = observer.at(&Moment::Before(step.id));
        let ran = begun.and_then(|()| {
            patiently(terms, observer, || session.run_alone(step)).map_err(|error| error.to_string())
        });
        match ran.and_then(|()| observer.at(&Moment::After(step.id))) {
            Ok(()) => {}
            Err(message) => left.push((step.id, message)),
        }
    }
    left
}

/// Tries again while others hold what is needed.
fn patiently(
    terms: &Terms<'_>,
    observer: &mut dyn Observer,
    mut run: impl FnMut() -> Result<(), TargetError>,
) -> Result<(), TargetError> {
    let mut tries = 0;
    loop {
        match run() {
            Err(error @ TargetError::Busy { .. }) => {
                tries += 1;
                let goes_on = observer.at(&Moment::Waiting(error.to_string())).is_ok();
                if !(goes_on && terms.patience.wait(tries)) {
                    return Err(error);
                }
            }
            result => return result,
        }
    }
}

/// Nobody needs to be told.
struct Silent;

impl Observer for Silent {
    fn at(&mut self, _moment: &Moment) -> Result<(), String> {
        Ok(())
    }
}
