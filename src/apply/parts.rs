//! The transactions of a plan: mostly one, several where a server cannot lock all that it touches at once.
//! Never begins one before the one before it holds.

use super::{Moment, Observer, Stopped, Terms, inside};
use crate::journal::Entry;
use crate::model::state::Snapshot;
use crate::plan::Plan;
use crate::report::FailedAt;
use crate::target::Session;

/// Runs the transactions of a plan, the first of which is open. Each has an entry of its own in the journal. Returns
/// the number of the last, and what was verified in it.
pub fn all(
    plan: &Plan,
    base: &Snapshot,
    session: &mut dyn Session,
    entry: &mut Entry,
    terms: &Terms<'_>,
    observer: &mut dyn Observer,
) -> Result<(u64, Snapshot), Stopped> {
    if plan.steps.iter().all(|step| step.part < 2) {
        return inside(plan, base, session, entry, terms, observer);
    }
    let mut number = 0;
    let mut before = base.clone();
    for (part, n_done) in plan.parts().iter().zip(0..) {
        let fresh = Entry::open(part, terms.holder, &entry.allowed);
        let outside_window = entry.outside_window.clone();
        let fresh = Entry { signed_by: entry.signed_by.clone(), outside_window, ..fresh };
        let ran = match n_done {
            0 => one(part, &before, session, fresh, terms, observer),
            _ => later(part, &before, session, &fresh, terms, observer),
        };
        (number, before) = match ran {
            Ok((number, found, skipped)) => {
                entry.skipped.extend(skipped);
                (number, found)
            }
            Err(stopped) if n_done == 0 => return Err(stopped),
            Err(Stopped::Busy(failed, error)) => {
                return Err(Stopped::Partial(failed, error.to_string(), n_done));
            }
            Err(Stopped::Unbegun(error)) => {
                return Err(Stopped::Partial(FailedAt::Start, error.to_string(), n_done));
            }
            Err(
                Stopped::Failed(failed, message)
                | Stopped::TakenBack(failed, message, _)
                | Stopped::Partial(failed, message, _),
            ) => return Err(Stopped::Partial(failed, message, n_done)),
        };
    }
    Ok((number, before))
}

type Ran = (u64, Snapshot, Vec<crate::plan::StepId>);

fn one(
    part: &Plan,
    before: &Snapshot,
    session: &mut dyn Session,
    mut entry: Entry,
    terms: &Terms<'_>,
    observer: &mut dyn Observer,
) -> Result<Ran, Stopped> {
    entry.note_base(part, before);
    let (number, found) = inside(part, before, session, &mut entry, terms, observer)?;
    Ok((number, found, entry.skipped))
}

/// As `one`, in a transaction of its own, which is tried again while others hold what it needs.
fn later(
    part: &Plan,
    before: &Snapshot,
    session: &mut dyn Session,
    entry: &Entry,
    terms: &Terms<'_>,
    observer: &mut dyn Observer,
) -> Result<Ran, Stopped> {
    let mut tries = 0;
    loop {
        session.begin().map_err(|error| Stopped::at(FailedAt::Start, error))?;
        match one(part, before, session, entry.clone(), terms, observer) {
            Err(Stopped::Busy(failed, error)) => {
                tries += 1;
                let told = observer.at(&Moment::Waiting(error.to_string()));
                told.map_err(|message| Stopped::Failed(failed, message))?;
                if !terms.patience.wait(tries) {
                    return Err(Stopped::Busy(failed, error));
                }
            }
            result => return result,
        }
    }
}
