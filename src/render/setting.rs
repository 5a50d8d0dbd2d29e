//! A setting in words: `text 200 -> text 500`, `required`, `default a -> b`.
//! Never writes a long text in full: what the package holds in full is shown in short.

use serde::Deserialize;
use serde_json::Value;

use super::page::shorten;
use crate::diff::change::{MemberChange, Reason, SettingChange};
use crate::model::field::{DefaultValue, FieldType};

/// How much of a text that people wrote for people is shown, and of any other value.
const SHORT: usize = 40;
const LONG: usize = 160;

/// Which side of its settings a member is summarised by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Before,
    After,
}

/// Summarises a member by all its settings: `text 200, required, default draft`.
pub fn summary(member: &MemberChange, side: Side) -> String {
    let get = |name: &str| {
        let setting = member.setting(name)?;
        match side {
            Side::Before => setting.before.as_ref(),
            Side::After => setting.after.as_ref(),
        }
    };
    let shown = |name: &str| get(name).map(|value| shown(name, value));
    let is = |name: &str| get(name) == Some(&Value::Bool(true));
    let mut parts: Vec<String> = Vec::new();
    match member.section.as_str() {
        "fields" => {
            parts.extend(shown("type"));
            if side == Side::Before {
                return parts.concat();
            }
            parts.extend(is("required").then(|| "required".to_owned()));
            parts.extend(is("unique").then(|| "unique".to_owned()));
            parts.extend(shown("default").map(|value| format!("default {value}")));
            parts.extend(shown("check").map(|sql| format!("check {sql}")));
            parts.extend(shown("native").map(|sql| format!("native {sql}")));
        }
        "options" => {
            parts.extend(shown("label"));
            parts.extend(shown("color").map(|color| format!("color {color}")));
            parts.extend(is("retired").then(|| "retired".to_owned()));
        }
        "checks" => {
            parts.extend(shown("sql"));
            parts.extend(shown("native").map(|sql| format!("native {sql}")));
        }
        "relationships" => {
            let ends = [shown("fields"), shown("references")];
            parts.push(ends.into_iter().flatten().collect::<Vec<_>>().join(" -> "));
            parts.extend(shown("onDelete").map(|event| format!("on delete {event}")));
            parts.extend(shown("onUpdate").map(|event| format!("on update {event}")));
            parts.extend(shown("native").map(|sql| format!("native {sql}")));
        }
        _ => parts.extend(shown("fields")),
    }
    parts.join(", ")
}

/// Says how one setting of a member changes: `default a -> b`.
pub fn change(setting: &SettingChange, member: Reason) -> String {
    let after = setting.after.as_ref() == Some(&Value::Bool(true));
    let mut text = match setting.name.as_str() {
        "required" => if after { "required" } else { "optional" }.to_owned(),
        "unique" => if after { "unique" } else { "not unique" }.to_owned(),
        "retired" => if after { "retired" } else { "not retired" }.to_owned(),
        "type" | "sql" | "fields" => arrow(setting),
        "native" if setting.after.is_none() => match setting.before.as_ref().and_then(Value::as_str) {
            Some("") | None => "was of no type in the target".to_owned(),
            Some(native) => format!("was {native} in the target"),
        },
        _ => match (&setting.before, &setting.after) {
            (Some(before), None) => {
                format!("no {} (was {})", word(&setting.name), shown(&setting.name, before))
            }
            (None, _) | (_, Some(_)) => format!("{} {}", word(&setting.name), arrow(setting)),
        },
    };
    if setting.reason == Reason::Drifted && member != Reason::Drifted {
        text.push_str(" (drifted)");
    }
    text
}

/// Writes a setting's values: `before -> after`, or the one there is.
pub fn arrow(setting: &SettingChange) -> String {
    let name = &setting.name;
    match (&setting.before, &setting.after) {
        (Some(before), Some(after)) => {
            let (mut left, mut right) = (shown(name, before), shown(name, after));
            if left == right {
                (left, right) = apart(&before.to_string(), &after.to_string());
            }
            format!("{left} -> {right}")
        }
        (None, Some(value)) | (Some(value), None) => shown(name, value),
        (None, None) => String::new(),
    }
}

/// The name of a setting in words.
pub fn word(name: &str) -> &str {
    match name {
        "displayName" => "display name",
        "primaryKey" => "primary key",
        "onDelete" => "on delete",
        "onUpdate" => "on update",
        other => other,
    }
}

/// Shows the places where two texts differ that look the same when they are cut.
fn apart(left: &str, right: &str) -> (String, String) {
    let n_same = left.chars().zip(right.chars()).take_while(|(a, b)| a == b).count();
    let skip = n_same.saturating_sub(10);
    let part = |text: &str| {
        let tail: String = text.chars().skip(skip).collect();
        let mark = if skip > 0 { "…" } else { "" };
        format!("{mark}{}", shorten(&tail, SHORT))
    };
    (part(left), part(right))
}

fn shown(name: &str, value: &Value) -> String {
    let text = match (name, value) {
        ("type", _) => FieldType::deserialize(value).map_or_else(|_| value.to_string(), |ty| ty.describe()),
        ("default" | "backfill", Value::String(text)) if text.is_empty() => "\"\"".to_owned(),
        ("default" | "backfill", _) => {
            DefaultValue::deserialize(value).map_or_else(|_| value.to_string(), |default| default.describe())
        }
        ("displayName" | "description" | "label", Value::Object(languages)) => {
            let texts: Vec<String> =
                languages.iter().map(|(language, text)| format!("{language} {}", quoted(text))).collect();
            texts.join(", ")
        }
        ("displayName" | "description" | "label", _) => quoted(value),
        ("references", Value::Object(end)) => {
            let entity = end.get("entity").and_then(Value::as_str).unwrap_or_default();
            format!("{entity} {}", names(end.get("fields").unwrap_or(&Value::Null)))
        }
        (_, Value::Array(_)) => names(value),
        (_, Value::String(text)) => text.clone(),
        (_, Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => value.to_string(),
    };
    shorten(&text, LONG)
}

fn quoted(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{}\"", shorten(text, SHORT)),
        other => other.to_string(),
    }
}

fn names(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let names: Vec<String> = items
                .iter()
                .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
                .collect();
            format!("({})", names.join(", "))
        }
        other => other.to_string(),
    }
}
