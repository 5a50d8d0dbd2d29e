//! Everything of one generated target imported into another: what comes of every resource, member, setting and row.
//! Never calls `decide`: what the tables of setup actions and of paths say is written here a second time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use reconcile::address::Address;
use reconcile::apply::ApplyError;
use reconcile::manifest;
use reconcile::model::resource::Resource;
use reconcile::model::setup::Action;
use reconcile::model::shape::{Settings, Shape};
use reconcile::model::state::{Desired, Snapshot};
use reconcile::ops::export::{Label, Selection, export};
use reconcile::ops::import::{Checked, Destination, check};
use reconcile::package::{self, Package, PackagedResource};
use reconcile::plan::Level;
use reconcile::provider::open;
use reconcile::report::Applied;
use reconcile::source::Revision;
use rusqlite::types::Value;

use super::bench::{Bench, Dump};

/// How far an import came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// The check of the package found an error.
    Wrong,
    /// The plan has a finding that nothing allows.
    Refused,
    /// There was nothing to do.
    Nothing,
    Done,
}

/// Exports all of `from`, imports it into `to`, and holds what came of it against the tables.
pub fn import(from: &Bench, to: &Bench, goal: &Desired, action: Action) -> Result<Fate, String> {
    let package = exported(&from.snapshot(), action)?;
    let (before, found) = (to.snapshot(), to.dump());
    let untouched = |what: &str| match to.dump() == found {
        true => Ok(()),
        false => Err(format!("{what} changed the target")),
    };
    let Checked { check, desired } = checked(&package, &before, goal);
    if check.n_errors() > 0 {
        untouched("a check")?;
        return Ok(Fate::Wrong);
    }
    let plan = to.plan(&desired)?;
    if plan.findings.iter().any(|finding| finding.level == Level::Refuse) {
        let refused = to.apply(&plan, &desired);
        untouched("a refused plan")?;
        return match refused {
            Err(ApplyError::Refused { .. }) => Ok(Fate::Refused),
            other => Err(format!("was not refused: {other:?}")),
        };
    }
    let said = |fault: String| format!("{fault}\n{:#?}\n{:#?}", plan.changes, plan.findings);
    let report = to.apply(&plan, &desired).map_err(|e| said(format!("{e:?}")))?;
    let again = to.plan(&desired)?;
    if !again.is_empty() {
        return Err(said(format!("a second import is not empty: {:#?}", again.changes)));
    }
    let (after, now) = (to.snapshot(), to.dump());
    outcome(&package, &before, &after, action).map_err(said)?;
    rows_are_kept(&before, &after, &found, &now).map_err(said)?;
    match report.outcome {
        Applied::Done => Ok(Fate::Done),
        Applied::Nothing => untouched("nothing").map(|()| Fate::Nothing),
        Applied::RolledBack
        | Applied::NotConverged
        | Applied::Refused
        | Applied::Unfinished
        | Applied::Partial => Err(said(format!("{report:#?}"))),
    }
}

fn exported(snapshot: &Snapshot, action: Action) -> Result<Package, String> {
    let selection =
        Selection { with_related: true, setup: vec![("*".to_owned(), action)], ..Selection::default() };
    let label = Label {
        name: "all".to_owned(),
        description: None,
        environment: "from".to_owned(),
        applied: Revision::default(),
    };
    let exported = export(snapshot, &selection, label).map_err(|e| e.to_string())?;
    if !exported.left_out.is_empty() {
        return Err(format!("something is left out: {:?}", exported.left_out));
    }
    let bytes = package::write(&exported.package);
    let read = package::read(&bytes, &decode).map_err(|e| e.to_string())?;
    match read == exported.package {
        true => Ok(read),
        false => Err("the package does not read back as it was written".to_owned()),
    }
}

fn decode(path: &str, text: &str) -> Result<(Address, PackagedResource), String> {
    let (address, entry) = manifest::document(path, text)?;
    let packaged = PackagedResource {
        resource: Arc::unwrap_or_clone(entry.resource),
        renamed_from: entry.renamed_from,
        labels: entry.labels,
        setup: entry.setup,
        action: Action::Merge,
        related_because: None,
    };
    Ok((address, packaged))
}

fn checked(package: &Package, snapshot: &Snapshot, goal: &Desired) -> Checked {
    let declared = goal.resources.keys().cloned().collect();
    let limits = open::providers().iter().filter_map(|p| Some(((*p).to_owned(), open::name_limits(p)?)));
    let into = Destination {
        environment: &goal.environment,
        target: "sqlite test.db",
        snapshot,
        declared: &declared,
        limits: &limits.collect(),
    };
    check(package, &into, &BTreeMap::new())
}

/// Whether something is there after, and whether it is ours: by the table of paths, for what a package speaks of.
fn expected(declared: bool, found: bool, owned: bool, action: Action) -> (bool, bool) {
    match (declared, found, owned, action) {
        // Created, adopted or updated.
        (true, _, _, _) => (true, true),
        // Overwrite leaves only what is declared; what is gone is forgotten.
        (false, _, _, Action::Overwrite) | (false, false, _, _) => (false, false),
        // Merge never removes: what was ours is released, what was not is left alone.
        (false, true, _, _) => (true, false),
    }
}

fn outcome(package: &Package, before: &Snapshot, after: &Snapshot, action: Action) -> Result<(), String> {
    let addresses: BTreeSet<&Address> =
        [&before.state, &after.state].into_iter().flat_map(|s| s.keys()).collect();
    for address in addresses.into_iter().filter(|a| !package.resources().contains_key(*a)) {
        let is_same = before.state.get(address) == after.state.get(address)
            && before.inventory.get(address) == after.inventory.get(address);
        if !is_same {
            return Err(format!("`{address}` is not in the package, and was touched"));
        }
    }
    for (address, packed) in package.resources() {
        let shape = |resource: Option<&Resource>| resource.map(Shape::of).unwrap_or_default();
        let declared = shape(Some(&packed.resource));
        let found = shape(before.state.get(address).map(Arc::as_ref));
        let owned = shape(before.inventory.get(address).map(|owned| owned.declared.as_ref()));
        let now = shape(after.state.get(address).map(Arc::as_ref));
        let ours = shape(after.inventory.get(address).map(|owned| owned.declared.as_ref()));
        settings(&address.to_string(), action, &declared.settings, &found.settings, &now.settings)?;
        let ids: BTreeSet<_> =
            [&declared, &found, &owned].into_iter().flat_map(|s| s.members.keys()).collect();
        for id in ids {
            let of = |shape: &Shape| shape.members.contains_key(id);
            let wanted = expected(of(&declared), of(&found), of(&owned), action);
            let place = format!("{address} {id:?} under {action}");
            if (of(&now), of(&ours)) != wanted {
                return Err(format!(
                    "{place}: there and ours is {:?}, not {wanted:?}",
                    (of(&now), of(&ours))
                ));
            }
            let none = Settings::new();
            let before = found.members.get(id).unwrap_or(&none);
            match wanted {
                (true, true) => settings(&place, action, &declared.members[id], before, &now.members[id])?,
                (true, false) if now.members[id] != *before => {
                    return Err(format!(
                        "{place}: was left alone, and is {:?}, not {before:?}",
                        now.members[id]
                    ));
                }
                (true, false) | (false, _) => {}
            }
        }
        let strange = now
            .members
            .keys()
            .find(|id| !declared.members.contains_key(*id) && !found.members.contains_key(*id));
        if let Some(strange) = strange {
            return Err(format!("{address} has {strange:?}, which nobody asked for"));
        }
    }
    Ok(())
}

/// Every declared setting is as declared. Under overwrite there is no other; under merge none is new.
fn settings(
    place: &str,
    action: Action,
    declared: &Settings,
    found: &Settings,
    now: &Settings,
) -> Result<(), String> {
    for (name, value) in declared {
        if now.get(name) != Some(value) {
            return Err(format!("{place}: {name} is {:?}, not {value}", now.get(name)));
        }
    }
    for (name, value) in now.iter().filter(|(name, _)| !declared.contains_key(*name)) {
        if action == Action::Overwrite || found.get(name) != Some(value) {
            return Err(format!("{place}: {name} is {value}, and nobody says so"));
        }
    }
    Ok(())
}

/// No row comes or goes, and no value of a field that is as it was.
fn rows_are_kept(before: &Snapshot, after: &Snapshot, found: &Dump, now: &Dump) -> Result<(), String> {
    for (address, resource) in &before.state {
        let Resource::Entity(entity) = resource.as_ref() else { continue };
        let Some(Resource::Entity(then)) = after.state.get(address).map(Arc::as_ref) else {
            return Err(format!("`{address}` is gone"));
        };
        let (Some(old), Some(new)) = (found.rows.get(&address.name), now.rows.get(&address.name)) else {
            return Err(format!("`{address}` has no table"));
        };
        if old.len() != new.len() {
            return Err(format!("`{address}` had {} rows and has {}", old.len(), new.len()));
        }
        for (name, _) in entity.fields.iter().filter(|(name, field)| then.fields.get(*name) == Some(field)) {
            let column = |rows: &[BTreeMap<String, Value>]| {
                let mut values: Vec<String> = rows.iter().map(|row| format!("{:?}", row.get(name))).collect();
                values.sort();
                values
            };
            if column(old) != column(new) {
                return Err(format!("{address}/{name}: {:?} became {:?}", column(old), column(new)));
            }
        }
    }
    Ok(())
}
