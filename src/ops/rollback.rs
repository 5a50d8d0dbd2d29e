//! `rollback`: a plan back to the state before an apply, from the target's own journal and trash.
//! Never reads manifests: what was declared then is in the record.

use std::collections::{BTreeMap, BTreeSet};

use crate::journal::past::{self, NoPast, Past};
use crate::model::environment::Environment;
use crate::model::setup::{Action, Setup};
use crate::model::state::{Declared, Desired, Origin, Scope, Snapshot};
use crate::plan::Plan;
use crate::planner;
use crate::policy::{self, Case};
use crate::target::{Target, TargetError};

/// A plan back, and what was declared then.
#[derive(Clone, Debug)]
pub struct Rollback {
    pub plan: Plan,
    pub desired: Desired,
}

/// Why there is no plan back.
#[derive(Debug, thiserror::Error)]
pub enum RollbackError {
    #[error("environment {environment} cannot be rolled back to before entry {entry}: {why}")]
    NoPast { environment: String, entry: u64, why: Box<NoPast> },
    #[error(transparent)]
    Target(#[from] TargetError),
}

/// Plans back to the state before entry `id`.
pub fn plan(environment: &Environment, id: u64, target: &mut dyn Target) -> Result<Rollback, RollbackError> {
    let dialect = target.dialect();
    let entries = target.history(usize::MAX)?;
    let snapshot = target.inspect()?;
    let alive: BTreeSet<u64> = snapshot.trash.iter().map(|one| one.moved.number).collect();
    let past = past::before(&entries, id, &alive).map_err(|why| RollbackError::NoPast {
        environment: environment.name.clone(),
        entry: id,
        why: Box::new(why),
    })?;
    let desired = desired(environment, &past, &snapshot);
    let draft = planner::draft_back(&past, &desired, &snapshot, dialect);
    let answers = target.measure(draft.queries())?;
    let rows = draft.counted(&answers);
    let mut plan = draft.plan(&answers, &[], &target.describe(), &past.revision);
    if !plan.steps.is_empty() {
        let broken = target.rehearse(&plan.steps)?;
        planner::add_broken(&mut plan, broken, &environment.allow);
    }
    policy::judge(&mut plan, Case { desired: &desired, rows: &rows });
    Ok(Rollback { plan, desired })
}

/// What was declared then: what is declared now where nothing touched it since.
fn desired(environment: &Environment, past: &Past, snapshot: &Snapshot) -> Desired {
    let mut owned = snapshot.inventory.clone();
    for address in past.gone.iter().chain(past.lines.iter().filter_map(|line| line.now.as_ref())) {
        owned.remove(address);
    }
    owned.extend(past.lines.iter().filter_map(|line| Some((line.address.clone(), line.owned.clone()?))));
    let declared = owned.into_iter().map(|(address, owned)| {
        let declared = Declared {
            resource: owned.declared,
            renamed_from: None,
            labels: BTreeMap::new(),
            waivers: Vec::new(),
            setup: Setup::default(),
            action: Action::Overwrite,
            origin: Origin::default(),
        };
        (address, declared)
    });
    Desired {
        environment: environment.clone(),
        // What goes is seen to in the transaction itself; and the tasks of then have nothing to say now.
        scope: Scope::Part,
        resources: declared.collect(),
        unfinished: Vec::new(),
        today: None,
        unreviewed: Default::default(),
    }
}
