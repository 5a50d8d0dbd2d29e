//! The risk of a task: SQL of somebody's own, whose effect on rows no question can foretell.
//! Never raised to be allowed where the target holds nothing that could be lost.

use crate::diff::change::{Change, TaskVerb};
use crate::model::state::Snapshot;
use crate::plan::{Finding, Level};

/// `RK230`: one for every task that runs.
pub fn tasks(changes: &[Change], snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    let is_empty = snapshot.state.is_empty() && snapshot.natives.is_empty() && snapshot.opaque.is_empty();
    let level = if is_empty { Level::Notice } else { Level::Consent };
    for change in changes {
        for task in change.tasks.iter().filter(|task| task.verb == TaskVerb::Run) {
            findings.push(Finding {
                code: "RK230".to_owned(),
                level,
                address: change.address.clone(),
                path: Some(task.path()),
                message: "runs SQL of its own, which may change or destroy rows".to_owned(),
                rows: None,
                samples: Vec::new(),
                help: None,
                allowed_by: None,
            });
        }
    }
}
