//! What a target keeps of every apply: who, when, from which revision, what it was before, how it ended.
//! Never reads a clock: times come in.

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::fingerprint::Fingerprint;
use crate::model::resource::Resource;
use crate::plan::{Plan, Promotion, Step, StepId, Summary};
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
    /// What was touched, as it was before; none where it did not exist.
    pub before: Vec<(Address, Option<Resource>)>,
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
            plan: plan.fingerprint(),
            base: plan.base,
            goal: plan.goal,
            outcome: Outcome::Applied,
            summary: plan.summary,
            steps: plan.steps.clone(),
            skipped: Vec::new(),
            signed_by: Vec::new(),
            allowed: allowed.to_vec(),
            before: plan.changes.iter().map(|c| (c.address_before().clone(), c.before.clone())).collect(),
        }
    }
}
