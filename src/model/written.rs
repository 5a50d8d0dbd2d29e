//! One resource as a manifest writes it, in the one order that all written manifests have.
//! Never makes text: the YAML emitter does.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Serialize;
use serde_yaml::{Mapping, Value};

use super::entity::Entity;
use super::resource::{Resource, kind_entry};
use super::setup::Setup;
use super::template::{SIGN, escaped};
use crate::address::Address;

/// The version that every manifest names.
pub const API_VERSION: &str = "reconcile/v1";

/// Everything that one manifest says.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    pub address: &'a Address,
    pub resource: &'a Resource,
    /// The name this resource had before.
    pub renamed_from: Option<&'a str>,
    pub labels: &'a BTreeMap<String, String>,
    pub setup: &'a Setup,
}

/// The settings of a `spec`, in the order they are written.
const SPEC_ORDER: [&str; 12] = [
    "displayName",
    "description",
    "extends",
    "primaryKey",
    "fields",
    "keys",
    "indexes",
    "checks",
    "relationships",
    "native",
    "storage",
    "options",
];

/// Returns the manifest of a resource as a value. Of a standard entity it holds the customizations alone.
pub fn manifest_value(written: &Written<'_>) -> Value {
    let Some(kind) = kind_entry(&written.resource.kind()) else {
        unreachable!("BUG: a kind of resource is missing in the registry")
    };
    let mut metadata = Mapping::new();
    put(&mut metadata, "name", &written.address.name);
    if !written.labels.is_empty() {
        put(&mut metadata, "labels", written.labels);
    }
    if let Some(name) = written.renamed_from {
        put(&mut metadata, "renamedFrom", name);
    }
    let mut document = Mapping::new();
    put(&mut document, "apiVersion", API_VERSION);
    put(&mut document, "kind", kind.manifest);
    put(&mut document, "metadata", &metadata);
    if !written.setup.is_empty() {
        put(&mut document, "setup", written.setup);
    }
    put(&mut document, "spec", &spec(&declarable(written.resource)));
    let mut document = Value::Mapping(document);
    escape(&mut document);
    document
}

/// What is written stands for itself: `${` is no placeholder.
fn escape(value: &mut Value) {
    match value {
        Value::String(text) if text.contains(SIGN) => *text = escaped(text).into_owned(),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::Sequence(items) => items.iter_mut().for_each(escape),
        Value::Mapping(entries) => {
            if entries.keys().any(|key| key.as_str().is_some_and(|key| key.contains(SIGN))) {
                let key = |key: Value| match key {
                    Value::String(text) => Value::String(escaped(&text).into_owned()),
                    other => other,
                };
                *entries = std::mem::take(entries).into_iter().map(|(k, value)| (key(k), value)).collect();
            }
            entries.iter_mut().for_each(|(_, value)| escape(value));
        }
        Value::Tagged(tagged) => escape(&mut tagged.value),
    }
}

/// Returns what a manifest can declare of a resource: of a standard entity, only what is added to it.
pub fn declarable(resource: &Resource) -> Resource {
    match resource {
        Resource::Entity(entity) => Resource::Entity(declarable_entity(entity)),
        Resource::Picklist(picklist) => Resource::Picklist(picklist.clone()),
    }
}

fn declarable_entity(entity: &Entity) -> Entity {
    let customized = entity.standard;
    let mut kept = entity.clone();
    if customized {
        (kept.display_name, kept.description, kept.primary_key, kept.native) = (None, None, None, None);
    }
    keep(&mut kept.fields, |field| customized && field.standard);
    keep(&mut kept.keys, |key| customized && key.standard);
    keep(&mut kept.indexes, |index| customized && index.standard);
    keep(&mut kept.checks, |check| customized && check.standard);
    keep(&mut kept.relationships, |relationship| customized && relationship.standard);
    kept.fields.values_mut().for_each(|field| field.standard = false);
    kept.keys.values_mut().for_each(|key| key.standard = false);
    kept.indexes.values_mut().for_each(|index| index.standard = false);
    kept.checks.values_mut().for_each(|check| check.standard = false);
    kept.relationships.values_mut().for_each(|relationship| relationship.standard = false);
    kept
}

fn keep<T>(members: &mut IndexMap<String, T>, is_out_of_box: impl Fn(&T) -> bool) {
    members.retain(|_, member| !is_out_of_box(member));
}

fn spec(resource: &Resource) -> Mapping {
    let written = match resource {
        Resource::Entity(entity) => value(entity),
        Resource::Picklist(picklist) => value(picklist),
    };
    let Value::Mapping(mut settings) = written else {
        unreachable!("BUG: the spec of a resource is no mapping")
    };
    if settings.remove("standard").is_some() {
        put(&mut settings, "extends", "standard");
    }
    let mut ordered = Mapping::new();
    for name in SPEC_ORDER {
        if let Some(setting) = settings.remove(name) {
            put(&mut ordered, name, &setting);
        }
    }
    if let Some((name, _)) = settings.iter().next() {
        unreachable!("BUG: the setting {name:?} has no place in a written spec");
    }
    ordered
}

fn put<T: Serialize + ?Sized>(mapping: &mut Mapping, name: &str, setting: &T) {
    mapping.insert(Value::from(name), value(setting));
}

fn value<T: Serialize + ?Sized>(setting: &T) -> Value {
    let Ok(value) = serde_yaml::to_value(setting) else { unreachable!("BUG: a setting has no YAML form") };
    value
}
