//! Risks of the plan as a whole, seen from the findings it already has.
//! Never raised where nothing is destroyed.

use std::collections::BTreeSet;

use crate::address::Address;
use crate::plan::{Finding, Level};

fn destroying(findings: &[Finding]) -> Vec<(Address, u64)> {
    let mut seen = BTreeSet::new();
    findings
        .iter()
        .filter(|f| matches!(f.code.as_str(), "RK201" | "RK203"))
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

/// `RK701`: a step that nothing brings back.
pub fn irreversible(findings: &mut Vec<Finding>) {
    for (address, rows) in destroying(findings) {
        let message = "cannot be undone: no copy of these rows is kept";
        findings.push(whole(
            "RK701",
            Level::Notice,
            address,
            rows,
            message,
            "make a copy of the database first",
        ));
    }
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
    }
}
