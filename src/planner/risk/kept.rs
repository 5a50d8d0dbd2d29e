//! Rules that stay as they are, held against values that change under them.
//! Never asks what the change of a rule itself asks already.

use std::collections::BTreeSet;

use super::Asking;
use super::data::{duplicates, orphans, violations};
use crate::address::Address;
use crate::diff::change::{Change, MemberChange};
use crate::diff::decision::Verb;
use crate::model::entity::{self, Besides, Entity};

/// The fields that stay and whose values become others: by another type, or by a backfill.
fn revalued<'a>(change: &'a Change, before: &Entity, after: &Entity) -> BTreeSet<&'a str> {
    let fields = change.members.iter().filter(|m| m.section == "fields" && m.verb != Verb::Delete);
    let is_revalued = |member: &&MemberChange| {
        let old = before.fields.get(member.renamed_from.as_ref().unwrap_or(&member.name));
        let new = after.fields.get(&member.name);
        old.zip(new).is_some_and(|(old, new)| {
            let is_filled = new.is_required() && change.backfill.contains_key(&member.name);
            old.ty != new.ty || (is_filled && !old.is_required())
        })
    };
    fields.filter(is_revalued).map(|member| member.name.as_str()).collect()
}

/// Rules that stay as they are must hold for the values that change under them.
pub fn ask(change: &Change, before: &Entity, after: &Entity, out: &mut Asking<'_>) {
    let revalued = revalued(change, before, after);
    if revalued.is_empty() {
        return;
    }
    let is_touched = |fields: &[String]| fields.iter().any(|field| revalued.contains(field.as_str()));
    let is_asked = |section: &str, name: &str| {
        let mut members = change.members.iter().filter(|m| m.section == section && m.name == name);
        members.any(|m| m.verb == Verb::Create || !m.settings.is_empty())
    };
    for (name, key) in after.keys.iter().filter(|(_, key)| is_touched(&key.fields)) {
        if !is_asked("keys", name) {
            duplicates(Some(format!("keys/{name}")), key.fields.clone(), out);
        }
    }
    for (name, field) in after.fields.iter().filter(|(name, _)| revalued.contains(name.as_str())) {
        let old_name =
            change.renames("fields").find(|(new, _)| new == name).map_or(name.as_str(), |(_, o)| o);
        let was = before.fields.get(old_name);
        // Another type has asked already.
        if was.is_some_and(|was| was.ty == field.ty && was.is_unique()) && field.is_unique() {
            duplicates(Some(name.clone()), vec![name.clone()], out);
        }
    }
    // What an expression speaks of only the target knows: every one of them is asked.
    let is_held = |native: Option<&String>| !Besides::of(native.map(String::as_str)).is_not_valid;
    let checks = after.checks.iter().filter(|(_, check)| is_held(check.native.as_ref()));
    for (name, check) in checks.filter(|(name, _)| !is_asked("checks", name)) {
        violations(Some(format!("checks/{name}")), &check.sql, out);
    }
    for (name, field) in &after.fields {
        let is_asked = change.members.iter().any(|m| {
            let says = m.verb == Verb::Create || m.setting("type").is_some() || m.setting("check").is_some();
            m.section == "fields" && m.name == *name && says
        });
        if let Some(sql) = field.check.as_ref().filter(|_| !is_asked) {
            violations(Some(name.clone()), sql, out);
        }
    }
    let relationships = after.relationships.iter().filter(|(_, one)| is_held(one.native.as_ref()));
    for (name, one) in relationships.filter(|(_, one)| is_touched(&one.fields)) {
        if !is_asked("relationships", name) {
            let to = Address::new(entity::KIND, &one.references.entity);
            let path = Some(format!("relationships/{name}"));
            orphans(path, one.fields.clone(), to, one.references.fields.clone(), out);
        }
    }
    if is_touched(after.primary_key.as_deref().unwrap_or_default()) {
        let names = after.primary_key.clone().unwrap_or_default();
        if !change.settings.iter().any(|s| s.name == "primaryKey") {
            duplicates(Some("primaryKey".to_owned()), names, out);
        }
    }
}
