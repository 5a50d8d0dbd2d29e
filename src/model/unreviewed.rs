//! SQL that a revision brings and the trusted one does not have.
//! Never guesses what it does: whatever is not word for word where it was is unreviewed.

use std::collections::{BTreeMap, BTreeSet};

use super::field::{DefaultValue, Field};
use super::resource::Resource;
use crate::address::Address;

/// The unreviewed SQL of one environment, by resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unreviewed {
    /// The trusted revision, for people.
    pub from: String,
    /// Where it stands inside the resource: `checks/total-positive`.
    pub sql: BTreeMap<Address, BTreeSet<String>>,
    /// The names of tasks.
    pub tasks: BTreeMap<Address, BTreeSet<String>>,
}

impl Unreviewed {
    pub fn is_empty(&self) -> bool {
        self.sql.is_empty() && self.tasks.is_empty()
    }

    pub fn has_sql(&self, address: &Address) -> bool {
        self.sql.contains_key(address)
    }

    pub fn has_task(&self, address: &Address, name: &str) -> bool {
        self.tasks.get(address).is_some_and(|names| names.contains(name))
    }

    /// All places of one resource, tasks last.
    pub fn places(&self, address: &Address) -> Vec<String> {
        let sql = self.sql.get(address).into_iter().flatten().cloned();
        let tasks = self.tasks.get(address).into_iter().flatten();
        sql.chain(tasks.map(|name| format!("tasks/{name}"))).collect()
    }
}

/// Every piece of a resource that a target would read as its own words, by where it stands.
pub fn sql(resource: &Resource) -> BTreeMap<String, &str> {
    let Resource::Entity(entity) = resource else { return BTreeMap::new() };
    let mut found: Vec<(String, Option<&str>)> = vec![("native".to_owned(), entity.native.as_deref())];
    for (name, field) in &entity.fields {
        found.extend(of_field(name, field));
    }
    for (name, key) in &entity.keys {
        found.push((format!("keys/{name}"), key.sql.as_deref()));
        found.push((format!("keys/{name}/native"), key.native.as_deref()));
    }
    for (name, index) in &entity.indexes {
        found.push((format!("indexes/{name}"), index.sql.as_deref()));
        found.push((format!("indexes/{name}/native"), index.native.as_deref()));
    }
    for (name, check) in &entity.checks {
        found.push((format!("checks/{name}"), Some(check.sql.as_str())));
    }
    found.into_iter().filter_map(|(place, text)| Some((place, text?))).collect()
}

fn of_field<'f>(name: &str, field: &'f Field) -> [(String, Option<&'f str>); 4] {
    let own_words = |value: &'f Option<DefaultValue>| match value {
        Some(DefaultValue::Sql { sql }) => Some(sql.as_str()),
        Some(DefaultValue::Value(_)) | None => None,
    };
    [
        (format!("fields/{name}/check"), field.check.as_deref()),
        (format!("fields/{name}/default"), own_words(&field.default)),
        (format!("fields/{name}/backfill"), own_words(&field.backfill)),
        (format!("fields/{name}/native"), field.native.as_deref()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_for_the_target_is_found() {
        let resource: Resource = serde_json::from_value(serde_json::json!({
            "kind": "entity",
            "spec": {
                "native": "STRICT",
                "fields": {
                    "a": { "type": "text", "check": "a <> ''", "default": { "sql": "x()" }, "backfill": { "sql": "y()" } },
                    "b": { "type": "text", "native": "citext", "default": "plain" },
                },
                "keys": { "k": { "sql": "btree (lower(a))", "native": "index k" } },
                "indexes": { "i": { "sql": "gin (a)" } },
                "checks": { "c": { "sql": "a <> b" } },
            },
        }))
        .unwrap();
        let places: Vec<String> = sql(&resource).into_keys().collect();
        assert_eq!(
            places,
            [
                "checks/c",
                "fields/a/backfill",
                "fields/a/check",
                "fields/a/default",
                "fields/b/native",
                "indexes/i",
                "keys/k",
                "keys/k/native",
                "native"
            ]
        );
    }
}
