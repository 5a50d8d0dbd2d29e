//! `apply`: a plan to its target, and a look at whether it got there.
//! Never says an apply is done that the next plan would change again.

use crate::apply::{ApplyError, Observer, Terms, apply};
use crate::model::state::Desired;
use crate::plan::Plan;
use crate::report::{Applied, Report};
use crate::target::Target;

/// Applies a plan. With the desired state at hand, plans again afterwards: what is left is in the report. A saved
/// plan comes alone, and is verified against its own goal inside the transaction.
pub fn run(
    plan: &Plan,
    desired: Option<Desired>,
    target: &mut dyn Target,
    terms: &Terms<'_>,
    observer: &mut dyn Observer,
) -> Result<Report, ApplyError> {
    let report = apply(plan, target, terms, observer)?;
    match (desired, report.outcome) {
        (Some(desired), Applied::Done) => {
            let again = super::plan::plan(desired, target, &plan.revision)?;
            let remaining = again.changes.into_iter().map(|c| c.address).collect();
            Ok(report.with_remaining(remaining))
        }
        (Some(_) | None, _) => Ok(report),
    }
}
