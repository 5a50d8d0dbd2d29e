//! Approve exactly this: what was reviewed, held against what would be applied now.
//! Never lets another plan through than the one that was reviewed.

use std::path::{Path, PathBuf};

use crate::cli::context::Context;
use crate::cli::exit::{Code, Failure};
use crate::cli::packages;
use crate::fingerprint::Fingerprint;
use crate::model::state::Desired;
use crate::ops;
use crate::package::{self, Package};
use crate::plan::Plan;
use crate::render::paint::clean_json;
use crate::render::{self, plan_markdown};
use crate::wire;

/// What somebody has reviewed, as far as it was named.
#[derive(Clone, Debug, Default)]
pub struct Reviewed {
    /// The digest of its plan.
    pub digest: Option<Fingerprint>,
    /// Its package.
    pub package: Option<PathBuf>,
}

impl Reviewed {
    /// What was reviewed is the plan of one environment.
    pub fn of_one(&self, n_environments: usize) -> Result<(), Failure> {
        match (&self.digest, &self.package, n_environments) {
            (None, None, _) | (_, _, 1) => Ok(()),
            (_, _, _) => {
                Err(Failure::error("what was reviewed is the plan of one environment")
                    .help("name it with -e"))
            }
        }
    }

    /// Refuses a plan of another digest.
    pub fn check_digest(&self, plan: &Plan) -> Result<(), Failure> {
        match self.digest {
            Some(expected) if plan.digest() != expected => Err(other(plan, &expected)),
            Some(_) | None => Ok(()),
        }
    }

    /// Refuses a plan that is not the reviewed one; where the package of that is at hand, shows how they differ.
    pub fn check(&self, context: &Context, plan: &Plan, desired: &Desired) -> Result<(), Failure> {
        let Some(path) = &self.package else { return self.check_digest(plan) };
        let (package, reviewed) = read(path)?;
        if let Some(expected) = self.digest.filter(|expected| *expected != reviewed.digest()) {
            let message = format!(
                "`{}` holds the plan of digest {}, and {expected} is expected",
                path.display(),
                reviewed.digest()
            );
            return Err(Failure::new(Code::Stale, message)
                .help("name the package that was reviewed; nothing was changed"));
        }
        if plan.digest() == reviewed.digest() {
            return Ok(());
        }
        // From which commit it is planned is no difference.
        let same = Plan { revision: reviewed.revision.clone(), ..plan.clone() };
        let now = ops::package::pack(&same, desired, plan_markdown::plan(&same))?;
        let differences = package::compare(&package, &now);
        let text = match context.is_json() {
            true => clean_json(&wire::difference::to_json(differences)),
            false => render::package::diff(&differences, context.terminal.paint) + "\n",
        };
        context.terminal.result(&text);
        Err(other(plan, &reviewed.digest()))
    }
}

fn read(path: &Path) -> Result<(Package, Plan), Failure> {
    let package = packages::read(&packages::open(path, None)?)?;
    match package.plan().cloned() {
        Some(plan) => Ok((package, plan)),
        None => Err(Failure::error(format!("`{}` holds resources and no plan", path.display()))
            .help("what is reviewed is a package made by `reconcile plan --out`")),
    }
}

fn other(plan: &Plan, expected: &Fingerprint) -> Failure {
    let message = format!(
        "the plan for environment {} is not the one that was reviewed: its digest is {}, and {expected} is expected",
        plan.environment,
        plan.digest()
    );
    Failure::new(Code::Stale, message).help(
        "nothing was changed; the repository or the target is another one since: have the new plan reviewed",
    )
}
