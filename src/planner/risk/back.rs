//! Risks of a way back: what it cannot bring back, and what comes back with it.
//! Never raised where nothing was lost.

use std::collections::BTreeSet;

use super::data::{options, orphans, relationship_points};
use super::{Asking, count};
use crate::address::Address;
use crate::diff::change::task_path;
use crate::journal::past::{Hop, Past};
use crate::model::entity::{self, Entity};
use crate::model::field::FieldType;
use crate::plan::{Finding, Level};
use crate::target::Question;

/// Writes down the questions of a resource that comes back.
pub fn ask(goal: &Entity, is_from_trash: bool, out: &mut Asking<'_>) {
    out.ask(
        "RK721",
        Level::Consent,
        None,
        Question::RowGone,
        |n| format!("drops {} whose row is gone", count(n, "kept value")),
        "the values stay in the trash as long as this is not applied".to_owned(),
    );
    if !is_from_trash {
        return;
    }
    out.ask(
        "RK720",
        Level::Notice,
        None,
        Question::ComesBack { field: None },
        |n| format!("{} {} back from the trash", count(n, "row"), if n == 1 { "comes" } else { "come" }),
        None,
    );
    // What they point to may have gone since.
    for (name, field) in &goal.fields {
        match &field.ty {
            FieldType::Picklist { picklist } => options(Some(name.clone()), name, picklist, out),
            FieldType::Lookup { entity: Some(to), .. } => {
                let to = Address::new(entity::KIND, to);
                orphans(Some(name.clone()), vec![name.clone()], to, Vec::new(), out);
            }
            FieldType::Lookup { entity: None, entities, .. } => {
                for to in entities {
                    let to = Address::new(entity::KIND, to);
                    orphans(Some(name.clone()), vec![name.clone()], to, Vec::new(), out);
                }
            }
            _ => {}
        }
    }
    for name in goal.relationships.keys() {
        relationship_points(format!("relationships/{name}"), name, goal, out);
    }
}

/// The values of a field that comes back.
pub fn ask_field(path: String, field: &str, out: &mut Asking<'_>) {
    out.ask(
        "RK720",
        Level::Notice,
        Some(path),
        Question::ComesBack { field: Some(field.to_owned()) },
        |n| format!("{} {} back from the trash", count(n, "value"), if n == 1 { "comes" } else { "come" }),
        None,
    );
}

/// `RK722`: what an apply took away, and is not in the trash (any more).
pub fn not_coming_back(past: &Past, alive: &BTreeSet<u64>, findings: &mut Vec<Finding>) {
    for line in &past.lines {
        for hop in line.all_hops() {
            purged(&line.address, hop, alive, findings);
            for lost in &hop.lost {
                let what = if lost.path.is_some() { "value" } else { "row" };
                let n = lost.rows.unwrap_or_default();
                let text =
                    format!("{} that journal entry {} destroyed were never kept", count(n, what), hop.entry);
                findings.push(finding(&line.address, lost.path.clone(), n, text));
            }
        }
    }
}

/// `RK723`: what tasks did since, which nobody can take back but another task.
pub fn tasks_stay(past: &Past, findings: &mut Vec<Finding>) {
    findings.extend(past.tasks.iter().map(|(entry, address, task)| Finding {
        code: "RK723".to_owned(),
        level: Level::Notice,
        address: address.clone(),
        path: Some(task_path(task)),
        message: format!("what it did in journal entry {entry} is not taken back"),
        rows: None,
        samples: Vec::new(),
        help: None,
        allowed_by: None,
        judged: None,
    }));
}

fn purged(address: &Address, hop: &Hop, alive: &BTreeSet<u64>, findings: &mut Vec<Finding>) {
    let Some(moved) = hop.moved.as_ref().filter(|moved| !alive.contains(&moved.number)) else { return };
    let n = moved.rows.unwrap_or_default();
    if n == 0 {
        return;
    }
    let what = if moved.is_whole() { "row" } else { "value" };
    let text = format!(
        "{} that journal entry {} moved aside {} not in the trash any more",
        count(n, what),
        hop.entry,
        if n == 1 { "is" } else { "are" }
    );
    let fields = moved.fields();
    let path = (fields.len() == 1).then(|| fields[0].to_owned());
    findings.push(finding(address, path, n, text));
}

fn finding(address: &Address, path: Option<String>, rows: u64, message: String) -> Finding {
    Finding {
        code: "RK722".to_owned(),
        level: Level::Consent,
        address: address.clone(),
        path,
        message,
        rows: Some(rows),
        samples: Vec::new(),
        help: Some("it comes back without them; a copy of the database may still have them".to_owned()),
        allowed_by: None,
        judged: None,
    }
}
