//! Whether a target reports back what a plan wanted of it.
//! Never trusts that a statement did what it says: it looks.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::Address;
use crate::diff::change::{TaskChange, TaskVerb};
use crate::diff::decision::Verb;
use crate::model::shape::Shape;
use crate::model::state::{Owned, Snapshot};
use crate::model::task::TaskRecord;
use crate::plan::Plan;

/// Returns the changes of `plan` that `found` does not show as done.
pub fn remaining(plan: &Plan, found: &Snapshot) -> Vec<Address> {
    let is_done = |change: &&crate::diff::change::Change| {
        let state = found.state.get(&change.address);
        let record = found.inventory.get(&change.address);
        let owned = record.map(|o| o.declared.as_ref());
        let is_task_done = |task: &TaskChange| {
            let recorded = record.and_then(|record| record.tasks.get(&task.name));
            match task.verb {
                TaskVerb::Run | TaskVerb::Record => recorded.is_some_and(|record| record.task == task.task),
                TaskVerb::Forget => recorded.is_none(),
            }
        };
        let tasks_of = |record: Option<&Owned>| -> BTreeMap<String, TaskRecord> {
            record.map(|record| record.tasks.clone()).unwrap_or_default()
        };
        match change.verb {
            Verb::Create | Verb::Adopt | Verb::Update => {
                state.map(|s| Shape::of(s)) == change.after.as_ref().map(Shape::of)
                    && owned == change.declared.as_ref()
                    && change.tasks.iter().all(is_task_done)
                    && change.restored.as_ref().is_none_or(|restored| tasks_of(record) == restored.tasks)
            }
            Verb::Delete => state.is_none() && owned.is_none(),
            Verb::Release | Verb::Forget => owned.is_none(),
            Verb::Keep => true,
        }
    };
    plan.changes.iter().filter(|c| !is_done(c)).map(|c| c.address.clone()).collect()
}

/// Returns a managed resource of which the plan does not speak and which is another one than before. Only the SQL of a
/// task can do that.
pub fn disturbed(plan: &Plan, before: &Snapshot, found: &Snapshot) -> Option<Address> {
    if plan.steps.iter().all(|step| step.task.is_none()) {
        return None;
    }
    let spoken_of: BTreeSet<&Address> =
        plan.changes.iter().flat_map(|change| [&change.address, change.address_before()]).collect();
    let others = before.inventory.keys().filter(|address| !spoken_of.contains(*address));
    let shape = |snapshot: &Snapshot, address: &Address| snapshot.state.get(address).map(|s| Shape::of(s));
    others.into_iter().find(|address| shape(before, address) != shape(found, address)).cloned()
}
