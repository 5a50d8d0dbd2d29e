//! The order of changes: what is referenced comes before what references it, deletes come last and reversed.
//! Never depends on the order in which changes came in.

use std::collections::BTreeMap;

use crate::address::Address;
use crate::diff::change::Change;
use crate::diff::decision::Verb;
use crate::model::resource::Resource;

/// Orders changes. Ties, and references that go round in a circle, are settled by address.
pub fn order(changes: Vec<Change>) -> Vec<Change> {
    let (deletes, others): (Vec<Change>, Vec<Change>) =
        changes.into_iter().partition(|c| c.verb == Verb::Delete);
    let mut ordered = sorted(others, |c| c.after.as_ref());
    let mut last = sorted(deletes, |c| c.before.as_ref());
    last.reverse();
    ordered.append(&mut last);
    ordered
}

/// Orders the changes of a way back. What goes comes last here too, but for what has the name of something that
/// comes back.
pub fn order_back(changes: Vec<Change>) -> Vec<Change> {
    let taken: Vec<String> = changes
        .iter()
        .filter(|change| change.verb != Verb::Delete)
        .map(|change| change.address.name.to_lowercase())
        .collect();
    let is_in_the_way =
        |change: &Change| change.verb == Verb::Delete && taken.contains(&change.address.name.to_lowercase());
    let (mut first, others): (Vec<Change>, Vec<Change>) = order(changes).into_iter().partition(is_in_the_way);
    first.extend(others);
    first
}

fn sorted(changes: Vec<Change>, side: impl Fn(&Change) -> Option<&Resource>) -> Vec<Change> {
    let mut changes: BTreeMap<Address, Change> =
        changes.into_iter().map(|c| (c.address.clone(), c)).collect();
    let needs: BTreeMap<Address, Vec<Address>> = changes
        .iter()
        .map(|(address, change)| {
            let mut needs: Vec<Address> = side(change)
                .map(|r| r.references().into_iter().map(|(_, to)| to).collect())
                .unwrap_or_default();
            needs.retain(|to| to != address && changes.contains_key(to));
            needs.sort_by(|a, b| b.cmp(a));
            needs.dedup();
            (address.clone(), needs)
        })
        .collect();
    let mut ordered = Vec::with_capacity(changes.len());
    let mut seen: BTreeMap<&Address, ()> = BTreeMap::new();
    for root in needs.keys() {
        // Depth first, with a stack of our own: a chain of references may be as long as there are resources.
        let mut stack = vec![(root, false)];
        while let Some((address, entered)) = stack.pop() {
            if entered {
                ordered.extend(changes.remove(address));
                continue;
            }
            if seen.insert(address, ()).is_some() {
                continue;
            }
            stack.push((address, true));
            stack.extend(needs[address].iter().filter(|to| !seen.contains_key(to)).map(|to| (to, false)));
        }
    }
    ordered
}
