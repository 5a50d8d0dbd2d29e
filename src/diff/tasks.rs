//! The tasks of an environment against the target's record of them: which would run, and what must be asked first.
//! Never asks: whether something is left to do is the target's to say.

use std::collections::BTreeMap;

use super::bind::bind;
use super::change::{TaskChange, TaskReason, TaskVerb};
use super::renames;
use crate::address::Address;
use crate::model::setup::Action;
use crate::model::state::{Declared, Desired, Scope, Snapshot};
use crate::model::task::{Task, TaskRecord};

/// The tasks of one resource with which something may happen.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    pub action: Action,
    pub tasks: Vec<PendingTask>,
}

/// What becomes of one task.
#[derive(Clone, Debug, PartialEq)]
pub enum PendingTask {
    Told(TaskChange),
    /// A query says it first.
    Asked {
        unless: String,
        /// Where something is left to do.
        due: TaskChange,
        /// Where nothing is: what becomes of our record, if it changes.
        done: Option<TaskChange>,
    },
}

/// Compares the tasks that are declared with those that are recorded, by address in the target. `provider` is the
/// kind of target.
pub fn tasks(desired: &Desired, snapshot: &Snapshot, provider: &str) -> BTreeMap<Address, Pending> {
    let is_declared = desired.resources.values().any(|one| !one.setup.tasks.is_empty());
    if !is_declared && snapshot.inventory.values().all(|owned| owned.tasks.is_empty()) {
        return BTreeMap::new();
    }
    let declared = bind(desired);
    let renamed = renames::resources(&declared, snapshot);
    let old_of: BTreeMap<Address, &Address> =
        renamed.iter().map(|(old, new)| (Address::new(old.kind.clone(), new), old)).collect();
    let mut found = BTreeMap::new();
    for (address, one) in declared.iter().filter(|(_, one)| one.action.acts()) {
        let owned = snapshot.inventory.get(*old_of.get(address).unwrap_or(&address));
        let none = BTreeMap::new();
        let recorded = owned.map_or(&none, |owned| &owned.tasks);
        let mut tasks = of_resource(one, recorded, provider);
        match desired.scope {
            Scope::Whole => tasks.extend(forgotten(one, recorded)),
            Scope::Part => {}
        }
        if !tasks.is_empty() {
            found.insert(address.clone(), Pending { action: one.action, tasks });
        }
    }
    found
}

fn of_resource(one: &Declared, recorded: &BTreeMap<String, TaskRecord>, provider: &str) -> Vec<PendingTask> {
    let tasks = one.setup.tasks.iter().zip(0..);
    tasks
        .filter_map(|((name, task), place)| pending(name, task, place, recorded.get(name), provider))
        .collect()
}

fn pending(
    name: &str,
    task: &Task,
    place: u32,
    recorded: Option<&TaskRecord>,
    provider: &str,
) -> Option<PendingTask> {
    let sql = task.fingerprint_on(provider)?;
    let change = |verb, reason| TaskChange {
        name: name.to_owned(),
        verb,
        reason,
        place,
        task: task.clone(),
        unasked: None,
    };
    let is_recorded = recorded.is_some_and(|record| record.task == *task && record.place == place);
    let record = |reason| (!is_recorded).then(|| change(TaskVerb::Record, reason));
    let reason = match recorded.and_then(|record| record.ran) {
        None => TaskReason::New,
        Some(ran) if ran == sql => TaskReason::Left,
        Some(_) => TaskReason::Changed,
    };
    match (task.unless.as_ref().and_then(|unless| unless.on(provider)), reason) {
        (Some(unless), _) => Some(PendingTask::Asked {
            unless: unless.to_owned(),
            due: change(TaskVerb::Run, reason),
            done: record(TaskReason::Done),
        }),
        (None, TaskReason::Left) => record(TaskReason::Edited).map(PendingTask::Told),
        (None, _) => Some(PendingTask::Told(change(TaskVerb::Run, reason))),
    }
}

fn forgotten<'a>(
    one: &'a Declared,
    recorded: &'a BTreeMap<String, TaskRecord>,
) -> impl Iterator<Item = PendingTask> + 'a {
    let gone = recorded.iter().filter(|(name, _)| !one.setup.tasks.contains_key(*name));
    gone.map(|(name, record)| {
        PendingTask::Told(TaskChange {
            name: name.clone(),
            verb: TaskVerb::Forget,
            reason: TaskReason::NotDeclared,
            place: record.place,
            task: record.task.clone(),
            unasked: None,
        })
    })
}
