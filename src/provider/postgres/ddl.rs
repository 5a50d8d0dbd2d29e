//! One change as statements.
//! Never starts from what a table should be: it starts from what it is, and changes what the change names.

use super::alter;
use super::enumeration;
use super::holding;
use super::lexer::quote;
use super::lower;
use super::names;
use super::picklist;
use super::restore;
use super::shape::{Constraint, Rule, Table};
use crate::address::Address;
use crate::diff::change::Change;
use crate::model::entity::{self, Entity};
use crate::model::picklist::{self as model, Picklist};
use crate::model::resource::Resource;
use crate::target::{Cost, Scene, Stage, Work};

/// Turns a change into work. Empty where only our record changes.
pub fn work(change: &Change, scene: &Scene<'_>) -> Vec<Work> {
    if !change.touches_target() {
        return Vec::new();
    }
    if let (Some(line), Some(Resource::Entity(goal))) =
        (scene.aside.lines.get(&change.address), &change.after)
    {
        let all = restore::work(change, line, goal, scene);
        return match &change.before {
            Some(Resource::Entity(before)) => holding::around(change, before, goal, scene, all),
            Some(Resource::Picklist(_)) | None => all,
        };
    }
    let name = change.address.name.as_str();
    let former = change.address_before().name.as_str();
    let work = match (&change.before, &change.after) {
        (None, Some(Resource::Entity(after))) => create(name, after, scene),
        (None, Some(Resource::Picklist(after))) => vec![create_picklist(name, after)],
        (Some(Resource::Entity(_)), None) => vec![drop_table(former, scene)],
        (Some(Resource::Picklist(before)), None) => vec![drop_picklist(former, before)],
        (Some(Resource::Entity(before)), Some(Resource::Entity(after))) => {
            let all = alter::work(change, before, after, scene);
            holding::around(change, before, after, scene, all)
        }
        (Some(Resource::Picklist(before)), Some(Resource::Picklist(after))) => {
            vec![alter_picklist(change, before, after, scene)]
        }
        (None, None)
        | (Some(Resource::Entity(_)), Some(Resource::Picklist(_)))
        | (Some(Resource::Picklist(_)), Some(Resource::Entity(_))) => Vec::new(),
    };
    work.into_iter().filter(|work| !work.statements.is_empty()).collect()
}

fn inside(title: String, statements: Vec<String>) -> Work {
    Work { title, statements, cost: Cost::Instant, stage: Stage::Inside }
}

/// Tells whether a table is there already when a change runs.
pub fn is_there(name: &str, scene: &Scene<'_>) -> bool {
    let entity = Address::new(entity::KIND, name);
    let list = Address::new(model::KIND, name);
    let is_placed = |address: &Address| scene.placed.contains(address);
    // What is renamed later is not there under its new name yet.
    let was_there = |address: &Address| {
        scene.before.contains_key(address)
            && scene.renamed.get(address).is_none_or(|former| former == address)
    };
    [entity, list].iter().any(|address| is_placed(address) || was_there(address))
}

fn create(name: &str, after: &Entity, scene: &Scene<'_>) -> Vec<Work> {
    let table = lower::table(name, after, scene.after);
    let (statements, later) = lower::create(&table, &|far| is_there(far, scene));
    let mut all = vec![inside(format!("create table {}", quote(name)), statements)];
    all.extend(references_later(name, &later));
    all
}

/// Adds foreign keys to tables that are made later.
pub fn references_later(table: &str, later: &[Constraint]) -> Option<Work> {
    let add = |constraint: &Constraint| {
        format!("ALTER TABLE {} ADD {}", quote(table), lower::render_constraint(constraint))
    };
    let statements: Vec<String> = later.iter().map(add).collect();
    let title = format!("add references of table {}", quote(table));
    (!statements.is_empty()).then(|| Work { stage: Stage::Late, ..inside(title, statements) })
}

fn create_picklist(name: &str, after: &Picklist) -> Work {
    let mut statements = match after.is_enum() {
        true => vec![picklist::create_enum(name, after)],
        false => std::iter::once(picklist::create(name)).chain(picklist::fill(name, after)).collect(),
    };
    if after.is_enum() {
        statements
            .extend(after.description.as_ref().map(|text| enumeration::comment(name, Some(text.first()))));
    }
    inside(format!("create picklist {}", quote(name)), statements)
}

fn drop_table(name: &str, scene: &Scene<'_>) -> Work {
    // Tables that point at each other let go first: what goes later still holds this one.
    let here = Address::new(entity::KIND, name);
    let mut statements = Vec::new();
    for (address, resource) in scene.before {
        // What was renamed has let go already, and is not found under its former name any more.
        let is_renamed = scene.renamed.values().any(|former| former == address);
        let goes_later = !is_renamed && !scene.after.contains_key(address) && !scene.placed.contains(address);
        let points_here = || resource.references().iter().any(|(_, to)| *to == here);
        if *address == here || !goes_later || !points_here() {
            continue;
        }
        let Some(entity) = resource.as_entity() else { continue };
        let table = Table::find(&address.name, scene.natives)
            .unwrap_or_else(|| lower::table(&address.name, entity, scene.before));
        let holding = table
            .constraints
            .iter()
            .filter(|constraint| matches!(&constraint.rule, Rule::Reference(far) if far.table == name));
        statements.extend(holding.map(|constraint| {
            format!(
                "ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}",
                quote(&address.name),
                quote(&constraint.name)
            )
        }));
    }
    statements.push(format!("DROP TABLE {}", quote(name)));
    inside(format!("drop table {}", quote(name)), statements)
}

fn drop_picklist(name: &str, before: &Picklist) -> Work {
    let word = if before.is_enum() { "TYPE" } else { "TABLE" };
    inside(format!("drop picklist {}", quote(name)), vec![format!("DROP {word} {}", quote(name))])
}

fn alter_picklist(change: &Change, before: &Picklist, after: &Picklist, scene: &Scene<'_>) -> Work {
    let (old, new) = (change.address_before().name.as_str(), change.address.name.as_str());
    let renames: Vec<(&str, &str)> = change.renames("options").collect();
    let title = match old == new {
        true => format!("change options of picklist {}", quote(new)),
        false => format!("rename picklist {} to {}", quote(old), quote(new)),
    };
    let mut statements = Vec::new();
    if before.is_enum() != after.is_enum() {
        statements.extend(enumeration::swap_storage(change, before, after, &renames, scene));
        return Work { cost: Cost::Rewrite, ..inside(title, statements) };
    }
    if old != new {
        let word = if after.is_enum() { "TYPE" } else { "TABLE" };
        statements.push(format!("ALTER {word} {} RENAME TO {}", quote(old), quote(new)));
        let key = names::primary_key(old);
        let is_ours = Table::find(old, scene.natives).is_none_or(|table| table.constraint(&key).is_some());
        if !after.is_enum() && is_ours {
            let (old, new) = (quote(&key), quote(&names::primary_key(new)));
            let table = quote(&change.address.name);
            statements.push(format!("ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new}"));
        }
    }
    if after.is_enum() {
        return enumeration::change(title, statements, change, before, after, &renames, scene);
    }
    statements.extend(picklist::change(new, before, after, &renames));
    let cost = if renames.is_empty() { Cost::Instant } else { Cost::Scan };
    Work { cost, ..inside(title, statements) }
}
