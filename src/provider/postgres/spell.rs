//! What we wrote and how PostgreSQL says it back: `total >= 0` comes back as `(total >= (0)::numeric)`.
//! Never understands an expression: it only knows which two texts are one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::native;
use crate::model::entity::{Besides, Entity};
use crate::model::field::DefaultValue;

/// By path inside an entity: what its author wrote, and what the server makes of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spelled(BTreeMap<String, (Value, Value)>);

impl Spelled {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the texts that are there now for what was just written; `found` is read without any help.
    pub fn trust(written: &Entity, found: &Entity) -> Spelled {
        let mut found = texts(found);
        let pair = |(path, written): (String, Value)| {
            let found = found.remove(&path).filter(|found| *found != written)?;
            Some((path, (written, found)))
        };
        Spelled(texts(written).into_iter().filter_map(pair).collect())
    }

    /// What its author wrote, where the server says `found` at this path.
    pub fn author(&self, path: &str, found: &str) -> Option<&str> {
        let (written, known) = self.0.get(path)?;
        if known.as_str() == Some(found) { written.as_str() } else { None }
    }

    /// Puts the author's words in the place of the server's.
    pub fn apply(&self, entity: &mut Entity) {
        if self.0.is_empty() {
            return;
        }
        let author = |path: String, found: Value| {
            let (written, known) = self.0.get(&path)?;
            (*known == found).then(|| written.clone())
        };
        let text = |path: String, found: &str| match author(path, Value::from(found)) {
            Some(Value::String(text)) => Some(text),
            Some(_) | None => None,
        };
        for (name, field) in &mut entity.fields {
            let written = field
                .default
                .as_ref()
                .and_then(|found| author(format!("fields/{name}/default"), json(found)))
                .and_then(|value| serde_json::from_value::<DefaultValue>(value).ok());
            field.default = written.or_else(|| field.default.take());
            for (word, place) in [("check", &mut field.check), ("native", &mut field.native)] {
                if let Some(found) = place
                    && let Some(written) = text(format!("fields/{name}/{word}"), found)
                {
                    *found = written;
                }
            }
        }
        for (name, check) in &mut entity.checks {
            if let Some(written) = text(format!("checks/{name}/sql"), &check.sql) {
                check.sql = written;
            }
        }
        let keys = entity.keys.iter_mut().map(|(name, key)| (format!("keys/{name}/sql"), &mut key.sql));
        let indexes =
            entity.indexes.iter_mut().map(|(name, index)| (format!("indexes/{name}/sql"), &mut index.sql));
        for (path, sql) in keys.chain(indexes) {
            if let Some(found) = sql
                && let Some(written) = text(path, found)
            {
                *found = written;
            }
        }
    }
}

/// Puts the found words in the place of declared ones, where the server would say the declared ones so.
/// `spoken` is what it makes of `declared`.
pub fn adopt(declared: &mut Entity, spoken: &Entity, found: &Entity) {
    let (spoken, found) = (texts(spoken), texts(found));
    let pair = |(path, written): (String, Value)| {
        let (said, found) = (spoken.get(&path)?, found.get(&path)?);
        (said == found || is_one_number(said, found)).then(|| (path, (found.clone(), written)))
    };
    let words: BTreeMap<String, (Value, Value)> = texts(declared).into_iter().filter_map(pair).collect();
    Spelled(words).apply(declared);
}

/// Takes from what is found what a declaration leaves open: how a sequence is called, a default that is no value, and
/// that a constraint holds for more rows than it has to. `owned` is what was declared before.
pub fn leave_open(declared: &mut Entity, found: &Entity, owned: Option<&Entity>) {
    for (name, check) in &mut declared.checks {
        let native = found.checks.get(name).map(|found| found.native.as_ref());
        if native.is_some_and(|native| is_more(check.native.as_ref(), native)) {
            check.native = native.flatten().cloned();
        }
    }
    for (name, one) in &mut declared.relationships {
        let native = found.relationships.get(name).map(|found| found.native.as_ref());
        if native.is_some_and(|native| is_more(one.native.as_ref(), native)) {
            one.native = native.flatten().cloned();
        }
    }
    for (name, field) in &mut declared.fields {
        let Some(found) = found.fields.get(name) else { continue };
        // Who said it before, and does not any more, takes it away.
        let said = owned.and_then(|owned| owned.fields.get(name)?.default.as_ref()).is_some_and(is_null);
        if field.default.is_none() && !said && found.default.as_ref().is_some_and(is_null) {
            field.default.clone_from(&found.default);
        }
        if let (Some(declared), Some(native)) = (&mut field.native, &found.native) {
            let mut known = native::read(native);
            known.sequence = None;
            let was = owned.and_then(|owned| owned.fields.get(name)?.native.as_deref()).map(native::read);
            let is_said = was.is_some_and(|was| was.sequence.is_some());
            if !is_said && *declared == known.write() {
                declared.clone_from(native);
            }
        }
    }
}

/// Tells of a `native` that only new rows are held against, where all are.
fn is_more(declared: Option<&String>, found: Option<&String>) -> bool {
    let [declared, found] = [declared, found].map(|native| Besides::of(native.map(String::as_str)));
    declared.is_not_valid && !found.is_not_valid && declared.deferral == found.deferral
}

/// Tells of a default that is no value, which a type with a length keeps all the same.
pub fn is_null(default: &DefaultValue) -> bool {
    matches!(default, DefaultValue::Sql { sql } if sql == "NULL")
}

/// Tells of two defaults that they are one number: `1.50` and `1.5`.
fn is_one_number(one: &Value, other: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::Number(number) => number.as_f64(),
        Value::Object(map) => map.get("sql")?.as_str()?.parse::<f64>().ok(),
        _ => None,
    };
    number(one).is_some() && number(one) == number(other)
}

fn json(default: &DefaultValue) -> Value {
    serde_json::to_value(default).unwrap_or_default()
}

/// Every text of an entity that a server may spell in another way, by its path.
pub fn texts(entity: &Entity) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for (name, field) in &entity.fields {
        if let Some(default) = &field.default {
            all.insert(format!("fields/{name}/default"), json(default));
        }
        for (word, sql) in [("check", &field.check), ("native", &field.native)] {
            if let Some(sql) = sql {
                all.insert(format!("fields/{name}/{word}"), Value::from(sql.as_str()));
            }
        }
    }
    for (name, check) in &entity.checks {
        all.insert(format!("checks/{name}/sql"), Value::from(check.sql.as_str()));
    }
    let keys = entity.keys.iter().map(|(name, key)| ("keys", name, &key.sql));
    for (section, name, sql) in
        keys.chain(entity.indexes.iter().map(|(name, one)| ("indexes", name, &one.sql)))
    {
        if let Some(sql) = sql {
            all.insert(format!("{section}/{name}/sql"), Value::from(sql.as_str()));
        }
    }
    all
}
