//! The risk of a task: SQL of somebody's own, whose effect on rows no question can foretell.
//! Never raised to be allowed where the target holds nothing that could be lost.

use super::count;
use crate::diff::change::{Change, TaskVerb};
use crate::model::state::Snapshot;
use crate::plan::{Finding, Level, Step, TaskStep};

const CODE: &str = "RK230";

/// `RK230`: one for every task that runs.
pub fn tasks(changes: &[Change], snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    let is_empty = snapshot.state.is_empty() && snapshot.natives.is_empty() && snapshot.opaque.is_empty();
    let level = if is_empty { Level::Notice } else { Level::Consent };
    for change in changes {
        for task in change.tasks.iter().filter(|task| task.verb == TaskVerb::Run) {
            findings.push(Finding {
                code: CODE.to_owned(),
                level,
                address: change.address.clone(),
                path: Some(task.path()),
                message: "runs SQL of its own, which may change or destroy rows".to_owned(),
                rows: None,
                samples: Vec::new(),
                help: None,
                allowed_by: None,
                judged: None,
            });
        }
    }
}

/// Says of the task of a step how many rows it changed where it was tried out.
pub fn measured(step: &Step, rows: u64, findings: &mut [Finding]) {
    let path = step.task.as_ref().map(TaskStep::path);
    let is_its = |finding: &&mut Finding| {
        finding.code == CODE && finding.address == step.address && finding.path == path
    };
    for finding in findings.iter_mut().filter(is_its) {
        let n_rows = if rows == 0 { "no row".to_owned() } else { count(rows, "row") };
        finding.message = format!("runs SQL of its own, which would change {n_rows} as things are");
        finding.rows = Some(rows);
    }
}

/// `RK231`: a task that does not get done what its `unless` asks for, so that the next plan has it again.
pub fn unfinished(step: &Step) -> Option<Finding> {
    let path = step.task.as_ref()?.path();
    Some(Finding {
        code: "RK231".to_owned(),
        level: Level::Notice,
        address: step.address.clone(),
        path: Some(path),
        message: "would not be done: its `unless` returns no row even afterwards".to_owned(),
        rows: None,
        samples: Vec::new(),
        help: Some("mend the two, or apply until nothing is left".to_owned()),
        allowed_by: None,
        judged: None,
    })
}
