//! Tasks in a plan: beside the changes of their resources, and as steps among the others.
//! Never runs one where its `unless` says that nothing is left to do.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::Address;
use crate::diff::change::{Change, Reason, TaskChange, TaskVerb};
use crate::diff::decision::Verb;
use crate::diff::tasks::{Pending, PendingTask};
use crate::model::state::Snapshot;
use crate::model::task::When;
use crate::plan::{Runs, Step, TaskStep};
use crate::target::Left;

/// Adds a change for every resource that stays as it is and has tasks to look at.
pub fn add_changes(pending: &BTreeMap<Address, Pending>, snapshot: &Snapshot, changes: &mut Vec<Change>) {
    let changed: BTreeSet<Address> = changes.iter().map(|change| change.address.clone()).collect();
    for (address, tasks) in pending.iter().filter(|(address, _)| !changed.contains(*address)) {
        // What is not there and ours, and is not made either, stands in the way of the plan already.
        let (Some(state), Some(owned)) = (snapshot.state.get(address), snapshot.inventory.get(address))
        else {
            continue;
        };
        changes.push(Change {
            address: address.clone(),
            action: tasks.action,
            verb: Verb::Update,
            reason: Reason::Tasks,
            renamed_from: None,
            before: Some(state.as_ref().clone()),
            after: Some(state.as_ref().clone()),
            declared: Some(owned.declared.as_ref().clone()),
            backfill: BTreeMap::new(),
            settings: Vec::new(),
            members: Vec::new(),
            tasks: Vec::new(),
            restored: None,
        });
    }
}

/// The queries that must be asked, in the order in which `settle` takes the answers.
pub fn queries(pending: &BTreeMap<Address, Pending>) -> Vec<String> {
    let query = |task: &PendingTask| match task {
        PendingTask::Told(_) => None,
        PendingTask::Asked { unless, .. } => Some(unless.clone()),
    };
    pending.values().flat_map(|tasks| &tasks.tasks).filter_map(query).collect()
}

/// The tasks of these queries, in their order.
pub fn asked(pending: &BTreeMap<Address, Pending>) -> Vec<(&Address, &str)> {
    let mut found = Vec::new();
    for (address, tasks) in pending {
        for task in &tasks.tasks {
            match task {
                PendingTask::Told(_) => {}
                PendingTask::Asked { due, .. } => found.push((address, due.name.as_str())),
            }
        }
    }
    found
}

/// Gives every change its tasks, and takes away what has come to nothing.
pub fn settle(pending: BTreeMap<Address, Pending>, left: &[Left], changes: &mut Vec<Change>) {
    let mut left = left.iter();
    let mut told: BTreeMap<Address, Vec<TaskChange>> = BTreeMap::new();
    for (address, tasks) in pending {
        let tasks = tasks.tasks.into_iter().filter_map(|task| match task {
            PendingTask::Told(change) => Some(change),
            PendingTask::Asked { due, done, .. } => match left.next() {
                Some(Left::Nothing) => done,
                Some(Left::Unknown(why)) => Some(TaskChange { unasked: Some(why.clone()), ..due }),
                Some(Left::Something) | None => Some(due),
            },
        });
        told.insert(address, tasks.collect());
    }
    for change in changes.iter_mut() {
        change.tasks = told.remove(&change.address).unwrap_or_default();
    }
    changes.retain(|change| change.reason != Reason::Tasks || !change.tasks.is_empty());
}

/// The steps of a change's tasks on one side of it, not yet numbered. `provider` is the kind of target.
pub fn steps(change: &Change, when: When, provider: &str) -> Vec<Step> {
    let due = change.tasks.iter().filter(|task| task.verb == TaskVerb::Run && task.task.when == when);
    let step = |task: &TaskChange| {
        let unless = task.task.unless.as_ref().and_then(|unless| unless.on(provider));
        Some(Step {
            id: 0,
            address: change.address.clone(),
            title: format!("task {} ({when})", task.name),
            statements: vec![task.task.sql.on(provider)?.to_owned()],
            task: Some(TaskStep { name: task.name.clone(), unless: unless.map(str::to_owned) }),
            runs: Runs::Inside,
            part: 0,
            undo: Vec::new(),
        })
    };
    due.filter_map(step).collect()
}
