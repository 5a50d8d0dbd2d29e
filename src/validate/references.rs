//! RV104: references to what no document declares, and relationships whose two ends do not meet.
//! Never looks into another environment: what is declared anywhere counts.

use super::survey::{Site, Survey};
use super::words::{listed, shown};
use crate::address::Kind;
use crate::diagnostic::Diagnostic;
use crate::model::entity::{self, Entity, Relationship};
use crate::model::field::FieldType;
use crate::model::picklist;
use crate::model::repository::{Entry, Remark};
use crate::yaml::Part;

pub fn check<'r>(survey: &Survey<'r>, site: &Site<'r>, found: &mut Vec<Remark>) {
    let Some(entity) = site.entity() else { return };
    for (name, field) in &entity.fields {
        let mut add = |path: &[&str], diagnostic| {
            let path: Vec<&str> = ["spec", "fields", name].into_iter().chain(path.iter().copied()).collect();
            found.push(site.member(field.standard, &path, Part::Value, diagnostic));
        };
        if let FieldType::Picklist { picklist } = &field.ty
            && survey.picklist(picklist).is_none()
        {
            add(&["picklist"], undeclared(survey, name, &picklist::KIND, picklist));
        }
        if let FieldType::Lookup { entity, entities, .. } = &field.ty {
            if let Some(to) = entity.as_ref().filter(|to| survey.entity(to).is_none()) {
                add(&["entity"], undeclared(survey, name, &entity::KIND, to));
            }
            for (index, to) in entities.iter().enumerate().filter(|(_, to)| survey.entity(to).is_none()) {
                add(&["entities", &index.to_string()], undeclared(survey, name, &entity::KIND, to));
            }
        }
    }
    let mut own = |standard: bool, path: &[&str], names: &[String]| {
        for (index, name) in names.iter().enumerate() {
            if survey.field_type(entity, name).is_none() {
                let index = index.to_string();
                let path: Vec<&str> = path.iter().copied().chain([index.as_str()]).collect();
                let diagnostic = no_field(survey, site.name(), entity, site.file(), name);
                found.push(site.member(standard, &path, Part::Value, diagnostic));
            }
        }
    };
    own(entity.standard, &["spec", "primaryKey"], entity.primary_key.as_deref().unwrap_or_default());
    entity.keys.iter().for_each(|(n, m)| own(m.standard, &["spec", "keys", n, "fields"], &m.fields));
    entity.indexes.iter().for_each(|(n, m)| own(m.standard, &["spec", "indexes", n, "fields"], &m.fields));
    for (name, member) in &entity.relationships {
        own(member.standard, &["spec", "relationships", name, "fields"], &member.fields);
    }
    for (name, relationship) in &entity.relationships {
        far_end(survey, site, entity, name, relationship, found);
    }
}

fn far_end<'r>(
    survey: &Survey<'r>,
    site: &Site<'r>,
    near: &'r Entity,
    name: &str,
    relationship: &'r Relationship,
    found: &mut Vec<Remark>,
) {
    let mut add = |path: &[&str], diagnostic| {
        let base = ["spec", "relationships", name, "references"];
        let path: Vec<&str> = base.into_iter().chain(path.iter().copied()).collect();
        found.push(site.member(relationship.standard, &path, Part::Value, diagnostic));
    };
    let to = &relationship.references;
    if to.entity.is_empty() || to.fields.is_empty() || relationship.fields.is_empty() {
        // What is missing altogether has been said where it was read.
        return;
    }
    let Some((entry, far)) = survey.entity(&to.entity) else {
        return add(&["entity"], undeclared(survey, name, &entity::KIND, &to.entity));
    };
    let mut all_there = true;
    for (index, field) in to.fields.iter().enumerate() {
        if survey.field_type(far, field).is_none() {
            all_there = false;
            add(&["fields", &index.to_string()], no_field(survey, &to.entity, far, file_of(entry), field));
        }
    }
    if relationship.fields.len() != to.fields.len() {
        let message = format!(
            "relationship `{}` has {} and points to {}",
            shown(name),
            count(relationship.fields.len()),
            count(to.fields.len())
        );
        let diagnostic =
            Diagnostic::error("RV104", message).help("name as many fields at both ends, in the same order");
        return add(&["fields"], diagnostic);
    }
    if all_there && !is_key(far, &to.fields) {
        let message = format!(
            "entity `{}` has no key of {}",
            shown(&to.entity),
            listed(to.fields.iter().map(String::as_str))
        );
        let help = format!(
            "its primary key is {}; or add an alternate key of these fields to {}",
            listed(far.key_fields()),
            shown(file_of(entry))
        );
        add(&["fields"], Diagnostic::error("RV104", message).help(help));
    }
    for (index, (from, to_field)) in relationship.fields.iter().zip(&to.fields).enumerate() {
        let types = (survey.field_type(near, from), survey.field_type(far, to_field));
        let (Some(from_type), Some(to_type)) = types else { continue };
        let (Some(a), Some(b)) = (survey.value_type(from_type), survey.value_type(to_type)) else { continue };
        if family(a) != family(b) {
            let message = format!(
                "field `{}` is {} and `{}` of entity `{}` is {}",
                shown(from),
                shown(&from_type.describe()),
                shown(to_field),
                shown(&to.entity),
                shown(&to_type.describe())
            );
            let diagnostic =
                Diagnostic::error("RV104", message).help("a row can point only to values of its own type");
            add(&["fields", &index.to_string()], diagnostic);
        }
    }
}

/// The word of a type whose values any target compares with those of the others in its family.
fn family(ty: &FieldType) -> &'static str {
    match ty {
        FieldType::Text { .. } | FieldType::Picklist { .. } | FieldType::Autonumber { .. } => "text",
        FieldType::Integer | FieldType::Bigint => "integer",
        FieldType::Decimal { .. } | FieldType::Money => "decimal",
        FieldType::Float
        | FieldType::Boolean
        | FieldType::Date
        | FieldType::Time
        | FieldType::Datetime
        | FieldType::Uuid
        | FieldType::Json
        | FieldType::Binary { .. }
        | FieldType::Lookup { .. } => ty.word(),
    }
}

fn is_key(far: &Entity, fields: &[String]) -> bool {
    fn sorted(mut names: Vec<&str>) -> Vec<&str> {
        names.sort_unstable();
        names
    }
    let wanted = sorted(fields.iter().map(String::as_str).collect());
    let same = |names: Vec<&str>| sorted(names) == wanted;
    let is_unique = |name: &String| far.fields.get(name).is_some_and(|field| field.is_unique());
    same(far.key_fields())
        || matches!(fields, [one] if is_unique(one))
        || far.keys.values().any(|key| same(key.fields.iter().map(String::as_str).collect()))
}

fn undeclared(survey: &Survey<'_>, from: &str, kind: &Kind, to: &str) -> Diagnostic {
    let message = format!("`{}` points to {kind} `{}`, which no document declares", shown(from), shown(to));
    let is_other = match *kind == picklist::KIND {
        true => survey.entity(to).map(|_| "an entity: use `type: lookup` with `entity`"),
        false => survey.picklist(to).map(|_| "a picklist: use `type: picklist`"),
    };
    let help = match is_other {
        Some(other) => format!("`{}` is {other}", shown(to)),
        None => match survey.suggestions.nearest(to, || survey.names(kind).to_vec()) {
            Some(near) => {
                let entry = survey.entity(near).map(|(e, _)| e).filter(|_| *kind == entity::KIND);
                let entry = entry.or_else(|| survey.picklist(near).map(|(e, _)| e));
                let file = entry.map(|e| format!(", in {}", shown(file_of(e)))).unwrap_or_default();
                format!("did you mean `{}`{file}?", shown(near))
            }
            None => "declare it in a document of its own, or correct the name".to_owned(),
        },
    };
    Diagnostic::error("RV104", message).help(help)
}

/// The remark on a field that an entity does not have, with the file where it would be added.
fn no_field(survey: &Survey<'_>, called: &str, entity: &Entity, file: &str, name: &str) -> Diagnostic {
    let message = format!("entity `{}` has no field `{}`", shown(called), shown(name));
    let known = || entity.fields.keys().map(String::as_str).collect();
    let add = format!("add `{}` to {}", shown(name), shown(file));
    let help = match survey.suggestions.nearest(name, known) {
        Some(near) => format!("`{}` has `{}`; or {add}", shown(called), shown(near)),
        None => add,
    };
    Diagnostic::error("RV104", message).help(help)
}

/// The file to add a field to: what a standard entity's vendor owns is not ours to change.
fn file_of(entry: &Entry) -> &str {
    &entry.customized.as_ref().unwrap_or(&entry.origin).file
}

fn count(fields: usize) -> String {
    match fields {
        1 => "1 field".to_owned(),
        more => format!("{more} fields"),
    }
}
