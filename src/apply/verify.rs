//! Whether a target reports back what a plan wanted of it.
//! Never trusts that a statement did what it says: it looks.

use crate::address::Address;
use crate::diff::decision::Verb;
use crate::model::shape::Shape;
use crate::model::state::Snapshot;
use crate::plan::Plan;

/// Returns the changes of `plan` that `found` does not show as done.
pub fn remaining(plan: &Plan, found: &Snapshot) -> Vec<Address> {
    let is_done = |change: &&crate::diff::change::Change| {
        let state = found.state.get(&change.address);
        let owned = found.inventory.get(&change.address).map(|o| o.declared.as_ref());
        match change.verb {
            Verb::Create | Verb::Adopt | Verb::Update => {
                state.map(|s| Shape::of(s)) == change.after.as_ref().map(Shape::of)
                    && owned == change.declared.as_ref()
            }
            Verb::Delete => state.is_none() && owned.is_none(),
            Verb::Release | Verb::Forget => owned.is_none(),
            Verb::Keep => true,
        }
    };
    plan.changes.iter().filter(|c| !is_done(c)).map(|c| c.address.clone()).collect()
}
