//! What a branch changes, planned without a target: the base stands in for it, as if it had been applied.
//! Never says of rows that there are none: what only the data can say is said to be unknown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{draft, normalize};
use crate::address::Address;
use crate::diff::{bound, compare};
use crate::model::setup::Action;
use crate::model::state::{Declared, Desired, Inventory, Owned, Snapshot, State};
use crate::model::task::TaskRecord;
use crate::plan::{Compared, Plan};
use crate::source::Revision;
use crate::target::{Answer, Certainty, Dialect, Left};

/// Plans from what the base declares to what the head declares, for one environment.
pub fn plan(
    mut base: Desired,
    mut head: Desired,
    dialect: &dyn Dialect,
    revision: &Revision,
    compared: Compared,
) -> Plan {
    normalize(&mut base, dialect);
    normalize(&mut head, dialect);
    let snapshot = as_applied(&base, &head, dialect, &compared.base);
    let done = done_tasks(&base, &head, dialect.name());
    let draft = draft(&head, &snapshot, dialect);
    let unknown = Answer { count: 0, samples: Vec::new(), certainty: Certainty::NotAsked };
    let answers = vec![unknown; draft.queries().len()];
    let left: Vec<Left> = draft
        .unless()
        .iter()
        .map(|unless| match done.contains(unless.as_str()) {
            true => Left::Nothing,
            false => Left::Unknown("no target was asked".to_owned()),
        })
        .collect();
    let target = format!("no target, but revision {}", compared.base.label());
    let mut plan = draft.plan(&answers, &left, &target, revision);
    plan.compared = Some(compared);
    for finding in plan.findings.iter_mut().filter(|finding| finding.code == "RK401") {
        finding.rows = None;
        finding.message = finding.message.replace("whose 1 row it", "whose rows it");
    }
    plan
}

/// What a target would hold, and our record of it, had the base been applied to it.
fn as_applied(base: &Desired, head: &Desired, dialect: &dyn Dialect, revision: &Revision) -> Snapshot {
    // What a manifest only refers to is there, as far as anybody knows.
    let given = |desired: &Desired| -> State {
        let bound = bound(desired);
        let is_given =
            |one: &Declared| matches!(one.action, Action::Existing | Action::Update | Action::Skip);
        let stripped = |one: &Declared| {
            let mut resource = one.resource.clone();
            if resource.has_directives() {
                Arc::make_mut(&mut resource).strip_directives();
            }
            resource
        };
        bound.iter().filter(|(_, one)| is_given(one)).map(|(a, one)| (a.clone(), stripped(one))).collect()
    };
    let mut state = given(head);
    state.extend(given(base));
    let before = Snapshot { state, ..Snapshot::default() };
    let comparison = compare(base, &before);
    let tasks = records(base, dialect.name());
    let mut inventory = Inventory::new();
    for change in &comparison.changes {
        let Some(declared) = &change.declared else { continue };
        let owned = Owned {
            declared: Arc::new(declared.clone()),
            revision: revision.commit.clone(),
            tasks: tasks.get(&change.address).cloned().unwrap_or_default(),
        };
        inventory.insert(change.address.clone(), owned);
    }
    let state = comparison.after.into_owned();
    let natives = dialect.drawn(&state);
    Snapshot { state, inventory, natives, initialized: true, ..Snapshot::default() }
}

/// The record of the tasks of each resource, had all of them run.
fn records(desired: &Desired, provider: &str) -> BTreeMap<Address, BTreeMap<String, TaskRecord>> {
    let of = |one: &Declared| -> BTreeMap<String, TaskRecord> {
        let tasks = one.setup.tasks.iter().zip(0..);
        let record = |((name, task), place): ((&String, &crate::model::task::Task), u32)| {
            let ran = task.fingerprint_on(provider);
            (name.clone(), TaskRecord { task: task.clone(), place, ran })
        };
        tasks.map(record).collect()
    };
    bound(desired).iter().map(|(address, one)| (address.clone(), of(one))).collect()
}

/// What asks whether a task is left to do that the branch does not touch.
fn done_tasks<'a>(base: &Desired, head: &'a Desired, provider: &str) -> BTreeSet<&'a str> {
    let mut done = BTreeSet::new();
    for (address, one) in &head.resources {
        let before = base.resources.get(address).map(|one| &one.setup.tasks);
        for (name, task) in &one.setup.tasks {
            let is_same = before.and_then(|tasks| tasks.get(name)) == Some(task);
            done.extend(task.unless.as_ref().and_then(|unless| unless.on(provider)).filter(|_| is_same));
        }
    }
    done
}
