//! A document in canonical order: known keys as the grammar lists them, names as they were declared.
//! Never drops a key, not even one that it does not know.

use serde_yaml::{Mapping, Value};

use super::grammar::{ENVIRONMENT_METADATA, KINDS, METADATA, Object, SETUP, Shape};
use crate::yaml::Node;

/// Returns the document's value in canonical order. Another tool's document keeps its own.
pub fn canonical(document: &Node) -> Value {
    let kind = document.get("kind").and_then(Node::as_text);
    let Some((_, spec, is_resource)) = KINDS.iter().find(|(word, ..)| kind == Some(word)) else {
        return document.to_value();
    };
    let envelope = ["apiVersion", "kind", "metadata", "setup", "spec"];
    ordered(document, &envelope, |key, value| match key {
        "metadata" if *is_resource => object(value, &METADATA),
        "metadata" => object(value, &ENVIRONMENT_METADATA),
        "setup" => object(value, &SETUP),
        "spec" => object(value, spec),
        _ => value.to_value(),
    })
}

fn object(node: &Node, known: &Object) -> Value {
    let keys: Vec<&str> = known.keys.iter().map(|k| k.name).collect();
    ordered(node, &keys, |key, value| match known.keys.iter().find(|k| k.name == key).map(|k| k.shape) {
        Some(Shape::Object(inner)) => object(value, inner),
        Some(Shape::Map(inner)) => ordered(value, &[], |_, member| object(member, inner)),
        Some(Shape::List(inner)) if value.is_sequence() => {
            Value::Sequence(value.items().iter().map(|item| object(item, inner)).collect())
        }
        Some(_) | None => value.to_value(),
    })
}

fn ordered(node: &Node, first: &[&str], value_of: impl Fn(&str, &Node) -> Value) -> Value {
    if !node.is_mapping() {
        return node.to_value();
    }
    let mut entries: Vec<(&str, &Node)> =
        node.entries().iter().map(|(key, value)| (key.text().unwrap_or_default(), value)).collect();
    // Stable: what is not listed stays behind what is, in its own order.
    entries.sort_by_key(|(key, _)| first.iter().position(|k| k == key).unwrap_or(first.len()));
    let mapping: Mapping =
        entries.into_iter().map(|(key, value)| (Value::from(key), value_of(key, value))).collect();
    Value::Mapping(mapping)
}
