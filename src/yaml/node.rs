//! One parsed YAML value with its place, and what a plain scalar means by the YAML 1.2 core schema.
//! Never guesses by YAML 1.1: `no`, `on` and `2024-01-01` are texts.

use serde_yaml::{Mapping, Number, Value};

use crate::diagnostic::Span;

/// One value of a document. Its depth is bounded by the reader, so walking and dropping may recurse.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub span: Span,
    pub kind: NodeKind,
}

/// What a node holds. Keys are scalars, each text once; entries keep the order of the file.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// `plain` is false for quoted and block scalars, which are always texts.
    Scalar {
        text: String,
        plain: bool,
    },
    Sequence(Vec<Node>),
    Mapping(Vec<(Node, Node)>),
}

/// What a plain scalar means by the YAML 1.2 core schema.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Plain {
    Null,
    Bool(bool),
    Integer(i64),
    /// Also an integer that `i64` cannot hold.
    Float(f64),
    Text,
}

impl Plain {
    pub fn of(text: &str) -> Plain {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => Plain::Null,
            "true" | "True" | "TRUE" => Plain::Bool(true),
            "false" | "False" | "FALSE" => Plain::Bool(false),
            ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Plain::Float(f64::INFINITY),
            "-.inf" | "-.Inf" | "-.INF" => Plain::Float(f64::NEG_INFINITY),
            ".nan" | ".NaN" | ".NAN" => Plain::Float(f64::NAN),
            _ => number(text).unwrap_or(Plain::Text),
        }
    }
}

fn number(text: &str) -> Option<Plain> {
    if let Some((digits, radix)) =
        text.strip_prefix("0x").map(|d| (d, 16)).or(text.strip_prefix("0o").map(|d| (d, 8)))
    {
        let values: Option<Vec<u32>> = digits.chars().map(|c| c.to_digit(radix)).collect();
        return match (values, i64::from_str_radix(digits, radix)) {
            (None, _) => None,
            (Some(values), _) if values.is_empty() => None,
            (Some(_), Ok(integer)) => Some(Plain::Integer(integer)),
            (Some(values), Err(_)) => {
                let sum = |sum: f64, digit: u32| sum * f64::from(radix) + f64::from(digit);
                Some(Plain::Float(values.into_iter().fold(0.0, sum)))
            }
        };
    }
    let numeric = |b: u8| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E');
    if !text.bytes().all(numeric) {
        return None;
    }
    // Without the words for infinity, Rust's grammar of floats is the core schema's.
    text.parse().map(Plain::Integer).ok().or_else(|| text.parse().map(Plain::Float).ok())
}

impl Node {
    /// Returns the value under `key`, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// Returns the key and the value under `key`.
    pub fn entry(&self, key: &str) -> Option<&(Node, Node)> {
        self.entries().iter().find(|(k, _)| k.text() == Some(key))
    }

    /// Returns a mapping's entries; none for anything else.
    pub fn entries(&self) -> &[(Node, Node)] {
        match &self.kind {
            NodeKind::Mapping(entries) => entries,
            NodeKind::Scalar { .. } | NodeKind::Sequence(_) => &[],
        }
    }

    /// Returns a list's items; none for anything else.
    pub fn items(&self) -> &[Node] {
        match &self.kind {
            NodeKind::Sequence(items) => items,
            NodeKind::Scalar { .. } | NodeKind::Mapping(_) => &[],
        }
    }

    /// Returns a scalar's text as read, whatever it means.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar { text, .. } => Some(text),
            NodeKind::Sequence(_) | NodeKind::Mapping(_) => None,
        }
    }

    /// Returns a scalar's text if every reader takes it for a text: quoted, a block, or plain and nothing else.
    pub fn as_text(&self) -> Option<&str> {
        match self.meaning() {
            Some(Plain::Text) => self.text(),
            Some(Plain::Null | Plain::Bool(_) | Plain::Integer(_) | Plain::Float(_)) | None => None,
        }
    }

    /// Returns what a scalar means; none for a mapping or a list.
    pub fn meaning(&self) -> Option<Plain> {
        match &self.kind {
            NodeKind::Scalar { text, plain: true } => Some(Plain::of(text)),
            NodeKind::Scalar { plain: false, .. } => Some(Plain::Text),
            NodeKind::Sequence(_) | NodeKind::Mapping(_) => None,
        }
    }

    pub fn is_mapping(&self) -> bool {
        matches!(self.kind, NodeKind::Mapping(_))
    }

    pub fn is_sequence(&self) -> bool {
        matches!(self.kind, NodeKind::Sequence(_))
    }

    pub fn is_null(&self) -> bool {
        self.meaning() == Some(Plain::Null)
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self.meaning()? {
            Plain::Bool(value) => Some(value),
            Plain::Null | Plain::Integer(_) | Plain::Float(_) | Plain::Text => None,
        }
    }

    pub fn as_i64(&self) -> Option<i64> {
        match self.meaning()? {
            Plain::Integer(value) => Some(value),
            Plain::Null | Plain::Bool(_) | Plain::Float(_) | Plain::Text => None,
        }
    }

    /// Returns a whole number that is not negative, up to the end of `u64`.
    pub fn as_u64(&self) -> Option<u64> {
        match self.meaning()? {
            Plain::Integer(value) => u64::try_from(value).ok(),
            Plain::Float(_) => whole(self.text()?),
            Plain::Null | Plain::Bool(_) | Plain::Text => None,
        }
    }

    /// Returns a number as it was written, so that a decimal loses no digit.
    pub fn as_number(&self) -> Option<&str> {
        match self.meaning()? {
            Plain::Integer(_) | Plain::Float(_) => self.text(),
            Plain::Null | Plain::Bool(_) | Plain::Text => None,
        }
    }

    /// Names what is here, as a message says it: "expected a list, found a mapping".
    pub fn describe(&self) -> &'static str {
        match (&self.kind, self.meaning()) {
            (NodeKind::Mapping(_), _) => "a mapping",
            (NodeKind::Sequence(_), _) => "a list",
            (NodeKind::Scalar { .. }, Some(Plain::Null)) => "nothing",
            (NodeKind::Scalar { .. }, Some(Plain::Bool(_))) => "true or false",
            (NodeKind::Scalar { .. }, Some(Plain::Integer(_) | Plain::Float(_))) => "a number",
            (NodeKind::Scalar { .. }, Some(Plain::Text) | None) => "a text",
        }
    }

    /// Converts to a value by the core schema. A key is always a text, as in JSON.
    pub fn to_value(&self) -> Value {
        match &self.kind {
            NodeKind::Scalar { text, .. } => match self.meaning() {
                Some(Plain::Null) => Value::Null,
                Some(Plain::Bool(value)) => Value::Bool(value),
                Some(Plain::Integer(value)) => Value::Number(Number::from(value)),
                Some(Plain::Float(value)) => {
                    Value::Number(whole(text).map_or_else(|| Number::from(value), Number::from))
                }
                Some(Plain::Text) | None => Value::String(text.clone()),
            },
            NodeKind::Sequence(items) => Value::Sequence(items.iter().map(Node::to_value).collect()),
            NodeKind::Mapping(entries) => {
                let pair = |(key, value): &(Node, Node)| {
                    (Value::String(key.text().unwrap_or_default().to_owned()), value.to_value())
                };
                Value::Mapping(entries.iter().map(pair).collect::<Mapping>())
            }
        }
    }
}

/// Reads the digits that `i64` is too small for.
fn whole(text: &str) -> Option<u64> {
    match (text.strip_prefix("0x"), text.strip_prefix("0o")) {
        (Some(digits), _) => u64::from_str_radix(digits, 16).ok(),
        (None, Some(digits)) => u64::from_str_radix(digits, 8).ok(),
        (None, None) => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_scalar_means_what_the_core_schema_says() {
        for (text, want) in [
            ("", Plain::Null),
            ("~", Plain::Null),
            ("Null", Plain::Null),
            ("TRUE", Plain::Bool(true)),
            ("yes", Plain::Text),
            ("NO", Plain::Text),
            ("2024-01-01", Plain::Text),
            ("12:30", Plain::Text),
            ("1_000", Plain::Text),
            ("007", Plain::Integer(7)),
            ("+12", Plain::Integer(12)),
            ("0o17", Plain::Integer(15)),
            ("0xff", Plain::Integer(255)),
            ("0x", Plain::Text),
            ("0x+1", Plain::Text),
            ("1e3", Plain::Float(1000.0)),
            (".5", Plain::Float(0.5)),
            ("1.", Plain::Float(1.0)),
            ("-.INF", Plain::Float(f64::NEG_INFINITY)),
            ("inf", Plain::Text),
            ("NaN", Plain::Text),
            ("e5", Plain::Text),
            (".", Plain::Text),
            ("-", Plain::Text),
            ("1.2.3", Plain::Text),
            ("18446744073709551615", Plain::Float(18446744073709551615.0)),
        ] {
            assert_eq!(Plain::of(text), want, "{text}");
        }
    }
}
