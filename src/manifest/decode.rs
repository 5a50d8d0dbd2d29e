//! The small words of decoding: each reads one shape, and answers nothing where the checker has spoken already.
//! Never raises a diagnostic of its own.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::{Number, Value};

use crate::model::field::DefaultValue;
use crate::model::setup::{Action, Setup};
use crate::model::task::{Task, TaskSql, When};
use crate::model::text::Text;
use crate::signature::PublicKey;
use crate::yaml::{Node, Plain};

pub fn text(node: &Node, key: &str) -> Option<String> {
    node.get(key)?.as_text().map(str::to_owned)
}

pub fn flag(node: &Node, key: &str) -> Option<bool> {
    node.get(key)?.as_bool()
}

pub fn count<N: TryFrom<u64>>(node: &Node, key: &str) -> Option<N> {
    N::try_from(node.get(key)?.as_u64()?).ok()
}

pub fn texts(node: &Node, key: &str) -> Option<Vec<String>> {
    let list = node.get(key).filter(|n| n.is_sequence())?;
    Some(list.items().iter().filter_map(|n| n.as_text()).map(str::to_owned).collect())
}

pub fn public_keys(node: &Node, key: &str) -> Vec<PublicKey> {
    texts(node, key).unwrap_or_default().iter().filter_map(|text| text.parse().ok()).collect()
}

/// A text, or texts by language.
pub fn translated(node: &Node, key: &str) -> Option<Text> {
    let value = node.get(key)?;
    match value.as_text() {
        Some(text) => Some(Text::Plain(text.to_owned())),
        None if value.is_mapping() => Some(Text::Languages(labels(value))),
        None => None,
    }
}

pub fn labels(node: &Node) -> BTreeMap<String, String> {
    let pair = |(key, value): &(Node, Node)| Some((key.text()?.to_owned(), value.as_text()?.to_owned()));
    node.entries().iter().filter_map(pair).collect()
}

/// A word of a closed list, by the name under which serde knows it.
pub fn word<T: serde::de::DeserializeOwned>(node: &Node, key: &str) -> Option<T> {
    serde_json::from_value(Value::from(node.get(key)?.as_text()?)).ok()
}

/// A default or backfill: a scalar in its own type, or `{ sql: … }`.
pub fn value(node: &Node, key: &str) -> Option<DefaultValue> {
    let value = node.get(key)?;
    if let Some(sql) = value.get("sql") {
        return Some(DefaultValue::Sql { sql: sql.as_text()?.to_owned() });
    }
    let scalar = match value.meaning()? {
        Plain::Text => Value::from(value.text()?),
        Plain::Bool(yes) => Value::Bool(yes),
        Plain::Integer(number) => Value::from(number),
        // A number that JSON cannot hold stays the text it was written as, for the check of its type to refuse.
        Plain::Float(number) => match Number::from_f64(number) {
            Some(number) => Value::Number(number),
            None => Value::from(value.text()?),
        },
        Plain::Null => return None,
    };
    Some(DefaultValue::Value(scalar))
}

/// Named members in declared order. A member without a value is an empty one.
pub fn members<T>(node: &Node, key: &str, decode: impl Fn(&Node) -> T) -> IndexMap<String, T> {
    let entries = node.get(key).map(Node::entries).unwrap_or_default();
    entries.iter().filter_map(|(name, value)| Some((name.text()?.to_owned(), decode(value)))).collect()
}

pub fn setup(node: &Node) -> Setup {
    let Some(setup) = node.get("setup") else { return Setup::default() };
    Setup {
        action: word(setup, "action"),
        allowed: texts(setup, "allowed").unwrap_or_default().iter().filter_map(|w| w.parse().ok()).collect(),
        as_name: text(setup, "as"),
        target: text(setup, "target"),
        tasks: members(setup, "tasks", task),
    }
}

fn task(node: &Node) -> Task {
    Task {
        description: text(node, "description"),
        when: word(node, "when").unwrap_or(When::After),
        sql: sql(node, "sql").unwrap_or(TaskSql::One(String::new())),
        unless: sql(node, "unless"),
    }
}

/// SQL for every kind of target, or for each its own.
fn sql(node: &Node, key: &str) -> Option<TaskSql> {
    let value = node.get(key)?;
    match value.as_text() {
        Some(text) => Some(TaskSql::One(text.to_owned())),
        None if value.is_mapping() => Some(TaskSql::PerTarget(labels(value))),
        None => None,
    }
}

pub fn actions(node: &Node, key: &str) -> BTreeMap<String, Action> {
    let entries = node.get(key).map(Node::entries).unwrap_or_default();
    let pair = |(name, value): &(Node, Node)| Some((name.text()?.to_owned(), value.as_text()?.parse().ok()?));
    entries.iter().filter_map(pair).collect()
}
