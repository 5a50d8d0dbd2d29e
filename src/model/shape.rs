//! A resource seen as paths: settings, and members with settings of their own.
//! Never knows what a setting means: the diff treats all alike, and the typed form gives them meaning.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::entity::Entity;
use super::picklist::Picklist;
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
                set("storage", picklist.is_enum().then(|| Value::from("enum")));
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

impl Shape {
    /// Turns paths back into a resource of the same kind as `like`, its members in the order of the shape.
    /// `is_standard` says which members belong to an out-of-box definition.
    pub fn into_resource(self, like: &Resource, is_standard: &dyn Fn(&MemberId) -> bool) -> Resource {
        let setting = |name: &str| self.settings.get(name).cloned();
        match like {
            Resource::Entity(entity) => {
                let mut goal = Entity {
                    display_name: setting("displayName").map(typed),
                    description: setting("description").map(typed),
                    primary_key: setting("primaryKey").map(typed),
                    native: setting("native").map(typed),
                    standard: entity.standard,
                    ..Entity::default()
                };
                for (id, settings) in &self.members {
                    let mut json = member_json(settings);
                    if is_standard(id) {
                        json["standard"] = Value::Bool(true);
                    }
                    let name = id.1.clone();
                    match id.0.as_str() {
                        "fields" => drop(goal.fields.insert(name, typed(json))),
                        "keys" => drop(goal.keys.insert(name, typed(json))),
                        "indexes" => drop(goal.indexes.insert(name, typed(json))),
                        "checks" => drop(goal.checks.insert(name, typed(json))),
                        "relationships" => drop(goal.relationships.insert(name, typed(json))),
                        section => unreachable!("BUG: an entity has no section `{section}`"),
                    }
                }
                Resource::Entity(goal)
            }
            Resource::Picklist(_) => Resource::Picklist(Picklist {
                display_name: setting("displayName").map(typed),
                description: setting("description").map(typed),
                storage: setting("storage").map(typed),
                options: self.members.iter().map(|(id, s)| (id.1.clone(), typed(member_json(s)))).collect(),
            }),
        }
    }
}

fn typed<T: serde::de::DeserializeOwned>(value: Value) -> T {
    match serde_json::from_value(value) {
        Ok(typed) => typed,
        Err(error) => unreachable!("BUG: a path has a value of another type: {error}"),
    }
}
