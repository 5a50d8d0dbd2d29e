//! `promote`: what was last applied to one environment, planned for another.
//! Never takes anything from the first one's rows or from the repository's files: its own record says what it is.

use std::collections::BTreeMap;

use super::drift::drift;
use super::plan::plan;
use crate::journal::{Entry, Outcome};
use crate::model::environment::Environment;
use crate::model::repository::{self, Repository};
use crate::model::setup::Setup;
use crate::model::state::{Desired, Inventory, Origin};
use crate::plan::{Plan, Promotion};
use crate::target::{Target, TargetError};
use crate::wire::drift::Drift;

/// Whether an environment that has drifted may be promoted from all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drifted {
    Refused,
    Allowed,
}

/// What is promoted: the last apply of an environment, and what it declared.
#[derive(Clone, Debug)]
pub struct Promoted {
    pub entry: Entry,
    pub inventory: Inventory,
}

/// Why an environment cannot be promoted from.
#[derive(Debug, thiserror::Error)]
pub enum PromoteError {
    #[error("nothing was ever applied to environment {0}")]
    NothingApplied(String),
    #[error("the last apply to environment {environment} failed (journal entry {entry})")]
    LastFailed { environment: String, entry: u64 },
    #[error("environment {environment} is not what was last applied to it: {}", .moved.join(", "))]
    Drifted { environment: String, moved: Vec<String> },
    #[error(transparent)]
    Target(#[from] TargetError),
}

/// Reads what was last applied to an environment.
pub fn promoted(
    environment: &str,
    target: &mut dyn Target,
    drifted: Drifted,
) -> Result<Promoted, PromoteError> {
    let nothing = || PromoteError::NothingApplied(environment.to_owned());
    let entry = target.history(1)?.pop().ok_or_else(nothing)?;
    match entry.outcome {
        Outcome::Applied => {}
        Outcome::Failed { .. } => {
            return Err(PromoteError::LastFailed { environment: environment.to_owned(), entry: entry.id });
        }
    }
    let inventory = target.inspect()?.inventory;
    if inventory.is_empty() {
        return Err(nothing());
    }
    let found: Drift = drift(environment, target)?;
    if drifted == Drifted::Refused && !found.is_empty() {
        let moved = found.moved.iter().map(|change| change.address.to_string()).collect();
        return Err(PromoteError::Drifted { environment: environment.to_owned(), moved });
    }
    Ok(Promoted { entry, inventory })
}

/// What is declared for `to`: the promoted resources, under the policy of `to`. Where the repository declares a
/// resource, its manifest says which setup action it prefers.
pub fn desired(promoted: &Promoted, repository: &Repository, to: &Environment) -> Desired {
    let resources = promoted.inventory.iter().map(|(address, owned)| {
        let known = repository.resources.get(address);
        let setup = known.map(|entry| entry.setup.clone()).unwrap_or_default();
        let entry = repository::Entry {
            resource: owned.declared.clone(),
            renamed_from: None,
            labels: known.map(|entry| entry.labels.clone()).unwrap_or_default(),
            waivers: known.map(|entry| entry.waivers.clone()).unwrap_or_default(),
            // A name that the setup gave is in the record already, and so are the tasks that ran there.
            setup: Setup { as_name: None, target: None, tasks: owned.declared_tasks(), ..setup },
            origin: Origin::default(),
            customized: None,
            variants: BTreeMap::new(),
        };
        (address.clone(), entry)
    });
    let promoting = Repository {
        environments: BTreeMap::from([(to.name.clone(), (to.clone(), Origin::default()))]),
        resources: resources.collect(),
        unfinished: Vec::new(),
        unreviewed: BTreeMap::new(),
    };
    promoting.desired(&to.name, &BTreeMap::new()).unwrap_or_default()
}

/// Plans for the other environment, at the revision that was promoted.
pub fn planned(promoted: &Promoted, desired: Desired, target: &mut dyn Target) -> Result<Plan, TargetError> {
    let mut plan = plan(desired, target, &promoted.entry.revision)?;
    let environment = promoted.entry.environment.clone();
    plan.promoted_from = Some(Promotion { environment, entry: promoted.entry.id });
    Ok(plan)
}
