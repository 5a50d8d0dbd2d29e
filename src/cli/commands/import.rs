//! `reconcile import`: a package into an environment: verify, validate, show, let choose, plan, apply.
//! Never goes on while an error stands, and never touches what the package does not hold.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{apply, plan};
use crate::address::{Address, glob};
use crate::cli::args::Import;
use crate::cli::context::{Context, name_limits};
use crate::cli::dialogue::decide::{Bindings, decide};
use crate::cli::exit::{Code, Failure};
use crate::cli::{files, packages};
use crate::manifest;
use crate::model::environment::Environment;
use crate::model::setup::{Action, Binding};
use crate::model::state::Desired;
use crate::ops;
use crate::ops::import::{Checked, Destination, check};
use crate::package::Package;
use crate::plan::{Level, Plan};
use crate::provider::open::Mode;
use crate::render::diagnostics::diagnostics;
use crate::render::import_text;
use crate::render::paint::{clean_json, clean_lines};
use crate::source::File;
use crate::wire;
use crate::wire::import::ImportCheck;

pub fn run(context: &Context, arguments: &Import) -> Result<Code, Failure> {
    let sealed = packages::open(&arguments.package, arguments.signature.as_deref())?;
    let opened = context.open()?;
    let environment = context.environment(&opened.repository)?;
    let signed_by = packages::trusted(&sealed, environment)?;
    let package = packages::read(&sealed)?;
    let mut bindings = match &arguments.bindings {
        Some(path) => read_bindings(context, path)?,
        None => Bindings::new(),
    };
    for (address, action) in &arguments.choices.setup {
        bindings.entry(address.clone()).or_default().action = Some(*action);
    }
    leave_tasks_out(&package, &arguments.no_tasks, &mut bindings)?;
    let declared = opened.repository.desired(&environment.name, &BTreeMap::new());
    let declared = declared.map(|desired| desired.resources.into_keys().collect()).unwrap_or_default();
    let outside_window = arguments.outside_window.as_ref().map(|reason| reason.0.as_str());
    if !arguments.plan {
        apply::begin(context, environment, outside_window)?;
    }
    let Some(Checked { check, desired }) =
        decided(context, &package, environment, &declared, bindings, arguments)?
    else {
        context.terminal.remark("Nothing was changed.");
        return Ok(Code::Done);
    };
    let n_errors = check.n_errors();
    if n_errors > 0 {
        if context.is_json() {
            context.terminal.result(&clean_json(&wire::import::to_json(check, None)));
        }
        let errors =
            if n_errors == 1 { "1 error stands".to_owned() } else { format!("{n_errors} errors stand") };
        return Err(Failure::new(Code::Refused, format!("the package is not imported while {errors}"))
            .help("choose with --setup ADDRESS=ACTION or --bindings FILE; nothing was changed"));
    }
    let plan = planned(context, environment, &package, desired.clone())?;
    if arguments.plan {
        let is_possible = plan.findings.iter().all(|finding| finding.level != Level::Refuse);
        match context.is_json() {
            true => context.terminal.result(&clean_json(&wire::import::to_json(check, Some(plan)))),
            false if plan.is_empty() && plan.findings.is_empty() => {
                let text =
                    format!("\nNo changes. Environment {} holds all this already.\n", environment.name);
                context.terminal.result(&clean_lines(&text));
            }
            false => {
                context.terminal.result("\n");
                plan::show(context, &[plan]);
            }
        }
        return Ok(if is_possible { Code::Done } else { Code::Refused });
    }
    let spoken_of: Vec<(Address, Action)> =
        check.resources.into_iter().map(|r| (r.bound_to.unwrap_or(r.address), r.action)).collect();
    let is_listed = !arguments.yes || !context.terminal.quiet;
    if is_listed && !context.is_json() {
        context.terminal.result("\n");
    }
    let consent =
        apply::Consent { yes: arguments.yes, allow: &arguments.allow, signed_by: &signed_by, outside_window };
    match apply::one(context, environment, &plan, Some(desired), &consent, &spoken_of)? {
        Some(report) => apply::finish(context, vec![report]),
        None => Ok(Code::Done),
    }
}

/// Leaves out the tasks of every resource that `--no-tasks` names.
fn leave_tasks_out(
    package: &Package,
    patterns: &[String],
    bindings: &mut BTreeMap<Address, Binding>,
) -> Result<(), Failure> {
    for pattern in patterns {
        let mut named =
            package.resources().keys().filter(|address| glob(pattern, &address.to_string())).peekable();
        if named.peek().is_none() {
            return Err(Failure::error(format!(
                "the package holds nothing that `--no-tasks {pattern}` names"
            ))
            .help("list what it holds: reconcile package inspect FILE.zip"));
        }
        named.for_each(|address| bindings.entry(address.clone()).or_default().without_tasks = true);
    }
    Ok(())
}

/// Validates and shows; on a terminal, lets the person choose, and does both again after each choice. None where
/// they choose to leave it.
fn decided(
    context: &Context,
    package: &Package,
    environment: &Environment,
    declared: &BTreeSet<Address>,
    bindings: Bindings,
    arguments: &Import,
) -> Result<Option<Checked>, Failure> {
    let mut target = context.target(environment, Mode::Read)?;
    let (snapshot, name, limits) = (target.inspect()?, target.describe(), name_limits());
    let destination =
        Destination { environment, target: &name, snapshot: &snapshot, declared, limits: &limits };
    let check = |bindings: &Bindings| check(package, &destination, bindings);
    let paint = context.terminal.paint;
    let may_ask = !arguments.yes && !arguments.plan && !context.is_json() && context.terminal.can_ask();
    if may_ask {
        let page = |found: &ImportCheck| import_text::check(found, true, paint);
        return decide(&check, &page, bindings, &mut { context.terminal });
    }
    let checked = check(&bindings);
    let is_quiet = arguments.yes && context.terminal.quiet && checked.check.n_errors() == 0;
    if !context.is_json() && !is_quiet {
        context.terminal.result(&import_text::check(&checked.check, false, paint));
    }
    Ok(Some(checked))
}

fn planned(
    context: &Context,
    environment: &Environment,
    package: &Package,
    desired: Desired,
) -> Result<Plan, Failure> {
    let _progress = context.terminal.spinner(&format!("planning {}", environment.name));
    let mut target = context.target(environment, Mode::Read)?;
    Ok(ops::plan::plan(desired, target.as_mut(), &package.manifest().provenance)?)
}

fn read_bindings(context: &Context, path: &Path) -> Result<Bindings, Failure> {
    let name = path.display().to_string();
    let text = String::from_utf8(files::load(path)?)
        .map_err(|_| Failure::error(format!("cannot read `{name}`: it is not UTF-8 text")))?;
    let file = File { path: name, text };
    let (bindings, found) = manifest::bindings(&file);
    if !found.is_empty() {
        let text_of = |path: &str| (path == file.path).then_some(file.text.as_str());
        eprint!("{}", diagnostics(&found, context.terminal.paint_error, &text_of));
    }
    match found.iter().any(|d| d.is_error()) {
        true => Err(Failure::said(Code::Error)),
        false => Ok(bindings),
    }
}
