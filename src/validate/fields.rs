//! RV107 and RV121: settings of fields, keys and relationships that cannot go together, and resources that hold
//! nothing.
//! Never follows a reference further than to the key it points to.

use std::collections::HashSet;

use super::survey::{Site, Survey};
use super::words::{listed, shown};
use crate::diagnostic::Diagnostic;
use crate::model::entity::Entity;
use crate::model::field::{DefaultValue, Field, FieldType, OnEvent};
use crate::model::repository::Remark;
use crate::model::resource::Resource;
use crate::yaml::Part;

pub fn check(survey: &Survey<'_>, site: &Site<'_>, found: &mut Vec<Remark>) {
    match site.resource {
        Resource::Entity(entity) => {
            if entity.fields.is_empty() {
                let message = format!("entity `{}` has no fields", shown(site.name()));
                let diagnostic = Diagnostic::warning("RV121", message).help("add them under `spec.fields`");
                found.push(site.remark(&["spec", "fields"], Part::Key, diagnostic));
            }
            let key: HashSet<&str> = entity.primary_key.iter().flatten().map(String::as_str).collect();
            for (name, field) in &entity.fields {
                one(survey, site, name, field, key.contains(name.as_str()), found);
            }
            members(site, entity, found);
            lists(site, entity, found);
            relationships(site, entity, &key, found);
        }
        Resource::Picklist(picklist) => {
            if picklist.options.is_empty() {
                let message = format!("picklist `{}` has no options", shown(site.name()));
                let diagnostic = Diagnostic::warning("RV121", message).help("add them under `spec.options`");
                found.push(site.remark(&["spec", "options"], Part::Key, diagnostic));
            }
        }
    }
}

fn one(
    survey: &Survey<'_>,
    site: &Site<'_>,
    name: &str,
    field: &Field,
    in_key: bool,
    found: &mut Vec<Remark>,
) {
    let mut add = |setting: &str, diagnostic: Diagnostic| {
        let path = ["spec", "fields", name, setting];
        found.push(site.member(field.standard, &path, Part::Value, diagnostic));
    };
    let called = shown(name);
    match &field.ty {
        FieldType::Decimal { precision, scale } if scale > precision => {
            let message = format!(
                "field `{called}` has {scale} digits after the point, more than the {precision} it has at all"
            );
            add("scale", wrong(message).help("`precision` counts all digits, `scale` those after the point"));
        }
        FieldType::Json if field.is_unique() => {
            let message = format!("field `{called}` is json, which has no order to be unique by");
            add("unique", wrong(message).help("leave `unique` out"));
        }
        FieldType::Autonumber { .. } => {
            let settings = [
                ("default", field.default.is_some()),
                ("backfill", field.backfill.is_some()),
                ("check", field.check.is_some()),
            ];
            for (setting, _) in settings.iter().filter(|(_, is_set)| *is_set) {
                let message = format!("autonumber `{called}` cannot have a `{setting}`");
                let help = format!("leave `{setting}` out: the target numbers every row itself");
                add(setting, wrong(message).help(help));
            }
        }
        FieldType::Lookup { on_delete, .. } => {
            lookup(survey, &called, field, &mut add);
            if *on_delete == OnEvent::SetNull && (field.is_required() || in_key) {
                let why = if in_key { "part of the primary key" } else { "required" };
                let message = format!("field `{called}` is {why} and cannot be set to null on delete");
                add("onDelete", wrong(message).help("choose `restrict` or `cascade`"));
            }
        }
        FieldType::Picklist { picklist } => {
            if let Some(DefaultValue::Value(serde_json::Value::String(option))) = &field.default
                && let Some((_, options)) = survey.picklist(picklist)
                && options.options.get(option).is_some_and(|choice| choice.is_retired())
            {
                let message = format!(
                    "`default` of field `{called}` is `{}`, an option that is retired",
                    shown(option)
                );
                let help = "new rows would get what is kept for old ones only; choose another option";
                add("default", Diagnostic::warning("RV107", message).help(help));
            }
        }
        FieldType::Text { .. }
        | FieldType::Integer
        | FieldType::Bigint
        | FieldType::Decimal { .. }
        | FieldType::Money
        | FieldType::Float
        | FieldType::Boolean
        | FieldType::Date
        | FieldType::Time
        | FieldType::Datetime
        | FieldType::Uuid
        | FieldType::Json
        | FieldType::Binary { .. } => {}
    }
    let is_filled = field.is_required() || in_key;
    if field.backfill.is_some() && !is_filled && !matches!(field.ty, FieldType::Autonumber { .. }) {
        let message = format!("field `{called}` has a `backfill` and is not required");
        let help = "rows are filled only when the field becomes required; add `required: true`, or drop it";
        add("backfill", Diagnostic::warning("RV107", message).help(help));
    }
}

fn lookup(survey: &Survey<'_>, called: &str, field: &Field, add: &mut impl FnMut(&str, Diagnostic)) {
    let FieldType::Lookup { entity, entities, .. } = &field.ty else { return };
    // One of the two is there, and not both: the decoder sees to that.
    if entity.is_none() {
        let settings = [
            ("default", field.default.is_some()),
            ("backfill", field.backfill.is_some()),
            ("unique", field.is_unique()),
        ];
        for (setting, _) in settings.iter().filter(|(_, is_set)| *is_set) {
            let message = format!("lookup `{called}` points to several entities and cannot have `{setting}`");
            let help = format!("leave `{setting}` out, or make it a lookup to one `entity`");
            add(setting, wrong(message).help(help));
        }
    }
    for name in entity.iter().chain(entities) {
        let Some((entry, far)) = survey.entity(name) else { continue };
        if far.key_fields().is_empty() {
            let message =
                format!("lookup `{called}` points to entity `{}`, which has no primary key", shown(name));
            let help = format!("give it one in {}", shown(&entry.origin.file));
            add(if entities.is_empty() { "entity" } else { "entities" }, wrong(message).help(help));
        }
        if let Some([_, _, ..]) = far.primary_key.as_deref() {
            let key = listed(far.key_fields());
            let message = format!(
                "lookup `{called}` points to entity `{}`, whose primary key has several fields: {key}",
                shown(name)
            );
            let help = format!(
                "write it under `relationships`, with a field for each of them ({} declares the key)",
                shown(&entry.origin.file)
            );
            add(if entities.is_empty() { "entity" } else { "entities" }, wrong(message).help(help));
        }
    }
}

/// Keys and indexes say what they are on, in one way.
fn members(site: &Site<'_>, entity: &Entity, found: &mut Vec<Remark>) {
    let keys = entity.keys.iter().map(|(name, key)| ("keys", name, &key.fields, &key.sql, key.standard));
    let indexes = entity.indexes.iter();
    let indexes = indexes.map(|(name, one)| ("indexes", name, &one.fields, &one.sql, one.standard));
    for (section, name, fields, sql, standard) in keys.chain(indexes) {
        let message = match (fields.is_empty(), sql) {
            (true, None) => format!("`{}` names no `fields`", shown(name)),
            (false, Some(_)) => format!("`{}` has both `fields` and `sql`", shown(name)),
            (true, Some(_)) | (false, None) => continue,
        };
        let diagnostic = wrong(message).help("give it `fields`, or `sql` where fields do not say it");
        found.push(site.member(standard, &["spec", section, name], Part::Key, diagnostic));
    }
}

/// Lists of names: nothing twice, and nothing that the list cannot take.
fn lists(site: &Site<'_>, entity: &Entity, found: &mut Vec<Remark>) {
    let mut list = |standard: bool, path: &[&str], what: &str, names: &[String], refuse: Refuse| {
        let mut seen = HashSet::new();
        for (index, name) in names.iter().enumerate() {
            let diagnostic = if !seen.insert(name) {
                wrong(format!("{what} lists `{}` twice", shown(name))).help("drop one of them")
            } else if let Some(why) = entity.fields.get(name).and_then(|field| refuse(&field.ty)) {
                wrong(format!("{what} cannot hold field `{}`, which {why}", shown(name)))
            } else {
                continue;
            };
            let index = index.to_string();
            let path: Vec<&str> = path.iter().copied().chain([index.as_str()]).collect();
            found.push(site.member(standard, &path, Part::Value, diagnostic));
        }
    };
    if let Some(names) = &entity.primary_key {
        list(entity.standard, &["spec", "primaryKey"], "the primary key", names, no_primary_key);
    }
    for (name, key) in &entity.keys {
        let what = format!("key `{}`", shown(name));
        if key.sql.is_none() {
            list(key.standard, &["spec", "keys", name, "fields"], &what, &key.fields, no_key);
        }
    }
    for (name, index) in &entity.indexes {
        let what = format!("index `{}`", shown(name));
        if index.sql.is_none() {
            list(index.standard, &["spec", "indexes", name, "fields"], &what, &index.fields, no_index);
        }
    }
    for (name, relationship) in &entity.relationships {
        let what = format!("relationship `{}`", shown(name));
        let path = ["spec", "relationships", name, "fields"];
        list(relationship.standard, &path, &what, &relationship.fields, no_key);
        let path = ["spec", "relationships", name, "references", "fields"];
        // These fields are the other entity's: their types are none of this list's business.
        let what = format!("`references` of {what}");
        list(relationship.standard, &path, &what, &relationship.references.fields, |_| None);
    }
    for (name, field) in &entity.fields {
        if let FieldType::Lookup { entities, .. } = &field.ty {
            let what = format!("lookup `{}`", shown(name));
            list(field.standard, &["spec", "fields", name, "entities"], &what, entities, |_| None);
        }
    }
}

type Refuse = fn(&FieldType) -> Option<&'static str>;

fn no_primary_key(ty: &FieldType) -> Option<&'static str> {
    if matches!(ty, FieldType::Binary { .. }) {
        return Some("is binary");
    }
    if matches!(ty, FieldType::Autonumber { .. }) {
        return Some("the target numbers only after the row is there");
    }
    no_key(ty)
}

fn no_key(ty: &FieldType) -> Option<&'static str> {
    if matches!(ty, FieldType::Json) { Some("is json") } else { no_index(ty) }
}

fn no_index(ty: &FieldType) -> Option<&'static str> {
    let is_several = matches!(ty, FieldType::Lookup { entity: None, .. });
    is_several.then_some("points to several entities and is no single column")
}

fn relationships(site: &Site<'_>, entity: &Entity, key: &HashSet<&str>, found: &mut Vec<Remark>) {
    for (name, relationship) in &entity.relationships {
        let is_filled = |field: &&String| {
            key.contains(field.as_str()) || entity.fields.get(*field).is_some_and(Field::is_required)
        };
        let Some(filled) = relationship.fields.iter().find(is_filled) else { continue };
        for (setting, event) in [("onDelete", relationship.on_delete), ("onUpdate", relationship.on_update)] {
            if event == OnEvent::SetNull {
                let message = format!(
                    "relationship `{}` cannot set its fields to null: `{}` always has a value",
                    shown(name),
                    shown(filled)
                );
                let path = ["spec", "relationships", name, setting];
                let diagnostic = wrong(message).help("choose `restrict` or `cascade`");
                found.push(site.member(relationship.standard, &path, Part::Value, diagnostic));
            }
        }
    }
}

fn wrong(message: String) -> Diagnostic {
    Diagnostic::error("RV107", message)
}
