//! What a target keeps of every apply: who, when, from which revision, what it was before, how it ended.
//! Never reads a clock: times come in.

pub mod lease;
pub mod notice;
pub mod past;
pub mod suspension;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::diff::change::Change;
use crate::diff::decision::Verb;
use crate::fingerprint::Fingerprint;
use crate::model::resource::Resource;
use crate::model::state::{Native, Owned, Snapshot};
use crate::model::trash::Moved;
use crate::plan::{Finding, Plan, Promotion, Rollback, Step, StepId, Summary};
use crate::signature::PublicKey;
use crate::source::Revision;

/// An instant as RFC 3339 in UTC, `2026-11-21T13:45:00Z`.
pub type Timestamp = String;

/// One apply, as the target's journal keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Given by the target, from 1; 0 before it is kept.
    pub id: u64,
    pub started: Timestamp,
    pub finished: Timestamp,
    /// Who applied: user and host.
    pub actor: String,
    /// The version of `reconcile` that applied.
    pub version: String,
    pub environment: String,
    pub revision: Revision,
    /// The apply of another environment that this one repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promoted_from: Option<Promotion>,
    /// The applies that this one took back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back: Option<Rollback>,
    pub plan: Fingerprint,
    pub base: Fingerprint,
    pub goal: Fingerprint,
    pub outcome: Outcome,
    pub summary: Summary,
    pub steps: Vec<Step>,
    /// The steps of tasks that had nothing left to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<StepId>,
    /// The keys that the applied package was signed with; of an environment that requires some, those alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signed_by: Vec<PublicKey>,
    /// The findings that were allowed, as they were written.
    pub allowed: Vec<String>,
    /// Why it was applied while the windows of the environment were shut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside_window: Option<String>,
    /// What was touched, as it was before; none where it did not exist.
    pub before: Vec<(Address, Option<Resource>)>,
    /// What else a way back needs, one for each of `before`; none in entries that an older version kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touched: Option<Vec<Touched>>,
    /// What was moved aside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trash: Vec<Moved>,
    /// The numbers of what was brought back from the trash, and is not there any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restored: Vec<u64>,
    /// Until when it stays there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trash_until: Option<Timestamp>,
    /// The findings that say what was destroyed, and of which nothing was kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<Finding>,
}

/// One touched resource, as it was before an apply and as the apply left it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Touched {
    /// Its address after the apply.
    pub address: Address,
    /// Whether the apply left none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_gone: bool,
    /// Whether it was another one, whose rows went into the trash as a whole.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_replaced: bool,
    /// What the inventory said of it; none where it was not ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owned: Option<Owned>,
    /// The old name of each renamed field or option, by its new one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub renamed: BTreeMap<String, String>,
    /// It and what hung on it, in the target's own words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub natives: Vec<Native>,
}

impl Touched {
    /// What a plan touches, as a snapshot of its base has it.
    pub fn of(plan: &Plan, base: &Snapshot) -> Vec<Touched> {
        let mut hanging: BTreeMap<String, Vec<&Native>> = BTreeMap::new();
        for native in base.natives.iter().filter(|native| native.kind != "view") {
            hanging.entry(native.table.to_lowercase()).or_default().push(native);
        }
        let one = |change: &Change| {
            let before = change.address_before();
            let section = if before.kind == crate::model::picklist::KIND { "options" } else { "fields" };
            let natives = hanging.get(&before.name.to_lowercase()).into_iter().flatten();
            Touched {
                address: change.address.clone(),
                is_gone: matches!(change.verb, Verb::Delete | Verb::Forget),
                is_replaced: change.before.is_some() && change.restored.as_ref().is_some_and(|one| one.rows),
                owned: base.inventory.get(before).cloned(),
                renamed: change.renames(section).map(|(new, old)| (new.to_owned(), old.to_owned())).collect(),
                natives: match change.before {
                    Some(_) => natives.map(|native| (*native).clone()).collect(),
                    None => Vec::new(),
                },
            }
        };
        plan.changes.iter().map(one).collect()
    }
}

/// How an apply ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "result")]
pub enum Outcome {
    Applied,
    /// Nothing was changed: the transaction was rolled back.
    Failed {
        step: Option<u32>,
        message: String,
    },
}

/// Who applies, and since when: what the lock shows to others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub actor: String,
    pub since: Timestamp,
}

impl Entry {
    /// Notes what the plan touches, as its base has it. A change speaks of what was there under the names that other
    /// things will have after the plan.
    pub fn note_base(&mut self, plan: &Plan, base: &Snapshot) {
        let state =
            |change: &Change| change.before.as_ref().and_then(|_| base.state.get(change.address_before()));
        self.before = plan
            .changes
            .iter()
            .map(|c| (c.address_before().clone(), state(c).map(|state| (**state).clone())))
            .collect();
        self.touched = Some(Touched::of(plan, base));
    }

    /// Opens the entry of an apply that begins now.
    pub fn open(plan: &Plan, holder: &Holder, allowed: &[String]) -> Entry {
        Entry {
            id: 0,
            started: holder.since.clone(),
            finished: holder.since.clone(),
            actor: holder.actor.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            environment: plan.environment.clone(),
            revision: plan.revision.clone(),
            promoted_from: plan.promoted_from.clone(),
            rolled_back: plan.rolled_back.clone(),
            plan: plan.fingerprint(),
            base: plan.base,
            goal: plan.goal,
            outcome: Outcome::Applied,
            summary: plan.summary,
            steps: plan.steps.clone(),
            skipped: Vec::new(),
            signed_by: Vec::new(),
            allowed: allowed.to_vec(),
            outside_window: None,
            before: plan.changes.iter().map(|c| (c.address_before().clone(), c.before.clone())).collect(),
            touched: None,
            trash: plan.trash.clone(),
            restored: plan.restores().collect(),
            trash_until: None,
            lost: plan.lost().cloned().collect(),
        }
    }
}

/// The instant some days after another. What is no instant is taken for one that has passed.
pub fn after_days(from: &str, days: u32) -> Timestamp {
    let hours = jiff::Span::new().hours(i64::from(days) * 24);
    let later = from.parse::<jiff::Timestamp>().ok().and_then(|from| from.checked_add(hours).ok());
    later.map_or_else(|| from.to_owned(), |later| later.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}
