//! The comparison with an earlier state of the target: what would bring it back.
//! Never looks at manifests: what was declared then is in the record.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Change, Reason, Restored};
use super::compare::{self, Comparison, Obstacle};
use super::decision::Verb;
use super::members::{self, Reaches, Views};
use super::renames::{self, Renamed, RenamedFields};
use crate::address::Address;
use crate::model::entity;
use crate::model::resource::Resource;
use crate::model::setup::Action;
use crate::model::shape::{MemberId, Shape};
use crate::model::state::{Inventory, Owned, Snapshot, State};

/// One resource as it is to be again.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    pub address: Address,
    /// Its present address; none where it was destroyed.
    pub now: Option<Address>,
    pub state: Resource,
    /// What the inventory said of it; none where it was not ours.
    pub owned: Option<Owned>,
    /// The present name of each field or option that had another one, by that one.
    pub renamed: BTreeMap<String, String>,
    /// The numbers of what comes back with it from the trash.
    pub from: Vec<u64>,
}

/// Compares a target with what it was. `gone` are the present addresses of what did not exist then.
pub fn revert<'a>(snapshot: &'a Snapshot, goals: &[Goal], gone: &BTreeSet<Address>) -> Comparison<'a> {
    let renamed: Renamed = goals
        .iter()
        .filter_map(|goal| {
            Some((goal.now.clone().filter(|now| *now != goal.address)?, goal.address.name.clone()))
        })
        .collect();
    let fields: BTreeMap<Address, RenamedFields> = goals
        .iter()
        .filter(|goal| goal.now.is_some() && goal.address.kind == entity::KIND && !goal.renamed.is_empty())
        .map(|goal| {
            let pairs = goal.renamed.iter().map(|(then, now)| (now.clone(), then.clone()));
            (goal.address.clone(), pairs.collect())
        })
        .collect();
    let (state, inventory) = renames::follow(snapshot, &renamed, &fields);
    let mut work = Reverting {
        snapshot,
        state: &state,
        inventory: &inventory,
        gone,
        changes: Vec::new(),
        obstacles: Vec::new(),
        after: BTreeMap::new(),
    };
    goals.iter().for_each(|goal| work.bring_back(goal));
    let replaced: BTreeSet<&Address> = goals.iter().map(|goal| &goal.address).collect();
    gone.iter().filter(|address| !replaced.contains(address)).for_each(|address| work.take_away(address));
    let Reverting { mut changes, mut obstacles, after, .. } = work;
    changes.sort_by(|a, b| a.address.cmp(&b.address));
    let after = compare::goal_state(state, after);
    obstacles.extend(compare::dangling(&BTreeMap::new(), &changes, &after));
    Comparison { changes, kept: Vec::new(), obstacles, after }
}

struct Reverting<'a> {
    snapshot: &'a Snapshot,
    /// Under the names of then, references included.
    state: &'a State,
    inventory: &'a Inventory,
    gone: &'a BTreeSet<Address>,
    changes: Vec<Change>,
    obstacles: Vec<Obstacle>,
    after: BTreeMap<Address, Option<Resource>>,
}

impl Reverting<'_> {
    fn bring_back(&mut self, goal: &Goal) {
        let found = self.state.get(&goal.address).map(|found| &**found);
        let is_another = goal.now.is_none() && found.is_some();
        if is_another && !self.gone.contains(&goal.address) {
            let message = "is to come back, and another one that nobody declared has its name".to_owned();
            let help = "rename or drop that one first".to_owned();
            self.refuse(&goal.address, message, help);
            return;
        }
        let owned = self.inventory.get(&goal.address);
        // What only follows another's name is the same, and our record of it is not.
        let present = goal.now.as_ref().unwrap_or(&goal.address);
        let recorded = self.snapshot.state.get(present).map(|found| &**found);
        let is_same = recorded == Some(&goal.state)
            && found == recorded
            && self.snapshot.inventory.get(present) == goal.owned.as_ref();
        let renamed_from = goal.now.clone().filter(|now| *now != goal.address && found.is_some());
        if is_same && !is_another && renamed_from.is_none() && goal.from.is_empty() {
            return;
        }
        let restored = Restored {
            revision: goal.owned.as_ref().and_then(|owned| owned.revision.clone()),
            tasks: goal.owned.as_ref().map(|owned| owned.tasks.clone()).unwrap_or_default(),
            rows: goal.now.is_none() && goal.address.kind == entity::KIND,
            from: goal.from.clone(),
        };
        let (settings, members) = match found {
            Some(found) => differences(goal, found, owned, is_another),
            None => {
                let shape = Shape::of(&goal.state);
                (Vec::new(), members::whole(&shape.members, Verb::Create, Reason::RolledBack))
            }
        };
        self.changes.push(Change {
            address: goal.address.clone(),
            action: Action::Overwrite,
            verb: if found.is_some() { Verb::Update } else { Verb::Create },
            reason: Reason::RolledBack,
            renamed_from,
            before: found.cloned(),
            after: Some(goal.state.clone()),
            declared: goal.owned.as_ref().map(|owned| (*owned.declared).clone()),
            backfill: BTreeMap::new(),
            settings,
            members,
            tasks: Vec::new(),
            restored: Some(restored),
        });
        self.after.insert(goal.address.clone(), Some(goal.state.clone()));
    }

    fn take_away(&mut self, address: &Address) {
        let found = self.state.get(address).map(|found| &**found);
        let verb = match (found, self.inventory.contains_key(address)) {
            (Some(_), _) => Verb::Delete,
            (None, true) => Verb::Forget,
            (None, false) => return,
        };
        let shape = found.map(Shape::of).unwrap_or_default();
        self.changes.push(Change {
            address: address.clone(),
            action: Action::Overwrite,
            verb,
            reason: Reason::RolledBack,
            renamed_from: None,
            before: found.cloned(),
            after: None,
            declared: None,
            backfill: BTreeMap::new(),
            settings: Vec::new(),
            members: members::whole(&shape.members, verb, Reason::RolledBack),
            tasks: Vec::new(),
            restored: None,
        });
        self.after.insert(address.clone(), None);
    }

    fn refuse(&mut self, address: &Address, message: String, help: String) {
        self.obstacles.push(Obstacle {
            code: "RK106",
            refuses: true,
            address: address.clone(),
            path: None,
            message,
            help: Some(help),
        });
    }
}

type Differences = (Vec<super::change::SettingChange>, Vec<super::change::MemberChange>);

fn differences(goal: &Goal, found: &Resource, owned: Option<&Owned>, is_another: bool) -> Differences {
    let shapes = (Shape::of(&goal.state), Shape::of(found), owned.map(|owned| Shape::of(&owned.declared)));
    let section = if goal.address.kind == entity::KIND { "fields" } else { "options" };
    let renamed: BTreeMap<MemberId, String> = match is_another {
        true => BTreeMap::new(),
        false => {
            let pairs = goal.renamed.iter();
            pairs.map(|(then, now)| ((section.to_owned(), then.clone()), now.clone())).collect()
        }
    };
    let fixed = BTreeSet::new();
    let views = Views {
        declared: &shapes.0,
        found: &shapes.1,
        owned: shapes.2.as_ref(),
        renamed: &renamed,
        fixed: &fixed,
    };
    let mut outcome = members::compare(&views, Reaches::of(Action::Overwrite), false);
    compare::reorder(&shapes.0, &shapes.1, &mut outcome.settings);
    outcome.settings.iter_mut().for_each(|setting| setting.reason = Reason::RolledBack);
    outcome.members.retain(|member| {
        let says = !member.settings.is_empty() || member.renamed_from.is_some();
        says && member.verb != Verb::Forget
    });
    for member in &mut outcome.members {
        member.reason = Reason::RolledBack;
        if member.verb == Verb::Adopt {
            member.verb = Verb::Update;
        }
        member.settings.iter_mut().for_each(|setting| setting.reason = Reason::RolledBack);
    }
    (outcome.settings, outcome.members)
}
