//! Writes one scalar: plain where every reader agrees on it, otherwise quoted.
//! Never breaks a line: what needs several lines is a literal block, and `emit` writes those.

use std::fmt::Write;

use serde_yaml::{Number, Value};

/// Where a scalar stands: what is safe in a block may end a flow, or a key.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    Block,
    Flow,
    Key,
}

pub(super) fn scalar(value: &Value, place: Place) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => digits(number),
        Value::String(text) if is_plain(text, place) => text.clone(),
        Value::String(text) => quoted(text),
        Value::Tagged(tagged) => scalar(&tagged.value, place),
        Value::Sequence(_) | Value::Mapping(_) => unreachable!("BUG: a collection was written as a scalar"),
    }
}

/// Writes a number so that YAML 1.1 and 1.2 agree on it: a float has a dot, and its exponent a sign.
pub(super) fn digits(number: &Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else { return number.to_string() };
    if float.is_nan() {
        return ".nan".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let text = format!("{float:?}");
    match text.split_once('e') {
        None => text,
        Some((mantissa, exponent)) => {
            let dot = if mantissa.contains('.') { "" } else { ".0" };
            let sign = if exponent.starts_with('-') { "" } else { "+" };
            format!("{mantissa}{dot}e{sign}{exponent}")
        }
    }
}

fn is_plain(text: &str, place: Place) -> bool {
    let mut chars = text.chars();
    let starts_well = match chars.next() {
        // `.inf` and `.nan` are numbers; `._` was one.
        Some('.') => {
            chars.next().is_some_and(char::is_alphabetic)
                && !["inf", "nan"].iter().any(|word| text[1..].eq_ignore_ascii_case(word))
        }
        Some(first) => first.is_alphabetic() || first == '_' || first == '/',
        None => false,
    };
    let is_safe = |(at, c): (usize, char)| match c {
        ' ' | '_' | '-' | '.' | '/' | '(' | ')' | '+' | '\'' | ';' | '$' | '%' | '@' | '!' | '?' => true,
        ',' => place == Place::Block,
        ':' => {
            place == Place::Block
                && text[at + 1..].starts_with(|next: char| next.is_alphanumeric() || next == '/')
        }
        _ => c.is_alphanumeric(),
    };
    let word = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    starts_well
        && !text.ends_with(' ')
        && text.char_indices().all(is_safe)
        && !word.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Tells whether a text of several lines can stand as a literal block.
pub(super) fn is_literal(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let is_safe = |line: &str| {
        !line.ends_with([' ', '\t'])
            && !line.starts_with('\t')
            && line.chars().all(|c| c == '\t' || (!c.is_control() && !is_escaped(c)))
    };
    // A first line that is empty or indented would need an indentation indicator.
    body.contains('\n')
        && !body.starts_with(['\n', ' ', '\t'])
        && !body.ends_with('\n')
        && body.split('\n').all(is_safe)
}

fn is_escaped(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            _ if is_escaped(c) => {
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::emit;

    fn value(text: &str) -> Value {
        serde_yaml::from_str(text).unwrap()
    }

    #[test]
    fn only_a_text_that_nobody_misreads_is_plain() {
        for plain in ["order", "A customer's order", "_x", "/a/b", ".reconcile/staging.db", "Straße", "no."]
        {
            assert_eq!(emit(&Value::from(plain)), format!("{plain}\n"));
        }
        for text in [
            "",
            " ",
            "a ",
            "no",
            "NO",
            "Yes",
            "y",
            "null",
            "~",
            "1",
            "1.5",
            "2024-01-01",
            "12:30",
            "a: b",
            "a #b",
            "a#b",
            "a:",
            "- a",
            "*a",
            ".inf",
            ".NaN",
            "._",
            "=",
            "<<",
            "total >= 0",
            "a\u{2028}b",
            "\u{feff}",
            "a\tb",
        ] {
            assert!(emit(&Value::from(text)).starts_with('"'), "{text:?}");
        }
        assert_eq!(
            emit(&value("{ a: [[{ x: 'b:c', 'no': 'd,e' }]] }")),
            "a:\n  - - { x: \"b:c\", \"no\": \"d,e\" }\n"
        );
        assert_eq!(
            emit(&value("[1e300, 1e-7, -0.0, .5, 3.0, -.inf]")),
            "- 1.0e+300\n- 1.0e-7\n- -0.0\n- 0.5\n- 3.0\n- -.inf\n"
        );
    }
}
