//! RV119: defaults and backfills that their field could not hold.
//! Never knows how a target writes a value.

use serde_json::Value;

use super::survey::{Site, Survey};
use super::words::shown;
use crate::diagnostic::Diagnostic;
use crate::model::field::{DefaultValue, FieldType};
use crate::model::repository::Remark;
use crate::yaml::Part;

/// What is wrong with a value, and the next move.
type Fault = (String, String);

/// The word for the instant of writing.
const NOW: &str = "now";
/// The word for a new uuid.
const GENERATED: &str = "generated";

pub fn check(survey: &Survey<'_>, site: &Site<'_>, found: &mut Vec<Remark>) {
    let Some(entity) = site.entity() else { return };
    for (name, field) in &entity.fields {
        for (setting, value) in [("default", &field.default), ("backfill", &field.backfill)] {
            let Some(DefaultValue::Value(value)) = value else { continue };
            let fault = match &field.ty {
                FieldType::Lookup { .. } => {
                    survey.value_type(&field.ty).and_then(|key| fault(survey, key, value))
                }
                ty if is_word(ty, value) => None,
                ty => fault(survey, ty, value),
            };
            let Some((fault, help)) = fault else { continue };
            let given = match value {
                Value::String(text) => shown(text),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                    shown(&value.to_string())
                }
            };
            let message = format!("`{setting}` of field `{}` is `{given}`, which {fault}", shown(name));
            let diagnostic = Diagnostic::error("RV119", message).help(help);
            let path = ["spec", "fields", name, setting];
            found.push(site.member(field.standard, &path, Part::Value, diagnostic));
        }
    }
}

fn is_word(ty: &FieldType, value: &Value) -> bool {
    match value.as_str() {
        Some(NOW) => matches!(ty, FieldType::Date | FieldType::Time | FieldType::Datetime),
        Some(GENERATED) => matches!(ty, FieldType::Uuid),
        Some(_) | None => false,
    }
}

fn fault(survey: &Survey<'_>, ty: &FieldType, value: &Value) -> Option<Fault> {
    match ty {
        FieldType::Picklist { picklist } => option(survey, picklist, value),
        ty => own_fault(ty, value),
    }
}

/// Tells whether a field of this type may have a value, as far as no other resource has a say in it.
pub fn is_value(ty: &FieldType, value: &Value) -> bool {
    own_fault(ty, value).is_none()
}

fn own_fault(ty: &FieldType, value: &Value) -> Option<Fault> {
    match ty {
        FieldType::Text { max_length, .. } => {
            let Some(text) = value.as_str() else { return Some(quote(value)) };
            let length = text.chars().count();
            let most =
                max_length.and_then(|most| usize::try_from(most).ok()).filter(|most| length > *most)?;
            let help = "shorten it, or raise `maxLength`".to_owned();
            Some((format!("is {length} characters long, more than the {most} of `maxLength`"), help))
        }
        FieldType::Integer => whole(value, i64::from(i32::MIN), i64::from(i32::MAX)),
        FieldType::Bigint => whole(value, i64::MIN, i64::MAX),
        FieldType::Decimal { precision, scale } => decimal(value, *precision, *scale),
        FieldType::Money => decimal(value, 19, 4),
        FieldType::Float => (!value.is_number()).then(|| wants("a number", "`0.5`, without quotes")),
        FieldType::Boolean => {
            (!value.is_boolean()).then(|| wants("true or false", "`true` or `false`, without quotes"))
        }
        FieldType::Date => {
            parsed(value, is_date, "a date", "\"2026-11-21\", or `now` for the day of writing")
        }
        FieldType::Time => parsed(value, is_time, "a time", "\"13:45:00\", or `now` for the time of writing"),
        FieldType::Datetime => {
            let example = "\"2026-11-21T13:45:00Z\", or `now` for the instant of writing";
            parsed(value, is_datetime, "an instant with its zone", example)
        }
        FieldType::Uuid => {
            let example =
                "\"123e4567-e89b-42d3-a456-426614174000\", or `generated` for a new one in each row";
            parsed(value, is_uuid, "a uuid", example)
        }
        FieldType::Json => match value {
            Value::String(text) => match serde_json::from_str::<serde::de::IgnoredAny>(text) {
                Ok(_) => None,
                Err(_) => Some(wants("JSON", "'{ \"a\": 1 }', and a text in quotes of its own: '\"a\"'")),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
        },
        FieldType::Binary { .. } => {
            Some(("stands for no bytes".to_owned(), "leave it out: a binary field has no default".to_owned()))
        }
        // A picklist is asked for its options, and a lookup judged by the key it points to; the others take no value at
        // all.
        FieldType::Picklist { .. } | FieldType::Lookup { .. } | FieldType::Autonumber { .. } => None,
    }
}

fn option(survey: &Survey<'_>, called: &str, value: &Value) -> Option<Fault> {
    let (entry, picklist) = survey.picklist(called)?;
    let given = value.as_str();
    if given.is_some_and(|option| picklist.options.contains_key(option)) {
        return None;
    }
    let text = given.map_or_else(|| value.to_string(), str::to_owned);
    if picklist.options.contains_key(&text) {
        return Some(quote(value));
    }
    let known = || picklist.options.keys().map(String::as_str).collect();
    let add = format!("add `{}` to {}", shown(&text), shown(&entry.origin.file));
    let help = match survey.suggestions.nearest(&text, known) {
        Some(near) => format!("`{}` has `{}`; or {add}", shown(called), shown(near)),
        None => add,
    };
    Some((format!("is no option of picklist `{}`", shown(called)), help))
}

fn quote(value: &Value) -> Fault {
    ("is no text".to_owned(), format!("quote it: \"{}\"", shown(&value.to_string())))
}

fn wants(what: &str, example: &str) -> Fault {
    (format!("is not {what}"), format!("write {example}"))
}

fn whole(value: &Value, least: i64, most: i64) -> Option<Fault> {
    let is_fit = value.as_i64().is_some_and(|number| (least..=most).contains(&number));
    let help = if value.is_string() { "write it without quotes" } else { "choose another, or another type" };
    (!is_fit).then(|| (format!("is no whole number from {least} to {most}"), help.to_owned()))
}

fn decimal(value: &Value, precision: u8, scale: u8) -> Option<Fault> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
    };
    let Some((before, after)) = digits(&text) else { return Some(wants("a decimal number", "`12.50`")) };
    let (most_before, most_after) = (usize::from(precision.saturating_sub(scale)), usize::from(scale));
    let fault = if after > most_after {
        format!("has {after} digits after the point, more than {most_after}")
    } else if before > most_before {
        format!("has {before} digits before the point, more than {most_before}")
    } else {
        return None;
    };
    Some((fault, format!("the field holds {precision} digits, {scale} of them after the point")))
}

/// How many digits that count a decimal number has before and after the point; none where it is no number.
fn digits(text: &str) -> Option<(usize, usize)> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i16>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !is_number(whole) || !is_number(part) || whole.is_empty() && part.is_empty() {
        return None;
    }
    let all = format!("{whole}{part}");
    if all.bytes().all(|b| b == b'0') {
        return Some((0, 0));
    }
    let length = i64::try_from(all.len()).ok()?;
    let leading = i64::try_from(all.len() - all.trim_start_matches('0').len()).ok()?;
    let trailing = i64::try_from(all.len() - all.trim_end_matches('0').len()).ok()?;
    let point = i64::try_from(whole.len()).ok()? + i64::from(exponent);
    let before = usize::try_from((point - leading).max(0)).ok()?;
    let after = usize::try_from((length - trailing - point).max(0)).ok()?;
    Some((before, after))
}

fn parsed(value: &Value, is_good: fn(&str) -> bool, what: &str, example: &str) -> Option<Fault> {
    (!value.as_str().is_some_and(is_good)).then(|| wants(what, example))
}

/// Tells whether `text` has the form of `pattern`, in which `0` stands for a digit.
fn has_form(text: &str, pattern: &str) -> bool {
    let fits = |(c, p): (u8, u8)| if p == b'0' { c.is_ascii_digit() } else { c == p };
    text.len() == pattern.len() && text.bytes().zip(pattern.bytes()).all(fits)
}

fn is_date(text: &str) -> bool {
    has_form(text, "0000-00-00") && text.parse::<jiff::civil::Date>().is_ok()
}

fn is_time(text: &str) -> bool {
    let seconds = text.split_once('.').map_or(text, |(seconds, _)| seconds);
    let has_form = has_form(text, "00:00") || has_form(seconds, "00:00:00");
    has_form && text.parse::<jiff::civil::Time>().is_ok()
}

fn is_datetime(text: &str) -> bool {
    let is_plain = text.get(..10).is_some_and(is_date) && !text.contains('[');
    is_plain && text.parse::<jiff::Timestamp>().is_ok()
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12] && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_that_count_are_counted() {
        for (text, want) in [
            ("0", Some((0, 0))),
            ("-12.50", Some((2, 1))),
            ("007", Some((1, 0))),
            (".05", Some((0, 2))),
            ("1e21", Some((22, 0))),
            ("1.5e-7", Some((0, 8))),
            ("1200", Some((4, 0))),
            ("1e99999", None),
            ("", None),
            (".", None),
            ("1.2.3", None),
            ("x", None),
        ] {
            assert_eq!(digits(text), want, "{text}");
        }
    }

    #[test]
    fn times_are_written_in_one_way() {
        for (is_good, good, bad) in [
            (
                is_date as fn(&str) -> bool,
                "2024-02-29",
                &["2025-02-29", "20240229", "2024-02-29T10:00", ""][..],
            ),
            (is_time, "13:45:00.25", &["25:00", "1345", "13:45:00Z", "13:45:00."]),
            (is_datetime, "2026-11-21T13:45:00+01:00", &["2026-11-21T13:45:00", "2026-11-21", "ü"]),
            (is_uuid, "123E4567-e89b-42d3-a456-426614174000", &["123e4567e89b42d3a456426614174000", "{}"]),
        ] {
            assert!(is_good(good), "{good}");
            bad.iter().for_each(|bad| assert!(!is_good(bad), "{bad}"));
        }
    }
}
