//! What tables and their surroundings hold that the model has no words for.
//! Never decides what becomes of it: it stays as it is, and somebody is told.

use std::collections::{BTreeMap, BTreeSet};

use super::actual::actual;
use super::lower::targets_name;
use super::parts::{self, Place};
use super::table::{Clause, Meaning, Shape};
use super::types;
use crate::address::Address;
use crate::model::entity::{self, Entity};
use crate::model::state::Snapshot;
use crate::target::{Aside, Beyond, Scene};

/// Everything that is left out when the state of a database is written as manifests, table by table.
pub fn of(snapshot: &Snapshot) -> Vec<Beyond> {
    let none = |name: &String, reason: &String| Beyond {
        name: format!("table {name}"),
        table: name.clone(),
        reason: reason.clone(),
    };
    let mut found: Vec<Beyond> = snapshot.opaque.iter().map(|(name, reason)| none(name, reason)).collect();
    for (address, resource) in &snapshot.state {
        if let (true, Some(entity)) = (address.kind == entity::KIND, resource.as_entity()) {
            of_table(address, entity, snapshot, &mut found);
        }
    }
    for native in &snapshot.natives {
        let reason = match native.kind.as_str() {
            "view" => "a view is a query of the target's own".to_owned(),
            "trigger" => format!("a trigger of `{}` is code of the target's own", native.table),
            _ => continue,
        };
        let name = format!("{} {}", native.kind, native.name);
        found.push(Beyond { name, table: native.table.clone(), reason });
    }
    found
}

fn of_table(address: &Address, entity: &Entity, snapshot: &Snapshot, found: &mut Vec<Beyond>) {
    let (rows, renamed, aside) = (BTreeMap::new(), BTreeMap::new(), Aside::default());
    let placed = BTreeSet::new();
    let scene = Scene {
        before: &snapshot.state,
        after: &snapshot.state,
        natives: &snapshot.natives,
        rows: &rows,
        renamed: &renamed,
        aside: &aside,
        placed: &placed,
        strategy: None,
    };
    let shape = actual(&address.name, entity, &snapshot.natives, &snapshot.state, &scene);
    let parts = parts::of(&shape, &entity.fields, Some(entity));
    let places: Vec<&Place> = parts.iter().map(parts::place).collect();
    let mut say = |name: String, reason: String| {
        found.push(Beyond { name, table: address.name.clone(), reason });
    };
    for index in &shape.indexes {
        if !places.contains(&&Place::Index(index.name.clone())) {
            let more = match index.columns {
                Some(_) => "has columns that are no field",
                None => "is partial, or on more than plain columns",
            };
            say(format!("index {}", index.name), format!("an index of `{}` that {more}", address.name));
        }
    }
    for (number, clause) in shape.table.constraints.iter().enumerate() {
        if !places.contains(&&Place::Constraint(number)) && !is_said(clause, entity, &shape) {
            let name = format!("constraint of {}", address.name);
            let text = types::without_comments(&clause.text);
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            say(name, format!("`{text}` says more than a manifest can"));
        }
    }
}

/// Tells whether a constraint without a member of its own is in the entity all the same.
fn is_said(clause: &Clause, entity: &Entity, shape: &Shape) -> bool {
    match &clause.meaning {
        Meaning::PrimaryKey(_) => true,
        Meaning::Check(_) => clause.name.as_ref().is_some_and(|name| {
            let is_own = |field: &String| targets_name(field) == *name;
            entity.fields.keys().any(is_own) && shape.table.column(name).is_none()
        }),
        Meaning::OtherPrimaryKey(_)
        | Meaning::NotNull
        | Meaning::Unique(_)
        | Meaning::Default(_)
        | Meaning::ForeignKey(_)
        | Meaning::Generated
        | Meaning::Other => false,
    }
}
