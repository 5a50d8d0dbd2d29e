//! Risks of the plan as a whole, seen from the findings it already has.
//! Never raised where nothing is destroyed.

use std::collections::BTreeSet;

use super::count;
use crate::address::Address;
use crate::plan::{Finding, Level, Plan, Runs, Step};

fn is_destroying(finding: &Finding) -> bool {
    matches!(finding.code.as_str(), "RK201" | "RK203")
}

fn destroying(findings: &[Finding]) -> Vec<(Address, u64)> {
    let mut seen = BTreeSet::new();
    findings
        .iter()
        .filter(|f| is_destroying(f))
        .filter(|f| seen.insert(f.address.clone()))
        .map(|f| (f.address.clone(), f.rows.unwrap_or_default()))
        .collect()
}

/// `RK211`: the first apply to a target that holds rows already should not be the one that destroys them.
pub fn first_run(initialized: bool, findings: &mut Vec<Finding>) {
    if initialized {
        return;
    }
    for (address, rows) in destroying(findings) {
        let message = "destroys what this target held before it was ever applied to";
        findings.push(whole(
            "RK211",
            Level::Consent,
            address,
            rows,
            message,
            "check that this is the right target",
        ));
    }
}

/// Says of what is destroyed how long it is kept.
pub fn kept_for_days(plan: &mut Plan) {
    let days = count(u64::from(plan.policy.trash), "day");
    let is_kept: Vec<bool> = plan.findings.iter().map(|f| is_destroying(f) && plan.is_kept(f)).collect();
    for (finding, _) in plan.findings.iter_mut().zip(is_kept).filter(|(_, is_kept)| *is_kept) {
        finding.message.push_str(&format!(" (kept in the trash for {days})"));
    }
}

/// `RK701`: a step that nothing brings back.
pub fn irreversible(plan: &mut Plan) {
    let lost: Vec<Finding> = plan.lost().cloned().collect();
    for (address, rows) in destroying(&lost) {
        let message = "cannot be undone: no copy of these rows is kept";
        plan.findings.push(whole(
            "RK701",
            Level::Notice,
            address,
            rows,
            message,
            "make a copy of the database first",
        ));
    }
}

/// `RK601`: what one transaction cannot hold is applied in several, and what one of them did stays.
pub fn in_parts(address: &Address, locks: u64, room: u64, parts: u32) -> Finding {
    let message = format!(
        "the plan is applied in {parts} transactions: it takes about {} and the server has room for {room} \
         (max_locks_per_transaction); if one fails, those before it stay",
        count(locks, "lock")
    );
    let help = "plan and apply again to go on after a failure; or raise max_locks_per_transaction";
    Finding { rows: None, ..whole("RK601", Level::Notice, address.clone(), 0, &message, help) }
}

/// `RK602`: a step that cannot share the transaction.
pub fn outside(steps: &[Step]) -> Vec<Finding> {
    let one = |step: &Step| {
        let (when, then) = match step.runs {
            Runs::Inside => return None,
            Runs::Before if step.undo.is_empty() => ("before", "what it did stays, if the apply fails"),
            Runs::Before => ("before", "it is taken back, if the apply fails"),
            Runs::After => ("after", "the next apply finishes it, if it fails"),
        };
        let message = format!("runs alone, {when} the transaction: {}; {then}", step.title);
        Some(Finding {
            rows: None,
            help: None,
            ..whole("RK602", Level::Notice, step.address.clone(), 0, &message, "")
        })
    };
    steps.iter().filter_map(one).collect()
}

fn whole(code: &str, level: Level, address: Address, rows: u64, message: &str, help: &str) -> Finding {
    Finding {
        code: code.to_owned(),
        level,
        address,
        path: None,
        message: message.to_owned(),
        rows: Some(rows),
        samples: Vec::new(),
        help: Some(help.to_owned()),
        allowed_by: None,
        judged: None,
    }
}
