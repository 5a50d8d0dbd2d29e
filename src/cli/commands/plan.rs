//! `reconcile plan`, also written `reconcile --plan`.
//! Never writes to a target.

use std::path::Path;

use super::desired;
use crate::cli::ahead::Ahead;
use crate::cli::args::Choices;
use crate::cli::context::{Context, Opened, Purpose};
use crate::cli::exit::{Code, Failure};
use crate::cli::files;
use crate::model::environment::Environment;
use crate::model::state::Desired;
use crate::ops;
use crate::package;
use crate::plan::{Level, Plan};
use crate::render::paint::clean_json;
use crate::render::plan_markdown;
use crate::render::plan_text::{self, Options};
use crate::wire;

pub fn run(
    context: &Context,
    out: Option<&Path>,
    detailed_exitcode: bool,
    choices: &Choices,
) -> Result<Code, Failure> {
    let files = context.files()?;
    let mut ahead = Ahead::start(context, &files, Purpose::Read);
    let opened = context.open_files(files)?;
    let environments = context.environments(&opened.repository, Purpose::Read)?;
    if out.is_some() && environments.len() != 1 {
        return Err(Failure::error("--out saves the plan of one environment").help("name it with -e"));
    }
    let mut plans = Vec::new();
    let mut worst = Code::Done;
    for environment in &environments {
        match one(context, &opened, &mut ahead, environment, choices) {
            Ok(plan) => plans.push(plan),
            // One environment that cannot be reached does not hide the others.
            Err(failure) => {
                context.terminal.failure(&failure);
                worst = worst.max(failure.code);
            }
        }
    }
    if let (Some(path), [plan]) = (out, plans.as_slice()) {
        save(context, &opened, plan, choices, path)?;
    }
    show(context, &plans);
    if worst != Code::Done {
        return Err(Failure::said(worst));
    }
    if plans.iter().flat_map(|p| &p.findings).any(|f| f.level == Level::Refuse) {
        return Ok(Code::Refused);
    }
    let pending = plans.iter().any(|p| !p.is_empty());
    Ok(if detailed_exitcode && pending { Code::Pending } else { Code::Done })
}

/// Plans one environment.
pub fn one(
    context: &Context,
    opened: &Opened,
    ahead: &mut Ahead,
    environment: &Environment,
    choices: &Choices,
) -> Result<Plan, Failure> {
    let desired = desired(&opened.repository, environment, choices)?;
    let _progress = context.terminal.spinner(&format!("planning {}", environment.name));
    let (mut target, snapshot) = ahead.take(context, environment)?;
    Ok(ops::plan::plan_from(desired, target.as_mut(), &snapshot, &opened.files.revision)?)
}

/// Prints plans as the run's result.
pub fn show(context: &Context, plans: &[Plan]) {
    if context.is_json() {
        let document = wire::plan::PlanDocument::new(plans.to_vec());
        context.terminal.result(&clean_json(&wire::plan::to_json(&document)));
        return;
    }
    let options = Options { paint: context.terminal.paint, verbose: context.global.verbose };
    context.terminal.result(&plan_text::plans(plans, &options));
}

fn save(
    context: &Context,
    opened: &Opened,
    plan: &Plan,
    choices: &Choices,
    path: &Path,
) -> Result<(), Failure> {
    let environment = &opened.repository.environments[&plan.environment].0;
    pack(context, plan, &desired(&opened.repository, environment, choices)?, path)
}

/// Saves one plan with what it declares as a package.
pub fn pack(context: &Context, plan: &Plan, desired: &Desired, path: &Path) -> Result<(), Failure> {
    let package = ops::package::pack(plan, desired, plan_markdown::plan(plan))?;
    files::save(path, &package::write(&package))?;
    let name = path.display();
    context.terminal.remark(&format!(
        "Saved the plan as {name} ({}). To apply exactly this: reconcile apply {name}",
        package.fingerprint().short()
    ));
    Ok(())
}
