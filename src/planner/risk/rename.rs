//! A drop and an add that look like one rename: the question that only `renamedFrom` or a consent answers.
//! Never raised where no row is at stake.

use std::collections::BTreeMap;

use serde_json::Value;

use super::count;
use crate::address::Address;
use crate::diff::change::{Change, MemberChange};
use crate::diff::decision::Verb;
use crate::model::resource::Resource;
use crate::plan::{Finding, Level};

/// Raises `RK401` for every possible rename of a field or entity. `rows` counts the rows of changed entities.
pub fn renames(changes: &[Change], rows: &BTreeMap<Address, u64>, findings: &mut Vec<Finding>) {
    for change in changes {
        let n_rows = rows.get(&change.address).copied().unwrap_or_default();
        if n_rows > 0 && change.verb != Verb::Delete {
            fields(change, n_rows, findings);
        }
    }
    entities(changes, rows, findings);
}

fn leaves(member: &MemberChange) -> bool {
    matches!(member.verb, Verb::Delete | Verb::Release)
}

fn fields(change: &Change, n_rows: u64, findings: &mut Vec<Finding>) {
    let before = change.before.as_ref().and_then(Resource::as_entity);
    let old_type =
        |name: &str| before.and_then(|e| e.fields.get(name)).and_then(|f| serde_json::to_value(&f.ty).ok());
    let mut gone: Vec<(&str, Option<Value>)> = change
        .members
        .iter()
        .filter(|m| m.section == "fields" && leaves(m))
        .map(|m| (m.name.as_str(), old_type(&m.name)))
        .collect();
    for new in change.members.iter().filter(|m| m.section == "fields" && m.verb == Verb::Create) {
        let ty = new.setting("type").and_then(|s| s.after.as_ref());
        let Some(at) = gone.iter().position(|(_, old)| old.is_some() && old.as_ref() == ty) else { continue };
        let (old, _) = gone.remove(at);
        findings.push(Finding {
            code: "RK401".to_owned(),
            level: Level::Consent,
            address: change.address.clone(),
            path: Some(new.path()),
            message: format!("may be `{old}` under a new name, whose values it would not get"),
            rows: Some(n_rows),
            samples: Vec::new(),
            help: Some(format!("if so, give it `renamedFrom: {old}`; if not, allow this finding")),
            allowed_by: None,
            judged: None,
        });
    }
}

fn entities(changes: &[Change], rows: &BTreeMap<Address, u64>, findings: &mut Vec<Finding>) {
    let names = |resource: &Option<Resource>| -> Option<Vec<String>> {
        let mut names: Vec<String> = resource.as_ref()?.as_entity()?.fields.keys().cloned().collect();
        names.sort();
        Some(names).filter(|n| n.len() > 1)
    };
    let mut gone: BTreeMap<Vec<String>, &Change> = BTreeMap::new();
    for change in changes.iter().filter(|c| matches!(c.verb, Verb::Delete | Verb::Release)) {
        if let Some(names) = names(&change.before) {
            gone.insert(names, change);
        }
    }
    for new in changes.iter().filter(|c| c.verb == Verb::Create) {
        let Some(old) = names(&new.after).and_then(|names| gone.remove(&names)) else { continue };
        // A released entity is left as it is, so its rows were not counted: it stays a question.
        let n_rows = rows.get(&old.address).copied();
        if n_rows == Some(0) {
            continue;
        }
        let rows_text = n_rows.map(|n| format!(", whose {} it would not get", count(n, "row")));
        findings.push(Finding {
            code: "RK401".to_owned(),
            level: Level::Consent,
            address: new.address.clone(),
            path: None,
            message: format!("may be `{}` under a new name{}", old.address, rows_text.unwrap_or_default()),
            rows: n_rows,
            samples: Vec::new(),
            help: Some(format!(
                "if so, give it `metadata.renamedFrom: {}`; if not, allow this finding",
                old.address.name
            )),
            allowed_by: None,
            judged: None,
        });
    }
}
