//! The order of changes: what is referenced comes before what references it, deletes come last and reversed,
//! but for what has the name of something that comes.
//! Never depends on the order in which changes came in.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::Address;
use crate::diff::change::Change;
use crate::diff::decision::Verb;
use crate::model::resource::Resource;

/// Orders changes. Ties, and references that go round in a circle, are settled by address.
pub fn order(changes: Vec<Change>) -> Vec<Change> {
    let taken = taken(&changes);
    let is_last = |change: &Change| change.verb == Verb::Delete && !is_in_the_way(change, &taken);
    let (deletes, others): (Vec<Change>, Vec<Change>) = changes.into_iter().partition(is_last);
    let in_the_way: BTreeMap<String, Address> = others
        .iter()
        .filter(|change| change.verb == Verb::Delete)
        .map(|change| (change.address.name.to_lowercase(), change.address.clone()))
        .collect();
    // What goes early does so after all that referred to it, and before what gets its name.
    let mut referring: BTreeMap<Address, Vec<Address>> = BTreeMap::new();
    for change in others.iter().filter(|_| !in_the_way.is_empty()) {
        for to in references(change.before.as_ref()) {
            referring.entry(to).or_default().push(change.address.clone());
        }
    }
    let mut ordered = sorted(others, |change| match change.verb {
        Verb::Delete => referring.get(&change.address).cloned().unwrap_or_default(),
        Verb::Create | Verb::Adopt | Verb::Update | Verb::Release | Verb::Forget | Verb::Keep => {
            let gone = in_the_way.get(&change.address.name.to_lowercase());
            references(change.after.as_ref()).into_iter().chain(gone.cloned()).collect()
        }
    });
    let mut last = sorted(deletes, |change| references(change.before.as_ref()));
    last.reverse();
    ordered.append(&mut last);
    ordered
}

/// The names that something has after the plan.
fn taken(changes: &[Change]) -> BTreeSet<String> {
    let stays = |change: &&Change| change.verb != Verb::Delete;
    changes.iter().filter(stays).map(|change| change.address.name.to_lowercase()).collect()
}

/// Tells of what goes and has a name that something else gets.
fn is_in_the_way(change: &Change, taken: &BTreeSet<String>) -> bool {
    change.verb == Verb::Delete && taken.contains(&change.address.name.to_lowercase())
}

fn references(side: Option<&Resource>) -> Vec<Address> {
    side.map(|resource| resource.references().into_iter().map(|(_, to)| to).collect()).unwrap_or_default()
}

/// Orders the changes of a way back. What goes comes last here too, but for what has the name of something that
/// comes back.
pub fn order_back(changes: Vec<Change>) -> Vec<Change> {
    let taken = taken(&changes);
    let (mut first, others): (Vec<Change>, Vec<Change>) =
        order(changes).into_iter().partition(|change| is_in_the_way(change, &taken));
    first.extend(others);
    first
}

fn sorted(changes: Vec<Change>, needs: impl Fn(&Change) -> Vec<Address>) -> Vec<Change> {
    let mut changes: BTreeMap<Address, Change> =
        changes.into_iter().map(|c| (c.address.clone(), c)).collect();
    let needs: BTreeMap<Address, Vec<Address>> = changes
        .iter()
        .map(|(address, change)| {
            let mut needs: Vec<Address> = needs(change);
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
