//! `reconcile plan`, also written `reconcile --plan`.
//! Never writes to a target.

use std::path::{Path, PathBuf};

use super::{base, desired};
use crate::cli::admission;
use crate::cli::ahead::Ahead;
use crate::cli::args::{Choices, Format};
use crate::cli::context::{Context, Opened, Purpose};
use crate::cli::exit::{Code, Failure};
use crate::cli::pull_request::{Asked, PullRequest};
use crate::cli::{files, preview};
use crate::model::environment::Environment;
use crate::model::state::Desired;
use crate::ops;
use crate::ops::trust::Fresh;
use crate::package;
use crate::plan::{Level, Plan};
use crate::render::plan_markdown;
use crate::render::power_text;
use crate::render::rehearsal_text;
use crate::report::preview::{Planned, Preview, Subject, Unplanned};
use crate::report::rehearsal::Rehearsal;
use crate::source::{self, Files};

/// A rehearsal that was asked for.
#[derive(Clone, Copy)]
pub struct Trial<'a> {
    /// The server on which a database of its own is made; none for the target itself.
    pub on: Option<&'a str>,
}

/// What is to be planned, and what becomes of it.
pub struct Order<'a> {
    pub out: Option<PathBuf>,
    pub detailed_exitcode: bool,
    pub trial: Option<Trial<'a>>,
    /// The revision that a branch is compared with, instead of the targets.
    pub base: Option<String>,
    /// The targets as well.
    pub with_targets: bool,
    pub max_bytes: Option<usize>,
    /// The pull request that it is shown on as well.
    pub comment: Option<Asked>,
    pub choices: Choices,
}

impl Order<'_> {
    fn asks_targets(&self) -> bool {
        self.base.is_none() || self.with_targets
    }
}

pub fn run(context: &Context, order: &Order<'_>) -> Result<Code, Failure> {
    // What a branch is compared with is also what says how far it may go.
    let mut context = context.clone();
    context.global.trust = context.global.trust.or_else(|| order.base.clone());
    let context = &context;
    let files = context.files()?;
    // Whoever cannot comment learns that before anything is planned.
    let pull_request = order.comment.as_ref().map(|asked| PullRequest::find(context, &files.revision, asked));
    let pull_request = pull_request.transpose()?;
    let is_told = |seen: &Preview| {
        pull_request.as_ref().is_none_or(|pull_request| pull_request.tell(context, seen, order.max_bytes))
    };
    let subject = Subject {
        folder: source::folder_in_repository(context.root()),
        named: context.global.environments.clone(),
        has_targets: order.asks_targets(),
    };
    let mut seen = Preview { subject, revision: files.revision.clone(), ..Preview::default() };
    let (opened, worst) = match look(context, order, files, &mut seen) {
        Ok(looked) => looked,
        Err(failure) => {
            if seen.n_errors() > 0 {
                match context.global.format {
                    Format::Text | Format::Json => {}
                    Format::Ndjson | Format::Markdown | Format::Html | Format::Sarif | Format::Github => {
                        preview::show(context, &seen, order.max_bytes);
                    }
                }
            } else if let Some(message) = &failure.message {
                let environment = match context.global.environments.join(", ") {
                    all if all.is_empty() => "all".to_owned(),
                    named => named,
                };
                let (message, help) = (message.clone(), failure.help.clone());
                seen.unplanned.push(Unplanned { environment, message, help });
            }
            // Nobody may take what is shown of an older commit for what is to be said of this one. It ends as an error,
            // told or not.
            is_told(&seen);
            return Err(failure);
        }
    };
    let saved = match (&order.out, seen.planned.as_slice()) {
        (Some(path), [planned]) => {
            save(context, &opened, &planned.plan, &seen.rehearsals, &order.choices, path)
        }
        (_, _) => Ok(()),
    };
    preview::show(context, &seen, order.max_bytes);
    let is_told = is_told(&seen);
    saved?;
    if worst != Code::Done {
        return Err(Failure::said(worst));
    }
    let plans: Vec<&Plan> = seen.deciding().map(|one| &one.plan).collect();
    if plans.iter().flat_map(|p| &p.findings).any(|f| f.level == Level::Refuse) {
        return Ok(Code::Refused);
    }
    let pending = plans.iter().any(|p| !p.is_empty());
    // What nobody was told did not go well, whatever is pending.
    Ok(match (is_told, order.detailed_exitcode && pending) {
        (false, _) => Code::Error,
        (true, true) => Code::Pending,
        (true, false) => Code::Done,
    })
}

/// Plans every chosen environment, and puts what is seen into the preview. Returns how the worst one ended.
fn look(
    context: &Context,
    order: &Order<'_>,
    files: Files,
    seen: &mut Preview,
) -> Result<(Opened, Code), Failure> {
    let asks_targets = order.asks_targets();
    let mut ahead = match asks_targets {
        true => Ahead::start(context, &files, Purpose::Read),
        false => Ahead::default(),
    };
    let (mut opened, found) = context.examine(files)?;
    seen.diagnostics = preview::hosted(context, &found);
    if seen.n_errors() > 0 {
        return Err(Failure::said(Code::Error));
    }
    context.hold(&mut opened, if asks_targets { Fresh::Dropped } else { Fresh::Kept })?;
    seen.power = opened.power.clone();
    let environments = context.environments(&opened.repository, Purpose::Read)?;
    if order.out.is_some() && environments.len() != 1 {
        return Err(Failure::error("--out saves the plan of one environment").help("name it with -e"));
    }
    let folder = seen.subject.folder.clone();
    let based = order.base.as_deref().map(|rev| base::open(context, rev)).transpose()?;
    let with_places = |plan: Plan, environment: &Environment| -> Result<Planned, Failure> {
        let desired = desired(&opened.repository, environment, &order.choices)?;
        Ok(ops::preview::planned(plan, &desired, &opened.repository, &opened.files, &folder))
    };
    let mut worst = Code::Done;
    for environment in &environments {
        let branch = based.as_ref().map(|based| base::plan(based, &opened, environment, &order.choices));
        let branch = branch.transpose()?;
        if let Some(branch) = &branch {
            seen.planned.push(with_places(branch.clone(), environment)?);
        }
        if !asks_targets {
            continue;
        }
        match tried(context, &opened, &mut ahead, environment, order.trial, &order.choices) {
            Ok((plan, rehearsal)) => {
                let apart = branch.map(|branch| ops::preview::apart(&branch, &plan));
                seen.apart.extend(apart.filter(|apart| !apart.is_empty()));
                seen.planned.push(with_places(plan, environment)?);
                seen.rehearsals.extend(rehearsal);
            }
            // One environment that cannot be reached does not hide the others.
            Err(failure) => {
                context.terminal.failure(&failure);
                worst = worst.max(failure.code);
                seen.unplanned.push(Unplanned {
                    environment: environment.name.clone(),
                    message: failure.message.unwrap_or_else(|| "see the log".to_owned()),
                    help: failure.help,
                });
            }
        }
    }
    Ok((opened, worst))
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
    let planned = plans.iter().cloned().map(Planned::new).collect();
    preview::show(context, &Preview { planned, ..Preview::default() }, None);
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
        "Saved the plan as {name} ({}, digest {}). To apply exactly this: reconcile apply {name}",
        package.fingerprint().short(),
        plan.digest()
    ));
    Ok(())
}
