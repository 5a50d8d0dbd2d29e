//! The comparison with an earlier state, from what the journal says of it.
//! Never reads the journal itself: `past` does.

use crate::diff::Comparison;
use crate::diff::revert::{Goal, revert};
use crate::journal::past::Past;
use crate::model::state::Snapshot;

/// Compares a target with what it was.
pub fn compare<'a>(past: &Past, snapshot: &'a Snapshot) -> Comparison<'a> {
    let is_alive = |number: &u64| snapshot.trash.iter().any(|one| one.moved.number == *number);
    let goals: Vec<Goal> = past
        .lines
        .iter()
        .filter_map(|line| {
            let numbers = line.all_hops().filter_map(|hop| hop.moved.as_ref().map(|moved| moved.number));
            Some(Goal {
                address: line.address.clone(),
                // What others have dropped since is made anew.
                now: line.now.clone().filter(|now| snapshot.state.contains_key(now)),
                state: line.state()?.clone(),
                owned: line.owned.clone(),
                renamed: line.renamed(),
                from: numbers.filter(is_alive).collect(),
            })
        })
        .collect();
    revert(snapshot, &goals, &past.gone)
}
