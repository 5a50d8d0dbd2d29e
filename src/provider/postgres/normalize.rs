//! A declared resource in the words in which the target reports it back.
//! Never changes what it means.

use indexmap::IndexMap;
use serde_json::{Number, Value};

use super::key_sql;
use super::lexer::{Token, tokens};
use super::native;
use super::types;
use crate::model::entity::{Besides, Deferral, Entity, Keeper};
use crate::model::field::{DefaultValue, Field, FieldType};
use crate::model::picklist::{Picklist, Storage};
use crate::model::resource::Resource;
use crate::model::text::Text;

pub fn resource(resource: &mut Resource) {
    match resource {
        Resource::Entity(entity) => normal_entity(entity),
        Resource::Picklist(picklist) => normal_picklist(picklist),
    }
}

/// Tells whether a resource is in these words already.
pub fn is_normal(one: &Resource) -> bool {
    let mut normal = one.clone();
    resource(&mut normal);
    normal == *one
}

fn normal_entity(entity: &mut Entity) {
    drop_empty(&mut entity.display_name);
    drop_empty(&mut entity.description);
    // Options of a table are left as they are; the name of its key is not.
    entity.native = entity
        .native
        .take()
        .map(|native| native::read(&native))
        .and_then(|native| native::of_constraint(native.constraint.as_deref(), native.deferral));
    let key = entity.primary_key.clone().unwrap_or_default();
    for (name, field) in &mut entity.fields {
        normal_field(field);
        // A field of the primary key always has a value.
        if key.contains(name) {
            field.required = None;
            if key.len() == 1 {
                field.unique = None;
            }
        }
    }
    let fields = entity.fields.clone();
    for key in entity.keys.values_mut() {
        trim(&mut key.sql);
        plain(&mut key.sql, &mut key.fields, &fields);
        let keeper = key.native.as_deref().and_then(Keeper::read);
        let is_constraint = key.sql.as_deref().is_none_or(key_sql::excludes);
        if is_constraint && keeper == Some(Keeper::Constraint(None, Deferral::Never)) {
            key.native = None;
        }
    }
    for index in entity.indexes.values_mut() {
        trim(&mut index.sql);
        plain(&mut index.sql, &mut index.fields, &fields);
    }
    for check in entity.checks.values_mut() {
        check.sql = check.sql.trim().to_owned();
        // No check waits for the end of a transaction.
        let said = Besides::of(check.native.as_deref());
        check.native = Besides { deferral: Deferral::Never, ..said }.native();
    }
    for relationship in entity.relationships.values_mut() {
        relationship.native = Besides::of(relationship.native.as_deref()).native();
    }
}

/// What is on plain fields says so.
fn plain(sql: &mut Option<String>, fields: &mut Vec<String>, known: &IndexMap<String, Field>) {
    let Some(all) = sql.as_ref().and_then(|sql| tokens(sql).ok()) else { return };
    let [method, open, names @ .., close] = all.as_slice() else { return };
    if !(method.is("btree") && open.is_sign("(") && close.is_sign(")")) {
        return;
    }
    let one = |words: &[Token<'_>]| match words {
        [only] => only.name().filter(|name| known.contains_key(name)),
        _ => None,
    };
    let found: Option<Vec<String>> = names.split(|token| token.is_sign(",")).map(one).collect();
    if let Some(found) = found {
        (*sql, *fields) = (None, found);
    }
}

/// An index says how it is kept; where its author did not, it is a tree.
fn trim(sql: &mut Option<String>) {
    *sql = sql.take().map(|text| {
        let text = text.trim();
        if text.starts_with('(') { format!("btree {text}") } else { text.to_owned() }
    });
}

fn normal_field(field: &mut Field) {
    drop_empty(&mut field.display_name);
    drop_empty(&mut field.description);
    field.check = field.check.take().map(|sql| sql.trim().to_owned()).filter(|sql| !sql.is_empty());
    normal_native(field);
    if let FieldType::Lookup { entity, entities, .. } = &mut field.ty {
        if entity.is_none() && entities.len() == 1 {
            *entity = entities.pop();
        } else if entity.is_some() && !entities.is_empty() {
            entities.insert(0, entity.take().unwrap_or_default());
        }
    }
    if matches!(field.ty, FieldType::Autonumber { .. }) {
        field.unique = None;
    }
    field.default = match field.default.take() {
        Some(DefaultValue::Sql { sql }) => {
            let sql = super::lift::bare(sql.trim()).to_owned();
            match types::default_value(&field.ty, &sql, types::own_type(field).as_deref()) {
                Some(DefaultValue::Value(value)) => Some(DefaultValue::Value(normal_value(&field.ty, value))),
                Some(DefaultValue::Sql { .. }) => Some(DefaultValue::Sql { sql }),
                None => None,
            }
        }
        Some(DefaultValue::Value(Value::Null)) | None => None,
        Some(DefaultValue::Value(value)) => Some(DefaultValue::Value(normal_value(&field.ty, value))),
    };
}

/// The target's own words in one spelling; none where the model says them.
fn normal_native(field: &mut Field) {
    let Some(written) = field.native.take().filter(|text| !text.trim().is_empty()) else { return };
    let native = native::read(written.trim());
    if native.is_never_null() {
        field.required = Some(true);
    }
    if native.is_plain() {
        let is_free = !matches!(
            field.ty,
            FieldType::Lookup { .. } | FieldType::Picklist { .. } | FieldType::Autonumber { .. }
        );
        if is_free && types::column_type(&field.ty) == native.ty {
            return;
        }
        if let Some(ty) = types::field_type(&native.ty).filter(|_| is_free) {
            field.ty = match (&field.ty, ty) {
                (FieldType::Text { format, .. }, FieldType::Text { max_length, .. }) => {
                    FieldType::Text { max_length, format: *format }
                }
                (_, ty) => ty,
            };
            return;
        }
    }
    field.native = Some(native.write());
}

/// A literal in the one form in which the type has it.
pub fn normal_value(ty: &FieldType, value: Value) -> Value {
    match (ty, value) {
        (FieldType::Boolean, Value::String(text)) => match text.as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => Value::String(text),
        },
        (FieldType::Json, value @ Value::String(_)) | (FieldType::Boolean, value) => value,
        // JSON is said as its text.
        (FieldType::Json, value) => Value::String(value.to_string()),
        (ty, Value::String(text)) if types::is_number(ty) => match text.trim().parse::<Number>() {
            Ok(number) => Value::Number(whole(number)),
            Err(_) => Value::String(text),
        },
        (ty, Value::Number(number)) if types::is_number(ty) => Value::Number(whole(number)),
        (ty, value @ (Value::Number(_) | Value::Bool(_)))
            if !types::is_number(ty) && !matches!(ty, FieldType::Lookup { .. }) =>
        {
            Value::String(value.to_string())
        }
        (_, value) => value,
    }
}

/// `10.0` is `10`.
fn whole(number: Number) -> Number {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9e15 => {
            // Within the range in which every whole float is an integer.
            #[allow(clippy::cast_possible_truncation)]
            let integer = float as i64;
            Number::from(integer)
        }
        Some(_) | None => number,
    }
}

fn normal_picklist(picklist: &mut Picklist) {
    drop_empty(&mut picklist.display_name);
    drop_empty(&mut picklist.description);
    if picklist.storage == Some(Storage::Table) {
        picklist.storage = None;
    }
    for choice in picklist.options.values_mut() {
        drop_empty(&mut choice.label);
        drop_empty(&mut choice.description);
        choice.color =
            choice.color.take().map(|color| color.to_lowercase()).filter(|color| !color.is_empty());
    }
}

fn drop_empty(text: &mut Option<Text>) {
    let is_empty = match text {
        Some(Text::Plain(text)) => text.is_empty(),
        Some(Text::Languages(map)) => map.values().all(String::is_empty),
        None => false,
    };
    if is_empty {
        *text = None;
    }
}
