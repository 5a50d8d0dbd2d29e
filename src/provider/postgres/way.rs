//! A table of then, and what its columns are today, where names are told apart by their letters' case.
//! Never looks at rows.

use super::lower;
use super::shape::Table;
use crate::journal::past::{Hop, Line};
use crate::model::entity::Entity;
use crate::model::field::FieldType;
use crate::provider::way;
use crate::target::Scene;

pub use crate::provider::way::{Origin, alive, present};

/// The table of an entity as it was, in the target's own words.
pub fn table_of(hop: &Hop, scene: &Scene<'_>) -> Table {
    Table::find(&hop.address.name, &hop.natives).unwrap_or_else(|| match hop.state.as_entity() {
        Some(entity) => lower::table(&hop.address.name, entity, scene.after),
        None => Table { name: hop.address.name.clone(), ..Table::default() },
    })
}

/// The type of the field that a column belongs to; text where there is none.
pub fn type_of(entity: &Entity, column: &str) -> FieldType {
    let own = field_of(entity, column).and_then(|(name, _)| entity.fields.get(name));
    own.map(|field| field.ty.clone())
        .or_else(|| entity.field_type(column))
        .unwrap_or(FieldType::Text { max_length: None, format: None })
}

/// Names are one where they are written alike.
fn same(one: &str, other: &str) -> bool {
    one == other
}

/// The field that a column belongs to, with the entity it points to where it is a lookup.
pub fn field_of<'a>(entity: &'a Entity, column: &str) -> Option<(&'a str, Option<&'a str>)> {
    way::field_of(entity, column, same)
}

/// The column that went on with the values of another after an apply.
pub fn next(hop: &Hop, older: &Entity, newer: &Entity, column: &str) -> Option<String> {
    way::next(hop, older, newer, column, same)
}

/// Follows one column of then to what there is of it now.
pub fn origin(line: &Line, column: &str, scene: &Scene<'_>) -> Origin {
    way::origin(line, column, scene, same)
}
