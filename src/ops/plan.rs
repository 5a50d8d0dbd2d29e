//! `plan`: one environment against its target.
//! Never writes to the target: it inspects, asks, and rehearses where nothing is kept.

use std::borrow::Cow;

use crate::model::state::{Desired, Snapshot};
use crate::plan::{Level, Plan};
use crate::planner;
use crate::policy::{self, Case};
use crate::source::Revision;
use crate::target::{Target, TargetError};

/// Plans one environment. What would fail at apply is a finding of the plan.
pub fn plan(desired: Desired, target: &mut dyn Target, revision: &Revision) -> Result<Plan, TargetError> {
    let snapshot = target.inspect()?;
    plan_from(desired, target, &snapshot, revision)
}

/// How often it is planned again where the target moves meanwhile.
const TRIES: usize = 3;

/// Plans one environment whose target was inspected already. What is in the way may only be that somebody has applied
/// since: then it is planned again.
pub fn plan_from(
    desired: Desired,
    target: &mut dyn Target,
    snapshot: &Snapshot,
    revision: &Revision,
) -> Result<Plan, TargetError> {
    let mut seen = Cow::Borrowed(snapshot);
    for _ in 0..TRIES {
        let planned = planned(desired.clone(), target, &seen, revision);
        let is_sure = |plan: &Plan| plan.findings.iter().all(|finding| finding.level != Level::Refuse);
        if planned.as_ref().is_ok_and(is_sure) {
            return planned;
        }
        match target.inspect() {
            Ok(now) if now.fingerprint() != seen.fingerprint() => seen = Cow::Owned(now),
            Ok(_) | Err(_) => return planned,
        }
    }
    planned(desired, target, &seen, revision)
}

fn planned(
    mut desired: Desired,
    target: &mut dyn Target,
    snapshot: &Snapshot,
    revision: &Revision,
) -> Result<Plan, TargetError> {
    let dialect = target.dialect();
    planner::normalize(&mut desired, dialect);
    let misread = target.respell(&mut desired, snapshot)?;
    let mut draft = planner::draft(&desired, snapshot, dialect);
    draft.skip(&misread);
    let answers = target.measure(draft.queries())?;
    let left = target.left(draft.unless())?;
    let rows = draft.counted(&answers);
    let mut plan = draft.plan(&answers, &left, &target.describe(), revision);
    planner::add_misread(&mut plan, misread);
    if !plan.steps.is_empty() {
        let broken = target.rehearse(&plan.steps)?;
        planner::add_broken(&mut plan, broken, &desired.environment.allow);
        // What could not be carried out anyway need not be tried.
        if plan.findings.iter().all(|finding| finding.level != Level::Refuse) {
            let tried = target.try_out(&plan.steps)?;
            planner::add_tried(&mut plan, tried, &desired.environment.allow);
        }
    }
    policy::judge(&mut plan, Case { desired: &desired, rows: &rows });
    Ok(plan)
}
