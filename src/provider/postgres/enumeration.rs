//! Picklists that are enumerated types: options added in their place, renamed, and removed with the type made anew.
//! Never drops an option that a row holds: the plan asked, and the cast refuses.

use super::lexer::{literal, names, quote};
use super::lower;
use super::picklist;
use super::shape::{Constraint, Index, Rule, Table};
use crate::address::Address;
use crate::diff::change::Change;
use crate::model::entity;
use crate::model::field::FieldType;
use crate::model::picklist::Picklist;
use crate::target::{Cost, Scene, Stage, Work};

/// The statement that says what people read of an enumerated type.
pub fn comment(name: &str, text: Option<&str>) -> String {
    format!("COMMENT ON TYPE {} IS {}", quote(name), text.map_or_else(|| "NULL".to_owned(), literal))
}

/// Changes an enumerated type; `statements` have renamed it.
pub fn change(
    title: String,
    mut statements: Vec<String>,
    change: &Change,
    before: &Picklist,
    after: &Picklist,
    renames: &[(&str, &str)],
    scene: &Scene<'_>,
) -> Work {
    let name = change.address.name.as_str();
    let first = |picklist: &Picklist| picklist.description.as_ref().map(|text| text.first().to_owned());
    let says_otherwise = first(before) != first(after);
    let kept: Vec<&str> = before
        .options
        .keys()
        .map(|old| renames.iter().find(|(_, from)| from == old).map_or(old.as_str(), |(new, _)| new))
        .collect();
    let goes = kept.iter().any(|option| !after.options.contains_key(*option));
    let trades = renames.iter().any(|(new, _)| renames.iter().any(|(_, old)| new == old));
    let stays: Vec<&str> =
        after.options.keys().map(String::as_str).filter(|option| kept.contains(option)).collect();
    let keeps_order = stays == kept;
    let cost = if goes || trades || !keeps_order {
        // A type has no way to lose an option or to order them anew: another one takes its place.
        statements.extend(made_anew(change, after, renames, scene));
        Cost::Rewrite
    } else {
        for (new, old) in renames {
            statements.push(format!(
                "ALTER TYPE {} RENAME VALUE {} TO {}",
                quote(name),
                literal(old),
                literal(new)
            ));
        }
        let mut previous: Option<&str> = None;
        for option in after.options.keys() {
            if !kept.contains(&option.as_str()) {
                let place = match previous {
                    Some(previous) => format!("AFTER {}", literal(previous)),
                    None => kept.first().map(|next| format!("BEFORE {}", literal(next))).unwrap_or_default(),
                };
                let sql = format!("ALTER TYPE {} ADD VALUE {} {place}", quote(name), literal(option));
                statements.push(sql.trim_end().to_owned());
            }
            previous = Some(option);
        }
        Cost::Instant
    };
    if says_otherwise {
        statements.push(comment(name, after.description.as_ref().map(|text| text.first())));
    }
    Work { title, statements, cost, stage: Stage::Inside }
}

/// The columns that hold options of a picklist, under the names they have before the plan reaches their tables,
/// each with its default.
fn users(change: &Change, scene: &Scene<'_>) -> Vec<(String, String, Option<String>)> {
    let former = change.address_before().name.as_str();
    let mut found = Vec::new();
    for (address, resource) in scene.before {
        let Some(entity) = resource.as_entity().filter(|_| address.kind == entity::KIND) else { continue };
        for (name, field) in &entity.fields {
            if matches!(&field.ty, FieldType::Picklist { picklist } if picklist == former) {
                let columns = lower::columns(&address.name, entity, name, field, scene.before);
                let default = columns.into_iter().next().and_then(|column| column.default);
                found.push((address.name.clone(), name.clone(), default));
            }
        }
    }
    found
}

fn value_as(column: &str, renames: &[(&str, &str)]) -> String {
    if renames.is_empty() {
        return format!("{column}::text");
    }
    let arms: Vec<String> =
        renames.iter().map(|(new, old)| format!("WHEN {} THEN {}", literal(old), literal(new))).collect();
    format!("CASE {column}::text {} ELSE {column}::text END", arms.join(" "))
}

fn default_as(default: &str, renames: &[(&str, &str)]) -> String {
    let renamed = renames.iter().find(|(_, old)| literal(old) == default);
    renamed.map_or_else(|| default.to_owned(), |(new, _)| literal(new))
}

/// Gives every column that holds options another type.
fn moved(change: &Change, renames: &[(&str, &str)], to: &str, scene: &Scene<'_>) -> Vec<String> {
    let mut statements = Vec::new();
    for (table, column, default) in users(change, scene) {
        let (table, name) = (quote(&table), quote(&column));
        if default.is_some() {
            statements.push(format!("ALTER TABLE {table} ALTER COLUMN {name} DROP DEFAULT"));
        }
        let value = value_as(&name, renames);
        statements.push(format!("ALTER TABLE {table} ALTER COLUMN {name} TYPE {to} USING ({value})::{to}"));
        if let Some(default) = default {
            let default = default_as(&default, renames);
            statements.push(format!("ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT {default}"));
        }
    }
    statements
}

fn made_anew(change: &Change, after: &Picklist, renames: &[(&str, &str)], scene: &Scene<'_>) -> Vec<String> {
    let name = change.address.name.as_str();
    let aside = format!("_reconcile_old_{name}");
    let mut statements = vec![
        format!("ALTER TYPE {} RENAME TO {}", quote(name), quote(&aside)),
        picklist::create_enum(name, after),
    ];
    let (released, tied) = tied(change, renames, scene);
    let arrays = arrays(change, renames, &quote(name), scene);
    let moved = moved(change, renames, &quote(name), scene);
    statements.extend(released.into_iter().chain(moved).chain(arrays).chain(tied));
    statements.push(format!("DROP TYPE {}", quote(&aside)));
    statements
}

/// Gives columns that hold lists of options another type.
fn arrays(change: &Change, renames: &[(&str, &str)], to: &str, scene: &Scene<'_>) -> Vec<String> {
    let list = format!("{}[]", lower::enum_type(&change.address_before().name));
    let mut statements = Vec::new();
    for table in scene.natives.iter().filter(|native| native.kind == "table") {
        let Some(found) = Table::find(&table.name, std::slice::from_ref(table)) else { continue };
        for column in found.columns.iter().filter(|column| column.ty == list && column.made.is_plain()) {
            let (table, name) = (quote(&found.name), quote(&column.name));
            let alter = |what: String| format!("ALTER TABLE {table} ALTER COLUMN {name} {what}");
            let value = renames.iter().fold(format!("{name}::text[]"), |value, (new, old)| {
                format!("array_replace({value}, {}, {})", literal(old), literal(new))
            });
            statements.extend(column.default.as_ref().map(|_| alter("DROP DEFAULT".to_owned())));
            statements.push(alter(format!("TYPE {to}[] USING {value}::{to}[]")));
            statements.extend(column.default.as_ref().map(|default| alter(format!("SET DEFAULT {default}"))));
        }
    }
    statements
}

/// What lets go of the checks and indexes that speak of the type itself and of the references that hold its values, and
/// what makes them again.
fn tied(change: &Change, renames: &[(&str, &str)], scene: &Scene<'_>) -> (Vec<String>, Vec<String>) {
    let former = change.address_before().name.as_str();
    let renamed = |sql: &str| {
        let of = |option: &str| format!("{}::{}", literal(option), lower::enum_type(former));
        let own = |option: &str| format!("{}::{}", literal(option), quote(&change.address.name));
        renames.iter().fold(sql.to_owned(), |sql, (new, old)| sql.replace(&of(old), &own(new)))
    };
    let (mut released, mut tied) = (Vec::new(), Vec::new());
    for table in scene.natives.iter().filter(|native| native.kind == "table") {
        let Some(found) = Table::find(&table.name, std::slice::from_ref(table)) else { continue };
        for constraint in &found.constraints {
            let Rule::Check(sql) = &constraint.rule else { continue };
            if !names(sql, former) || constraint.beyond.is_some() {
                continue;
            }
            let again = Constraint { rule: Rule::Check(renamed(sql)), ..constraint.clone() };
            let (table, name) = (quote(&found.name), quote(&constraint.name));
            let rendered = lower::render_constraint(&again);
            let unchecked = if constraint.validated { "" } else { " NOT VALID" };
            released.push(format!("ALTER TABLE {table} DROP CONSTRAINT {name}"));
            tied.push(format!("ALTER TABLE {table} ADD {rendered}{unchecked}"));
        }
        let holds = |column: &String| {
            found.column(column).is_some_and(|column| column.enumeration.as_deref() == Some(former))
        };
        for constraint in &found.constraints {
            let is_reference = matches!(constraint.rule, Rule::Reference(_));
            if is_reference && constraint.beyond.is_none() && constraint.columns.iter().any(holds) {
                let (table, name) = (quote(&found.name), quote(&constraint.name));
                released.push(format!("ALTER TABLE {table} DROP CONSTRAINT {name}"));
                tied.push(format!("ALTER TABLE {table} ADD {}", lower::render_constraint(constraint)));
            }
        }
        for index in found.indexes.iter().filter(|index| index.valid && names(&index.sql, former)) {
            let again = Index { sql: renamed(&index.sql), ..index.clone() };
            released.push(format!("DROP INDEX {}", quote(&index.name)));
            tied.push(lower::render_index(&found.name, &again, false));
        }
    }
    (released, tied)
}

/// Makes a table of an enumerated type, or the other way round. The fields that choose from it follow.
pub fn swap_storage(
    change: &Change,
    before: &Picklist,
    after: &Picklist,
    renames: &[(&str, &str)],
    scene: &Scene<'_>,
) -> Vec<String> {
    let (old, new) = (change.address_before().name.as_str(), change.address.name.as_str());
    let aside = format!("_reconcile_old_{new}");
    let word = |picklist: &Picklist| if picklist.is_enum() { "TYPE" } else { "TABLE" };
    let mut statements = vec![format!("ALTER {} {} RENAME TO {}", word(before), quote(old), quote(&aside))];
    if after.is_enum() {
        for (table, column, _) in users(change, scene) {
            let address = Address::new(entity::KIND, table.as_str());
            let Some(entity) = scene.before.get(&address).and_then(|resource| resource.as_entity()) else {
                continue;
            };
            let Some(field) = entity.fields.get(&column) else { continue };
            let all = lower::field_constraints(&table, entity, &column, field, scene.before);
            let references = all.iter().filter(|one| matches!(one.rule, Rule::Reference(_)));
            statements.extend(references.map(|one| {
                format!("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", quote(&table), quote(&one.name))
            }));
        }
        statements.push(picklist::create_enum(new, after));
        statements.extend(moved(change, renames, &quote(new), scene));
    } else {
        statements.push(picklist::create(new));
        statements.extend(picklist::fill(new, after));
        statements.extend(moved(change, renames, "text", scene));
        for (table, column, _) in users(change, scene) {
            let address = Address::new(entity::KIND, table.as_str());
            let Some(entity) = scene.after.get(&address).and_then(|resource| resource.as_entity()) else {
                continue;
            };
            let Some(field) = entity.fields.get(&column) else { continue };
            let all = lower::field_constraints(&table, entity, &column, field, scene.after);
            let references = all.iter().filter(|one| matches!(one.rule, Rule::Reference(_)));
            statements.extend(
                references.map(|one| {
                    format!("ALTER TABLE {} ADD {}", quote(&table), lower::render_constraint(one))
                }),
            );
        }
    }
    statements.push(format!("DROP {} {}", word(before), quote(&aside)));
    statements
}
