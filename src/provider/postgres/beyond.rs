//! What tables and their surroundings hold that the model has no words for.
//! Never decides what becomes of it: it stays as it is, and somebody is told.

use std::collections::BTreeSet;

use super::lift::{self, Source, World};
use super::native;
use super::picklist;
use super::shape::Table;
use super::spell::Spelled;
use crate::address::Address;
use crate::model::entity;
use crate::model::state::Snapshot;
use crate::target::Beyond;

/// Everything that is left out when the state of a schema is written as manifests, table by table.
pub fn of(snapshot: &Snapshot) -> Vec<Beyond> {
    let opaque = |(name, reason): (&String, &String)| Beyond {
        name: format!("table {name}"),
        table: name.clone(),
        reason: reason.clone(),
    };
    let mut found: Vec<Beyond> = snapshot.opaque.iter().map(opaque).collect();
    let tables: Vec<Table> = snapshot
        .natives
        .iter()
        .filter(|native| native.kind == "table")
        .filter_map(|native| serde_json::from_str(&native.definition).ok())
        .collect();
    let mut world = World::default();
    for table in tables.iter().filter(|table| !snapshot.opaque.contains_key(&table.name)) {
        let is_entity = snapshot.state.contains_key(&Address::new(entity::KIND, table.name.as_str()));
        world.add(table, !is_entity && picklist::is_picklist(table));
    }
    for table in &tables {
        let address = Address::new(entity::KIND, table.name.as_str());
        let Some(entity) = snapshot.state.get(&address).and_then(|resource| resource.as_entity()) else {
            continue;
        };
        let source = Source { table, world: &world };
        let left = lift::entity(&source, Some(entity), &Spelled::default()).left;
        let mut say = |name: String, reason: String| {
            found.push(Beyond { name, table: table.name.clone(), reason });
        };
        for (name, why) in left {
            say(name, format!("it {why}"));
        }
        if !table.options.is_empty() {
            let reason = format!("it is {}", table.options.join(", "));
            say(format!("table {}", table.name), reason);
        }
    }
    let defaults = tables.iter().flat_map(|table| &table.columns).filter_map(|one| one.default.as_deref());
    let counters: BTreeSet<String> = defaults.flat_map(native::counters).collect();
    for native in &snapshot.natives {
        let reason = match native.kind.as_str() {
            "view" | "materialized view" => "a view is a query of the target's own".to_owned(),
            "trigger" | "policy" | "rule" => {
                format!("a {} of `{}` is code of the target's own", native.kind, native.table)
            }
            "function" => "a function is code of the target's own".to_owned(),
            // Default and sequence are made together; what else the sequence says is its own.
            "sequence" if counters.contains(&native.name) => match native.definition.as_str() {
                "bigint 1 1 1 9223372036854775807 1 f" => continue,
                definition => format!("it counts by words of its own: {definition}"),
            },
            "sequence" => "it counts for no column of its own".to_owned(),
            "domain" | "composite type" | "range type" => "it is a type of the target's own".to_owned(),
            _ => continue,
        };
        let name = format!("{} {}", native.kind, native.name);
        found.push(Beyond { name, table: native.table.clone(), reason });
    }
    found
}
