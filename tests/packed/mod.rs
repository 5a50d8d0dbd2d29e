//! Packages made by hand, and a decoder of manifests for reading them back.
//! Never a test by itself.
#![allow(dead_code)]

use std::collections::BTreeMap;

use reconcile::address::Address;
use reconcile::model::entity::Entity;
use reconcile::model::resource::Resource;
use reconcile::model::setup::{Action, Setup};
use reconcile::package::{About, PackagedResource};
use reconcile::plan::Plan;
use serde_json::json;
use serde_yaml::Value;

/// Reads a manifest by the model's own serde forms, which are the manifest's words.
pub fn decode(_path: &str, text: &str) -> Result<(Address, PackagedResource), String> {
    let why = |error: serde_yaml::Error| error.to_string();
    let document: Value = serde_yaml::from_str(text).map_err(why)?;
    let mut spec = document["spec"].as_mapping().cloned().ok_or("no spec")?;
    if spec.remove("extends").is_some() {
        spec.insert("standard".into(), true.into());
    }
    let spec = Value::Mapping(spec);
    let resource = match document["kind"].as_str() {
        Some("Entity") => Resource::Entity(serde_yaml::from_value(spec).map_err(why)?),
        Some("Picklist") => Resource::Picklist(serde_yaml::from_value(spec).map_err(why)?),
        kind => return Err(format!("kind {kind:?}")),
    };
    let optional = |value: Option<&Value>| match value {
        Some(value) => serde_yaml::from_value(value.clone()).map_err(why),
        None => Ok(None),
    };
    let metadata = &document["metadata"];
    let packaged = PackagedResource {
        renamed_from: optional(metadata.get("renamedFrom"))?,
        labels: match metadata.get("labels") {
            Some(labels) => serde_yaml::from_value(labels.clone()).map_err(why)?,
            None => BTreeMap::new(),
        },
        setup: match document.get("setup") {
            Some(setup) => serde_yaml::from_value(setup.clone()).map_err(why)?,
            None => Setup::default(),
        },
        action: Action::Merge,
        related_because: None,
        resource,
    };
    let name = metadata["name"].as_str().ok_or("no name")?;
    Ok((Address::new(packaged.resource.kind(), name), packaged))
}

/// An entity from the text of its spec in JSON, in whose order its members are.
pub fn entity(spec: &str) -> PackagedResource {
    let entity: Entity = serde_json::from_str(spec).unwrap();
    packaged(Resource::Entity(entity))
}

fn packaged(resource: Resource) -> PackagedResource {
    PackagedResource {
        resource,
        renamed_from: None,
        labels: BTreeMap::new(),
        setup: Setup::default(),
        action: Action::Overwrite,
        related_because: None,
    }
}

/// The order and the picklist of the design.
pub fn design() -> BTreeMap<Address, PackagedResource> {
    let mut order = entity(
        r#"{
        "displayName": "Order",
        "fields": {
            "status": { "type": "picklist", "picklist": "order-status", "default": "draft", "required": true },
            "customer": { "type": "lookup", "entity": "account" },
            "note": { "type": "text", "maxLength": 500, "renamedFrom": "remark" }
        },
        "keys": { "by-status": { "fields": ["status"] } }
    }"#,
    );
    order.setup = Setup {
        action: Some(Action::Overwrite),
        allowed: vec![Action::Merge, Action::Overwrite],
        ..Setup::default()
    };
    order.labels.insert("team".to_owned(), "sales".to_owned());
    order.renamed_from = Some("purchase".to_owned());
    let mut status = packaged(Resource::Picklist(
        serde_json::from_str(
            r##"{
        "displayName": "Order status",
        "options": { "open": { "label": { "en": "Open", "de": "Offen" }, "color": "#2b8a3e" }, "draft": {} }
    }"##,
        )
        .unwrap(),
    ));
    status.related_because = Some("entity/order has a field of it".to_owned());
    status.action = Action::Select;
    BTreeMap::from([
        ("entity/order".parse().unwrap(), order),
        ("picklist/order-status".parse().unwrap(), status),
    ])
}

pub fn about(name: &str) -> About {
    About { name: name.to_owned(), tool_version: "0.1.0".to_owned(), ..About::default() }
}

pub fn design_plan() -> Plan {
    let text = json!({
        "environment": "staging", "provider": "sqlite", "target": "sqlite .reconcile/staging.db",
        "revision": { "commit": "4f2a91c0".repeat(5), "dirty": false },
        "base": "0".repeat(64), "goal": "1".repeat(64),
        "policy": { "prune": true, "autoApply": false },
        "changes": [],
        "steps": [
            { "id": 1, "address": "entity/order", "title": "create table \"order\"", "statements": ["create table \"order\" (id text)", "select 1 -- note"] },
            { "id": 2, "address": "entity/order", "title": "remember it", "statements": [] },
        ],
        "findings": [], "facts": [], "kept": [],
        "summary": { "add": 1, "change": 0, "destroy": 0, "forget": 0, "destroyed": 0 },
    });
    serde_json::from_str(&text.to_string()).unwrap()
}
