//! `plan`: one environment against its target.
//! Never writes to the target: it inspects, asks, and rehearses where nothing is kept.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::address::Address;
use crate::model::state::{Declared, Desired, Snapshot};
use crate::model::unreviewed::Unreviewed;
use crate::plan::{Compared, Level, Plan};
use crate::planner::{self, Draft};
use crate::policy::{self, Case};
use crate::source::Revision;
use crate::target::{Answer, Dialect, Left, Misread, Target, TargetError};

/// Plans one environment. What would fail at apply is a finding of the plan.
pub fn plan(desired: Desired, target: &mut dyn Target, revision: &Revision) -> Result<Plan, TargetError> {
    let snapshot = target.inspect()?;
    plan_from(desired, target, &snapshot, revision)
}

/// Plans what a branch changes in one environment, from what its base declares, and without a target.
pub fn offline(
    base: Desired,
    head: Desired,
    dialect: &dyn Dialect,
    revision: &Revision,
    compared: &Compared,
) -> Plan {
    let mut plan = planner::offline::plan(base, head.clone(), dialect, revision, compared.clone());
    policy::judge(&mut plan, Case { desired: &head, rows: &BTreeMap::new() });
    plan
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
    let misread = respelled(&mut desired, target, snapshot)?;
    let mut draft = planner::draft(&desired, snapshot, dialect);
    draft.skip(&misread);
    let answers = answers(&draft, &desired.unreviewed, target)?;
    let left = left(&draft, &desired.unreviewed, target)?;
    let rows = draft.counted(&answers);
    let mut plan = draft.plan(&answers, &left, &target.describe(), revision);
    planner::add_misread(&mut plan, misread);
    let is_unreviewed = planner::add_unreviewed(&mut plan, &desired.unreviewed);
    if !plan.steps.is_empty() && !is_unreviewed {
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

/// Has the target's own words for what is declared; it is not asked of unreviewed SQL.
fn respelled(
    desired: &mut Desired,
    target: &mut dyn Target,
    snapshot: &Snapshot,
) -> Result<Vec<Misread>, TargetError> {
    if desired.unreviewed.sql.is_empty() {
        return target.respell(desired, snapshot);
    }
    let all = std::mem::take(&mut desired.resources);
    let (unreviewed, reviewed) =
        all.into_iter().partition(|(address, _)| desired.unreviewed.has_sql(address));
    desired.resources = reviewed;
    let misread = target.respell(desired, snapshot);
    desired.resources.extend::<BTreeMap<Address, Declared>>(unreviewed);
    misread
}

/// Asks the questions of a draft, but for those that would run unreviewed SQL.
fn answers(
    draft: &Draft<'_>,
    unreviewed: &Unreviewed,
    target: &mut dyn Target,
) -> Result<Vec<Answer>, TargetError> {
    let withheld = draft.withheld(unreviewed);
    if withheld.is_empty() {
        return target.measure(draft.queries());
    }
    let numbered = draft.queries().iter().enumerate();
    let asked: Vec<String> =
        numbered.filter(|(number, _)| !withheld.contains(number)).map(|(_, query)| query.clone()).collect();
    let mut told = target.measure(&asked)?.into_iter();
    let one = |number: usize| match withheld.contains(&number) {
        true => planner::unasked(),
        false => told.next().unwrap_or_else(planner::unasked),
    };
    Ok((0..draft.queries().len()).map(one).collect())
}

/// Asks the `unless` of tasks, but for those that nobody has reviewed.
fn left(
    draft: &Draft<'_>,
    unreviewed: &Unreviewed,
    target: &mut dyn Target,
) -> Result<Vec<Left>, TargetError> {
    let of = draft.unless_of();
    let is_unreviewed =
        |number: usize| of.get(number).is_some_and(|(address, name)| unreviewed.has_task(address, name));
    let numbered = draft.unless().iter().enumerate();
    let asked: Vec<String> =
        numbered.filter(|(number, _)| !is_unreviewed(*number)).map(|(_, query)| query.clone()).collect();
    let mut told = target.left(&asked)?.into_iter();
    let unasked = || Left::Unknown(format!("it is not on {} and was not run", unreviewed.from));
    let one = |number: usize| match is_unreviewed(number) {
        true => unasked(),
        false => told.next().unwrap_or_else(unasked),
    };
    Ok((0..draft.unless().len()).map(one).collect())
}
