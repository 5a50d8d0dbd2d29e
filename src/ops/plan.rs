//! `plan`: one environment against its target.
//! Never writes to the target: it inspects, asks, and rehearses where nothing is kept.

use crate::model::state::{Desired, Snapshot};
use crate::plan::Plan;
use crate::planner;
use crate::source::Revision;
use crate::target::{Target, TargetError};

/// Plans one environment. What would fail at apply is a finding of the plan.
pub fn plan(desired: Desired, target: &mut dyn Target, revision: &Revision) -> Result<Plan, TargetError> {
    let snapshot = target.inspect()?;
    plan_from(desired, target, &snapshot, revision)
}

/// Plans one environment whose target was inspected already.
pub fn plan_from(
    mut desired: Desired,
    target: &mut dyn Target,
    snapshot: &Snapshot,
    revision: &Revision,
) -> Result<Plan, TargetError> {
    let dialect = target.dialect();
    planner::normalize(&mut desired, dialect);
    let draft = planner::draft(&desired, snapshot, dialect);
    let answers = target.measure(draft.queries())?;
    let mut plan = draft.plan(&answers, &target.describe(), revision);
    if !plan.steps.is_empty() {
        let broken = target.rehearse(&plan.steps)?;
        planner::add_broken(&mut plan, broken, &desired.environment.allow);
    }
    Ok(plan)
}
