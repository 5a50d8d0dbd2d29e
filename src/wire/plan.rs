//! The written form of plans: `--format json` of one or several environments, and `plan.json` of a package.
//! Never leaves out what apply needs: a plan read back is the plan that was written.

use serde::{Deserialize, Serialize};

use super::form::{self, WireError};
use crate::fingerprint::Fingerprint;
use crate::model::power::Power;
use crate::plan::Plan;
use crate::report::preview::Apart;
use crate::report::rehearsal::Rehearsal;

/// Major and minor: a newer minor only adds, a newer major is refused.
pub const FORMAT_VERSION: &str = "1.0";

/// The plans of one or several environments, as `reconcile plan --format json` prints them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanDocument {
    pub format_version: String,
    pub kind: PlanKind,
    /// One plan for each environment, in the order they were asked for.
    pub plans: Vec<Plan>,
    /// What came of running their steps where nothing stays; empty where that was not asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rehearsals: Vec<Rehearsal>,
    /// What the revision would change in power, where another one is trusted with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power: Option<Power>,
    /// The digest of each plan, which `apply --expect` takes, in their order; none for one that asked no target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub digests: Vec<Option<Fingerprint>>,
    /// Where what a branch changes differs from what would change in the target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apart: Vec<Apart>,
}

/// The word that tells this document from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PlanKind {
    Plan,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Borrowed<'a> {
    format_version: &'static str,
    plan: &'a Plan,
}

#[derive(Deserialize)]
struct Owned {
    plan: Plan,
}

impl PlanDocument {
    pub fn new(plans: Vec<Plan>) -> PlanDocument {
        let digest = |plan: &Plan| plan.compared.is_none().then(|| plan.digest());
        PlanDocument {
            format_version: FORMAT_VERSION.to_owned(),
            kind: PlanKind::Plan,
            digests: plans.iter().map(digest).collect(),
            plans,
            rehearsals: Vec::new(),
            power: None,
            apart: Vec::new(),
        }
    }
}

pub fn to_json(document: &PlanDocument) -> String {
    form::write(document)
}

pub fn from_json(text: &str) -> Result<PlanDocument, WireError> {
    form::read("plan", FORMAT_VERSION, text)
}

/// Writes the one plan of a package.
pub fn packaged_to_json(plan: &Plan) -> String {
    form::write(&Borrowed { format_version: FORMAT_VERSION, plan })
}

/// Reads the one plan of a package.
pub fn packaged_from_json(text: &str) -> Result<Plan, WireError> {
    form::read::<Owned>("plan", FORMAT_VERSION, text).map(|document| document.plan)
}
