//! A text with `${…}` in it: what stands there literally, and what is put in later.
//! Never knows a value: whoever fills it in does.

use std::borrow::Cow;

/// What every placeholder begins with. `$${` stands for the sign itself.
pub const SIGN: &str = "${";

/// One piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    Text(&'t str),
    /// `${value:NAME}`: a value of the environment.
    Value(&'t str),
    /// `${env:NAME}`: a variable of the process that opens the target.
    Variable(&'t str),
}

/// A `${` that begins no placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPlaceholder<'t> {
    /// From the `${` to its `}`, or to the end.
    pub written: &'t str,
    pub fault: Fault,
}

/// Why it is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no `}`.
    Open,
    /// It is neither `value:` nor `env:`.
    Unknown,
    /// What follows `value:` is no name.
    ValueName,
    /// What follows `env:` is no name.
    VariableName,
}

/// Takes a text apart. A piece that is literal is never empty.
pub fn pieces(text: &str) -> Result<Vec<Piece<'_>>, NoPlaceholder<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(SIGN) {
        let (before, from) = rest.split_at(at);
        match before.strip_suffix('$') {
            Some(before) => {
                push(&mut found, before);
                push(&mut found, SIGN);
                rest = &from[SIGN.len()..];
            }
            None => {
                push(&mut found, before);
                let (piece, after) = placeholder(from)?;
                found.push(piece);
                rest = after;
            }
        }
    }
    push(&mut found, rest);
    Ok(found)
}

fn push<'t>(found: &mut Vec<Piece<'t>>, text: &'t str) {
    if !text.is_empty() {
        found.push(Piece::Text(text));
    }
}

/// Reads the placeholder that `text` begins with. Returns it with what follows.
fn placeholder(text: &str) -> Result<(Piece<'_>, &str), NoPlaceholder<'_>> {
    let Some(end) = text.find('}') else { return Err(NoPlaceholder { written: text, fault: Fault::Open }) };
    let (written, after) = text.split_at(end + 1);
    let inner = &written[SIGN.len()..end];
    let refuse = |fault| Err(NoPlaceholder { written, fault });
    match inner.split_once(':') {
        Some(("value", name)) if is_value_name(name) => Ok((Piece::Value(name), after)),
        Some(("value", _)) => refuse(Fault::ValueName),
        Some(("env", name)) if is_variable_name(name) => Ok((Piece::Variable(name), after)),
        Some(("env", _)) => refuse(Fault::VariableName),
        Some(_) | None => refuse(Fault::Unknown),
    }
}

/// Letters, digits, `_`, `-` and `.`, beginning with a letter or digit; at most 64.
pub fn is_value_name(name: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    name.len() <= 64 && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.bytes().all(is_plain)
}

/// Letters, digits and `_`, not beginning with a digit: what every shell can set.
pub fn is_variable_name(name: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.bytes().all(is_plain)
}

/// Returns the text that is taken apart into `text` alone.
pub fn escaped(text: &str) -> Cow<'_, str> {
    match text.contains(SIGN) {
        true => text.replace(SIGN, "$${").into(),
        false => text.into(),
    }
}

/// Returns what a text means that holds no placeholder; none if it holds one.
pub fn literal(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(SIGN) {
        return Some(text.into());
    }
    let piece = |piece| match piece {
        Piece::Text(text) => Some(text),
        Piece::Value(_) | Piece::Variable(_) => None,
    };
    pieces(text).ok()?.into_iter().map(piece).collect::<Option<String>>().map(Cow::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_is_taken_apart() {
        use Piece::{Text, Value, Variable};
        for (text, want) in [
            ("", vec![]),
            ("plain $ { }", vec![Text("plain $ { }")]),
            ("${value:a}", vec![Value("a")]),
            (
                "x ${value:a-b.c_1}${env:A_1} y",
                vec![Text("x "), Value("a-b.c_1"), Variable("A_1"), Text(" y")],
            ),
            ("$${value:a}", vec![Text("${"), Text("value:a}")]),
            ("$$${", vec![Text("$"), Text("${")]),
            ("$${${value:a}", vec![Text("${"), Value("a")]),
        ] {
            assert_eq!(pieces(text), Ok(want), "{text}");
        }
        for (text, written, fault) in [
            ("a ${value:b", "${value:b", Fault::Open),
            ("a ${b} c", "${b}", Fault::Unknown),
            ("${}", "${}", Fault::Unknown),
            ("${valeu:a}", "${valeu:a}", Fault::Unknown),
            ("${value:}", "${value:}", Fault::ValueName),
            ("${value: a}", "${value: a}", Fault::ValueName),
            ("${env:1A}", "${env:1A}", Fault::VariableName),
            ("${env:A-B}", "${env:A-B}", Fault::VariableName),
            ("${value:${value:a}}", "${value:${value:a}", Fault::ValueName),
        ] {
            assert_eq!(pieces(text), Err(NoPlaceholder { written, fault }), "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_escaped_text_means_itself(text in "[a${}:e\\PC]{0,24}") {
            let escaped = escaped(&text);
            let meant = literal(&escaped).map(Cow::into_owned);
            prop_assert_eq!(meant, Some(text));
        }
    }
}
