//! What rules speak of: a change, a finding, a resource and an environment as JSON values.
//! Never leaves a key out because there is nothing under it: then it is null, or empty.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::address::Address;
use crate::diff::change::{Change, MemberChange, SettingChange};
use crate::diff::decision::Verb;
use crate::model::environment::Environment;
use crate::model::resource::Resource;
use crate::plan::{Finding, Level, Summary};

/// `environment`.
pub fn environment(environment: &Environment) -> Value {
    json!({
        "name": environment.name,
        "provider": environment.target.provider,
        "prune": environment.prune,
        "autoApply": environment.auto_apply,
    })
}

/// `change`. `rows` is null where they were not counted.
pub fn change(change: &Change, labels: Option<&BTreeMap<String, String>>, rows: Option<u64>) -> Value {
    let tasks: Vec<&str> = change.tasks.iter().map(|task| task.name.as_str()).collect();
    json!({
        "action": verb(change.verb),
        "reason": change.reason,
        "setup": change.action.as_str(),
        "address": change.address.to_string(),
        "kind": change.address.kind.as_str(),
        "name": change.address.name,
        "renamedFrom": change.renamed_from.as_ref().map(|from| from.name.as_str()),
        "labels": labels.cloned().unwrap_or_default(),
        "rows": rows,
        "destroys": Summary::of(std::slice::from_ref(change)).destroyed,
        "before": change.before.as_ref().map(spec),
        "after": change.after.as_ref().map(spec),
        "settings": settings(&change.settings),
        "members": change.members.iter().map(member).collect::<Vec<Value>>(),
        "tasks": tasks,
    })
}

fn member(member: &MemberChange) -> Value {
    json!({
        "section": member.section,
        "name": member.name,
        "path": member.path(),
        "action": verb(member.verb),
        "reason": member.reason,
        "renamedFrom": member.renamed_from,
        "settings": settings(&member.settings),
    })
}

/// Settings by name, each with what it was and what it will be.
fn settings(settings: &[SettingChange]) -> Value {
    let one = |setting: &SettingChange| {
        (setting.name.clone(), json!({ "before": setting.before, "after": setting.after }))
    };
    Value::Object(settings.iter().map(one).collect())
}

/// `finding`.
pub fn finding(finding: &Finding) -> Value {
    json!({
        "code": finding.code,
        "level": match finding.own_level().unwrap_or(finding.level) {
            Level::Notice => "notice",
            Level::Consent => "consent",
            Level::Refuse => "refuse",
        },
        "address": finding.address.to_string(),
        "path": finding.path,
        "message": finding.message,
        "rows": finding.rows,
    })
}

/// `resource`.
pub fn resource(address: &Address, resource: &Resource, labels: &BTreeMap<String, String>) -> Value {
    json!({
        "address": address.to_string(),
        "kind": address.kind.as_str(),
        "name": address.name,
        "labels": labels,
        "displayName": resource.display_name().map(|text| text.first()),
        "spec": spec(resource),
    })
}

/// What a manifest says under `spec`, as far as it is a resource's own.
fn spec(resource: &Resource) -> Value {
    match serde_json::to_value(resource) {
        Ok(Value::Object(mut whole)) => whole.remove("spec").unwrap_or_else(|| Value::Object(Map::new())),
        Ok(_) | Err(_) => unreachable!("BUG: a resource is written as a mapping"),
    }
}

fn verb(verb: Verb) -> &'static str {
    match verb {
        Verb::Create => "create",
        Verb::Adopt => "adopt",
        Verb::Update => "update",
        Verb::Delete => "delete",
        Verb::Release => "release",
        Verb::Forget => "forget",
        Verb::Keep => "keep",
    }
}
