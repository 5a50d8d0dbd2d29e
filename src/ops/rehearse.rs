//! `plan --rehearse`: the very steps of a plan, run where nothing of it stays.
//! Never makes a plan: it is given one, and adds what it found.

use crate::model::state::Desired;
use crate::plan::Plan;
use crate::planner;
use crate::policy;
use crate::report::rehearsal::{CameOfIt, Place, Rehearsal};
use crate::target::{Broken, Target, TargetError};

/// Runs the steps of a plan on its target, or on a database of its own on the server at `on`. What fails refuses the
/// plan. None where this kind of target has no such rehearsal.
pub fn rehearse(
    plan: &mut Plan,
    target: &mut dyn Target,
    on: Option<&str>,
    desired: &Desired,
) -> Result<Option<Rehearsal>, TargetError> {
    let Some((place, steps)) = target.run_through(&plan.steps, on)? else { return Ok(None) };
    // Where something of the target is missing, a failure may be for the want of it.
    let is_told = match &place {
        Place::Target => true,
        Place::Scratch { missing, .. } => missing.is_empty(),
    };
    let broken = steps.iter().filter(|_| is_told).filter_map(|one| match &one.came_of_it {
        CameOfIt::Failed { message } => Some(Broken::Step { step: one.id, message: message.clone() }),
        CameOfIt::Ran | CameOfIt::Skipped { .. } | CameOfIt::Busy { .. } | CameOfIt::NotReached => None,
    });
    let broken: Vec<Broken> = broken.collect();
    planner::add_broken(plan, broken, &desired.environment.allow);
    policy::weigh_again(plan, desired);
    Ok(Some(Rehearsal { environment: plan.environment.clone(), place, steps }))
}
