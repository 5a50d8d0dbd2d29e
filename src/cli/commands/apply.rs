//! `reconcile apply`: a saved package exactly; or plan, show, ask, apply.
//! Never applies what was not shown, unless `--yes` says that nobody is there to see it.

use std::path::Path;

use super::reviewed::Reviewed;
use super::{desired, plan};
use crate::address::Address;
use crate::apply::{ApplyError, Terms};
use crate::cli::admission::admit;
use crate::cli::ahead::Ahead;
use crate::cli::args::Choices;
use crate::cli::context::{Context, Opened, Purpose, instant, now, today, writable};
use crate::cli::exit::{Code, Failure};
use crate::cli::packages;
use crate::cli::patience::{BUDGET, Until};
use crate::model::environment::Environment;
use crate::model::setup::Action;
use crate::model::state::Desired;
use crate::model::window::Hand;
use crate::ops;
use crate::ops::window::Within;
use crate::package::Sealed;
use crate::plan::{Allowance, Plan};
use crate::provider::open::Mode;
use crate::render::paint::clean_json;
use crate::render::plan_text::{self, Options};
use crate::render::report_text;
use crate::report::{Applied, Report};
use crate::signature::PublicKey;
use crate::target::Target;
use crate::wire;

/// Plans every chosen environment, shows, asks and applies, one environment after the other.
pub fn planned(
    context: &Context,
    reviewed: &Reviewed,
    consent: &Consent<'_>,
    choices: &Choices,
) -> Result<Code, Failure> {
    let files = context.files()?;
    let mut ahead = Ahead::start(context, &files, Purpose::Write);
    let opened = context.open_files(files)?;
    let mut reports = Vec::new();
    let environments = context.environments(&opened.repository, Purpose::Write)?;
    reviewed.of_one(environments.len())?;
    environments.iter().try_for_each(|environment| writable(environment, &[]))?;
    for environment in environments {
        if !begin(context, environment, consent.outside_window)?.is_empty() {
            // What was seen ahead is not there any more.
            ahead = Ahead::default();
        }
        let plan = plan::one(context, &opened, &mut ahead, environment, choices)?;
        let desired = desired(&opened.repository, environment, choices)?;
        reviewed.check(context, &plan, &desired)?;
        match one(context, environment, &plan, Some(desired), consent, &[])? {
            Some(report) => reports.push(report),
            None => return Ok(Code::Done),
        }
    }
    finish(context, reports)
}

/// Begins what ends in an apply: refuses where nothing may be applied, and tidies up.
pub fn begin(
    context: &Context,
    environment: &Environment,
    outside_window: Option<&str>,
) -> Result<Vec<String>, Failure> {
    if !environment.require_signed_by.is_empty() {
        admit(environment, context.target(environment, Mode::Read)?.as_mut(), outside_window)?;
        return Ok(Vec::new());
    }
    let mut target = context.target(environment, Mode::Write)?;
    admit(environment, target.as_mut(), outside_window)?;
    tidied(context, target.as_mut())
}

/// Tidies up what an apply that was cut off has left, so that the plan starts from what is meant to be there.
pub fn tidy(context: &Context, environment: &Environment) -> Result<Vec<String>, Failure> {
    // Only what a signed package brings is written there; it finds what is left when it takes the lock.
    if !environment.require_signed_by.is_empty() {
        return Ok(Vec::new());
    }
    tidied(context, context.target(environment, Mode::Write)?.as_mut())
}

fn tidied(context: &Context, target: &mut dyn Target) -> Result<Vec<String>, Failure> {
    let tidied = target.tidy(&context.holder())?;
    for title in &tidied {
        context.terminal.remark(&format!("tidied up after an apply that was cut off: {title}"));
    }
    Ok(tidied)
}

/// A package, and where its detached signatures are if they are not beside it.
pub struct Named<'a> {
    pub package: &'a Path,
    pub signature: Option<&'a Path>,
}

/// Applies exactly one saved package.
pub fn saved(
    context: &Context,
    named: &Named<'_>,
    reviewed: &Reviewed,
    consent: &Consent<'_>,
    choices: &Choices,
) -> Result<Code, Failure> {
    if !choices.setup.is_empty() {
        return Err(Failure::error("a saved plan is applied exactly, so --setup cannot change it")
            .help("plan again with --setup and --out"));
    }
    let sealed = packages::open(named.package, named.signature)?;
    let opened = context.open()?;
    believable(context, &opened, &sealed)?;
    let package = packages::read(&sealed)?;
    let Some(plan) = package.plan() else {
        return Err(Failure::error(format!("`{}` holds resources and no plan", named.package.display()))
            .help("make a package for one environment with `reconcile plan -e ENV --out FILE.zip`"));
    };
    reviewed.check_digest(plan)?;
    let environment = chosen(context, &opened, plan)?;
    let signed_by = packages::trusted(&sealed, environment)?;
    let mut plan = plan.clone();
    // A package cannot loosen what the environment's own manifest says today.
    plan.policy.max_destroy = match (plan.policy.max_destroy, environment.max_destroy) {
        (Some(packed), Some(limit)) => Some(packed.min(limit)),
        (Some(0), None) if plan.policy.auto_apply => None,
        (packed, limit) => packed.or(limit),
    };
    plan.withdraw_waivers(&today().to_string());
    match one(context, environment, &plan, None, &Consent { signed_by: &signed_by, ..*consent }, &[])? {
        Some(report) => finish(context, vec![report]),
        None => Ok(Code::Done),
    }
}

/// Refuses a package that no environment it may be for would take, before anything in it is read.
fn believable(context: &Context, opened: &Opened, sealed: &Sealed) -> Result<(), Failure> {
    let mut refused = None;
    for environment in context.environments(&opened.repository, Purpose::Read)? {
        match packages::trusted(sealed, environment) {
            Ok(_) => return Ok(()),
            Err(failure) => refused = refused.or(Some(failure)),
        }
    }
    refused.map_or(Ok(()), Err)
}

/// The environment that a saved plan was made for, as the repository declares it now.
fn chosen<'a>(context: &Context, opened: &'a Opened, plan: &Plan) -> Result<&'a Environment, Failure> {
    let Some((environment, _)) = opened.repository.environments.get(&plan.environment) else {
        return Err(Failure::error(format!(
            "the package is for environment `{}`, which this repository does not declare",
            plan.environment
        )));
    };
    let named = &context.global.environments;
    if !named.is_empty() && !named.iter().any(|n| crate::address::glob(n, &environment.name)) {
        let message =
            format!("the package is for environment `{}`, not for `{}`", plan.environment, named.join(", "));
        return Err(Failure::error(message).help("leave -e out, or make a package for that environment"));
    }
    Ok(environment)
}

/// What is agreed to in advance: by the person who applies, and by those who signed the package.
#[derive(Clone, Copy)]
pub struct Consent<'a> {
    pub yes: bool,
    pub allow: &'a [Allowance],
    pub signed_by: &'a [PublicKey],
    /// Why the windows of the environment are passed by.
    pub outside_window: Option<&'a str>,
}

/// Shows one plan, asks, applies and prints the report. None where the person said no. The report says of each
/// resource that is `spoken_of` what became of it.
pub fn one(
    context: &Context,
    environment: &Environment,
    plan: &Plan,
    desired: Option<Desired>,
    consent: &Consent<'_>,
    spoken_of: &[(Address, Action)],
) -> Result<Option<Report>, Failure> {
    let Consent { yes, allow, signed_by, outside_window } = *consent;
    let terminal = &context.terminal;
    let mut target = context.signed_target(environment, signed_by)?;
    if target.describe() != plan.target {
        let message = format!(
            "the plan was made for {}, and environment {} is {}",
            plan.target,
            plan.environment,
            target.describe()
        );
        return Err(Failure::new(Code::Stale, message).help("plan again; nothing was changed"));
    }
    admit(environment, target.as_mut(), outside_window)?;
    let options = Options { paint: terminal.paint, verbose: context.global.verbose };
    // Nobody reads a plan under `--yes --quiet`; a question is never asked without one.
    let is_shown = !context.is_json() && (!yes || !terminal.quiet) && !has_nothing(plan, spoken_of);
    if is_shown {
        terminal.result(&plan_text::plan(plan, &options));
    }
    let is_refused = !plan.refusals(allow).is_empty();
    if !plan.is_empty() && !yes && !is_refused {
        let question =
            format!("\nApply these changes to environment {} ({})?", plan.environment, plan.target);
        if !terminal.confirm(&question)? {
            terminal.remark("Nothing was changed.");
            return Ok(None);
        }
    }
    let holder = context.holder();
    let patience = Until::after(BUDGET);
    let terms = Terms { holder: &holder, allow, signed_by, clock: &now, outside_window, patience: &patience };
    let mut progress = terminal.apply_progress(plan);
    target.listen(progress.listener());
    let windows = if outside_window.is_some() { &[] } else { environment.windows.as_slice() };
    let mut within = Within::new(windows, Hand::Manual, &instant, plan, &mut progress);
    let applied = ops::apply::run(plan, desired, target.as_mut(), &terms, &mut within);
    drop(progress);
    let report = match applied {
        Ok(report) => report,
        Err(error @ ApplyError::Refused { .. }) if !spoken_of.is_empty() => {
            let gap = if is_shown { "\n" } else { "" };
            let report = Report::refused(plan, allow, spoken_of);
            match context.is_json() {
                true => show(context, vec![report]),
                false => terminal.result(&format!("{gap}{}", report_text::report(&report, terminal.paint))),
            }
            return Err(error.into());
        }
        Err(error) => return Err(error.into()),
    };
    let report = report.with_resources(plan, spoken_of);
    let is_told =
        report.outcome != Applied::Nothing || has_nothing(plan, spoken_of) || !report.purged.is_empty();
    if !context.is_json() && is_told {
        let gap = if is_shown { "\n" } else { "" };
        terminal.result(&format!("{gap}{}", report_text::report(&report, terminal.paint)));
    }
    Ok(Some(report))
}

/// An import that changes nothing says so resource by resource: that the environment matches a revision would be
/// too much said.
fn has_nothing(plan: &Plan, spoken_of: &[(Address, Action)]) -> bool {
    plan.is_empty() && plan.findings.is_empty() && !spoken_of.is_empty()
}

/// Prints the reports where they are one document, and says how it went.
pub fn finish(context: &Context, reports: Vec<Report>) -> Result<Code, Failure> {
    let is_left =
        reports.iter().any(|report| matches!(report.outcome, Applied::Unfinished | Applied::Partial));
    let is_good = reports.iter().all(|r| matches!(r.outcome, Applied::Done | Applied::Nothing));
    if context.is_json() {
        show(context, reports);
    }
    match (is_good, is_left) {
        (true, _) => Ok(Code::Done),
        (false, true) => Err(Failure::said(Code::Partial)),
        (false, false) => Err(Failure::said(Code::Error)),
    }
}

fn show(context: &Context, reports: Vec<Report>) {
    let document = wire::report::ReportDocument::new(reports);
    context.terminal.result(&clean_json(&wire::report::to_json(&document)));
}
