//! The desired state of one environment, and what one inspection of its target found.
//! Never compares the two: `diff` does.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::environment::Environment;
use super::policy::Waiver;
use super::resource::Resource;
use super::setup::{Action, Setup};
use super::task::{Task, TaskRecord};
use super::trash::Trashed;
use super::unreviewed::Unreviewed;
use crate::address::Address;
use crate::fingerprint::Fingerprint;

/// Resources by address, shared between the states that hold the same.
pub type State = BTreeMap<Address, Arc<Resource>>;

/// Where a resource is declared: a file and the number of the document in it, from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    pub file: String,
    pub document: usize,
}

/// One declared resource of one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// With its directives (`renamedFrom`, `backfill`).
    pub resource: Arc<Resource>,
    /// The name this resource had before.
    pub renamed_from: Option<String>,
    pub labels: BTreeMap<String, String>,
    /// What lets findings of it pass for a time.
    pub waivers: Vec<Waiver>,
    pub setup: Setup,
    /// The action decided for this environment.
    pub action: Action,
    pub origin: Origin,
}

/// How much of an environment a desired state speaks of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// All of it: what we own and it does not name is not wanted any more.
    #[default]
    Whole,
    /// Only the resources it names. The rest is left as it is, in the target and in our record.
    Part,
}

/// What the repository says for one environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Desired {
    pub environment: Environment,
    pub scope: Scope,
    pub resources: BTreeMap<Address, Declared>,
    /// Why this repository cannot be taken as a whole (an empty file, a skipped link); then nothing is pruned.
    pub unfinished: Vec<String>,
    /// The day, for waivers; without one none counts.
    pub today: Option<Date>,
    /// SQL that the trusted revision does not have: no plan runs it.
    pub unreviewed: Unreviewed,
}

/// What the target's own record says of one resource that we manage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Owned {
    /// What was last declared and applied: the paths we own, with their values.
    pub declared: Arc<Resource>,
    /// The revision it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The tasks that were declared with it, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tasks: BTreeMap<String, TaskRecord>,
}

impl Owned {
    /// Its tasks as they were declared, in their order.
    pub fn declared_tasks(&self) -> IndexMap<String, Task> {
        let mut records: Vec<(&String, &TaskRecord)> = self.tasks.iter().collect();
        records.sort_by_key(|(_, record)| record.place);
        records.into_iter().map(|(name, record)| (name.clone(), record.task.clone())).collect()
    }
}

/// The target's own record of what we manage.
pub type Inventory = BTreeMap<Address, Owned>;

/// One object of the target in the target's own words, managed or not: a table, index, trigger or view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Native {
    /// `table`, `index`, `trigger`, `view`.
    pub kind: String,
    pub name: String,
    /// The table it belongs to; for a table its own name.
    pub table: String,
    /// The statement that makes it, as the target reports it.
    pub definition: String,
}

/// One inspection of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Everything the target holds that the model has words for, managed or not.
    pub state: State,
    pub inventory: Inventory,
    /// Every object in the target's own words, sorted by kind and name.
    pub natives: Vec<Native>,
    /// What the model has no words for: name and reason.
    pub opaque: BTreeMap<String, String>,
    /// Product and version, for people: `SQLite 3.54.1`.
    pub server: String,
    /// Whether the target has been applied to before.
    pub initialized: bool,
    /// What earlier applies moved aside, by number. No plan is bound to it but one that brings it back.
    pub trash: Vec<Trashed>,
    /// The last number that was given to something in the trash.
    pub last_trash: u64,
    /// How many locks the target has room for at once; none where there is no such limit.
    pub lock_room: Option<u64>,
    /// What an apply that was cut off has left to be tidied up, in its order.
    pub unfinished: Vec<String>,
}

impl Snapshot {
    /// What a plan is bound to: all state and inventory, and every native object. A plan made on one base is
    /// stale on any other.
    pub fn fingerprint(&self) -> Fingerprint {
        let state: BTreeMap<String, &Resource> =
            self.state.iter().map(|(a, r)| (a.to_string(), r.as_ref())).collect();
        let owned: BTreeMap<String, &Owned> =
            self.inventory.iter().map(|(a, o)| (a.to_string(), o)).collect();
        Fingerprint::of(&(state, owned, &self.natives))
    }
}
