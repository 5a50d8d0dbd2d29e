//! A table of PostgreSQL as an entity, with the help of what we recorded of it.
//! Never changes a meaning: what the model has no words for is kept as `native`, or left in the table.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::autonumber;
use super::key_sql;
use super::lower;
use super::names;
use super::native;
use super::shape::{Column, Constraint, Event, Made, Reference, Rule, Table};
use super::spell::{Spelled, is_null};
use super::types;
use crate::model::entity::{
    Besides, Check, Deferral, Entity, GENERATED_KEY, Index, Keeper, Key, References, Relationship,
};
use crate::model::field::{DefaultValue, Field, FieldType, OnEvent};
use crate::model::name;
use crate::model::text::Text;

/// What lifting needs to know of the other tables.
#[derive(Clone, Debug, Default)]
pub struct World {
    tables: BTreeMap<String, Known>,
}

/// What is known of one table.
#[derive(Clone, Debug)]
struct Known {
    key: Vec<String>,
    /// The type of the key, where it is one column.
    key_type: String,
    is_picklist: bool,
}

impl World {
    pub fn add(&mut self, table: &Table, is_picklist: bool) {
        let key = table.primary_key().to_vec();
        let column = key.first().and_then(|column| table.column(column));
        let key_type = column.map(|column| column.ty.clone()).unwrap_or_default();
        self.tables.insert(table.name.clone(), Known { key, key_type, is_picklist });
    }
}

/// A table, and the world around it.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    pub table: &'a Table,
    pub world: &'a World,
}

/// What a table comes to.
#[derive(Clone, Debug)]
pub struct Lifted {
    pub entity: Entity,
    /// The constraints and indexes that the entity says nothing of, each with the reason.
    pub left: Vec<(String, String)>,
}

/// Reads an entity from a table.
pub fn entity(source: &Source<'_>, hint: Option<&Entity>, spelled: &Spelled) -> Lifted {
    let names = hint.map(|hint| lower::member_names(&source.table.name, hint)).unwrap_or_default();
    let mut lift =
        Lift { table: source.table, world: source.world, hint, spelled, used: BTreeSet::new(), names };
    let mut entity = Entity { primary_key: lift.primary_key(), ..Entity::default() };
    let key = source.table.constraints.iter().find(|one| one.rule == Rule::PrimaryKey);
    entity.native = key.filter(|key| key.beyond.is_none()).and_then(|key| {
        let own = names::primary_key(&source.table.name);
        native::of_constraint(Some(key.name.as_str()).filter(|name| *name != own), key.deferral)
    });
    if let Some(hint) = hint {
        entity.display_name.clone_from(&hint.display_name);
        entity.description.clone_from(&hint.description);
        entity.standard = hint.standard;
    }
    describe(&mut entity.description, source.table.comment.as_deref());
    let polymorphic = lift.polymorphic();
    let mut fields: IndexMap<String, Field> = IndexMap::with_capacity(source.table.columns.len());
    for column in &source.table.columns {
        let owner = polymorphic
            .iter()
            .find(|(name, field)| field.ty.polymorphic_columns(name).iter().any(|(c, _)| *c == column.name));
        match owner {
            Some((name, field)) => {
                fields.entry(name.clone()).or_insert_with(|| field.clone());
            }
            None if entity.primary_key.is_none() && column.name == GENERATED_KEY => {}
            None => {
                let in_key = source.table.primary_key().contains(&column.name);
                fields.insert(column.name.clone(), lift.field(column, in_key));
            }
        }
    }
    if let Some(hint) = hint {
        let position = |name: &String| hint.fields.get_index_of(name).unwrap_or(usize::MAX);
        fields.sort_by(|left, _, right, _| position(left).cmp(&position(right)));
    }
    entity.fields = fields;
    if let Some(key) = &mut entity.primary_key {
        *key = fields_of(&entity.fields, key).unwrap_or_else(|| key.clone());
    }
    lift.members(&mut entity);
    spelled.apply(&mut entity);
    let left = lift.left();
    Lifted { entity, left }
}

/// Takes a comment for the description, unless that says it already.
pub fn describe(description: &mut Option<Text>, comment: Option<&str>) {
    if description.as_ref().map(Text::first) != comment {
        *description = comment.map(|comment| Text::Plain(comment.to_owned()));
    }
}

/// Tells whether a table and its columns have names that the model can hold.
pub fn name_fault(table: &Table) -> Option<String> {
    if let Some(fault) = name::fault(&table.name) {
        return Some(format!("its name {fault}"));
    }
    let wrong =
        |column: &Column| Some(format!("its column `{}` {}", column.name, name::fault(&column.name)?));
    table.columns.iter().find_map(wrong)
}

/// The fields that some columns are; none where they are no whole fields.
fn fields_of(fields: &IndexMap<String, Field>, columns: &[String]) -> Option<Vec<String>> {
    let mut found: Vec<String> = Vec::with_capacity(columns.len());
    let mut rest = columns;
    while let Some((first, others)) = rest.split_first() {
        if fields.get(first).is_some_and(|field| field.ty.polymorphic_columns(first).is_empty()) {
            found.push(first.clone());
            rest = others;
            continue;
        }
        let whole = fields.iter().find_map(|(name, field)| {
            let own = field.ty.polymorphic_columns(name);
            let is_next = !own.is_empty()
                && own.len() <= rest.len()
                && own.iter().zip(rest).all(|((column, _), next)| column == next);
            is_next.then(|| (name.clone(), own.len()))
        });
        let (name, length) = whole?;
        found.push(name);
        rest = &rest[length..];
    }
    Some(found)
}

/// What a reference does, in the model's words.
pub fn on_event(event: Event) -> OnEvent {
    match event {
        Event::NoAction => OnEvent::NoAction,
        Event::Restrict => OnEvent::Restrict,
        Event::Cascade => OnEvent::Cascade,
        Event::SetNull => OnEvent::SetNull,
        Event::SetDefault => OnEvent::SetDefault,
    }
}

/// An expression without the parentheses that are around all of it.
pub fn bare(sql: &str) -> &str {
    let sql = sql.trim();
    let Some(inner) = sql.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) else { return sql };
    // `(a) OR (b)` begins and ends with parentheses that are not around all of it.
    match crate::model::expression::fault(inner) {
        None => inner.trim(),
        Some(_) => sql,
    }
}

struct Lift<'a> {
    table: &'a Table,
    world: &'a World,
    hint: Option<&'a Entity>,
    spelled: &'a Spelled,
    /// The constraints and indexes that the entity speaks of.
    used: BTreeSet<String>,
    /// The names that checks and relationships have by our record.
    names: BTreeMap<(&'static str, String), String>,
}

impl Lift<'_> {
    fn use_up(&mut self, name: &str) {
        self.used.insert(name.to_owned());
    }

    /// The member of a section that we recorded under this name of a constraint.
    fn recorded(&self, section: &str, physical: &str) -> Option<String> {
        let found = self.names.iter().find(|((own, _), name)| *own == section && *name == physical);
        found.map(|((_, member), _)| member.clone())
    }

    fn primary_key(&mut self) -> Option<Vec<String>> {
        let key = self.table.constraints.iter().find(|one| one.rule == Rule::PrimaryKey);
        if let Some(key) = key.filter(|key| key.beyond.is_none()) {
            let name = key.name.clone();
            self.use_up(&name);
        }
        let columns = self.table.primary_key();
        // What every entity has may be written out, and then it is said still.
        let is_written = self.hint.is_some_and(|hint| hint.primary_key.is_some());
        if let [only] = columns
            && !is_written
            && only == GENERATED_KEY
            && let Some(column) = self.table.column(only)
            && column.ty == "uuid"
            && column.default.as_deref() == Some("gen_random_uuid()")
            && column.made.is_plain()
        {
            return None;
        }
        Some(columns.to_vec())
    }

    /// The foreign keys on exactly this column, ours first.
    fn references<'t>(&self, table: &'t Table, column: &str) -> Vec<(&'t Constraint, &'t Reference)> {
        let own = names::reference(&table.name, column);
        let mut found: Vec<(&Constraint, &Reference)> = table
            .constraints
            .iter()
            .filter(|one| one.columns.len() == 1 && one.columns[0] == column)
            .filter(|one| one.validated && one.beyond.is_none())
            .filter_map(|one| match &one.rule {
                Rule::Reference(reference) => Some((one, reference)),
                Rule::PrimaryKey | Rule::Unique | Rule::Check(_) | Rule::Other(_) => None,
            })
            .collect();
        found.sort_by_key(|(one, _)| one.name != own);
        found
    }

    /// What a foreign key of one column is, where the model has a type for it.
    fn lookup(&self, reference: &Reference) -> Option<FieldType> {
        let known = self.world.tables.get(&reference.table)?;
        if known.key != reference.columns || known.key.len() != 1 {
            return None;
        }
        if known.is_picklist {
            let is_ours = reference.on_update == Event::Cascade && reference.on_delete == Event::NoAction;
            return is_ours.then(|| FieldType::Picklist { picklist: reference.table.clone() });
        }
        (reference.on_update == Event::NoAction).then(|| FieldType::Lookup {
            entity: Some(reference.table.clone()),
            entities: Vec::new(),
            on_delete: on_event(reference.on_delete),
        })
    }

    fn key_type(&self, table: &str) -> Option<&str> {
        self.world.tables.get(table).map(|known| known.key_type.as_str())
    }

    /// The lookups that take several columns: their checks have our names.
    fn polymorphic(&mut self) -> Vec<(String, Field)> {
        let mut found: Vec<(String, Field)> = Vec::new();
        for constraint in &self.table.constraints {
            let name = names::member(&self.table.name, &constraint.name, &["_targets"]);
            let hinted = self.hint.and_then(|hint| {
                let mut fields = hint.fields.keys();
                fields.find(|field| names::targets(&self.table.name, field) == constraint.name).cloned()
            });
            let Some(name) = hinted.or(name) else { continue };
            let Rule::Check(sql) = &constraint.rule else { continue };
            let prefix = format!("{name}_");
            let mut entities = Vec::new();
            let mut on_delete = OnEvent::NoAction;
            let mut used = vec![constraint.name.clone()];
            // In the order in which the check names them.
            for column in &constraint.columns {
                let Some(to) = column.strip_prefix(&prefix) else { continue };
                let fitting = self.references(self.table, column).into_iter().find(|(own, reference)| {
                    own.deferral.is_never()
                        && reference.table == to
                        && self.world.tables.get(to).is_some_and(|known| known.key == reference.columns)
                });
                if let Some((own, reference)) = fitting {
                    entities.push(to.to_owned());
                    on_delete = on_event(reference.on_delete);
                    used.push(own.name.clone());
                }
            }
            if entities.len() != constraint.columns.len() || entities.len() < 2 {
                continue;
            }
            let hint = self.hint.and_then(|hint| hint.fields.get(&name));
            // A check does not keep the order in which the entities were declared.
            if let Some(Field { ty: FieldType::Lookup { entities: declared, .. }, .. }) = hint {
                entities.sort_by_key(|to| declared.iter().position(|one| one == to));
            }
            let mut field = Field::of(FieldType::Lookup { entity: None, entities, on_delete });
            field.required = sql.contains("= 1").then_some(true).filter(|_| !sql.contains("<= 1"));
            if let Some(hint) = hint {
                // That it is not so may be said or not.
                field.required = field.required.or(hint.required.filter(|required| !required));
                field.unique = hint.unique.filter(|unique| !unique);
                field.display_name.clone_from(&hint.display_name);
                field.description.clone_from(&hint.description);
                field.standard = hint.standard;
            }
            let first = field.ty.polymorphic_columns(&name).first().map(|(column, _)| column.clone());
            let comment = first.and_then(|column| self.table.column(&column)?.comment.as_deref());
            describe(&mut field.description, comment);
            self.used.extend(used);
            found.push((name, field));
        }
        found
    }

    /// Reads the field of a column.
    fn field(&mut self, column: &Column, in_key: bool) -> Field {
        let hint = self.hint.and_then(|hint| hint.fields.get(&column.name));
        let format = column.sequence.as_ref().and_then(|one| autonumber::format(one.comment.as_deref()));
        let is_serial = format.is_none() && lower::is_serial(column);
        let (ty, fits, constraint) = self.field_type(column, hint, format);
        let is_plain = column.made.is_plain() && column.collation.is_none() && !is_serial;
        let mut field = Field::of(ty);
        if !(fits && is_plain) || constraint.is_some() {
            // A sequence may be called as it likes, where its author says nothing of it.
            let written = hint.and_then(|hint| hint.native.as_deref()).map(native::read);
            let is_unsaid = written.is_some_and(|native| native.sequence.is_none());
            let mut unnamed = column.clone();
            if let Some(sequence) = unnamed.sequence.as_mut().filter(|_| is_unsaid) {
                sequence.is_named = false;
            }
            let mut native = if fits && is_plain { String::new() } else { lower::native(&unnamed) };
            if let Some(constraint) = constraint {
                native = format!("{native} {constraint}").trim_start().to_owned();
            }
            let path = format!("fields/{}/native", column.name);
            let written = self.spelled.author(&path, &native).unwrap_or(&native);
            // What a type of the target's own comes nearest to is its author's to say.
            if let Some(hint) = hint.filter(|hint| hint.native.as_deref() == Some(written)) {
                let is_free = |ty: &FieldType| {
                    !matches!(
                        ty,
                        FieldType::Lookup { .. } | FieldType::Picklist { .. } | FieldType::Autonumber { .. }
                    )
                };
                if is_free(&hint.ty) && is_free(&field.ty) {
                    field.ty = hint.ty.clone();
                }
            }
            field.native = Some(native);
        }
        let is_numbered = matches!(field.ty, FieldType::Autonumber { .. });
        field.required = (column.not_null && !in_key).then_some(true);
        // What its author said outright is said so still.
        if let Some(hint) = hint {
            let is_whole_key = in_key && self.table.primary_key().len() == 1;
            field.required = field.required.or(hint.required.filter(|required| !required && !in_key));
            field.unique = hint.unique.filter(|unique| !unique && !is_whole_key);
        }
        if column.made.is_plain() && !is_serial && !is_numbered {
            let own = types::own_type(&field).map(|_| column.ty.as_str());
            let default = column.default.as_ref();
            let default = default.and_then(|sql| types::default_value(&field.ty, sql, own));
            let is_unsaid = hint.is_some_and(|hint| hint.default.is_none());
            let default = default.filter(|default| !(is_unsaid && is_null(default)));
            field.default = default.map(bare_default);
        }
        self.checks_of(column, &mut field);
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
        describe(&mut field.description, column.comment.as_deref());
        field
    }

    /// The type of a column's field, whether it says all of the column's own type, and what its foreign key is where
    /// that is not one that we would give it.
    fn field_type(
        &mut self,
        column: &Column,
        hint: Option<&Field>,
        format: Option<String>,
    ) -> (FieldType, bool, Option<String>) {
        if let Some(format) = format {
            return (FieldType::Autonumber { format }, column.ty == "text", None);
        }
        if let Some(name) = &column.enumeration {
            return (FieldType::Picklist { picklist: name.clone() }, true, None);
        }
        for (constraint, reference) in self.references(self.table, &column.name) {
            let is_recorded = self.recorded("relationships", &constraint.name).is_some();
            if is_recorded {
                continue;
            }
            if let Some(ty) = self.lookup(reference) {
                let fits = self.key_type(&reference.table) == Some(column.ty.as_str());
                self.use_up(&constraint.name);
                let own = names::reference(&self.table.name, &column.name);
                let name = Some(constraint.name.as_str()).filter(|name| *name != own);
                return (ty, fits, native::of_constraint(name, constraint.deferral));
            }
        }
        let recorded = hint.map(|hint| &hint.ty).filter(|ty| match ty {
            FieldType::Lookup { .. } | FieldType::Picklist { .. } | FieldType::Autonumber { .. } => false,
            ty => types::column_type(ty) == column.ty,
        });
        match (recorded, types::field_type(&column.ty)) {
            (Some(ty), _) => (without_length(ty), true, None),
            (None, Some(ty)) => (ty, true, None),
            (None, None) => (types::guess(&column.ty), false, None),
        }
    }

    /// Reads the checks that belong to one field.
    fn checks_of(&mut self, column: &Column, field: &mut Field) {
        let table = &self.table.name;
        for constraint in &self.table.constraints {
            let Rule::Check(sql) = &constraint.rule else { continue };
            let is_own = constraint.columns.len() == 1 && constraint.columns[0] == column.name;
            if !is_own || !constraint.validated || constraint.beyond.is_some() {
                continue;
            }
            let is_declared = self.recorded("checks", &constraint.name).is_some();
            if constraint.name == names::check(table, &column.name) && !is_declared {
                field.check = Some(bare(sql).to_owned());
                self.used.insert(constraint.name.clone());
            } else if constraint.name == names::length(table, &column.name)
                && let FieldType::Binary { max_length } = &mut field.ty
                && let Some((_, length)) = bare(sql).split_once("<= ")
                && let Ok(length) = length.trim().parse()
            {
                *max_length = Some(length);
                self.used.insert(constraint.name.clone());
            }
        }
    }

    /// The name of the member that `physical` keeps, and what it says of that name.
    fn named(
        &self,
        physical: &str,
        hinted: Option<&String>,
        recovered: Option<String>,
        is_taken: impl Fn(&str) -> bool,
        keeper: Keeper<'_>,
    ) -> Option<(String, Option<String>)> {
        if let Some(name) = hinted {
            return Some((name.clone(), None));
        }
        let free = |name: &String| !is_taken(name) && name::fault(name).is_none();
        if let Some(name) = recovered.filter(free) {
            return Some((name, None));
        }
        // It keeps its name in the target, whatever a manifest can call it.
        let name = physical.replace(['.', '/', '\\', '*'], "_");
        free(&name).then(|| (name, Some(keeper.to_string())))
    }

    /// Reads keys, indexes, checks and relationships, and which fields are unique.
    fn members(&mut self, entity: &mut Entity) {
        self.constraints(entity);
        self.indexes(entity);
        for field in entity.fields.values_mut() {
            if matches!(field.ty, FieldType::Autonumber { .. }) {
                field.unique = None;
            }
        }
    }

    fn constraints(&mut self, entity: &mut Entity) {
        let table = &self.table.name;
        for constraint in &self.table.constraints {
            let besides = Besides { deferral: constraint.deferral, is_not_valid: !constraint.validated };
            if self.used.contains(&constraint.name)
                || constraint.beyond.is_some()
                || !(constraint.validated || self.is_left_so(constraint))
            {
                continue;
            }
            let fields = fields_of(&entity.fields, &constraint.columns);
            match &constraint.rule {
                Rule::Other(text) if !key_sql::excludes(text) => continue,
                Rule::Unique | Rule::Other(_) => {
                    let sql = match &constraint.rule {
                        Rule::Other(text) => Some(text.clone()),
                        Rule::PrimaryKey | Rule::Unique | Rule::Check(_) | Rule::Reference(_) => {
                            constraint.using.clone()
                        }
                    };
                    let fields = if sql.is_some() { Some(Vec::new()) } else { fields };
                    let Some(fields) = fields else { continue };
                    let hinted = self.hint.and_then(|hint| {
                        let mut keys = hint.keys.iter();
                        let is_it = |(name, key): &(&String, &Key)| {
                            lower::key_keeper(table, hint, name, key).is_constraint(&constraint.name)
                        };
                        keys.find(is_it)
                    });
                    // That a field of the key is unique need not be said: what says it twice is a key of its own.
                    let is_sole_key = entity.primary_key.as_deref() == Some(&constraint.columns);
                    if hinted.is_none()
                        && !is_sole_key
                        && let [column] = constraint.columns.as_slice()
                        && constraint.name == names::unique(table, column)
                        && constraint.deferral.is_never()
                        && constraint.using.is_none()
                        && let Some(field) = entity.fields.get_mut(column)
                    {
                        field.unique = Some(true);
                        self.used.insert(constraint.name.clone());
                        continue;
                    }
                    let recovered = names::member(table, &constraint.name, &["_key", "_ak"])
                        .filter(|member| names::key(table, member, entity) == constraint.name);
                    let keeper = Keeper::Constraint(Some(&constraint.name), constraint.deferral);
                    let named = self.named(
                        &constraint.name,
                        hinted.map(|(name, _)| name),
                        recovered,
                        |name| entity.keys.contains_key(name),
                        keeper,
                    );
                    let Some((name, native)) = named else { continue };
                    // A name that we gave it need not be said; whether it is deferred, and that it is no index, must.
                    let unnamed = Keeper::Constraint(None, constraint.deferral);
                    let is_constraint = sql.as_deref().is_none_or(key_sql::excludes);
                    let is_said = is_constraint && constraint.deferral.is_never();
                    let native = native.or_else(|| (!is_said).then(|| unnamed.to_string()));
                    let said = |key: &Key| match key.native.as_deref().and_then(Keeper::read) {
                        Some(Keeper::Constraint(_, deferral)) => deferral,
                        Some(Keeper::Index(_)) | None => Deferral::Never,
                    };
                    let native = match hinted {
                        Some((_, key))
                            if said(key) == constraint.deferral && key.sql.is_some() == sql.is_some() =>
                        {
                            key.native.clone()
                        }
                        Some(_) => Some(keeper.to_string()),
                        None => native,
                    };
                    let standard = hinted.is_some_and(|(_, key)| key.standard);
                    entity.keys.insert(name, Key { fields, sql, native, renamed_from: None, standard });
                }
                Rule::Check(sql) => {
                    let member = self.recorded("checks", &constraint.name);
                    let member = member.unwrap_or_else(|| constraint.name.clone());
                    if name::fault(&member).is_some() || entity.checks.contains_key(&member) {
                        continue;
                    }
                    let hint = self.hint.and_then(|hint| hint.checks.get(&member));
                    let standard = hint.is_some_and(|check| check.standard);
                    let (sql, native) = (bare(sql).to_owned(), besides.native());
                    entity.checks.insert(member, Check { sql, native, standard });
                }
                Rule::Reference(reference) => {
                    let is_entity =
                        self.world.tables.get(&reference.table).is_some_and(|known| !known.is_picklist);
                    let member = self.recorded("relationships", &constraint.name);
                    let member = member.unwrap_or_else(|| constraint.name.clone());
                    let is_free =
                        name::fault(&member).is_none() && !entity.relationships.contains_key(&member);
                    let (Some(fields), true, true) = (fields, is_entity, is_free) else { continue };
                    let hint = self.hint.and_then(|hint| hint.relationships.get(&member));
                    let standard = hint.is_some_and(|relationship| relationship.standard);
                    let relationship = Relationship {
                        fields,
                        references: References {
                            entity: reference.table.clone(),
                            fields: reference.columns.clone(),
                        },
                        on_delete: on_event(reference.on_delete),
                        on_update: on_event(reference.on_update),
                        native: besides.native(),
                        standard,
                    };
                    entity.relationships.insert(member, relationship);
                }
                Rule::PrimaryKey => continue,
            }
            self.used.insert(constraint.name.clone());
        }
        self.unique_columns(entity);
    }

    /// Tells of a constraint that only new rows are held against, that this is meant: it is no step on the way to one
    /// that holds for all.
    fn is_left_so(&self, constraint: &Constraint) -> bool {
        let Some(hint) = self.hint else { return true };
        let is_said = |native: Option<&String>| Besides::of(native.map(String::as_str)).is_not_valid;
        match &constraint.rule {
            Rule::Check(_) => self
                .recorded("checks", &constraint.name)
                .and_then(|name| hint.checks.get(&name))
                .is_some_and(|check| is_said(check.native.as_ref())),
            Rule::Reference(_) => self
                .recorded("relationships", &constraint.name)
                .and_then(|name| hint.relationships.get(&name))
                .is_some_and(|one| is_said(one.native.as_ref())),
            Rule::PrimaryKey | Rule::Unique | Rule::Other(_) => false,
        }
    }

    /// A polymorphic lookup is unique where each of its columns is.
    fn unique_columns(&mut self, entity: &mut Entity) {
        let table = &self.table.name;
        for (name, field) in &mut entity.fields {
            let columns = field.ty.polymorphic_columns(name);
            let names: Vec<String> = columns.iter().map(|(column, _)| names::unique(table, column)).collect();
            let are_unique = names.iter().all(|name| {
                self.table.constraint(name).is_some_and(|one| one.rule == Rule::Unique && one.is_plain())
            });
            if !names.is_empty() && are_unique {
                field.unique = Some(true);
                self.used.extend(names);
            }
        }
    }

    fn indexes(&mut self, entity: &mut Entity) {
        let table = &self.table.name;
        for index in self.table.indexes.iter().filter(|index| index.valid) {
            let fields = match &index.columns {
                Some(columns) => fields_of(&entity.fields, columns),
                None => Some(Vec::new()),
            };
            let Some(fields) = fields else { continue };
            let sql = index.columns.is_none().then(|| index.sql.clone());
            let keeper = Keeper::Index(&index.name);
            if index.unique {
                let hinted = self.hint.and_then(|hint| {
                    let mut keys = hint.keys.iter();
                    keys.find(|(name, key)| lower::key_keeper(table, hint, name, key).is_index(&index.name))
                });
                // On fields alone a key is a constraint, unless it says otherwise.
                let recovered = names::member(table, &index.name, &["_key", "_ak"])
                    .filter(|member| sql.is_some() && names::key(table, member, entity) == index.name);
                let is_taken = |name: &str| entity.keys.contains_key(name);
                let named =
                    self.named(&index.name, hinted.map(|(name, _)| name), recovered, is_taken, keeper);
                let Some((name, native)) = named else { continue };
                let native = hinted.map_or(native, |(_, key)| key.native.clone());
                let standard = hinted.is_some_and(|(_, key)| key.standard);
                entity.keys.insert(name, Key { fields, sql, native, renamed_from: None, standard });
            } else {
                let hinted = self.hint.and_then(|hint| {
                    let mut indexes = hint.indexes.iter();
                    indexes.find(|(name, one)| lower::index_name(table, name, one) == index.name)
                });
                let recovered = names::member(table, &index.name, &["_idx"])
                    .filter(|member| names::index(table, member) == index.name);
                let is_taken = |name: &str| entity.indexes.contains_key(name);
                let named =
                    self.named(&index.name, hinted.map(|(name, _)| name), recovered, is_taken, keeper);
                let Some((name, native)) = named else { continue };
                let native = hinted.map_or(native, |(_, one)| one.native.clone());
                let standard = hinted.is_some_and(|(_, one)| one.standard);
                entity.indexes.insert(name, Index { fields, sql, native, renamed_from: None, standard });
            }
            self.used.insert(index.name.clone());
        }
    }

    /// The constraints and indexes of which the entity says nothing.
    fn left(&self) -> Vec<(String, String)> {
        let mut left = Vec::new();
        for one in self.table.constraints.iter().filter(|one| !self.used.contains(&one.name)) {
            let why = match (&one.rule, one.validated, &one.beyond) {
                (_, _, Some(beyond)) => format!("is {beyond}"),
                (_, false, None) => "is not validated: rows that are there may break it".to_owned(),
                (Rule::Other(text), _, None) => format!("says more than a manifest can: `{text}`"),
                (_, _, None) => "is on what is no field, or has a name that none can have".to_owned(),
            };
            left.push((format!("constraint {}", one.name), why));
        }
        for index in self.table.indexes.iter().filter(|index| !self.used.contains(&index.name)) {
            let why = match index.valid {
                false => "is INVALID: it was never built to its end, and keeps nothing unique",
                true => "is on what is no field, or has a name that none can have",
            };
            left.push((format!("index {}", index.name), why.to_owned()));
        }
        let sequences = self.table.columns.iter().filter(|column| column.made == Made::Plain);
        for column in sequences {
            if let Some(sequence) = column.sequence.as_ref().filter(|one| !one.options.is_empty()) {
                let why = format!("counts by words of its own: {}", sequence.options);
                left.push((format!("sequence {}", sequence.name), why));
            }
        }
        left
    }
}

/// The length of bytes is a check's to say.
fn without_length(ty: &FieldType) -> FieldType {
    match ty {
        FieldType::Binary { .. } => FieldType::Binary { max_length: None },
        ty => ty.clone(),
    }
}

fn bare_default(default: DefaultValue) -> DefaultValue {
    match default {
        DefaultValue::Sql { sql } => DefaultValue::Sql { sql: bare(&sql).to_owned() },
        value @ DefaultValue::Value(_) => value,
    }
}
