//! `apply`: a plan to its target, and a look at whether it got there.
//! Never says an apply is done that the next plan would change again.

use crate::apply::{ApplyError, Done, Observer, Terms, apply};
use crate::model::state::Desired;
use crate::model::trash::Trashed;
use crate::plan::Plan;
use crate::report::{Applied, Report};
use crate::target::{Purge, Target};

/// Applies a plan. With the desired state at hand, plans again afterwards: what is left is in the report. A saved
/// plan comes alone, and is verified against its own goal inside the transaction.
pub fn run(
    plan: &Plan,
    desired: Option<Desired>,
    target: &mut dyn Target,
    terms: &Terms<'_>,
    observer: &mut dyn Observer,
) -> Result<Report, ApplyError> {
    let Done { report, found } = apply(plan, target, terms, observer)?;
    let purged = purge_expired(&report, target, terms);
    let mut report = match (desired, report.outcome) {
        (Some(desired), Applied::Done) => {
            // What the transaction saw last is what a new look would see.
            let found = found.map_or_else(|| target.inspect(), Ok)?;
            let again = super::plan::plan_from(desired, target, &found, &plan.revision)?;
            let remaining = again.changes.into_iter().map(|c| c.address).collect();
            report.with_remaining(remaining)
        }
        (Some(_) | None, _) => report,
    };
    report.purged = purged;
    Ok(report)
}

/// Drops what was to be kept until now, after an apply that went well. Should that not be possible, the next apply
/// does it.
fn purge_expired(report: &Report, target: &mut dyn Target, terms: &Terms<'_>) -> Vec<Trashed> {
    match report.outcome {
        Applied::Done | Applied::Nothing | Applied::NotConverged => {
            target.purge(terms.holder, &Purge::Expired((terms.clock)())).unwrap_or_default()
        }
        Applied::RolledBack | Applied::Refused | Applied::Unfinished | Applied::Partial => Vec::new(),
    }
}
