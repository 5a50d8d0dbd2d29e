//! Risks to whole objects: a table written again, a view that would stop working, a key that others point at.
//! Never raised for an object that the plan does not touch.

use std::collections::BTreeMap;

use super::count;
use crate::address::Address;
use crate::diff::change::Change;
use crate::diff::decision::Verb;
use crate::model::entity;
use crate::model::resource::Resource;
use crate::model::state::State;
use crate::plan::{Finding, Level, Step};
use crate::target::{Broken, LARGE_TABLE, Misread};

/// `RK301`: a large table is written again while nobody else can write.
pub fn rewrite(change: &Change, n_rows: u64) -> Option<Finding> {
    (n_rows >= LARGE_TABLE).then(|| {
        let message =
            format!("writes all {} again, and holds the target's write lock meanwhile", count(n_rows, "row"));
        Finding { rows: Some(n_rows), ..finding("RK301", Level::Notice, &change.address, message) }
    })
}

/// `RK403` for a view or trigger of others that would stop working, `RK111` for a step that would fail.
pub fn broken(broken: Broken, steps: &[Step]) -> Option<Finding> {
    let any = steps.first()?;
    Some(match broken {
        Broken::Step { step, message } => {
            let failing = steps.iter().find(|s| s.id == step);
            let message = format!("step {step} would fail: {message}");
            let finding =
                finding("RK111", Level::Refuse, failing.map_or(&any.address, |s| &s.address), message);
            match failing.and_then(|step| step.task.as_ref()) {
                Some(task) => {
                    let help = "mend its SQL; or give it an `unless` that returns a row where it has no work";
                    Finding { path: Some(task.path()), help: Some(help.to_owned()), ..finding }
                }
                None => finding,
            }
        }
        Broken::Object { kind, name, message } => {
            let message =
                format!("the {kind} `{name}`, which nobody declares, would stop working: {message}");
            let help = format!("change or drop `{name}` first, or allow this finding");
            Finding { help: Some(help), ..finding("RK403", Level::Consent, &any.address, message) }
        }
    })
}

/// `RK111` for expressions that the target does not take.
pub fn misread(misread: Misread) -> Finding {
    let message = format!("the target does not take it: {}", misread.message);
    // No manifest makes functions, domains and types of the target's own.
    let help = match misread.lacks_something {
        true => "mend it, or make in the target first what it speaks of; no manifest does".to_owned(),
        false => "mend the SQL or the type that it speaks of".to_owned(),
    };
    Finding { help: Some(help), ..finding("RK111", Level::Refuse, &misread.address, message) }
}

/// `RK112`: others store this entity's key, or are stored under its name, and would not follow the change.
pub fn pointed_at(
    changes: &[Change],
    before: &State,
    rows: &BTreeMap<Address, u64>,
    lookups_follow: bool,
    findings: &mut Vec<Finding>,
) {
    for change in changes {
        let (Some(Resource::Entity(old)), Some(Resource::Entity(new))) = (&change.before, &change.after)
        else {
            continue;
        };
        let address = change.address_before();
        // What goes in the same plan has nothing to follow.
        let goes = |from: &Address| {
            lookups_follow && changes.iter().any(|other| other.address == *from && other.verb == Verb::Delete)
        };
        let key = key_change(change, old, new).filter(|_| {
            // One under the same name and of another type takes along what points at it.
            let is_declared = |entity: &entity::Entity| entity.primary_key.is_some();
            let is_same = old.key_fields() == new.key_fields() && is_declared(old) == is_declared(new);
            // A lookup that is a key itself would have to be followed in its turn.
            let is_passed_on = before.iter().any(|(from, resource)| {
                resource.as_entity().is_some_and(|entity| {
                    from != address
                        && !goes(from)
                        && entity.key_fields().len() == 1
                        && entity.key_fields().iter().any(|name| {
                            let field = entity.fields.get(*name);
                            field.is_some_and(|f| f.ty.lookup_targets().contains(&address.name.as_str()))
                        })
                })
            });
            !(lookups_follow && is_same) || is_passed_on
        });
        if key.is_none() && change.renamed_from.is_none() {
            continue;
        }
        let mut others = before.iter().filter(|(from, _)| *from != address && !goes(from));
        let pointing = others.find_map(|(from, resource)| {
            let entity = resource.as_entity()?;
            let held = entity.fields.iter().find(|(_, field)| {
                let targets = field.ty.lookup_targets();
                targets.contains(&address.name.as_str()) && (key.is_some() || targets.len() > 1)
            });
            held.map(|(name, _)| format!("{from}/{name}"))
        });
        let has_rows = rows.get(&change.address).is_some_and(|n_rows| *n_rows > 0);
        // Without rows there is nothing in its own lookups that would have to follow.
        let own = || {
            let held = lookups_to_itself(change, old, new).next();
            held.filter(|_| key.is_some() && has_rows).map(|name| format!("{}/{name}", change.address))
        };
        if let Some(path) = pointing.or_else(own) {
            let what = key.unwrap_or("it is renamed");
            let message = format!("{what}, and `{path}` points at it and would not follow");
            let help = "drop that lookup first, and add it again in a later revision".to_owned();
            let finding = finding("RK112", Level::Refuse, &change.address, message);
            findings.push(Finding { help: Some(help), ..finding });
        }
    }
}

/// How the key changes that others store, if it does. A field under a new name is the key that it was.
fn key_change(change: &Change, old: &entity::Entity, new: &entity::Entity) -> Option<&'static str> {
    let types = |e: &entity::Entity| -> Vec<_> { e.key_fields().iter().map(|f| e.field_type(f)).collect() };
    let renames: BTreeMap<&str, &str> = change.renames("fields").collect();
    if types(old) != types(new) {
        return Some("its primary key changes type");
    }
    let is_other = !new
        .key_fields()
        .into_iter()
        .map(|name| renames.get(name).copied().unwrap_or(name))
        .eq(old.key_fields());
    is_other.then_some("its primary key is another one")
}

/// The names of the lookups that point at the entity itself, before and after the change.
fn lookups_to_itself<'a>(
    change: &'a Change,
    old: &'a entity::Entity,
    new: &'a entity::Entity,
) -> impl Iterator<Item = &'a str> {
    let renames: BTreeMap<&str, &str> = change.renames("fields").collect();
    let (was, is) = (change.address_before().name.as_str(), change.address.name.as_str());
    let lookups = new.fields.iter().filter(move |(_, field)| field.ty.lookup_targets().contains(&is));
    lookups.map(|(name, _)| name.as_str()).filter(move |name| {
        let former = old.fields.get(renames.get(name).copied().unwrap_or(name));
        former.is_some_and(|field| field.ty.lookup_targets().contains(&was))
    })
}

fn finding(code: &str, level: Level, address: &Address, message: String) -> Finding {
    Finding {
        code: code.to_owned(),
        level,
        address: address.clone(),
        path: None,
        message,
        rows: None,
        samples: Vec::new(),
        help: None,
        allowed_by: None,
        judged: None,
    }
}
