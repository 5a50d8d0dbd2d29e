//! The rows of a changed resource: its own settings, then its members, each with its reason and findings.
//! Never leaves a change out: what takes part in a change has a row.

use super::finding::{Findings, mark};
use super::row::{Note, Row};
use super::setting::{self, Side};
use super::{page::shorten, paint::Role};
use crate::diff::change::{Change, MemberChange, Reason, SettingChange};
use crate::diff::decision::Verb;

/// The rows below the head of a change. A resource that goes, or that we stop owning, is shown by its head alone.
pub fn rows(change: &Change, findings: &mut Findings<'_>) -> Vec<Row> {
    match change.verb {
        Verb::Create | Verb::Adopt | Verb::Update => {}
        Verb::Delete | Verb::Release | Verb::Forget | Verb::Keep => return Vec::new(),
    }
    let settings =
        change.settings.iter().filter(|s| is_shown(change.verb, s)).map(|s| setting_row(change, s));
    let members = change
        .members
        .iter()
        .filter(|member| member.verb != Verb::Keep && !is_listed(change, member))
        .map(|member| member_row(change, member, findings));
    settings.chain(members).collect()
}

/// The options of a created picklist: they are shown as one list, in their order.
pub fn listed_options(change: &Change) -> Vec<String> {
    let retired = Some(&serde_json::Value::Bool(true));
    change
        .members
        .iter()
        .filter(|member| is_listed(change, member))
        .map(|member| match member.setting("retired") {
            Some(setting) if setting.after.as_ref() == retired => format!("{} (retired)", member.name),
            Some(_) | None => member.name.clone(),
        })
        .collect()
}

/// Why a resource changes, in brackets, where that is not plain.
pub fn resource_notes(change: &Change) -> Vec<Note> {
    let was = change.renamed_from.as_ref().map(ToString::to_string);
    let is_same = change.settings.is_empty() && change.members.iter().all(|m| m.settings.is_empty());
    let mut notes =
        reasons(change.verb, change.reason, was.as_deref(), is_same, "(adopted: it exists already)");
    let has_rows = !change.settings.is_empty() || !change.members.is_empty() || !change.tasks.is_empty();
    let replaced = change.restored.as_ref().is_some_and(|restored| restored.rows);
    let more = match (change.verb, change.reason) {
        (Verb::Update, Reason::Tasks) => Some("(only its tasks)"),
        (Verb::Delete, Reason::NotDeclared) => Some("(because it is not declared any more)"),
        (Verb::Delete, Reason::RolledBack) => Some("(because it did not exist then)"),
        (Verb::Create, Reason::RolledBack) => Some("(because it existed then)"),
        (Verb::Update, Reason::RolledBack) if replaced => Some("(another one: what has its name now goes)"),
        (Verb::Update, _) if !has_rows && was.is_none() => {
            Some("(only the record of what is declared changes)")
        }
        (_, _) => None,
    };
    notes.extend(more.map(|text| Note::of(Role::Note, text)));
    notes
}

fn is_listed(change: &Change, member: &MemberChange) -> bool {
    change.verb == Verb::Create && member.verb == Verb::Create && member.section == "options"
}

/// Of a created resource, only what is structure: its display texts are in the package.
fn is_shown(verb: Verb, setting: &SettingChange) -> bool {
    verb != Verb::Create || !matches!(setting.name.as_str(), "displayName" | "description")
}

fn setting_row(change: &Change, setting: &SettingChange) -> Row {
    let verb = match (&setting.before, &setting.after) {
        (None, _) => Verb::Create,
        (Some(_), None) => Verb::Delete,
        (Some(_), Some(_)) => Verb::Update,
    };
    let is_news = setting.reason == Reason::Drifted && change.reason != Reason::Drifted;
    Row {
        verb,
        is_main: false,
        name: setting::word(&setting.name).to_owned(),
        text: setting::arrow(setting),
        notes: is_news.then(|| Note::of(Role::Note, "(drifted in the target)")).into_iter().collect(),
        below: Vec::new(),
    }
}

fn member_row(change: &Change, member: &MemberChange, findings: &mut Findings<'_>) -> Row {
    let text = match member.verb {
        Verb::Create => setting::summary(member, Side::After),
        Verb::Delete | Verb::Release | Verb::Forget | Verb::Keep => setting::summary(member, Side::Before),
        Verb::Adopt | Verb::Update => {
            // The type is what people look for first.
            let (types, rest): (Vec<_>, Vec<_>) = member.settings.iter().partition(|s| s.name == "type");
            let parts: Vec<String> =
                types.into_iter().chain(rest).map(|s| setting::change(s, member.reason)).collect();
            parts.join(", ")
        }
    };
    let mut notes = reasons(
        member.verb,
        member.reason,
        member.renamed_from.as_deref(),
        member.settings.is_empty(),
        "(adopted)",
    );
    let mut below: Vec<Note> = findings.take(&change.address, Some(&member.path())).map(mark).collect();
    if !below.is_empty() {
        notes.push(below.remove(0));
    } else if let Some(value) = change.backfill.get(&member.name).filter(|_| member.section == "fields") {
        // A finding would have said how many rows get it.
        let value = shorten(&value.describe(), 40);
        notes.push(Note::of(Role::Note, format!("(rows without a value get {value})")));
    }
    Row { verb: member.verb, is_main: is_main(&member.section), name: name(member), text, notes, below }
}

fn is_main(section: &str) -> bool {
    matches!(section, "fields" | "options")
}

/// The member's name, with what it is where that is no field and no option.
fn name(member: &MemberChange) -> String {
    let word = match member.section.as_str() {
        "fields" | "options" => return member.name.clone(),
        "keys" => "key",
        "indexes" => "index",
        "checks" => "check",
        "relationships" => "relationship",
        other => other,
    };
    format!("{word} {}", member.name)
}

fn reasons(
    verb: Verb,
    reason: Reason,
    renamed_from: Option<&str>,
    is_same: bool,
    adopted: &'static str,
) -> Vec<Note> {
    let renamed = renamed_from.map(|old| format!("(renamed from {old})"));
    let text = match (verb, reason) {
        (Verb::Release, _) => Some("(kept, no longer managed)"),
        (Verb::Forget, _) => Some("(gone from the target, no longer recorded)"),
        (Verb::Adopt, _) if is_same => Some("(adopted, unchanged)"),
        (Verb::Adopt, _) | (Verb::Update, Reason::Adopted) => Some(adopted),
        (Verb::Create, Reason::Vanished) => Some("(vanished from the target)"),
        (Verb::Delete, Reason::Overwritten) => Some("(not declared, removed by overwrite)"),
        (Verb::Create | Verb::Update | Verb::Delete, Reason::Drifted) => Some("(drifted in the target)"),
        (Verb::Create | Verb::Update | Verb::Delete | Verb::Keep, _) => None,
    };
    renamed.into_iter().chain(text.map(str::to_owned)).map(|text| Note::of(Role::Note, text)).collect()
}
