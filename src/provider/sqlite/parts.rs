//! Which index or constraint of a table is which member of its entity.
//! Never decides what happens to one: `lift` reads them and `ddl` keeps, drops or makes them.

use indexmap::IndexMap;

use super::lexer::normal;
use super::lower::{index_name, targets_name, unique_name};
use super::table::{ForeignKey, Index, Meaning, Shape};
use crate::model::entity::{Check, Deferral, Entity, Keeper};
use crate::model::field::{Field, FieldType};
use crate::model::name;

/// Where a member is in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The index of this name.
    Index(String),
    /// The constraint with this number in the table.
    Constraint(usize),
    /// A clause of this column.
    Column(String),
}

/// A member of an entity that is an index or a constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Unique { field: String, place: Place },
    Key { name: String, fields: Vec<String>, place: Place },
    Index { name: String, fields: Vec<String>, place: Place },
    Check { name: String, sql: String, place: Place },
    Relationship { name: String, fields: Vec<String>, key: ForeignKey, place: Place },
}

/// The fields that some columns belong to; none where a column is a part of a polymorphic lookup alone.
pub fn fields_of(fields: &IndexMap<String, Field>, columns: &[String]) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut rest = columns;
    while let Some(first) = rest.first() {
        let same = |name: &&String| name.eq_ignore_ascii_case(first);
        let whole = fields.iter().find_map(|(name, field)| {
            let parts: Vec<String> =
                field.ty.polymorphic_columns(name).into_iter().map(|(column, _)| column).collect();
            (!parts.is_empty() && rest.starts_with(&parts)).then_some((name, parts.len()))
        });
        let (name, length) = match (whole, fields.keys().find(same)) {
            (Some(whole), _) => whole,
            (None, Some(name)) if fields[name].ty.polymorphic_columns(name).is_empty() => (name, 1),
            (None, Some(_)) => return None,
            // The generated primary key is a column without a field.
            (None, None) if first == crate::model::entity::GENERATED_KEY => (first, 1),
            (None, None) => return None,
        };
        found.push(name.clone());
        rest = &rest[length..];
    }
    Some(found)
}

/// Finds every part of a prepared table.
pub fn of(shape: &Shape, fields: &IndexMap<String, Field>, hint: Option<&Entity>) -> Vec<Part> {
    let mut parts = Vec::new();
    for column in &shape.table.columns {
        if column.clauses.iter().any(|clause| matches!(clause.meaning, Meaning::Unique(_))) {
            parts
                .push(Part::Unique { field: column.name.clone(), place: Place::Column(column.name.clone()) });
        }
    }
    constraints(shape, fields, hint, &mut parts);
    indexes(shape, fields, hint, &mut parts);
    parts
}

/// Where a part is.
pub fn place(part: &Part) -> &Place {
    match part {
        Part::Unique { place, .. }
        | Part::Key { place, .. }
        | Part::Index { place, .. }
        | Part::Check { place, .. }
        | Part::Relationship { place, .. } => place,
    }
}

fn constraints(
    shape: &Shape,
    fields: &IndexMap<String, Field>,
    hint: Option<&Entity>,
    parts: &mut Vec<Part>,
) {
    for (number, clause) in shape.table.constraints.iter().enumerate() {
        let place = Place::Constraint(number);
        match &clause.meaning {
            Meaning::Check(sql) => {
                let name = clause.name.clone().or_else(|| {
                    let recorded = hint.into_iter().flat_map(|hint| &hint.checks);
                    let same = |(_, check): &(&String, &Check)| normal(&check.sql) == normal(sql);
                    recorded.filter(same).map(|(name, _)| name.clone()).next()
                });
                let name = free_name(parts, "checks", name, &["check".to_owned()]);
                let is_targets = fields.iter().any(|(field_name, field)| {
                    matches!(field.ty, FieldType::Lookup { entity: None, .. })
                        && targets_name(field_name) == name
                });
                if !is_targets {
                    parts.push(Part::Check { name, sql: sql.clone(), place });
                }
            }
            Meaning::Unique(columns) => {
                let Some(members) = fields_of(fields, columns) else { continue };
                let own = Keeper::Constraint(clause.name.as_deref(), Deferral::Never).to_string();
                let recorded = hint.into_iter().flat_map(|hint| &hint.keys);
                let mut recorded =
                    recorded.filter(|(_, key)| key.native.as_ref() == Some(&own) && key.fields == members);
                let name = recorded.next().map(|(name, _)| name.clone()).or_else(|| clause.name.clone());
                let name = free_name(parts, "keys", name, columns);
                parts.push(Part::Key { name, fields: members, place });
            }
            Meaning::ForeignKey(key) if key.is_plain => {
                let Some(members) = fields_of(fields, &key.columns) else { continue };
                let name = free_name(parts, "relationships", clause.name.clone(), &key.columns);
                parts.push(Part::Relationship { name, fields: members, key: key.clone(), place });
            }
            Meaning::PrimaryKey(_)
            | Meaning::OtherPrimaryKey(_)
            | Meaning::NotNull
            | Meaning::Default(_)
            | Meaning::ForeignKey(_)
            | Meaning::Generated
            | Meaning::Other => {}
        }
    }
}

fn section(part: &Part) -> (&'static str, &str) {
    match part {
        Part::Unique { field, .. } => ("fields", field),
        Part::Key { name, .. } => ("keys", name),
        Part::Index { name, .. } => ("indexes", name),
        Part::Check { name, .. } => ("checks", name),
        Part::Relationship { name, .. } => ("relationships", name),
    }
}

/// The name of a constraint, or one made of its columns where it has none that the model can hold.
fn free_name(parts: &[Part], wanted: &str, name: Option<String>, columns: &[String]) -> String {
    // Targets put the entity's name and a `.` before the names of keys and indexes.
    let is_name = |name: &String| {
        name::fault(name).is_none() && !(matches!(wanted, "keys" | "indexes") && name.contains('.'))
    };
    let made = || columns.join("-").replace('.', "-");
    let base = name.filter(is_name).unwrap_or_else(made);
    let mut candidate = base.clone();
    let mut number = 2;
    while parts.iter().any(|part| section(part) == (wanted, candidate.as_str())) {
        candidate = format!("{base}-{number}");
        number += 1;
    }
    candidate
}

fn indexes(shape: &Shape, fields: &IndexMap<String, Field>, hint: Option<&Entity>, parts: &mut Vec<Part>) {
    let table = &shape.table.name;
    let prefix = index_name(table, "");
    // A lookup to several entities is unique where every one of its columns is.
    for (name, field) in fields {
        let columns = field.ty.polymorphic_columns(name);
        let is_unique = |column: &String| {
            let wanted = unique_name(table, column);
            shape.indexes.iter().any(|index| index.name == wanted && index.unique)
        };
        if let Some((first, _)) = columns.first()
            && columns.iter().all(|(column, _)| is_unique(column))
        {
            let place = Place::Index(unique_name(table, first));
            parts.push(Part::Unique { field: name.clone(), place });
        }
    }
    for index in &shape.indexes {
        let Some(members) = index.columns.as_ref().and_then(|columns| fields_of(fields, columns)) else {
            continue;
        };
        let place = Place::Index(index.name.clone());
        let own = index.name.strip_prefix(&prefix).map(|name| name.replace("\\.", "."));
        let recorded = hint.and_then(|hint| recorded_name(hint, index));
        let is_recorded = recorded.is_some();
        let name = recorded.or_else(|| own.clone()).unwrap_or_else(|| index.name.clone());
        let is_unique = |field: &String| {
            hint.and_then(|hint| hint.fields.get(field)).is_some_and(|field| field.is_unique())
        };
        match (index.unique, members.as_slice()) {
            (true, [field])
                if index.name == unique_name(table, field)
                    || (own.is_none() && !is_recorded && is_unique(field)) =>
            {
                parts.push(Part::Unique { field: field.clone(), place });
            }
            (true, _) => {
                let name = free_name(parts, "keys", Some(name), &members);
                parts.push(Part::Key { name, fields: members, place });
            }
            (false, _) => {
                let name = free_name(parts, "indexes", Some(name), &members);
                parts.push(Part::Index { name, fields: members, place });
            }
        }
    }
}

/// The name under which we recorded an index that has a name of its own.
fn recorded_name(hint: &Entity, index: &Index) -> Option<String> {
    let is_kept = |native: &Option<String>| {
        native.as_deref().and_then(Keeper::read) == Some(Keeper::Index(index.name.as_str()))
    };
    let by_native = match index.unique {
        true => hint.keys.iter().find(|(_, key)| is_kept(&key.native)).map(|(name, _)| name),
        false => hint.indexes.iter().find(|(_, known)| is_kept(&known.native)).map(|(name, _)| name),
    };
    let by_name = || {
        let known = match index.unique {
            true => hint.keys.contains_key(&index.name),
            false => hint.indexes.contains_key(&index.name),
        };
        known.then_some(&index.name)
    };
    by_native.or_else(by_name).cloned()
}
