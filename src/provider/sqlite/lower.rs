//! An entity as SQLite holds it: a table with its indexes and triggers.
//! Never looks at what is there: `ddl` compares.

use std::collections::BTreeMap;

use super::autonumber;
use super::lexer::quote;
use super::parse;
use super::table::{Clause, Column, ForeignKey, Index, Meaning, Shape, Table, quoted};
use super::types::{self, guarded};
use crate::address::Address;
use crate::model::entity::{self, Entity, GENERATED_KEY, Keeper};
use crate::model::field::{Field, FieldType, OnEvent};
use crate::model::state::State;

/// What lowering needs to know of the other resources: the keys that lookups point to.
#[derive(Clone, Copy, Debug)]
pub enum World<'a> {
    State(&'a State),
    /// By name in lower case.
    Tables(&'a BTreeMap<String, Known>),
}

/// What is known of one table.
#[derive(Clone, Debug)]
pub struct Known {
    pub name: String,
    pub key: Vec<String>,
    pub storage: &'static str,
    pub is_picklist: bool,
}

impl World<'_> {
    /// The column that a lookup to this entity points to, and its storage.
    pub fn key(&self, entity: &str) -> (String, &'static str) {
        match self {
            World::State(state) => state_key(state, entity, 0),
            World::Tables(tables) => match tables.get(&entity.to_ascii_lowercase()) {
                Some(Known { key, storage, .. }) if key.len() == 1 => (key[0].clone(), storage),
                Some(_) | None => (GENERATED_KEY.to_owned(), "TEXT"),
            },
        }
    }
}

fn state_key(state: &State, name: &str, depth: usize) -> (String, &'static str) {
    let found = state.get(&Address::new(entity::KIND, name)).and_then(|resource| resource.as_entity());
    let Some(entity) = found else { return (GENERATED_KEY.to_owned(), "TEXT") };
    let Some(field_name) = entity.key_fields().first().map(|name| (*name).to_owned()) else {
        return (GENERATED_KEY.to_owned(), "TEXT");
    };
    let storage = match entity.field_type(&field_name) {
        // A key may itself be a lookup; a ring of them is text.
        Some(FieldType::Lookup { entity: Some(next), .. }) if depth < 16 => {
            state_key(state, &next, depth + 1).1
        }
        Some(ty) => types::storage(&ty),
        None => "TEXT",
    };
    (field_name, storage)
}

/// The name of an index; names are unique in a whole database, so it begins with the table's.
pub fn index_name(table: &str, member: &str) -> String {
    format!("{}.{}", table.replace('.', "\\."), member.replace('.', "\\."))
}

/// The name of the index that keeps a field's values apart.
pub fn unique_name(table: &str, column: &str) -> String {
    format!("{}.unique", index_name(table, column))
}

/// The name of the check that keeps a polymorphic lookup to one target.
pub fn targets_name(field: &str) -> String {
    format!("{field}.targets")
}

/// Everything that an entity comes to.
pub fn shape(name: &str, entity: &Entity, world: World<'_>) -> Shape {
    let mut columns = Vec::with_capacity(entity.fields.len() + 1);
    if entity.primary_key.is_none() && !entity.fields.contains_key(GENERATED_KEY) {
        columns.push(generated_key());
    }
    for (field_name, field) in &entity.fields {
        columns.extend(field_columns(entity, field_name, field, world));
    }
    let mut table = Table {
        name: name.to_owned(),
        columns,
        constraints: constraints(entity),
        strict: false,
        without_rowid: false,
    };
    set_options(&mut table, entity.native.as_deref());
    let triggers = entity.fields.iter().filter_map(|(field_name, field)| match &field.ty {
        FieldType::Autonumber { format } => Some(autonumber::trigger(&table, field_name, format)),
        _ => None,
    });
    let triggers = triggers.collect();
    Shape { indexes: indexes(name, entity), triggers, table }
}

/// Gives a table the options that `native` names, or those we would give it.
pub fn set_options(table: &mut Table, native: Option<&str>) {
    let words = native.map(str::to_ascii_uppercase);
    table.strict = words.as_ref().map_or_else(|| table.may_be_strict(), |words| words.contains("STRICT"));
    table.without_rowid = words.is_some_and(|words| words.contains("WITHOUT ROWID"));
}

/// The column of the generated primary key.
pub fn generated_key() -> Column {
    let default = format!("({})", types::NEW_UUID);
    Column {
        name: GENERATED_KEY.to_owned(),
        type_name: "TEXT".to_owned(),
        clauses: vec![
            Clause::not_null(),
            Clause::new("PRIMARY KEY", Meaning::PrimaryKey(Vec::new())),
            Clause::new(format!("DEFAULT {default}"), Meaning::Default(default)),
        ],
    }
}

/// The columns a field takes: one, or one for each target of a polymorphic lookup.
pub fn field_columns(entity: &Entity, name: &str, field: &Field, world: World<'_>) -> Vec<Column> {
    let polymorphic = field.ty.polymorphic_columns(name);
    if polymorphic.is_empty() {
        return vec![column(entity, name, field, world)];
    }
    let on_delete = on_delete(&field.ty);
    let lookup = |(column, to): (String, &str)| {
        let (key, storage) = world.key(to);
        Column {
            name: column,
            type_name: storage.to_owned(),
            clauses: vec![Clause::references(reference(to, key, on_delete))],
        }
    };
    polymorphic.into_iter().map(lookup).collect()
}

fn on_delete(ty: &FieldType) -> OnEvent {
    match ty {
        FieldType::Lookup { on_delete, .. } => *on_delete,
        _ => OnEvent::NoAction,
    }
}

fn reference(table: &str, key: String, on_delete: OnEvent) -> ForeignKey {
    ForeignKey {
        columns: Vec::new(),
        table: table.to_owned(),
        to: vec![key],
        on_delete,
        on_update: OnEvent::NoAction,
        is_plain: true,
    }
}

/// Tells whether this field alone is the primary key.
pub fn is_sole_key(entity: &Entity, name: &str) -> bool {
    matches!(entity.primary_key.as_deref(), Some([only]) if only == name)
}

/// The column of a field that takes one.
pub fn column(entity: &Entity, name: &str, field: &Field, world: World<'_>) -> Column {
    let plain = plain_column(entity, name, field, world);
    let Some(native) = &field.native else { return plain };
    // What does not read is no column; SQLite will say so when it is rehearsed.
    let mut column = parse::column(name, native).unwrap_or_else(|_| Column {
        name: name.to_owned(),
        type_name: guarded(native),
        clauses: Vec::new(),
    });
    for clause in plain.clauses {
        let is_said = |other: &Clause| match (&clause.meaning, &other.meaning) {
            (Meaning::PrimaryKey(_), Meaning::PrimaryKey(_) | Meaning::OtherPrimaryKey(_))
            | (Meaning::NotNull, Meaning::NotNull)
            | (Meaning::Default(_), Meaning::Generated)
            | (Meaning::ForeignKey(_), Meaning::ForeignKey(_)) => true,
            (_, _) => clause.is_same(other),
        };
        // The check of a type is for a column of ours.
        let is_own = match clause.meaning {
            Meaning::Check(_) => clause.name.is_some(),
            Meaning::NotNull => field.is_required(),
            Meaning::PrimaryKey(_)
            | Meaning::OtherPrimaryKey(_)
            | Meaning::Unique(_)
            | Meaning::Default(_)
            | Meaning::ForeignKey(_)
            | Meaning::Generated
            | Meaning::Other => true,
        };
        // What a setting says goes before the target's own words for it.
        let is_overruled = |other: &Clause| match (&clause.meaning, &other.meaning) {
            (Meaning::Default(_), Meaning::Default(_)) => true,
            (Meaning::ForeignKey(new), Meaning::ForeignKey(old)) => {
                !new.table.eq_ignore_ascii_case(&old.table)
            }
            (_, _) => false,
        };
        column.clauses.retain(|other| !is_overruled(other));
        if is_own && !column.clauses.iter().any(is_said) {
            column.clauses.push(clause);
        }
    }
    column
}

/// The column that we would give a field.
pub fn plain_column(entity: &Entity, name: &str, field: &Field, world: World<'_>) -> Column {
    let sole = is_sole_key(entity, name);
    let target = match &field.ty {
        FieldType::Lookup { .. } => field.ty.lookup_targets().first().map(|to| (*to, world.key(to))),
        _ => None,
    };
    let storage = target.as_ref().map_or_else(|| types::storage(&field.ty), |(_, (_, storage))| storage);
    let mut column =
        Column { name: name.to_owned(), type_name: storage.to_owned(), clauses: Vec::with_capacity(4) };
    let is_autonumber = matches!(field.ty, FieldType::Autonumber { .. });
    let in_key = entity.primary_key.as_ref().is_some_and(|key| key.iter().any(|member| member == name));
    // The number is set after the row is there, so the column must take NULL.
    if (field.is_required() || in_key) && !is_autonumber {
        column.clauses.push(Clause::not_null());
    }
    if sole {
        column.clauses.push(Clause::new("PRIMARY KEY", Meaning::PrimaryKey(Vec::new())));
    }
    if let Some(default) = &field.default {
        let sql = types::default_sql(&field.ty, default, storage);
        column.clauses.push(Clause::new(format!("DEFAULT {sql}"), Meaning::Default(sql)));
    }
    let is_rowid = sole && storage == "INTEGER" && entity.native.is_none();
    if let Some(check) = types::check(&field.ty, &quote(name)).filter(|_| !is_rowid) {
        column.clauses.push(Clause::check(&check));
    }
    if let Some(check) = &field.check {
        column.clauses.push(Clause::check(&guarded(check)).named(name));
    }
    if let Some((to, (key, _))) = target {
        column.clauses.push(Clause::references(reference(to, key, on_delete(&field.ty))));
    }
    if let FieldType::Picklist { picklist } = &field.ty {
        let mut key = reference(picklist, "name".to_owned(), OnEvent::NoAction);
        key.on_update = OnEvent::Cascade;
        column.clauses.push(Clause::references(key));
    }
    column
}

/// The columns of some fields, those of polymorphic lookups included.
pub fn columns_of(entity: &Entity, fields: &[String]) -> Vec<String> {
    let expand = |name: &String| {
        let polymorphic =
            entity.fields.get(name).map(|field| field.ty.polymorphic_columns(name)).unwrap_or_default();
        match polymorphic.is_empty() {
            true => vec![name.clone()],
            false => polymorphic.into_iter().map(|(column, _)| column).collect(),
        }
    };
    fields.iter().flat_map(expand).collect()
}

/// The check that keeps a polymorphic lookup to one target.
pub fn targets_check(name: &str, field: &Field) -> Option<Clause> {
    let columns = field.ty.polymorphic_columns(name);
    if columns.is_empty() {
        return None;
    }
    let terms: Vec<String> =
        columns.iter().map(|(column, _)| format!("({} IS NOT NULL)", quote(column))).collect();
    let limit = if field.is_required() { "= 1" } else { "<= 1" };
    Some(Clause::check(&format!("{} {limit}", terms.join(" + "))).named(&targets_name(name)))
}

/// The primary key where it has several columns, or other than one field.
pub fn primary_key(entity: &Entity) -> Option<Clause> {
    let columns = columns_of(entity, entity.primary_key.as_deref()?);
    (columns.len() > 1)
        .then(|| Clause::new(format!("PRIMARY KEY ({})", quoted(&columns)), Meaning::PrimaryKey(columns)))
}

/// The constraint of a check of the entity.
pub fn check(name: &str, sql: &str) -> Clause {
    Clause::check(&guarded(sql)).named(name)
}

/// The constraint of a relationship.
pub fn relationship(entity: &Entity, name: &str) -> Option<Clause> {
    let relationship = entity.relationships.get(name)?;
    Some(
        Clause::references(ForeignKey {
            columns: columns_of(entity, &relationship.fields),
            table: relationship.references.entity.clone(),
            to: relationship.references.fields.clone(),
            on_delete: relationship.on_delete,
            on_update: relationship.on_update,
            is_plain: true,
        })
        .named(name),
    )
}

fn constraints(entity: &Entity) -> Vec<Clause> {
    let mut all: Vec<Clause> = primary_key(entity).into_iter().collect();
    all.extend(entity.fields.iter().filter_map(|(name, field)| targets_check(name, field)));
    all.extend(entity.keys.keys().filter_map(|name| key_constraint(entity, name)));
    all.extend(entity.checks.iter().map(|(name, rule)| check(name, &rule.sql)));
    all.extend(entity.relationships.keys().filter_map(|name| relationship(entity, name)));
    all
}

fn index(table: &str, name: String, unique: bool, columns: Vec<String>) -> Index {
    let word = if unique { "UNIQUE INDEX" } else { "INDEX" };
    let sql = format!("CREATE {word} {} ON {} ({})", quote(&name), quote(table), quoted(&columns));
    Index { name, unique, columns: Some(columns), sql }
}

/// The indexes that keep a field's values apart; none where its column does so itself.
pub fn field_indexes(table: &str, entity: &Entity, name: &str, field: &Field) -> Vec<Index> {
    let is_autonumber = matches!(field.ty, FieldType::Autonumber { .. });
    let own = field.native.as_deref().and_then(|tail| parse::column(name, tail).ok());
    let has_own =
        own.is_some_and(|column| column.clauses.iter().any(|c| matches!(c.meaning, Meaning::Unique(_))));
    if !(field.is_unique() || is_autonumber) || has_own || is_sole_key(entity, name) {
        return Vec::new();
    }
    columns_of(entity, &[name.to_owned()])
        .into_iter()
        .map(|column| index(table, unique_name(table, &column), true, vec![column]))
        .collect()
}

/// The index that keeps an alternate key; none where a constraint does.
pub fn key_index(table: &str, entity: &Entity, name: &str) -> Option<Index> {
    let key = entity.keys.get(name)?;
    let physical = physical_name(table, name, key.native.as_deref())?;
    Some(index(table, physical, true, columns_of(entity, &key.fields)))
}

/// The constraint that keeps an alternate key, where one does.
pub fn key_constraint(entity: &Entity, name: &str) -> Option<Clause> {
    let key = entity.keys.get(name)?;
    let Some(Keeper::Constraint(own, _)) = key.native.as_deref().and_then(Keeper::read) else { return None };
    let columns = columns_of(entity, &key.fields);
    let clause = Clause::new(format!("UNIQUE ({})", quoted(&columns)), Meaning::Unique(columns));
    Some(Clause { name: own.map(str::to_owned), ..clause })
}

/// The name of the index of a key or index; none where a constraint keeps it.
fn physical_name(table: &str, member: &str, native: Option<&str>) -> Option<String> {
    match native.and_then(Keeper::read) {
        Some(Keeper::Index(name)) => Some(name.to_owned()),
        Some(Keeper::Constraint(_, _)) => None,
        None => Some(index_name(table, member)),
    }
}

pub fn plain_index(table: &str, entity: &Entity, name: &str) -> Option<Index> {
    let found = entity.indexes.get(name)?;
    let physical = physical_name(table, name, found.native.as_deref())?;
    Some(index(table, physical, false, columns_of(entity, &found.fields)))
}

fn indexes(table: &str, entity: &Entity) -> Vec<Index> {
    let mut all = Vec::new();
    for (name, field) in &entity.fields {
        all.extend(field_indexes(table, entity, name, field));
    }
    all.extend(entity.keys.keys().filter_map(|name| key_index(table, entity, name)));
    all.extend(entity.indexes.keys().filter_map(|name| plain_index(table, entity, name)));
    all
}
