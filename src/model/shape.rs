//! A resource seen as paths: settings, and members with settings of their own.
//! Never knows what a setting means: the diff treats all alike, and the typed form gives them meaning.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::resource::Resource;
use super::text::Text;

/// Settings by name. A field's type with its parameters is one setting, `type`.
pub type Settings = BTreeMap<String, Value>;

/// Identifies a member inside its resource: `fields`, `status`.
pub type MemberId = (String, String);

/// One resource as paths.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    pub settings: Settings,
    /// In declared order.
    pub members: IndexMap<MemberId, Settings>,
}

const TYPE_KEYS: [&str; 9] =
    ["type", "maxLength", "format", "precision", "scale", "picklist", "entity", "entities", "onDelete"];

/// Marks that are neither compared nor owned.
const MARKS: [&str; 1] = ["standard"];

impl Shape {
    pub fn of(resource: &Resource) -> Shape {
        let mut settings = Settings::new();
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                settings.insert(name.to_owned(), value);
            }
        };
        match resource {
            Resource::Entity(entity) => {
                set("displayName", entity.display_name.as_ref().map(text_json));
                set("description", entity.description.as_ref().map(text_json));
                set("primaryKey", entity.primary_key.clone().map(Value::from));
                set("native", entity.native.clone().map(Value::from));
            }
            Resource::Picklist(picklist) => {
                set("displayName", picklist.display_name.as_ref().map(text_json));
                set("description", picklist.description.as_ref().map(text_json));
            }
        }
        Shape { settings, members: members(resource) }
    }
}

fn text_json(text: &Text) -> Value {
    match text {
        Text::Plain(text) => Value::from(text.as_str()),
        Text::Languages(map) => {
            Value::Object(map.iter().map(|(k, v)| (k.clone(), Value::from(v.as_str()))).collect())
        }
    }
}

fn members(resource: &Resource) -> IndexMap<MemberId, Settings> {
    let mut found = IndexMap::new();
    let mut add = |section: &str, name: &str, value: serde_json::Result<Value>| {
        let Ok(Value::Object(map)) = value else { unreachable!("BUG: a member has no JSON form") };
        found.insert((section.to_owned(), name.to_owned()), settings(section, map));
    };
    match resource {
        Resource::Entity(entity) => {
            entity.fields.iter().for_each(|(name, m)| add("fields", name, serde_json::to_value(m)));
            entity.keys.iter().for_each(|(name, m)| add("keys", name, serde_json::to_value(m)));
            entity.indexes.iter().for_each(|(name, m)| add("indexes", name, serde_json::to_value(m)));
            entity.checks.iter().for_each(|(name, m)| add("checks", name, serde_json::to_value(m)));
            entity
                .relationships
                .iter()
                .for_each(|(name, m)| add("relationships", name, serde_json::to_value(m)));
        }
        Resource::Picklist(picklist) => {
            picklist.options.iter().for_each(|(name, m)| add("options", name, serde_json::to_value(m)));
        }
    }
    found
}

fn settings(section: &str, map: Map<String, Value>) -> Settings {
    let mut settings = Settings::new();
    let mut ty = Map::new();
    for (name, value) in map {
        if MARKS.contains(&name.as_str()) {
            continue;
        }
        if section == "fields" && TYPE_KEYS.contains(&name.as_str()) {
            ty.insert(name, value);
        } else {
            settings.insert(name, value);
        }
    }
    if !ty.is_empty() {
        settings.insert("type".to_owned(), Value::Object(ty));
    }
    settings
}

/// Turns a member's settings back into the JSON form of its typed struct.
pub fn member_json(settings: &Settings) -> Value {
    let mut map = Map::new();
    for (name, value) in settings {
        match (name.as_str(), value) {
            ("type", Value::Object(ty)) => map.extend(ty.clone()),
            _ => {
                map.insert(name.clone(), value.clone());
            }
        }
    }
    Value::Object(map)
}
