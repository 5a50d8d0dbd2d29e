//! A table of SQLite as an entity, with the help of what we recorded of it.
//! Never changes a meaning: what the model has no words for is kept as `native`, or left in the table.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::autonumber;
use super::lexer::normal;
use super::lower::{self, Known, World};
use super::parts::{self, Part, Place};
use super::table::{Clause, Column, ForeignKey, Meaning, Shape, Table, same_clauses};
use super::types;
use crate::model::entity::{
    Check, Deferral, Entity, GENERATED_KEY, Index, Keeper, Key, References, Relationship,
};
use crate::model::field::{Field, FieldType};
use crate::model::name;

/// Reads an entity from a table.
pub fn entity(shape: &Shape, hint: Option<&Entity>, tables: &BTreeMap<String, Known>) -> Entity {
    let lift = Lift { shape, hint, tables, numbered: numbered(shape) };
    let mut entity =
        Entity { primary_key: lift.primary_key(), native: native_options(&shape.table), ..Entity::default() };
    if let Some(hint) = hint {
        entity.display_name.clone_from(&hint.display_name);
        entity.description.clone_from(&hint.description);
        entity.standard = hint.standard;
    }
    let polymorphic = lift.polymorphic();
    let mut fields: IndexMap<String, Field> = IndexMap::with_capacity(shape.table.columns.len());
    for column in &shape.table.columns {
        let owner = polymorphic
            .iter()
            .find(|(name, field)| field.ty.polymorphic_columns(name).iter().any(|(c, _)| *c == column.name));
        match owner {
            Some((name, field)) => {
                fields.entry(name.clone()).or_insert_with(|| field.clone());
            }
            None if entity.primary_key.is_none() && column.name == GENERATED_KEY => {}
            None => {
                fields.insert(column.name.clone(), lift.field(column, &entity));
            }
        }
    }
    if let Some(hint) = hint {
        let position = |name: &String| hint.fields.get_index_of(name).unwrap_or(usize::MAX);
        fields.sort_by(|left, _, right, _| position(left).cmp(&position(right)));
    }
    entity.fields = fields;
    if let Some(key) = &mut entity.primary_key {
        *key = parts::fields_of(&entity.fields, key).unwrap_or_else(|| key.clone());
    }
    lift.members(&mut entity);
    entity
}

/// The options that a table has and that we would not give it.
pub fn native_options(table: &Table) -> Option<String> {
    if table.strict == table.may_be_strict() && !table.without_rowid {
        return None;
    }
    Some(table.options()).filter(|text| !text.is_empty()).or_else(|| Some("none".to_owned()))
}

/// The fields that the target numbers, with their formats.
fn numbered(shape: &Shape) -> BTreeMap<String, String> {
    shape.triggers.iter().filter_map(|trigger| autonumber::read(&shape.table.name, trigger)).collect()
}

/// Tells whether a column is what lowering would make, but for what the table and its indexes say as well.
pub fn matches(actual: &Column, wanted: &Column) -> bool {
    let is_key = |column: &Column| column.clauses.iter().any(|c| matches!(c.meaning, Meaning::PrimaryKey(_)));
    let is_rowid = (is_key(actual) || is_key(wanted)) && actual.type_name.eq_ignore_ascii_case("INTEGER");
    let counts = |clause: &&Clause| match clause.meaning {
        Meaning::PrimaryKey(_) | Meaning::Unique(_) => false,
        Meaning::NotNull => !is_rowid,
        Meaning::OtherPrimaryKey(_)
        | Meaning::Check(_)
        | Meaning::Default(_)
        | Meaning::ForeignKey(_)
        | Meaning::Generated
        | Meaning::Other => true,
    };
    actual.name.eq_ignore_ascii_case(&wanted.name)
        && actual.type_name.eq_ignore_ascii_case(&wanted.type_name)
        && same_clauses(actual.clauses.iter().filter(counts), wanted.clauses.iter().filter(counts))
}

/// Brings a table to the form in which it is lifted: what concerns one column stands on that column.
pub fn prepare(shape: &mut Shape, hint: Option<&Entity>, tables: &BTreeMap<String, Known>) {
    let known = |key: &ForeignKey| tables.get(&key.table.to_ascii_lowercase());
    let resolve = |key: &mut ForeignKey| {
        if let Some(known) = tables.get(&key.table.to_ascii_lowercase()) {
            key.table.clone_from(&known.name);
            if key.to.is_empty() {
                key.to.clone_from(&known.key);
            }
        }
    };
    let table = &mut shape.table;
    let clauses =
        table.columns.iter_mut().flat_map(|column| &mut column.clauses).chain(&mut table.constraints);
    for clause in clauses {
        if let Meaning::ForeignKey(key) = &mut clause.meaning {
            resolve(key);
        }
    }
    table.fold(|clause, key| {
        let recorded = clause
            .name
            .as_ref()
            .is_some_and(|name| hint.is_some_and(|hint| hint.relationships.contains_key(name)));
        !recorded && known(key).is_some_and(|known| known.key.len() == 1 && same_names(&known.key, &key.to))
    });
}

fn same_names(left: &[String], right: &[String]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(a, b)| a.eq_ignore_ascii_case(b))
}

struct Lift<'a> {
    shape: &'a Shape,
    hint: Option<&'a Entity>,
    tables: &'a BTreeMap<String, Known>,
    numbered: BTreeMap<String, String>,
}

impl Lift<'_> {
    fn primary_key(&self) -> Option<Vec<String>> {
        let key = self.shape.table.primary_key();
        let generated = lower::generated_key();
        match key.as_slice() {
            [only] if only == GENERATED_KEY => {
                let column = self.shape.table.column(only);
                if column.is_some_and(|column| column.is_same(&generated)) { None } else { Some(key) }
            }
            _ => Some(key),
        }
    }

    /// The lookups that take several columns: those we recorded, and those that the table's own checks show.
    fn polymorphic(&self) -> Vec<(String, Field)> {
        let mut found: Vec<(String, Field)> = Vec::new();
        let recorded = self.hint.map(|hint| hint.fields.iter()).into_iter().flatten();
        for (name, field) in recorded {
            if self.is_polymorphic(name, field) {
                found.push((name.clone(), field.clone()));
            }
        }
        for clause in &self.shape.table.constraints {
            let name = clause.name.as_deref().and_then(|name| name.strip_suffix(".targets"));
            let Some(name) = name.filter(|name| found.iter().all(|(known, _)| known != name)) else {
                continue;
            };
            let prefix = format!("{name}_");
            let columns: Vec<&Column> =
                self.shape.table.columns.iter().filter(|column| column.name.starts_with(&prefix)).collect();
            let keys: Vec<&ForeignKey> = columns.iter().filter_map(|column| column.foreign_key()).collect();
            let mut field = Field::of(FieldType::Lookup {
                entity: None,
                entities: keys.iter().map(|key| key.table.clone()).collect(),
                on_delete: keys.first().map(|key| key.on_delete).unwrap_or_default(),
            });
            for required in [None, Some(true)] {
                field.required = required;
                if self.is_polymorphic(name, &field) {
                    found.push((name.to_owned(), field.clone()));
                }
            }
        }
        found
    }

    fn is_polymorphic(&self, name: &str, field: &Field) -> bool {
        let Some(check) = lower::targets_check(name, field) else { return false };
        let columns = lower::field_columns(&Entity::default(), name, field, World::Tables(self.tables));
        self.shape.table.constraints.iter().any(|clause| clause.is_same(&check))
            && columns.iter().all(|wanted| {
                self.shape.table.column(&wanted.name).is_some_and(|actual| matches(actual, wanted))
            })
    }

    /// Reads the field of a column.
    fn field(&self, column: &Column, entity: &Entity) -> Field {
        let world = World::Tables(self.tables);
        let hint = self.hint.and_then(|hint| hint.fields.get(&column.name));
        if let Some(hint) = hint.filter(|hint| self.is_numbered_alike(column, hint)) {
            let wanted = lower::column(entity, &column.name, hint, world);
            if matches(column, &wanted) {
                return hint.clone();
            }
        }
        // A column that keeps its values apart itself is not one of ours, unless we recorded it so.
        let is_unique_itself = hint.is_none()
            && column.clauses.iter().any(|clause| matches!(clause.meaning, Meaning::Unique(_)));
        let mut field = self
            .candidates(column, hint)
            .into_iter()
            .map(|ty| self.read(column, ty, entity))
            .find(|field| {
                !is_unique_itself && matches(column, &lower::column(entity, &column.name, field, world))
            })
            .unwrap_or_else(|| self.foreign(column, hint, entity));
        if let Some(hint) = hint {
            field.display_name.clone_from(&hint.display_name);
            field.description.clone_from(&hint.description);
            field.standard = hint.standard;
            if let (FieldType::Text { format, .. }, FieldType::Text { format: recorded, .. }) =
                (&mut field.ty, &hint.ty)
            {
                *format = *recorded;
            }
        }
        field
    }

    fn is_numbered_alike(&self, column: &Column, hint: &Field) -> bool {
        match (&hint.ty, self.numbered.get(&column.name)) {
            (FieldType::Autonumber { format }, Some(found)) => format == found,
            (FieldType::Autonumber { .. }, None) | (_, Some(_)) => false,
            (_, None) => true,
        }
    }

    /// A field of this type with what the column's clauses say.
    fn read(&self, column: &Column, ty: FieldType, entity: &Entity) -> Field {
        let in_key = entity.primary_key.as_ref().is_some_and(|key| key.contains(&column.name));
        let mut field = Field::of(ty);
        field.required = (column.is_not_null() && !in_key).then_some(true);
        field.default = column.default().and_then(|sql| {
            let storage = types::storage(&types::guess(&column.type_name));
            types::default_value(&field.ty, sql, storage)
        });
        field.check = column.clauses.iter().find_map(|clause| match (&clause.meaning, &clause.name) {
            (Meaning::Check(sql), Some(name)) if *name == column.name => Some(types::without_comments(sql)),
            (_, _) => None,
        });
        field
    }

    /// The types whose form this column may be, the likeliest first.
    fn candidates(&self, column: &Column, hint: Option<&Field>) -> Vec<FieldType> {
        if let Some(format) = self.numbered.get(&column.name) {
            return vec![FieldType::Autonumber { format: format.clone() }];
        }
        if let Some(ty) = column.foreign_key().and_then(|key| self.reference(key)) {
            return vec![ty];
        }
        let mut found: Vec<FieldType> = hint
            .map(|hint| hint.ty.clone())
            .filter(|ty| !matches!(ty, FieldType::Autonumber { .. }))
            .into_iter()
            .collect();
        let checks = column.clauses.iter().filter_map(|clause| match (&clause.meaning, &clause.name) {
            (Meaning::Check(sql), None) => Some(normal(sql)),
            (_, _) => None,
        });
        let numbers = checks.flat_map(|sql| {
            let words: Vec<u32> =
                sql.split(' ').filter_map(|w| w.trim_start_matches("1e").parse().ok()).collect();
            words
        });
        let numbers: Vec<u32> = numbers.collect();
        match column.type_name.to_ascii_uppercase().as_str() {
            "TEXT" => {
                found.push(FieldType::Text { max_length: None, format: None });
                let lengths = numbers.iter().map(|n| FieldType::Text { max_length: Some(*n), format: None });
                found.extend(lengths);
                found.extend([
                    FieldType::Date,
                    FieldType::Time,
                    FieldType::Datetime,
                    FieldType::Uuid,
                    FieldType::Json,
                ]);
            }
            "INTEGER" => found.extend([FieldType::Bigint, FieldType::Integer, FieldType::Boolean]),
            "REAL" => {
                found.extend([FieldType::Float, FieldType::Money]);
                if let [digits, scale, ..] = numbers.as_slice() {
                    let small = |n: u32| u8::try_from(n).unwrap_or(u8::MAX);
                    let precision = small(digits.saturating_add(*scale));
                    found.push(FieldType::Decimal { precision, scale: small(*scale) });
                }
            }
            "BLOB" => {
                found.push(FieldType::Binary { max_length: None });
                found.extend(numbers.iter().map(|n| FieldType::Binary { max_length: Some(*n) }));
            }
            _ => {}
        }
        found
    }

    /// What a foreign key of one column is, where the model has a type for it.
    fn reference(&self, key: &ForeignKey) -> Option<FieldType> {
        let known = self.tables.get(&key.table.to_ascii_lowercase())?;
        if !same_names(&known.key, &key.to) || known.key.len() != 1 {
            return None;
        }
        Some(match known.is_picklist {
            true => FieldType::Picklist { picklist: known.name.clone() },
            false => FieldType::Lookup {
                entity: Some(known.name.clone()),
                entities: Vec::new(),
                on_delete: key.on_delete,
            },
        })
    }

    /// A field for a column that lowering would not make: the nearest type, and the column's own words.
    fn foreign(&self, column: &Column, hint: Option<&Field>, entity: &Entity) -> Field {
        let has_check = |ty: &FieldType| {
            let check = types::check(ty, &super::lexer::quote(&column.name)).map(|sql| normal(&sql));
            check.is_some_and(|check| {
                column
                    .clauses
                    .iter()
                    .any(|c| matches!(&c.meaning, Meaning::Check(sql) if normal(sql) == check))
            })
        };
        let reference = column.foreign_key().and_then(|key| self.reference(key));
        let ty = reference.unwrap_or_else(|| {
            let candidates = self.candidates(column, hint);
            candidates.into_iter().find(has_check).unwrap_or_else(|| types::guess(&column.type_name))
        });
        let mut field = self.read(column, ty, entity);
        let mut own = column.clone();
        own.clauses.retain(|clause| !matches!(clause.meaning, Meaning::PrimaryKey(_)));
        let world = World::Tables(self.tables);
        // What the other settings say is not said twice, as long as they say all of it.
        let plain = lower::plain_column(entity, &column.name, &field, world);
        let mut rest = own.clone();
        rest.clauses.retain(|clause| {
            let is_said = match clause.meaning {
                Meaning::NotNull => field.is_required() && clause.name.is_none(),
                Meaning::Default(_) | Meaning::ForeignKey(_) => clause.name.is_none(),
                Meaning::Check(_) => clause.name.is_some(),
                Meaning::PrimaryKey(_)
                | Meaning::OtherPrimaryKey(_)
                | Meaning::Unique(_)
                | Meaning::Generated
                | Meaning::Other => false,
            };
            !(is_said && plain.clauses.iter().any(|other| other.is_same(clause)))
        });
        field.native = Some(types::without_comments(&rest.tail()));
        let says = |rest: &Column, is_it: fn(&Meaning) -> bool| {
            rest.clauses.iter().any(|clause| is_it(&clause.meaning))
        };
        if says(&rest, |meaning| matches!(meaning, Meaning::Default(_))) {
            field.default = None;
        }
        if says(&rest, |meaning| matches!(meaning, Meaning::NotNull)) {
            field.required = None;
        }
        if !matches(column, &lower::column(entity, &column.name, &field, world)) {
            (field.native, field.default) = (Some(types::without_comments(&own.tail())), None);
            field.required = None;
        }
        field
    }

    /// What keeps a key or index, where that is not an index that we named.
    fn keeper(&self, member: &str, place: &Place) -> Option<String> {
        let keeper = match place {
            Place::Index(name) if *name == lower::index_name(&self.shape.table.name, member) => return None,
            Place::Index(name) => Keeper::Index(name),
            Place::Constraint(number) => {
                let name = self.shape.table.constraints.get(*number)?.name.as_deref();
                Keeper::Constraint(name, Deferral::Never)
            }
            Place::Column(_) => return None,
        };
        Some(keeper.to_string())
    }

    /// Reads keys, indexes, checks and relationships, and which fields are unique.
    fn members(&self, entity: &mut Entity) {
        for field in entity.fields.values_mut() {
            if field.unique == Some(true) {
                field.unique = None;
            }
        }
        for part in parts::of(self.shape, &entity.fields, self.hint) {
            match part {
                Part::Unique { field, .. } => {
                    if let Some(field) = entity.fields.get_mut(&field) {
                        field.unique = Some(true);
                    }
                }
                Part::Key { name, fields, place } => {
                    let hint = self.hint.and_then(|hint| hint.keys.get(&name));
                    let standard = hint.is_some_and(|key| key.standard);
                    let native = self.keeper(&name, &place);
                    entity.keys.insert(name, Key { fields, sql: None, native, renamed_from: None, standard });
                }
                Part::Index { name, fields, place } => {
                    let hint = self.hint.and_then(|hint| hint.indexes.get(&name));
                    let standard = hint.is_some_and(|index| index.standard);
                    let native = self.keeper(&name, &place);
                    entity
                        .indexes
                        .insert(name, Index { fields, sql: None, native, renamed_from: None, standard });
                }
                Part::Check { name, sql, .. } => {
                    let hint = self.hint.and_then(|hint| hint.checks.get(&name));
                    let same = hint.filter(|check| normal(&check.sql) == normal(&sql)).cloned();
                    let standard = hint.is_some_and(|check| check.standard);
                    let check = same.unwrap_or_else(|| Check {
                        sql: types::without_comments(&sql),
                        native: None,
                        standard,
                    });
                    entity.checks.insert(name, check);
                }
                Part::Relationship { name, fields, key, .. } => {
                    let standard = self
                        .hint
                        .and_then(|hint| hint.relationships.get(&name))
                        .is_some_and(|relationship| relationship.standard);
                    let references = References { entity: key.table, fields: key.to };
                    let relationship = Relationship {
                        fields,
                        references,
                        on_delete: key.on_delete,
                        on_update: key.on_update,
                        native: None,
                        standard,
                    };
                    entity.relationships.insert(name, relationship);
                }
            }
        }
        entity.fields.values_mut().for_each(|field| {
            if matches!(field.ty, FieldType::Autonumber { .. }) {
                field.unique = None;
            }
        });
    }
}

/// Tells whether a table, its columns and constraints have names that the model can hold.
pub fn name_fault(shape: &Shape) -> Option<String> {
    if let Some(fault) = name::fault(&shape.table.name) {
        return Some(format!("its name {fault}"));
    }
    let columns = shape.table.columns.iter();
    columns
        .filter_map(|column| name::fault(&column.name).map(|fault| format!("the name of a column {fault}")))
        .next()
}
