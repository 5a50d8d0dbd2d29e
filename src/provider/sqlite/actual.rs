//! What there is before a change: the table as it stands, and who holds a picklist's options.
//! Never says what should be there.

use std::collections::BTreeMap;

use super::lexer::{quote, tokens};
use super::lower::{self, World};
use super::table::{Clause, Meaning, Shape};
use super::{inspect, lift, parse};
use crate::address::Address;
use crate::model::entity::{self, Entity};
use crate::model::field::FieldType;
use crate::model::state::{Native, State};
use crate::target::Scene;

/// The tables and columns that hold options of a picklist, under either of its names.
pub fn users(old: &str, new: &str, state: &State) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (address, resource) in state {
        let Some(entity) = resource.as_entity() else { continue };
        for (field_name, field) in &entity.fields {
            if matches!(&field.ty, FieldType::Picklist { picklist } if picklist == old || picklist == new) {
                found.push((address.name.clone(), field_name.clone()));
            }
        }
    }
    found
}

/// The table as it is, in the form in which it is lifted; as it should be where nobody has looked.
pub fn actual(name: &str, entity: &Entity, natives: &[Native], state: &State, scene: &Scene<'_>) -> Shape {
    let of_kind = |kind: &'static str| natives.iter().filter(move |native| native.kind == kind);
    let found = of_kind("table").find(|native| native.name.eq_ignore_ascii_case(name));
    let Some(table) = found.and_then(|native| parse::table(&native.definition).ok()) else {
        let mut shape = lower::shape(name, entity, World::State(state));
        shape.triggers.clear();
        return shape;
    };
    let on_table = |native: &&Native| native.table.eq_ignore_ascii_case(name);
    let hanging = of_kind("index").chain(of_kind("trigger")).filter(on_table);
    let clauses = table.columns.iter().flat_map(|column| &column.clauses).chain(&table.constraints);
    let mut known = BTreeMap::new();
    for clause in clauses {
        let Meaning::ForeignKey(key) = &clause.meaning else { continue };
        let far = of_kind("table").find(|native| native.name.eq_ignore_ascii_case(&key.table));
        if let Some((far, table)) = far.and_then(|far| Some((far, parse::table(&far.definition).ok()?))) {
            let is_entity = state.contains_key(&Address::new(entity::KIND, far.name.as_str()));
            known.insert(far.name.to_ascii_lowercase(), inspect::known_table(&far.name, &table, is_entity));
        }
    }
    let mut shape = inspect::shape(table, name, hanging);
    lift::prepare(&mut shape, Some(entity), &known);
    let clauses = shape.table.columns.iter_mut().flat_map(|column| &mut column.clauses);
    clauses.chain(&mut shape.table.constraints).for_each(|clause| follow(clause, scene));
    shape
}

/// Points a foreign key at the new name of a table that the plan renames, as SQLite itself will do.
fn follow(clause: &mut Clause, scene: &Scene<'_>) {
    let Meaning::ForeignKey(key) = &mut clause.meaning else { return };
    let Some((new, _)) = scene.renamed.iter().find(|(_, old)| old.name.eq_ignore_ascii_case(&key.table))
    else {
        return;
    };
    let words = tokens(&clause.text).unwrap_or_default();
    let place = words.iter().position(|token| token.is("REFERENCES")).and_then(|at| words.get(at + 1));
    let place = place.map(|token| token.start..token.end());
    if let Some(place) = place {
        clause.text.replace_range(place, &quote(&new.name));
        key.table.clone_from(&new.name);
    }
}
