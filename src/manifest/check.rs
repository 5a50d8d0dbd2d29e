//! Holds a document against the grammar: unknown keys, missing keys, wrong types, all of them in one go.
//! Never stops at the first fault, and never decodes.

use super::grammar::{Object, Shape};
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::template::is_value_name;
use crate::signature::PublicKey;
use crate::yaml::{Node, NodeKind, Plain};

/// Checks a mapping against an object of the grammar.
pub fn object(node: &Node, object: &Object, found: &mut Vec<Diagnostic>) {
    if !node.is_mapping() {
        found.push(wrong(node, &format!("{} is a mapping", object.title)));
        return;
    }
    for (key, value) in node.entries() {
        let Some(name) = key.text() else { continue };
        match object.keys.iter().find(|k| k.name == name) {
            Some(known) if value.is_null() && !known.required => {
                let message = format!("`{name}` has no value");
                found.push(
                    Diagnostic::error("RV101", message)
                        .at(key.span)
                        .help("give it one, or leave the key out"),
                );
            }
            Some(known) => shape(name, value, known.shape, found),
            None => found.push(unknown(key, name, object)),
        }
    }
    for key in object.keys.iter().filter(|k| k.required && node.get(k.name).is_none()) {
        let message = format!("{} needs `{}`", object.title, key.name);
        let at = node.entries().first().map_or(node.span, |(first, _)| first.span);
        found.push(Diagnostic::error("RV103", message).at(at).help(key.doc.to_owned()));
    }
}

fn unknown(key: &Node, name: &str, object: &Object) -> Diagnostic {
    let known = || object.keys.iter().map(|k| k.name);
    let help = match nearest(name, known()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it has: {}", known().collect::<Vec<_>>().join(", ")),
    };
    Diagnostic::error("RV102", format!("{} has no key `{name}`", object.title)).at(key.span).help(help)
}

fn shape(name: &str, node: &Node, shape: Shape, found: &mut Vec<Diagnostic>) {
    match shape {
        Shape::Text | Shape::Name => text(name, node, found),
        Shape::Word(words) => word(name, node, words, found),
        Shape::Translated => translated(name, node, found),
        Shape::Bool => {
            if node.as_bool().is_none() {
                found.push(wrong(node, &format!("`{name}` is true or false")));
            }
        }
        Shape::Count(least, most) => {
            let fits = node.as_u64().is_some_and(|n| (u64::from(least)..=u64::from(most)).contains(&n));
            if !fits {
                found.push(wrong(node, &format!("`{name}` is a whole number from {least} to {most}")));
            }
        }
        Shape::Names | Shape::NamesOrNone | Shape::Texts => {
            list(name, node, matches!(shape, Shape::Names), found, |item, found| text(name, item, found));
        }
        Shape::Words(words) => list(name, node, false, found, |item, found| word(name, item, words, found)),
        Shape::Labels => map(name, node, found, text),
        Shape::Sql if node.is_mapping() => map(name, node, found, text),
        Shape::Sql => text(name, node, found),
        Shape::Value => value(name, node, found),
        Shape::Color => {
            let digits = node.as_text().and_then(|t| t.strip_prefix('#'));
            if !digits.is_some_and(|d| d.len() == 6 && d.bytes().all(|b| b.is_ascii_hexdigit())) {
                let fault = wrong(node, &format!("`{name}` is a colour, `\"#rrggbb\"`"));
                found.push(fault.help("quote it: without quotes, `#` begins a comment"));
            }
        }
        Shape::PublicKeys => list(name, node, true, found, |item, found| public_key(name, item, found)),
        Shape::Target => target(name, node, found),
        Shape::ActionMap => map(name, node, found, |key, value, found| {
            word(key, value, super::grammar::ENVIRONMENT_SETUP.keys[0].words(), found);
        }),
        Shape::Values => map(name, node, found, |key, value, found| named_value(key, value, node, found)),
        Shape::Part => part(name, node, found),
        Shape::Object(inner) => object(node, inner, found),
        Shape::List(inner) => list(name, node, false, found, |item, found| object(item, inner, found)),
        Shape::Map(inner) => map(name, node, found, |key, value, found| {
            if value.is_null() && inner.keys.iter().all(|k| !k.required) {
                return;
            }
            if value.is_null() {
                let message = format!("`{key}` has no value; {} is a mapping", inner.title);
                found.push(
                    Diagnostic::error("RV101", message).at(node.entry(key).map_or(value.span, |e| e.0.span)),
                );
                return;
            }
            object(value, inner, found);
        }),
    }
}

impl super::grammar::Key {
    fn words(&self) -> &'static [&'static str] {
        match self.shape {
            Shape::Word(words) | Shape::Words(words) => words,
            _ => &[],
        }
    }
}

fn text(name: &str, node: &Node, found: &mut Vec<Diagnostic>) {
    match node.meaning() {
        Some(Plain::Text) => {}
        // A plain `1.10`, `true` or `null` would read as another type elsewhere: one rule for all texts.
        Some(Plain::Bool(_) | Plain::Integer(_) | Plain::Float(_) | Plain::Null) => {
            let shown = node.text().unwrap_or_default();
            found.push(wrong(node, &format!("`{name}` is a text")).help(format!("quote it: \"{shown}\"")));
        }
        None => found.push(wrong(node, &format!("`{name}` is a text"))),
    }
}

fn public_key(name: &str, node: &Node, found: &mut Vec<Diagnostic>) {
    let before = found.len();
    text(name, node, found);
    if found.len() > before {
        return;
    }
    if let Err(fault) = node.as_text().unwrap_or_default().parse::<PublicKey>() {
        // What stands there is not repeated: it may be the wrong half of a key.
        let message = format!("`{name}` cannot hold this: {fault}");
        let help = "`reconcile package keygen` prints the form that belongs here";
        found.push(Diagnostic::error("RV110", message).at(node.span).help(help));
    }
}

fn word(name: &str, node: &Node, words: &[&str], found: &mut Vec<Diagnostic>) {
    let Some(given) = node.as_text() else {
        found.push(wrong(node, &format!("`{name}` is one of {}", words.join(", "))));
        return;
    };
    if !words.contains(&given) {
        let help = match nearest(given, words.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("choose one of {}", words.join(", ")),
        };
        found.push(
            Diagnostic::error("RV110", format!("`{name}` cannot be `{given}`")).at(node.span).help(help),
        );
    }
}

fn translated(name: &str, node: &Node, found: &mut Vec<Diagnostic>) {
    if node.is_mapping() {
        map(name, node, found, text);
        if node.entries().is_empty() {
            found.push(wrong(node, &format!("`{name}` is a text, or texts by language")));
        }
    } else {
        text(name, node, found);
    }
}

fn list(
    name: &str,
    node: &Node,
    needs_one: bool,
    found: &mut Vec<Diagnostic>,
    item: impl Fn(&Node, &mut Vec<Diagnostic>),
) {
    if !node.is_sequence() {
        found.push(wrong(node, &format!("`{name}` is a list")).help("write it as [a, b]"));
        return;
    }
    if needs_one && node.items().is_empty() {
        found.push(Diagnostic::error("RV101", format!("`{name}` is an empty list")).at(node.span));
    }
    node.items().iter().for_each(|one| item(one, found));
}

fn map(
    name: &str,
    node: &Node,
    found: &mut Vec<Diagnostic>,
    mut one: impl FnMut(&str, &Node, &mut Vec<Diagnostic>),
) {
    if !node.is_mapping() {
        let help = if node.is_sequence() {
            "write `name: { … }` instead of `- name: …`"
        } else {
            "write `name: value`"
        };
        found.push(wrong(node, &format!("`{name}` is a mapping")).help(help));
        return;
    }
    for (key, value) in node.entries() {
        one(key.text().unwrap_or_default(), value, found);
    }
}

fn value(name: &str, node: &Node, found: &mut Vec<Diagnostic>) {
    match &node.kind {
        NodeKind::Scalar { .. } if !node.is_null() => {}
        NodeKind::Mapping(entries) if entries.len() == 1 && node.get("sql").is_some() => {
            node.get("sql").into_iter().for_each(|sql| text("sql", sql, found));
        }
        NodeKind::Scalar { .. } | NodeKind::Mapping(_) | NodeKind::Sequence(_) => {
            found.push(wrong(node, &format!("`{name}` is a text, a number, true or false, or {{ sql: … }}")));
        }
    }
}

/// One value of an environment.
fn named_value(name: &str, value: &Node, values: &Node, found: &mut Vec<Diagnostic>) {
    if !is_value_name(name) {
        let message = format!("`{name}` cannot name a value");
        let help =
            "a name has letters, digits, `_`, `-` and `.`, and begins with a letter or digit; at most 64";
        let at = values.entry(name).map_or(value.span, |(key, _)| key.span);
        found.push(Diagnostic::error("RV105", message).at(at).help(help));
    }
    if value.text().is_none() || value.is_null() {
        found.push(wrong(value, &format!("`{name}` is a text, a number, true or false")));
    }
}

/// A mapping with something in it.
fn part(name: &str, node: &Node, found: &mut Vec<Diagnostic>) {
    if !node.is_mapping() {
        found.push(wrong(node, &format!("`{name}` is a mapping")));
    } else if node.entries().is_empty() {
        found.push(Diagnostic::error("RV101", format!("`{name}` is empty")).at(node.span));
    }
}

/// A setting may be a secret, so its text is not repeated.
fn setting(name: &str, node: &Node, found: &mut Vec<Diagnostic>) {
    if node.meaning() != Some(Plain::Text) {
        let fault = wrong(node, &format!("`{name}` is a text"));
        found.push(if node.text().is_some() { fault.help("quote it") } else { fault });
    }
}

fn target(name: &str, node: &Node, found: &mut Vec<Diagnostic>) {
    let [(_, settings)] = node.entries() else {
        let fault = wrong(node, &format!("`{name}` names one target"));
        found.push(fault.help("write `target: { sqlite: .reconcile/dev.db }`"));
        return;
    };
    if settings.is_mapping() {
        map(name, settings, found, setting);
    } else {
        setting(name, settings, found);
    }
}

fn wrong(node: &Node, expected: &str) -> Diagnostic {
    Diagnostic::error("RV101", format!("{expected}, and this is {}", node.describe())).at(node.span)
}
