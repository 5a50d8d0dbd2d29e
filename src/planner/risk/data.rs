//! Risks to rows and values: what a change would destroy, and what would not fit after it.
//! Never lets a conversion cut a value: what does not fit refuses the plan.

use super::{Asking, back, count, kept};
use crate::address::Address;
use crate::diff::change::{Change, MemberChange};
use crate::diff::decision::Verb;
use crate::model::entity::{self, Besides, Entity};
use crate::model::field::{Field, FieldType};
use crate::model::picklist;
use crate::model::resource::Resource;
use crate::plan::Level;
use crate::target::Question;

pub fn ask(change: &Change, out: &mut Asking<'_>) {
    let comes_back = change.restored.as_ref().filter(|_| change.touches_target());
    match (&change.before, &change.after) {
        (before, Some(Resource::Entity(goal))) if comes_back.is_some_and(|one| one.rows) => {
            if before.is_some() {
                destroyed_rows(out);
            }
            back::ask(goal, true, out);
        }
        (Some(Resource::Entity(_)), None) => {
            destroyed_rows(out);
        }
        (Some(Resource::Entity(before)), Some(Resource::Entity(after))) if change.touches_target() => {
            out.count_rows();
            for member in &change.members {
                match member.section.as_str() {
                    "fields" => field(change, member, before, after, out),
                    "keys" => key(member, after, out),
                    "checks" => check(member, after, out),
                    "relationships" => relationship(member, after, out),
                    _ => {}
                }
            }
            primary_key(change, after, out);
            former_key(change, before, after, out);
            if before.native.is_some() && after.native.is_none() {
                loose_values(change, before, after, out);
            }
            kept::ask(change, before, after, out);
            if comes_back.is_some() {
                back::ask(after, false, out);
            }
        }
        (Some(Resource::Picklist(_)), Some(Resource::Picklist(_))) => {
            for member in change.members.iter().filter(|m| m.verb == Verb::Delete) {
                out.ask(
                    "RK204",
                    Level::Refuse,
                    Some(member.path()),
                    Question::OptionUse { option: member.name.clone() },
                    |n| format!("is the value of {}", count(n, "row")),
                    format!(
                        "keep it with `retired: true`, give its successor `renamedFrom: {}`, or change those rows first",
                        member.name
                    ),
                );
            }
        }
        (Some(Resource::Entity(_)), Some(_)) | (Some(Resource::Picklist(_)), _) | (None, _) => {}
    }
}

fn destroyed_rows(out: &mut Asking<'_>) {
    out.count_rows();
    out.ask("RK201", Level::Consent, None, Question::Rows, |n| format!("destroys {}", count(n, "row")), None);
}

fn field(change: &Change, member: &MemberChange, before: &Entity, after: &Entity, out: &mut Asking<'_>) {
    let name = member.name.clone();
    if member.verb == Verb::Delete {
        out.ask(
            "RK203",
            Level::Consent,
            Some(member.path()),
            Question::Values { field: name },
            |n| format!("destroys {}", count(n, "value")),
            None,
        );
        return;
    }
    let Some(goal) = after.fields.get(&name) else { return };
    let old_name = member.renamed_from.as_ref().unwrap_or(&name);
    let found = before.fields.get(old_name);
    let path = Some(member.path());
    let type_changes = found.is_some_and(|f| f.ty != goal.ty);
    match (found, &change.restored) {
        (None, None) => filled(change, member, goal, out),
        (None, Some(_)) => back::ask_field(member.path(), &name, out),
        (Some(_), _) => {}
    }
    // A type in the target's own words may take fewer values than another one, whatever field type it comes nearest to.
    let words_change = found.is_some_and(|f| f.native != goal.native);
    if type_changes || words_change {
        let ty = goal.native.clone().filter(|native| !native.is_empty());
        fits(member.path(), old_name, &name, ty.unwrap_or_else(|| goal.ty.describe()), out);
    }
    let becomes = |now: fn(&Field) -> bool| now(goal) && !found.is_some_and(now);
    if becomes(Field::is_required) || (type_changes && goal.is_required()) {
        out.ask(
            "RK206",
            Level::Refuse,
            path.clone(),
            Question::NullsAfter { field: name.clone() },
            |n| format!("is required, and {} would have no value", count(n, "row")),
            format!("give `{name}` a `backfill` for the rows that exist, or fill them first"),
        );
    }
    let numbered = matches!(goal.ty, FieldType::Autonumber { .. });
    if becomes(Field::is_unique) || (type_changes && (goal.is_unique() || numbered)) {
        duplicates(path.clone(), vec![name.clone()], out);
    }
    if let Some(sql) = &goal.check
        && (type_changes || found.is_none_or(|f| f.check != goal.check))
    {
        violations(path.clone(), sql, out);
    }
    if found.is_none_or(|f| f.ty != goal.ty) {
        points(member, &name, &goal.ty, out);
    }
}

/// No value may be lost or changed by a new type, or by a column that takes fewer values than before.
fn fits(path: String, old_name: &str, name: &str, ty: String, out: &mut Asking<'_>) {
    out.ask(
        "RK205",
        Level::Refuse,
        Some(path),
        Question::UnfitAfter { before: old_name.to_owned(), after: name.to_owned() },
        move |n| format!("{} would be lost or changed by the type {ty}", count(n, "value")),
        "no value is ever cut or rounded silently: change those rows first, or choose a type that holds them"
            .to_owned(),
    );
}

/// A field that alone was the key may hold more than its type says elsewhere: its column may be the target's own
/// number of the row.
fn former_key(change: &Change, before: &Entity, after: &Entity, out: &mut Asking<'_>) {
    let Some([old]) = before.primary_key.as_deref() else { return };
    let new = change.renames("fields").find(|(_, was)| was == old).map_or(old.as_str(), |(new, _)| new);
    let stays = matches!(after.primary_key.as_deref(), Some([only]) if only == new);
    let (Some(was), Some(goal)) = (before.fields.get(old), after.fields.get(new)) else { return };
    if !stays && was.ty == goal.ty {
        fits(new.to_owned(), old, new, goal.ty.describe(), out);
    }
}

/// A table of others that becomes one of ours checks every value, also of fields that stay as they are.
fn loose_values(change: &Change, before: &Entity, after: &Entity, out: &mut Asking<'_>) {
    for (name, goal) in &after.fields {
        let touched =
            |m: &&MemberChange| m.section == "fields" && m.name == *name && m.setting("native").is_some();
        let asked =
            change.members.iter().any(|m| touched(&m) || (m.name == *name && m.setting("type").is_some()));
        if before.fields.contains_key(name) && !asked {
            fits(name.clone(), name, name, goal.ty.describe(), out);
        }
    }
}

/// A lookup or picklist must point at something that will exist.
fn points(member: &MemberChange, name: &str, ty: &FieldType, out: &mut Asking<'_>) {
    let path = Some(member.path());
    match ty {
        FieldType::Picklist { picklist } => options(path, name, picklist, out),
        FieldType::Lookup { entity: Some(entity), .. } => {
            let to = Address::new(entity::KIND, entity);
            orphans(path, vec![name.to_owned()], to, Vec::new(), out);
        }
        _ => {}
    }
}

/// Every value must be an option that will exist.
pub fn options(path: Option<String>, field: &str, picklist: &str, out: &mut Asking<'_>) {
    out.ask(
        "RK210",
        Level::Refuse,
        path,
        Question::NoOptionAfter { field: field.to_owned(), picklist: Address::new(picklist::KIND, picklist) },
        |n| format!("{} would have a value that is no option", count(n, "row")),
        format!("add those options to `picklist/{picklist}`, or change those rows first"),
    );
}

/// What existing rows get in a new field.
fn filled(change: &Change, member: &MemberChange, goal: &Field, out: &mut Asking<'_>) {
    let value = change.backfill.get(&member.name).or(goal.default.as_ref());
    if let Some(value) = value {
        let value = value.describe();
        out.ask(
            "RK220",
            Level::Notice,
            Some(member.path()),
            Question::Rows,
            move |n| format!("{} {} {value}", count(n, "row"), if n == 1 { "gets" } else { "get" }),
            None,
        );
    }
}

fn key(member: &MemberChange, after: &Entity, out: &mut Asking<'_>) {
    let Some(key) = after.keys.get(&member.name) else { return };
    if let Some(sql) = &key.sql
        && (member.verb == Verb::Create || member.setting("sql").is_some())
    {
        let question = Question::DuplicatesBy { sql: sql.clone() };
        let path = Some(member.path());
        let say = |n| format!("must be unique, and {} are alike by it", count(n, "row"));
        let help = "change or remove the duplicates first".to_owned();
        out.ask("RK207", Level::Refuse, path, question, say, help);
    }
    if !key.fields.is_empty() && (member.verb == Verb::Create || member.setting("fields").is_some()) {
        duplicates(Some(member.path()), key.fields.clone(), out);
    }
}

fn check(member: &MemberChange, after: &Entity, out: &mut Asking<'_>) {
    let Some(check) = after.checks.get(&member.name) else { return };
    let asks =
        member.verb == Verb::Create || member.setting("sql").is_some() || member.setting("native").is_some();
    if asks && !Besides::of(check.native.as_deref()).is_not_valid {
        violations(Some(member.path()), &check.sql, out);
    }
}

fn relationship(member: &MemberChange, after: &Entity, out: &mut Asking<'_>) {
    if member.verb == Verb::Create || !member.settings.is_empty() {
        relationship_points(member.path(), &member.name, after, out);
    }
}

/// Every row of a relationship must point at something that will exist.
pub fn relationship_points(path: String, name: &str, after: &Entity, out: &mut Asking<'_>) {
    let found = after.relationships.get(name);
    let held = found.filter(|one| !Besides::of(one.native.as_deref()).is_not_valid);
    let Some(relationship) = held else { return };
    let to = Address::new(entity::KIND, &relationship.references.entity);
    let fields = relationship.fields.clone();
    orphans(Some(path), fields, to, relationship.references.fields.clone(), out);
}

fn primary_key(change: &Change, after: &Entity, out: &mut Asking<'_>) {
    if !change.settings.iter().any(|s| s.name == "primaryKey") {
        return;
    }
    let Some(names) = &after.primary_key else { return };
    duplicates(Some("primaryKey".to_owned()), names.clone(), out);
    for name in names {
        out.ask(
            "RK206",
            Level::Refuse,
            Some("primaryKey".to_owned()),
            Question::NullsAfter { field: name.clone() },
            |n| format!("{} would have no value in the primary key", count(n, "row")),
            "fill those rows first".to_owned(),
        );
    }
}

pub fn duplicates(path: Option<String>, fields: Vec<String>, out: &mut Asking<'_>) {
    let names = fields.join(", ");
    out.ask(
        "RK207",
        Level::Refuse,
        path,
        Question::DuplicatesAfter { fields },
        move |n| format!("must be unique, and {} share their ({names}) with another", count(n, "row")),
        "change or remove the duplicates first".to_owned(),
    );
}

pub fn violations(path: Option<String>, sql: &str, out: &mut Asking<'_>) {
    out.ask(
        "RK209",
        Level::Refuse,
        path,
        Question::ViolationsAfter { sql: sql.to_owned() },
        |n| format!("{} would break this check", count(n, "row")),
        "change those rows first, or loosen the check".to_owned(),
    );
}

pub fn orphans(
    path: Option<String>,
    fields: Vec<String>,
    to: Address,
    keys: Vec<String>,
    out: &mut Asking<'_>,
) {
    let help = format!("create the missing rows of `{to}`, or empty the field in those rows");
    let name = to.to_string();
    out.ask(
        "RK208",
        Level::Refuse,
        path,
        Question::OrphansAfter { fields, entity: to, to: keys },
        move |n| format!("{} would point at no row of `{name}`", count(n, "row")),
        help,
    );
}
