//! `diff`: what leads from one side to another: environments, revisions, packages.
//! Never says which side is right, and never asks what rows it would cost.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::address::Address;
use crate::diff::change::Change;
use crate::diff::compare;
use crate::diff::decision::Verb;
use crate::model::environment::Environment;
use crate::model::resource::Resource;
use crate::model::setup::{Action, Setup};
use crate::model::state::{Declared, Desired, Origin, Owned, Scope, Snapshot, State};
use crate::model::written::declarable;
use crate::target::Dialect;
use crate::wire::comparison::SidesDiffer;

/// One side of a comparison.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// For people: `environment staging (sqlite staging.db)`.
    pub name: String,
    pub state: State,
    /// What nobody manages there: it is compared only where the other side has it too.
    pub loose: State,
    /// Whether it holds, of a standard entity, the customizations alone, as packages do.
    pub customizations_only: bool,
}

impl Side {
    /// An environment as it is.
    pub fn found(name: String, snapshot: Snapshot) -> Side {
        let (state, loose) =
            snapshot.state.into_iter().partition(|(address, _)| snapshot.inventory.contains_key(address));
        Side { name, state, loose, customizations_only: false }
    }

    /// What a revision declares for an environment.
    pub fn declared(name: String, desired: Desired) -> Side {
        let resources = desired.resources.into_iter();
        let held = |d: &Declared| !matches!(d.action, Action::Skip | Action::Existing);
        let state = resources.filter(|(_, d)| held(d)).map(|(address, d)| (address, d.resource)).collect();
        Side { name, state, ..Side::default() }
    }
}

/// Compares two sides. `dialect` brings both to the words of one target, where there is one.
pub fn diff(mut from: Side, mut to: Side, dialect: Option<&dyn Dialect>) -> SidesDiffer {
    take_known(&mut from, &to.state);
    take_known(&mut to, &from.state);
    let customizations_only = from.customizations_only || to.customizations_only;
    let plain = |state: State| -> State {
        let one = |(address, resource): (Address, Arc<Resource>)| {
            let mut resource = match customizations_only {
                true => declarable(&resource),
                false => Resource::clone(&resource),
            };
            resource.strip_directives();
            unmark(&mut resource);
            if let Some(dialect) = dialect {
                dialect.normalize(&mut resource);
            }
            (address, Arc::new(resource))
        };
        state.into_iter().map(one).collect()
    };
    let (before, after) = (plain(from.state), plain(to.state));
    let mut changes = compare(&wanted(after), &everything(before)).changes;
    changes.retain(|c| c.verb != Verb::Update || !c.settings.is_empty() || !c.members.is_empty());
    SidesDiffer { from: from.name, to: to.name, changes: changes.into_iter().map(without_record).collect() }
}

fn take_known(side: &mut Side, other: &State) {
    let loose = std::mem::take(&mut side.loose);
    side.state.extend(loose.into_iter().filter(|(address, _)| other.contains_key(address)));
}

/// The second side as if it were declared, and nothing else wanted.
fn wanted(state: State) -> Desired {
    let declared = |(address, resource)| {
        let declared = Declared {
            resource,
            renamed_from: None,
            labels: BTreeMap::new(),
            waivers: Vec::new(),
            setup: Setup::default(),
            action: Action::Overwrite,
            origin: Origin::default(),
        };
        (address, declared)
    };
    Desired {
        environment: Environment { prune: true, ..Environment::default() },
        scope: Scope::Whole,
        resources: state.into_iter().map(declared).collect(),
        unfinished: Vec::new(),
        today: None,
        unreviewed: Default::default(),
    }
}

/// The first side as if it were found, and all of it ours.
fn everything(state: State) -> Snapshot {
    let owned = |(address, resource): (&Address, &Arc<Resource>)| {
        (address.clone(), Owned { declared: resource.clone(), revision: None, tasks: BTreeMap::new() })
    };
    Snapshot { inventory: state.iter().map(owned).collect(), state, ..Snapshot::default() }
}

/// A standard entity's marks keep its members from being compared.
fn unmark(resource: &mut Resource) {
    let Resource::Entity(entity) = resource else { return };
    entity.standard = false;
    entity.fields.values_mut().for_each(|m| m.standard = false);
    entity.keys.values_mut().for_each(|m| m.standard = false);
    entity.indexes.values_mut().for_each(|m| m.standard = false);
    entity.checks.values_mut().for_each(|m| m.standard = false);
    entity.relationships.values_mut().for_each(|m| m.standard = false);
}

fn without_record(change: Change) -> Change {
    Change { declared: None, backfill: BTreeMap::new(), ..change }
}
