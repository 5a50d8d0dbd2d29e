//! An entity as PostgreSQL holds it: a table with its constraints and indexes.
//! Never looks at what is there: `alter` compares.

use std::collections::{BTreeMap, BTreeSet};

use super::lexer::{literal, quote};
use super::native::{self, Native};
use super::shape::{Column, Constraint, Event, Index, Reference, Rule, Sequence, Table};
use super::{autonumber, key_sql, names, types};
use crate::address::Address;
use crate::model::entity::{self, Besides, Deferral, Entity, GENERATED_KEY, Keeper, Key};
use crate::model::field::{Field, FieldType, OnEvent};
use crate::model::picklist;
use crate::model::state::State;

/// The columns of a list, each in quotes.
pub fn quoted(columns: &[String]) -> String {
    columns.iter().map(|column| quote(column)).collect::<Vec<_>>().join(", ")
}

/// The column that a lookup to this entity points to, and its type.
pub fn key(state: &State, entity: &str) -> (String, String) {
    key_within(state, entity, 0)
}

fn key_within(state: &State, name: &str, depth: usize) -> (String, String) {
    let generated = || (GENERATED_KEY.to_owned(), "uuid".to_owned());
    let found = state.get(&Address::new(entity::KIND, name)).and_then(|resource| resource.as_entity());
    let Some(entity) = found else { return generated() };
    let Some(field_name) = entity.key_fields().first().map(|name| (*name).to_owned()) else {
        return generated();
    };
    let Some(field) = entity.fields.get(&field_name) else { return (field_name, "uuid".to_owned()) };
    let native = field.native.as_deref().map(native::read).filter(|native| !native.ty.is_empty());
    let ty = match (native, &field.ty) {
        (Some(native), _) => native.ty,
        // A key may itself be a lookup; a ring of them is text.
        (None, FieldType::Lookup { entity: Some(next), .. }) if depth < 16 => {
            key_within(state, next, depth + 1).1
        }
        (None, FieldType::Picklist { picklist }) => picklist_type(state, picklist),
        (None, ty) => types::column_type(ty),
    };
    (field_name, ty)
}

fn is_enum(state: &State, name: &str) -> bool {
    let found = state.get(&Address::new(picklist::KIND, name)).and_then(|resource| resource.as_picklist());
    found.is_some_and(|picklist| picklist.is_enum())
}

/// The type of a column that holds an option of this picklist.
fn picklist_type(state: &State, name: &str) -> String {
    if is_enum(state, name) { enum_type(name) } else { "text".to_owned() }
}

/// An enumerated type's name as `format_type` writes it.
pub fn enum_type(name: &str) -> String {
    if super::lexer::is_plain(name) { name.to_owned() } else { quote(name) }
}

/// What keeps a key in the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Physical {
    Constraint(String),
    Index(String),
}

impl Physical {
    pub fn is_constraint(&self, name: &str) -> bool {
        matches!(self, Physical::Constraint(own) if own == name)
    }

    pub fn is_index(&self, name: &str) -> bool {
        matches!(self, Physical::Index(own) if own == name)
    }
}

/// What keeps an alternate key: a constraint, unless it says otherwise or is on more than fields.
pub fn key_keeper(table: &str, entity: &Entity, name: &str, key: &Key) -> Physical {
    match key.native.as_deref().and_then(Keeper::read) {
        Some(Keeper::Index(own)) => Physical::Index(own.to_owned()),
        Some(Keeper::Constraint(Some(own), _)) => Physical::Constraint(own.to_owned()),
        // No index keeps rows apart by operators of their own.
        None if key.sql.as_deref().is_some_and(|sql| !key_sql::excludes(sql)) => {
            Physical::Index(names::key(table, name, entity))
        }
        Some(Keeper::Constraint(None, _)) | None => Physical::Constraint(names::key(table, name, entity)),
    }
}

/// The name of a declared index in the target.
pub fn index_name(table: &str, name: &str, index: &entity::Index) -> String {
    match index.native.as_deref().and_then(Keeper::read).and_then(Keeper::name) {
        Some(own) => own.to_owned(),
        None => names::index(table, name),
    }
}

pub fn is_serial(column: &Column) -> bool {
    native::is_serial(column)
}

pub fn native(column: &Column) -> String {
    native::of(column)
}

/// Everything that an entity comes to.
pub fn table(name: &str, entity: &Entity, state: &State) -> Table {
    let mut table = Table {
        name: name.to_owned(),
        comment: entity.description.as_ref().map(|text| text.first().to_owned()),
        ..Table::default()
    };
    if entity.primary_key.is_none() && !entity.fields.contains_key(GENERATED_KEY) {
        table.columns.push(generated_key());
    }
    for (field_name, field) in &entity.fields {
        table.columns.extend(columns(name, entity, field_name, field, state));
    }
    table.constraints = constraints(name, entity, state);
    table.indexes = indexes(name, entity);
    table
}

/// The column of the generated primary key.
pub fn generated_key() -> Column {
    Column {
        name: GENERATED_KEY.to_owned(),
        ty: "uuid".to_owned(),
        not_null: true,
        default: Some("gen_random_uuid()".to_owned()),
        ..Column::default()
    }
}

/// The columns a field takes: one, or one for each target of a polymorphic lookup.
pub fn columns(table: &str, entity: &Entity, name: &str, field: &Field, state: &State) -> Vec<Column> {
    let comment = field.description.as_ref().map(|text| text.first().to_owned());
    let polymorphic = field.ty.polymorphic_columns(name);
    if !polymorphic.is_empty() {
        let one = |(number, (column, to)): (usize, (String, &str))| Column {
            name: column,
            ty: key(state, to).1,
            comment: comment.clone().filter(|_| number == 0),
            ..Column::default()
        };
        return polymorphic.into_iter().enumerate().map(one).collect();
    }
    let ty = match &field.ty {
        FieldType::Lookup { entity: Some(to), .. } => key(state, to).1,
        FieldType::Picklist { picklist } => picklist_type(state, picklist),
        ty => types::column_type(ty),
    };
    let in_key = entity.primary_key.as_ref().is_some_and(|key| key.iter().any(|member| member == name));
    let mut column = Column {
        name: name.to_owned(),
        ty,
        not_null: field.is_required() || in_key,
        default: field.default.as_ref().map(|default| types::default_sql(&field.ty, default)),
        comment,
        enumeration: match &field.ty {
            FieldType::Picklist { picklist } if is_enum(state, picklist) => Some(picklist.clone()),
            _ => None,
        },
        ..Column::default()
    };
    if let FieldType::Autonumber { format } = &field.ty {
        let sequence = names::sequence(table, name);
        column.default = Some(autonumber::default_sql(&sequence, format));
        let comment = Some(autonumber::comment(format));
        column.sequence = Some(Sequence { name: sequence, comment, ..Sequence::default() });
    }
    if let Some(native) = &field.native {
        apply_native(&mut column, &native::read(native), table);
    }
    vec![column]
}

fn apply_native(column: &mut Column, native: &Native, table: &str) {
    if !native.ty.is_empty() {
        column.ty.clone_from(&native.ty);
    }
    column.collation.clone_from(&native.collation);
    column.made = native.made;
    column.not_null |= native.is_never_null();
    if native.made.is_generated() {
        column.default.clone_from(&native.expression);
    }
    if native.is_never_null() {
        column.default = None;
        let name = native.sequence.clone().unwrap_or_else(|| names::sequence(table, &column.name));
        let (is_named, options) = (native.sequence.is_some(), native.options.clone());
        column.sequence = Some(Sequence { name, is_named, options, comment: None });
    }
}

/// A column as it stands in `CREATE TABLE` and `ADD COLUMN`. What it takes besides is not in it.
pub fn render_column(column: &Column) -> String {
    let mut text = format!("{} {}", quote(&column.name), render_type(column));
    if column.not_null {
        text.push_str(" NOT NULL");
    }
    if let Some(default) = column.default.as_ref().filter(|_| !column.made.is_generated()) {
        text.push_str(&format!(" DEFAULT {default}"));
    }
    text
}

/// A column's type with all that belongs to it but its default.
pub fn render_type(column: &Column) -> String {
    let is_counting = column.sequence.is_some() && column.default.is_none() && column.made.is_plain();
    let named = column.sequence.as_ref().filter(|one| one.is_named && !column.made.is_plain());
    let native = Native {
        ty: column.ty.clone(),
        is_serial: is_counting,
        sequence: named.map(|sequence| sequence.name.clone()),
        collation: column.collation.clone(),
        made: column.made,
        expression: column.default.clone().filter(|_| column.made.is_generated()),
        options: column
            .sequence
            .as_ref()
            .filter(|_| !column.made.is_plain())
            .map(|sequence| sequence.options.clone())
            .unwrap_or_default(),
        constraint: None,
        deferral: Deferral::Never,
    };
    native.write()
}

fn event(event: OnEvent) -> Event {
    match event {
        OnEvent::NoAction => Event::NoAction,
        OnEvent::Restrict => Event::Restrict,
        OnEvent::Cascade => Event::Cascade,
        OnEvent::SetNull => Event::SetNull,
        OnEvent::SetDefault => Event::SetDefault,
    }
}

fn constraint(name: String, rule: Rule, columns: Vec<String>) -> Constraint {
    let (deferral, using) = (Deferral::Never, None);
    Constraint { name, rule, columns, validated: true, deferral, using, beyond: None }
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

/// The primary key; none where an entity has none.
pub fn primary_key(table: &str, entity: &Entity) -> Option<Constraint> {
    let columns = match &entity.primary_key {
        Some(fields) => columns_of(entity, fields),
        None => vec![GENERATED_KEY.to_owned()],
    };
    let own = entity.native.as_deref().map(native::read).unwrap_or_default();
    let physical = own.constraint.unwrap_or_else(|| names::primary_key(table));
    let key =
        || Constraint { deferral: own.deferral, ..constraint(physical, Rule::PrimaryKey, columns.clone()) };
    (!columns.is_empty()).then(key)
}

/// The constraints of one field.
pub fn field_constraints(
    table: &str,
    entity: &Entity,
    name: &str,
    field: &Field,
    state: &State,
) -> Vec<Constraint> {
    let mut all = Vec::new();
    let columns = columns_of(entity, &[name.to_owned()]);
    let is_numbered = matches!(field.ty, FieldType::Autonumber { .. });
    let is_sole_key = matches!(entity.primary_key.as_deref(), Some([only]) if only == name);
    if (field.is_unique() || is_numbered) && !is_sole_key {
        let unique =
            |column: &String| constraint(names::unique(table, column), Rule::Unique, vec![column.clone()]);
        all.extend(columns.iter().map(unique));
    }
    if let FieldType::Binary { max_length: Some(length) } = &field.ty {
        let sql = format!("octet_length({}) <= {length}", quote(name));
        all.push(constraint(names::length(table, name), Rule::Check(sql), columns.clone()));
    }
    if let Some(check) = &field.check {
        let rule = Rule::Check(types::guarded(check));
        all.push(constraint(names::check(table, name), rule, columns.clone()));
    }
    all.extend(targets(table, name, field));
    all.extend(references(table, name, field, state));
    all
}

/// The check that keeps a polymorphic lookup to one target.
fn targets(table: &str, name: &str, field: &Field) -> Option<Constraint> {
    let polymorphic = field.ty.polymorphic_columns(name);
    if polymorphic.is_empty() {
        return None;
    }
    let columns: Vec<String> = polymorphic.into_iter().map(|(column, _)| column).collect();
    let limit = if field.is_required() { "= 1" } else { "<= 1" };
    let rule = Rule::Check(format!("num_nonnulls({}) {limit}", quoted(&columns)));
    Some(constraint(names::targets(table, name), rule, columns))
}

/// The foreign keys of a lookup or picklist.
fn references(table: &str, name: &str, field: &Field, state: &State) -> Vec<Constraint> {
    let own = field.native.as_deref().map(native::read).unwrap_or_default();
    let reference = |column: &str, to: &str, key: String, on_delete: Event, on_update: Event| {
        let far = Reference { table: to.to_owned(), columns: vec![key], on_delete, on_update };
        let physical = own.constraint.clone().unwrap_or_else(|| names::reference(table, column));
        let made = constraint(physical, Rule::Reference(far), vec![column.to_owned()]);
        Constraint { deferral: own.deferral, ..made }
    };
    match &field.ty {
        FieldType::Lookup { on_delete, .. } => {
            let polymorphic = field.ty.polymorphic_columns(name);
            let columns = match polymorphic.is_empty() {
                true => field.ty.lookup_targets().into_iter().map(|to| (name.to_owned(), to)).collect(),
                false => polymorphic,
            };
            let one = |(column, to): (String, &str)| {
                reference(&column, to, key(state, to).0, event(*on_delete), Event::NoAction)
            };
            columns.into_iter().map(one).collect()
        }
        FieldType::Picklist { picklist } if !is_enum(state, picklist) => {
            vec![reference(name, picklist, "name".to_owned(), Event::NoAction, Event::Cascade)]
        }
        _ => Vec::new(),
    }
}

/// The constraint of an alternate key, where a constraint keeps it.
pub fn key_constraint(table: &str, entity: &Entity, name: &str) -> Option<Constraint> {
    let key = entity.keys.get(name)?;
    match key_keeper(table, entity, name, key) {
        Physical::Constraint(physical) => {
            let deferral = match key.native.as_deref().and_then(Keeper::read) {
                Some(Keeper::Constraint(_, deferral)) => deferral,
                Some(Keeper::Index(_)) | None => Deferral::Never,
            };
            if let Some(sql) = key.sql.as_deref().filter(|sql| key_sql::excludes(sql)) {
                let rule = Rule::Other(types::guarded(sql.trim()));
                return Some(Constraint { deferral, ..constraint(physical, rule, Vec::new()) });
            }
            let using = key.sql.as_deref().map(using);
            let columns = match &using {
                Some(sql) => key_sql::columns(sql),
                None => columns_of(entity, &key.fields),
            };
            Some(Constraint { deferral, using, ..constraint(physical, Rule::Unique, columns) })
        }
        Physical::Index(_) => None,
    }
}

/// The index of an alternate key, where an index keeps it.
pub fn key_index(table: &str, entity: &Entity, name: &str) -> Option<Index> {
    let key = entity.keys.get(name)?;
    match key_keeper(table, entity, name, key) {
        Physical::Constraint(_) => None,
        Physical::Index(physical) => {
            Some(index(physical, true, columns_of(entity, &key.fields), key.sql.as_deref()))
        }
    }
}

pub fn plain_index(table: &str, entity: &Entity, name: &str) -> Option<Index> {
    let found = entity.indexes.get(name)?;
    let columns = columns_of(entity, &found.fields);
    Some(index(index_name(table, name, found), false, columns, found.sql.as_deref()))
}

fn index(name: String, unique: bool, columns: Vec<String>, sql: Option<&str>) -> Index {
    Index {
        name,
        unique,
        columns: sql.is_none().then_some(columns),
        sql: sql.map(using).unwrap_or_default(),
        valid: true,
    }
}

/// What follows `USING`; an author may leave the method out.
fn using(sql: &str) -> String {
    let sql = types::guarded(sql.trim());
    if sql.starts_with('(') { format!("btree {sql}") } else { sql }
}

/// The names of an entity's checks and relationships in the target: their own, unless another constraint of the
/// table has that name. By section and member.
pub fn member_names(table: &str, entity: &Entity) -> BTreeMap<(&'static str, String), String> {
    let mut taken: BTreeSet<String> =
        primary_key(table, entity).into_iter().map(|constraint| constraint.name).collect();
    let nowhere = State::new();
    for (name, field) in &entity.fields {
        let own = field_constraints(table, entity, name, field, &nowhere);
        taken.extend(own.into_iter().map(|constraint| constraint.name));
    }
    taken.extend(entity.keys.keys().filter_map(|name| Some(key_constraint(table, entity, name)?.name)));
    let checks = entity.checks.keys().map(|name| ("checks", name));
    let members = checks.chain(entity.relationships.keys().map(|name| ("relationships", name)));
    let mut names = BTreeMap::new();
    for (section, name) in members {
        let mut physical = names::fit(name.clone());
        let mut number = 0;
        while !taken.insert(physical.clone()) {
            number += 1;
            physical = names::fit(format!("{name}_{number}"));
        }
        names.insert((section, name.clone()), physical);
    }
    names
}

fn relationship(entity: &Entity, name: &str, physical: String) -> Option<Constraint> {
    let found = entity.relationships.get(name)?;
    let far = Reference {
        table: found.references.entity.clone(),
        columns: found.references.fields.clone(),
        on_delete: event(found.on_delete),
        on_update: event(found.on_update),
    };
    let columns = columns_of(entity, &found.fields);
    let Besides { deferral, is_not_valid } = Besides::of(found.native.as_deref());
    let made = constraint(physical, Rule::Reference(far), columns);
    Some(Constraint { deferral, validated: !is_not_valid, ..made })
}

fn constraints(table: &str, entity: &Entity, state: &State) -> Vec<Constraint> {
    let mut all: Vec<Constraint> = primary_key(table, entity).into_iter().collect();
    for (name, field) in &entity.fields {
        all.extend(field_constraints(table, entity, name, field, state));
    }
    all.extend(entity.keys.keys().filter_map(|name| key_constraint(table, entity, name)));
    let names = member_names(table, entity);
    let named = |section: &'static str, name: &String| {
        names.get(&(section, name.clone())).cloned().unwrap_or_else(|| name.clone())
    };
    all.extend(entity.checks.iter().map(|(name, rule)| {
        let validated = !Besides::of(rule.native.as_deref()).is_not_valid;
        let made = constraint(named("checks", name), Rule::Check(types::guarded(&rule.sql)), Vec::new());
        Constraint { validated, ..made }
    }));
    let relationships = entity.relationships.keys();
    all.extend(relationships.filter_map(|name| relationship(entity, name, named("relationships", name))));
    all
}

fn indexes(table: &str, entity: &Entity) -> Vec<Index> {
    let keys = entity.keys.keys().filter_map(|name| key_index(table, entity, name));
    keys.chain(entity.indexes.keys().filter_map(|name| plain_index(table, entity, name))).collect()
}

/// A constraint as it stands in `CREATE TABLE` and after `ADD`.
pub fn render_constraint(constraint: &Constraint) -> String {
    let columns = quoted(&constraint.columns);
    let rule = match &constraint.rule {
        Rule::PrimaryKey => format!("PRIMARY KEY ({columns})"),
        Rule::Unique => match &constraint.using {
            Some(sql) => key_sql::clause(sql),
            None => format!("UNIQUE ({columns})"),
        },
        Rule::Check(sql) => format!("CHECK ({sql})"),
        Rule::Reference(far) => render_reference(&columns, far),
        Rule::Other(text) => text.clone(),
    };
    let besides = Besides { deferral: constraint.deferral, is_not_valid: !constraint.validated };
    let rest = besides.native().map(|words| format!(" {words}")).unwrap_or_default();
    format!("CONSTRAINT {} {rule}{rest}", quote(&constraint.name))
}

fn render_reference(columns: &str, far: &Reference) -> String {
    let mut text =
        format!("FOREIGN KEY ({columns}) REFERENCES {} ({})", quote(&far.table), quoted(&far.columns));
    for (event, words) in [(far.on_delete, "ON DELETE"), (far.on_update, "ON UPDATE")] {
        match event {
            Event::NoAction => {}
            Event::Restrict => text.push_str(&format!(" {words} RESTRICT")),
            Event::Cascade => text.push_str(&format!(" {words} CASCADE")),
            Event::SetNull => text.push_str(&format!(" {words} SET NULL")),
            Event::SetDefault => text.push_str(&format!(" {words} SET DEFAULT")),
        }
    }
    text
}

/// The statement that makes an index.
pub fn render_index(table: &str, index: &Index, concurrently: bool) -> String {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let how = if concurrently { "CONCURRENTLY " } else { "" };
    let on = match &index.columns {
        Some(columns) => format!("({})", quoted(columns)),
        None => format!("USING {}", index.sql),
    };
    format!("CREATE {unique}INDEX {how}{} ON {} {on}", quote(&index.name), quote(table))
}

/// The statements that make a table; `is_there` tells which tables its foreign keys can point at already. The others
/// are returned beside, for later.
pub fn create(table: &Table, is_there: &dyn Fn(&str) -> bool) -> (Vec<String>, Vec<Constraint>) {
    let mut statements = Vec::new();
    for column in &table.columns {
        if let Some(sequence) = column.sequence.as_ref().filter(|one| one.comment.is_some()) {
            statements.push(format!("CREATE SEQUENCE {}", quote(&sequence.name)));
        }
        statements.extend(counters(column));
    }
    let is_later = |constraint: &&Constraint| match &constraint.rule {
        Rule::Reference(far) => far.table != table.name && !is_there(&far.table),
        Rule::PrimaryKey | Rule::Unique | Rule::Check(_) | Rule::Other(_) => false,
    };
    let (later, now): (Vec<&Constraint>, Vec<&Constraint>) = table.constraints.iter().partition(is_later);
    // What points at a key of this very table that an index keeps comes after the index.
    let (by_index, now): (Vec<&Constraint>, Vec<&Constraint>) =
        now.into_iter().partition(|constraint| points_by_index(table, constraint));
    let mut lines: Vec<String> = table.columns.iter().map(render_column).collect();
    let (doubled, once): (Vec<&Constraint>, Vec<&Constraint>) =
        // In `CREATE TABLE` PostgreSQL takes no notice of `NOT VALID`.
        now.into_iter().partition(|constraint| is_doubled(table, constraint) || !constraint.validated);
    lines.extend(once.into_iter().map(render_constraint));
    statements.push(format!("CREATE TABLE {} (\n  {}\n)", quote(&table.name), lines.join(",\n  ")));
    let add = |constraint: &Constraint| {
        format!("ALTER TABLE {} ADD {}", quote(&table.name), render_constraint(constraint))
    };
    statements.extend(doubled.into_iter().map(add));
    for column in &table.columns {
        statements.extend(own_sequence(&table.name, column));
    }
    statements.extend(table.indexes.iter().map(|index| render_index(&table.name, index, false)));
    statements.extend(by_index.into_iter().map(add));
    statements.extend(comments(table));
    (statements, later.into_iter().cloned().collect())
}

/// Tells of a reference into its own table at what no constraint of the table keeps apart.
fn points_by_index(table: &Table, constraint: &Constraint) -> bool {
    let Rule::Reference(far) = &constraint.rule else { return false };
    let same = |columns: &[String]| {
        columns.len() == far.columns.len() && columns.iter().all(|column| far.columns.contains(column))
    };
    let is_key = |one: &Constraint| matches!(one.rule, Rule::PrimaryKey | Rule::Unique) && same(&one.columns);
    far.table == table.name && !table.constraints.iter().any(is_key)
}

/// Tells of a constraint that says of the same columns what another says already: where both stand in one
/// `CREATE TABLE`, PostgreSQL makes only one of them and says nothing.
fn is_doubled(table: &Table, constraint: &Constraint) -> bool {
    let keeps_apart = |one: &Constraint| match &one.rule {
        Rule::PrimaryKey | Rule::Unique => one.columns == constraint.columns,
        Rule::Check(_) | Rule::Reference(_) | Rule::Other(_) => false,
    };
    let first = table.constraints.iter().filter(|one| keeps_apart(one)).min_by_key(|one| match &one.rule {
        Rule::PrimaryKey => 0,
        Rule::Unique | Rule::Check(_) | Rule::Reference(_) | Rule::Other(_) => 1,
    });
    constraint.rule == Rule::Unique && first.is_some_and(|first| first.name != constraint.name)
}

/// What makes the sequences that a default counts by without being the only one to do so, where they are not there.
pub fn counters(column: &Column) -> Vec<String> {
    let default = column.default.as_deref().filter(|_| column.sequence.is_none()).unwrap_or_default();
    let names = native::counters(default).into_iter();
    names.map(|name| format!("CREATE SEQUENCE IF NOT EXISTS {}", quote(&name))).collect()
}

/// The statements that tie a numbering sequence to its column, and give one that PostgreSQL made its name.
pub fn own_sequence(table: &str, column: &Column) -> Vec<String> {
    let Some(sequence) = &column.sequence else { return Vec::new() };
    let name = quote(&sequence.name);
    let Some(comment) = &sequence.comment else {
        let made = quote(&names::counter(table, &column.name));
        let rename = || format!("ALTER SEQUENCE {made} RENAME TO {name}");
        return (sequence.is_named && column.made.is_plain()).then(rename).into_iter().collect();
    };
    vec![
        format!("ALTER SEQUENCE {name} OWNED BY {}.{}", quote(table), quote(&column.name)),
        format!("COMMENT ON SEQUENCE {name} IS {}", literal(comment)),
    ]
}

/// The statements that say what people read of a new table.
fn comments(table: &Table) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    all.extend(table.comment.as_ref().map(|text| comment_on_table(&table.name, Some(text))));
    for column in &table.columns {
        all.extend(
            column.comment.as_ref().map(|text| comment_on_column(&table.name, &column.name, Some(text))),
        );
    }
    all
}

pub fn comment_on_table(table: &str, text: Option<&str>) -> String {
    format!("COMMENT ON TABLE {} IS {}", quote(table), text.map_or_else(|| "NULL".to_owned(), literal))
}

pub fn comment_on_column(table: &str, column: &str, text: Option<&str>) -> String {
    let text = text.map_or_else(|| "NULL".to_owned(), literal);
    format!("COMMENT ON COLUMN {}.{} IS {text}", quote(table), quote(column))
}
