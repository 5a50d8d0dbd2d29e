//! A declared resource in the words in which the target reports it back.
//! Never changes what it means.

use serde_json::{Number, Value};

use super::lower::{self, World};
use super::{lift, types};
use crate::model::entity::{Besides, Deferral, Entity, Keeper};
use crate::model::field::{DefaultValue, Field, FieldType, OnEvent};
use crate::model::picklist::Picklist;
use crate::model::resource::Resource;
use crate::model::state::State;
use crate::model::text::Text;

pub fn resource(resource: &mut Resource) {
    match resource {
        Resource::Entity(entity) => normal_entity(entity),
        Resource::Picklist(picklist) => normal_picklist(picklist),
    }
}

/// Tells of a resource that it has nothing that could be said in another way.
pub fn is_plain(resource: &Resource) -> bool {
    match resource {
        Resource::Entity(entity) => {
            let key = entity.primary_key.as_deref().unwrap_or_default();
            !is_empty(entity.display_name.as_ref())
                && !is_empty(entity.description.as_ref())
                && entity.native.is_none()
                && entity.relationships.values().all(|one| {
                    one.native.is_none() && is_plain_event(one.on_delete) && is_plain_event(one.on_update)
                })
                && entity.checks.values().all(|check| check.native.is_none())
                && entity.keys.values().all(|key| key.native.is_none())
                && entity.fields.iter().all(|(name, field)| is_plain_field(field) && !key.contains(name))
        }
        Resource::Picklist(picklist) => {
            picklist.storage.is_none()
                && !is_empty(picklist.display_name.as_ref())
                && !is_empty(picklist.description.as_ref())
                && picklist.options.values().all(|choice| {
                    let is_plain_color =
                        |color: &String| !color.is_empty() && color.bytes().all(is_plain_byte);
                    !is_empty(choice.label.as_ref())
                        && !is_empty(choice.description.as_ref())
                        && choice.color.as_ref().is_none_or(is_plain_color)
                })
        }
    }
}

fn is_plain_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !byte.is_ascii_uppercase()
}

fn is_plain_field(field: &Field) -> bool {
    let is_trimmed = |sql: &String| !sql.is_empty() && sql.trim().len() == sql.len();
    let is_plain_type = match &field.ty {
        FieldType::Lookup { entity, entities, on_delete } => {
            is_plain_event(*on_delete)
                && match entity {
                    Some(_) => entities.is_empty(),
                    None => entities.len() > 1,
                }
        }
        FieldType::Autonumber { .. } => false,
        _ => true,
    };
    let is_plain_default = match (&field.default, types::storage(&field.ty)) {
        (None | Some(DefaultValue::Sql { .. }), _) => true,
        (Some(DefaultValue::Value(Value::String(_))), storage) => !matches!(storage, "INTEGER" | "REAL"),
        (Some(DefaultValue::Value(Value::Number(number))), storage) => {
            matches!(storage, "INTEGER" | "REAL") && !number.is_f64()
        }
        (Some(DefaultValue::Value(_)), _) => false,
    };
    is_plain_type
        && is_plain_default
        && !is_empty(field.display_name.as_ref())
        && !is_empty(field.description.as_ref())
        && field.check.as_ref().is_none_or(is_trimmed)
        && field.native.as_ref().is_none_or(is_trimmed)
}

fn normal_entity(entity: &mut Entity) {
    drop_empty(&mut entity.display_name);
    drop_empty(&mut entity.description);
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
    for relationship in entity.relationships.values_mut() {
        relationship.on_delete = normal_event(relationship.on_delete);
        relationship.on_update = normal_event(relationship.on_update);
        relationship.native = None;
    }
    // Here every constraint is held against every row, and at once.
    entity.checks.values_mut().for_each(|check| check.native = None);
    for key in entity.keys.values_mut() {
        if let Some(Keeper::Constraint(name, _)) = key.native.as_deref().and_then(Keeper::read) {
            key.native = Some(Keeper::Constraint(name, Deferral::Never).to_string());
        }
    }
    // Last: what the table would be given depends on its fields.
    normal_options(entity);
}

/// The options in one spelling; none where they are those that we would give the table.
fn normal_options(entity: &mut Entity) {
    // The name of a key is another target's word.
    let is_others = |text: &str| text.starts_with("CONSTRAINT ") || Besides::read(text).is_some();
    let is_own = |text: &String| !text.trim().is_empty() && !is_others(text);
    let Some(native) = entity.native.take().filter(is_own) else { return };
    let mut table = lower::shape("x", entity, World::State(&State::new())).table;
    lower::set_options(&mut table, Some(&native));
    entity.native = lift::native_options(&table);
}

fn normal_field(field: &mut Field) {
    drop_empty(&mut field.display_name);
    drop_empty(&mut field.description);
    field.check = field.check.take().map(|sql| sql.trim().to_owned()).filter(|sql| !sql.is_empty());
    field.native = field.native.take().map(|text| text.trim().to_owned());
    if let FieldType::Lookup { entity, entities, on_delete } = &mut field.ty {
        *on_delete = normal_event(*on_delete);
        if entity.is_none() && entities.len() == 1 {
            *entity = entities.pop();
        } else if entity.is_some() && !entities.is_empty() {
            entities.insert(0, entity.take().unwrap_or_default());
        }
    }
    if matches!(field.ty, FieldType::Autonumber { .. }) {
        field.unique = None;
    }
    if let Some(DefaultValue::Value(value)) = &mut field.default {
        let plain = normal_value(&field.ty, value.take());
        *value = plain;
    }
    if field.default == Some(DefaultValue::Value(Value::Null)) {
        field.default = None;
    }
}

/// A literal in the one form in which the type has it.
fn normal_value(ty: &FieldType, value: Value) -> Value {
    match (types::storage(ty), value) {
        ("INTEGER", Value::String(text)) if matches!(ty, FieldType::Boolean) => match text.as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => Value::String(text),
        },
        ("INTEGER" | "REAL", Value::String(text)) => match text.trim().parse::<Number>() {
            Ok(number) => Value::Number(whole(number)),
            Err(_) => Value::String(text),
        },
        ("INTEGER" | "REAL", Value::Number(number)) => Value::Number(whole(number)),
        ("TEXT", value @ (Value::Number(_) | Value::Bool(_)))
            if !matches!(ty, FieldType::Json | FieldType::Lookup { .. }) =>
        {
            Value::String(value.to_string())
        }
        (_, value) => value,
    }
}

/// `RESTRICT` refuses a statement earlier and refuses the same: our tables do without it.
fn normal_event(event: OnEvent) -> OnEvent {
    match event {
        OnEvent::Restrict => OnEvent::NoAction,
        OnEvent::NoAction | OnEvent::Cascade | OnEvent::SetNull | OnEvent::SetDefault => event,
    }
}

fn is_plain_event(event: OnEvent) -> bool {
    normal_event(event) == event
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
    // SQLite has no enumerated types.
    picklist.storage = None;
    drop_empty(&mut picklist.display_name);
    drop_empty(&mut picklist.description);
    for choice in picklist.options.values_mut() {
        drop_empty(&mut choice.label);
        drop_empty(&mut choice.description);

        choice.color =
            choice.color.take().map(|color| color.to_lowercase()).filter(|color| !color.is_empty());
    }
}

fn drop_empty(text: &mut Option<Text>) {
    if is_empty(text.as_ref()) {
        *text = None;
    }
}

/// Tells of a text that is there and says nothing.
fn is_empty(text: Option<&Text>) -> bool {
    match text {
        Some(Text::Plain(text)) => text.is_empty(),
        Some(Text::Languages(map)) => map.values().all(String::is_empty),
        None => false,
    }
}
