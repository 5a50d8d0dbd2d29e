//! The way back to the state before an apply, read from the journal: which applies are undone, and what each touched
//! resource was on the way.
//! Never plans: what a way back costs and whether it can be gone is the planner's to say.

use std::collections::{BTreeMap, BTreeSet};

use super::{Entry, Outcome, Touched};
use crate::address::Address;
use crate::model::resource::Resource;
use crate::model::state::{Native, Owned};
use crate::model::trash::Moved;
use crate::plan::{Finding, Step};
use crate::source::Revision;

/// The state before an apply, seen from the present.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    pub to_before: u64,
    /// The applies that are undone, newest first.
    pub undone: Vec<u64>,
    /// The revision of the apply before.
    pub revision: Revision,
    /// What existed then and was touched since.
    pub lines: Vec<Line>,
    /// What exists now and did not then, by its present address.
    pub gone: BTreeSet<Address>,
    /// The tasks that ran since, by the entry that tells of it.
    pub tasks: BTreeSet<(u64, Address, String)>,
}

/// One resource from what it was then to what it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its address then.
    pub address: Address,
    /// Its present address; none where it was destroyed since.
    pub now: Option<Address>,
    /// What the inventory said of it then.
    pub owned: Option<Owned>,
    /// Where it was destroyed: what it was just before.
    pub destroyed: Option<Hop>,
    /// The changes since, or since it was destroyed; newest first.
    pub hops: Vec<Hop>,
}

/// What one apply made of a resource, as it was before that.
#[derive(Clone, Debug, PartialEq)]
pub struct Hop {
    pub entry: u64,
    /// Its name before the apply.
    pub address: Address,
    pub state: Resource,
    pub natives: Vec<Native>,
    /// The old name of each renamed field or option, by its new one.
    pub renamed: BTreeMap<String, String>,
    /// The new name of each resource that the apply renamed.
    pub names: BTreeMap<Address, String>,
    /// What the apply moved aside of it.
    pub moved: Option<Moved>,
    /// What the apply destroyed of it, and of which nothing was kept.
    pub lost: Vec<Finding>,
}

/// Why there is no way back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPast {
    #[error("the journal has no entry {0}")]
    NoEntry(u64),
    #[error(
        "entry {entry} of the journal was kept by an older `reconcile` ({version}), which did not note what a way back needs"
    )]
    TooOld { entry: u64, version: String },
    #[error(
        "`{address}` is another one now than before entry {entry}: `{now}` would have to take its name back"
    )]
    NameTaken { entry: u64, address: Address, now: Address },
}

impl Line {
    /// What it was then.
    pub fn state(&self) -> Option<&Resource> {
        self.oldest().map(|hop| &hop.state)
    }

    pub fn natives(&self) -> &[Native] {
        self.oldest().map_or(&[], |hop| &hop.natives)
    }

    fn oldest(&self) -> Option<&Hop> {
        self.hops.last().or(self.destroyed.as_ref())
    }

    /// Every apply on the way, newest first.
    pub fn all_hops(&self) -> impl Iterator<Item = &Hop> {
        self.destroyed.iter().chain(&self.hops)
    }

    /// The present name of each field or option that had another one then, by that one.
    pub fn renamed(&self) -> BTreeMap<String, String> {
        let mut present: BTreeMap<String, String> = BTreeMap::new();
        for hop in &self.hops {
            let mut next = BTreeMap::new();
            for (new, old) in &hop.renamed {
                next.insert(old.clone(), present.get(new).cloned().unwrap_or_else(|| new.clone()));
            }
            for (name, now) in present {
                if !hop.renamed.contains_key(&name) {
                    next.entry(name).or_insert(now);
                }
            }
            present = next;
        }
        present.retain(|then, now| then != now);
        present
    }
}

/// Finds the way back to before entry `id`. `entries` is the whole journal in any order; `alive` are the numbers of
/// what the trash still holds.
pub fn before(entries: &[Entry], id: u64, alive: &BTreeSet<u64>) -> Result<Past, NoPast> {
    let by_id: BTreeMap<u64, &Entry> = entries.iter().map(|entry| (entry.id, entry)).collect();
    let newest = by_id.keys().next_back().copied().unwrap_or_default();
    if !by_id.contains_key(&id) {
        return Err(NoPast::NoEntry(id));
    }
    let way = way(&by_id, newest, id - 1, alive)?;
    let mut past = Past {
        to_before: id,
        undone: way.iter().map(|entry| entry.id).collect(),
        revision: revision(&by_id, id - 1),
        ..Past::default()
    };
    let mut lines: BTreeMap<Address, Line> = BTreeMap::new();
    for entry in way {
        let ran = entry.steps.iter().filter(|step| !entry.skipped.contains(&step.id));
        let task = |step: &Step| Some((entry.id, step.address.clone(), step.task.as_ref()?.name.clone()));
        past.tasks.extend(ran.filter_map(task));
        undo(entry, &mut lines, &mut past.gone)?;
    }
    past.lines = lines.into_values().collect();
    // A resource that goes may have the name of one that comes back from the trash, but not of one that still lives.
    let clash = past.lines.iter().find(|line| {
        past.gone.contains(&line.address) && line.now.as_ref().is_some_and(|now| *now != line.address)
    });
    match clash {
        Some(line) => Err(NoPast::NameTaken {
            entry: id,
            address: line.address.clone(),
            now: line.now.clone().unwrap_or_else(|| line.address.clone()),
        }),
        None => Ok(past),
    }
}

/// The revision of the last apply up to `id` that changed anything.
fn revision(entries: &BTreeMap<u64, &Entry>, id: u64) -> Revision {
    let applied = entries.range(..=id).rev().find(|(_, entry)| entry.outcome == Outcome::Applied);
    applied.map(|(_, entry)| entry.revision.clone()).unwrap_or_default()
}

/// How much farther a way is on which something is missing from the trash.
const MISSING: u64 = 1_000_000;

/// The shortest way from the state after `from` to the state after `to`: an entry is undone, or passed over where
/// it changed nothing, or left towards the state that it had brought back.
fn way<'a>(
    entries: &BTreeMap<u64, &'a Entry>,
    from: u64,
    to: u64,
    alive: &BTreeSet<u64>,
) -> Result<Vec<&'a Entry>, NoPast> {
    let mut same: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for (id, entry) in entries {
        let other = match (&entry.outcome, &entry.rolled_back) {
            (Outcome::Failed { .. }, _) => id - 1,
            (Outcome::Applied, Some(rollback)) => rollback.to_before.saturating_sub(1),
            (Outcome::Applied, None) => continue,
        };
        same.entry(*id).or_default().push(other);
        same.entry(other).or_default().push(*id);
    }
    let mut open: BTreeSet<(u64, u64)> = BTreeSet::from([(0, from)]);
    let mut seen: BTreeMap<u64, (u64, Option<(u64, bool)>)> = BTreeMap::from([(from, (0, None))]);
    while let Some((cost, at)) = open.pop_first() {
        if at == to {
            break;
        }
        if seen.get(&at).is_some_and(|(best, _)| *best < cost) {
            continue;
        }
        let mut next: Vec<(u64, u64, bool)> =
            same.get(&at).into_iter().flatten().map(|other| (*other, cost, false)).collect();
        if let Some(entry) = entries.get(&at).filter(|entry| entry.outcome == Outcome::Applied) {
            let is_missing = |moved: &&Moved| moved.rows != Some(0) && !alive.contains(&moved.number);
            let n_missing = entry.trash.iter().filter(is_missing).count() as u64;
            next.push((at - 1, cost + 1 + n_missing * MISSING, true));
        }
        for (other, cost, is_undone) in next {
            if seen.get(&other).is_none_or(|(best, _)| cost < *best) {
                seen.insert(other, (cost, Some((at, is_undone))));
                open.insert((cost, other));
            }
        }
    }
    let mut found = Vec::new();
    let mut at = to;
    while at != from {
        let Some((_, Some((before, is_undone)))) = seen.get(&at) else { return Err(NoPast::NoEntry(at + 1)) };
        if *is_undone {
            let entry = entries.get(before).ok_or(NoPast::NoEntry(*before))?;
            if entry.touched.is_none() {
                return Err(NoPast::TooOld { entry: entry.id, version: entry.version.clone() });
            }
            found.push(*entry);
        }
        at = *before;
    }
    found.reverse();
    Ok(found)
}

/// Goes back over one entry: from the addresses after it to those before it.
fn undo(
    entry: &Entry,
    lines: &mut BTreeMap<Address, Line>,
    gone: &mut BTreeSet<Address>,
) -> Result<(), NoPast> {
    let touched = entry.touched.as_deref().unwrap_or_default();
    let names: BTreeMap<Address, String> = entry
        .before
        .iter()
        .zip(touched)
        .filter(|((old, _), one)| *old != one.address)
        .map(|((old, _), one)| (old.clone(), one.address.name.clone()))
        .collect();
    // All names are let go before any is taken.
    let mut taken: Vec<(Option<Line>, &Touched)> = Vec::new();
    for one in touched {
        taken.push((lines.remove(&one.address), one));
    }
    for ((line, one), (address, before)) in taken.into_iter().zip(&entry.before) {
        let mut line = line.unwrap_or_else(|| Line {
            address: one.address.clone(),
            now: (!one.is_gone).then(|| one.address.clone()),
            owned: None,
            destroyed: None,
            hops: Vec::new(),
        });
        let Some(state) = before else {
            gone.extend(line.now);
            continue;
        };
        let hop = Hop {
            entry: entry.id,
            address: address.clone(),
            state: state.clone(),
            natives: one.natives.clone(),
            renamed: one.renamed.clone(),
            names: names.clone(),
            moved: entry.trash.iter().find(|moved| moved.address == *address).cloned(),
            lost: entry.lost.iter().filter(|finding| finding.address == one.address).cloned().collect(),
        };
        // What it was replaced by is no continuation of it: its rows went into the trash as a whole.
        if one.is_gone || one.is_replaced {
            gone.extend(line.now.take());
            line.hops.clear();
            line.destroyed = Some(hop);
        } else {
            line.hops.push(hop);
        }
        line.address = address.clone();
        line.owned = one.owned.clone();
        lines.insert(address.clone(), line);
    }
    Ok(())
}
