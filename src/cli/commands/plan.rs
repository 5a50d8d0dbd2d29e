//! `reconcile plan`, also written `reconcile --plan`.
//! Never writes to a target.

use std::path::Path;

use super::desired;
use crate::cli::admission;
use crate::cli::ahead::Ahead;
use crate::cli::args::Choices;
use crate::cli::context::{Context, Opened, Purpose};
use crate::cli::exit::{Code, Failure};
use crate::cli::files;
use crate::model::environment::Environment;
use crate::model::power::Power;
use crate::model::state::Desired;
use crate::ops;
use crate::package;
use crate::plan::{Level, Plan};
use crate::render::paint::clean_json;
use crate::render::plan_markdown;
use crate::render::plan_text::{self, Options};
use crate::render::power_text;
use crate::render::rehearsal_text;
use crate::report::rehearsal::Rehearsal;
use crate::wire;

/// A rehearsal that was asked for.
#[derive(Clone, Copy)]
pub struct Trial<'a> {
    /// The server on which a database of its own is made; none for the target itself.
    pub on: Option<&'a str>,
}

pub fn run(
    context: &Context,
    out: Option<&Path>,
    detailed_exitcode: bool,
    trial: Option<Trial<'_>>,
    choices: &Choices,
) -> Result<Code, Failure> {
    let files = context.files()?;
    let mut ahead = Ahead::start(context, &files, Purpose::Read);
    let opened = context.open_files(files)?;
    let environments = context.environments(&opened.repository, Purpose::Read)?;
    if out.is_some() && environments.len() != 1 {
        return Err(Failure::error("--out saves the plan of one environment").help("name it with -e"));
    }
    let (mut plans, mut rehearsals) = (Vec::new(), Vec::new());
    let mut worst = Code::Done;
    for environment in &environments {
        match tried(context, &opened, &mut ahead, environment, trial, choices) {
            Ok((plan, rehearsal)) => {
                plans.push(plan);
                rehearsals.extend(rehearsal);
            }
            // One environment that cannot be reached does not hide the others.
            Err(failure) => {
                context.terminal.failure(&failure);
                worst = worst.max(failure.code);
            }
        }
    }
    if let (Some(path), [plan]) = (out, plans.as_slice()) {
        save(context, &opened, plan, &rehearsals, choices, path)?;
    }
    show_tried(context, &plans, rehearsals, opened.power.clone());
    if worst != Code::Done {
        return Err(Failure::said(worst));
    }
    if plans.iter().flat_map(|p| &p.findings).any(|f| f.level == Level::Refuse) {
        return Ok(Code::Refused);
    }
    let pending = plans.iter().any(|p| !p.is_empty());
    Ok(if detailed_exitcode && pending { Code::Pending } else { Code::Done })
}

/// Plans one environment, and rehearses its steps where that was asked for.
fn tried(
    context: &Context,
    opened: &Opened,
    ahead: &mut Ahead,
    environment: &Environment,
    trial: Option<Trial<'_>>,
    choices: &Choices,
) -> Result<(Plan, Option<Rehearsal>), Failure> {
    let Some(trial) = trial else {
        return Ok((one(context, opened, ahead, environment, choices)?, None));
    };
    let desired = desired(&opened.repository, environment, choices)?;
    let _progress = context.terminal.spinner(&format!("rehearsing {}", environment.name));
    let (mut target, snapshot) = ahead.take(context, environment)?;
    let target = target.as_mut();
    let mut plan = ops::plan::plan_from(desired.clone(), target, &snapshot, &opened.files.revision)?;
    admission::say(context, environment, target)?;
    if plan.findings.iter().any(|finding| finding.code == "RK811") {
        let name = &environment.name;
        context.terminal.warning(&format!("the plan of {name} is not rehearsed: it brings unreviewed SQL"));
        return Ok((plan, None));
    }
    match ops::rehearse::rehearse(&mut plan, target, trial.on, &desired)? {
        Some(rehearsal) => Ok((plan, Some(rehearsal))),
        None => {
            let text = format!("{} has no rehearsal of its own", target.describe());
            Err(Failure::error(text)
                .help("its steps are run in memory with every plan; leave out --rehearse"))
        }
    }
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
    let progress = context.terminal.spinner(&format!("planning {}", environment.name));
    let (mut target, snapshot) = ahead.take(context, environment)?;
    let plan = ops::plan::plan_from(desired, target.as_mut(), &snapshot, &opened.files.revision)?;
    drop(progress);
    admission::say(context, environment, target.as_mut())?;
    Ok(plan)
}

/// Prints plans as the run's result.
pub fn show(context: &Context, plans: &[Plan]) {
    show_tried(context, plans, Vec::new(), None);
}

fn show_tried(context: &Context, plans: &[Plan], rehearsals: Vec<Rehearsal>, power: Option<Power>) {
    if context.is_json() {
        let document =
            wire::plan::PlanDocument { rehearsals, power, ..wire::plan::PlanDocument::new(plans.to_vec()) };
        context.terminal.result(&clean_json(&wire::plan::to_json(&document)));
        return;
    }
    let options = Options { paint: context.terminal.paint, verbose: context.global.verbose };
    let mut text = plan_text::plans(plans, &options);
    for rehearsal in &rehearsals {
        text.push_str(&format!("\n{}", rehearsal_text::rehearsal(rehearsal, context.terminal.paint)));
    }
    if let Some(power) = power.filter(|power| !power.held.is_empty()) {
        text.push_str(&format!("\n{}", power_text::power(&power, context.terminal.paint)));
    }
    context.terminal.result(&text);
}

fn save(
    context: &Context,
    opened: &Opened,
    plan: &Plan,
    rehearsals: &[Rehearsal],
    choices: &Choices,
    path: &Path,
) -> Result<(), Failure> {
    let environment = &opened.repository.environments[&plan.environment].0;
    let desired = desired(&opened.repository, environment, choices)?;
    let mut tried: String = rehearsals.iter().map(rehearsal_text::markdown).collect();
    tried.extend(opened.power.as_ref().map(power_text::markdown));
    pack_with(context, plan, &desired, plan_markdown::plan(plan) + &tried, path)
}

/// Saves one plan with what it declares as a package.
pub fn pack(context: &Context, plan: &Plan, desired: &Desired, path: &Path) -> Result<(), Failure> {
    pack_with(context, plan, desired, plan_markdown::plan(plan), path)
}

fn pack_with(
    context: &Context,
    plan: &Plan,
    desired: &Desired,
    for_people: String,
    path: &Path,
) -> Result<(), Failure> {
    let package = ops::package::pack(plan, desired, for_people)?;
    files::save(path, &package::write(&package))?;
    let name = path.display();
    context.terminal.remark(&format!(
        "Saved the plan as {name} ({}). To apply exactly this: reconcile apply {name}",
        package.fingerprint().short()
    ));
    Ok(())
}
