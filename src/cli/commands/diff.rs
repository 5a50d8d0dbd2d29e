//! `reconcile diff`: two environments, an environment and a revision, or two packages.
//! Never writes to a target.

use std::path::Path;
use std::sync::Arc;

use crate::cli::context::{Context, Opened};
use crate::cli::exit::{Code, Failure};
use crate::cli::packages;
use crate::model::environment::Environment;
use crate::ops::diff::{Side, diff};
use crate::package::Package;
use crate::provider::open::{Mode, dialect};
use crate::render::diff_text;
use crate::render::paint::clean_json;
use crate::render::plan_text::revision;
use crate::target::Dialect;
use crate::wire;

/// What one side is, by how it is written.
enum Named<'a> {
    Environment(&'a str),
    Revision(&'a str),
    Package(&'a str),
}

impl Named<'_> {
    fn of(text: &str) -> Named<'_> {
        match text.strip_prefix('@') {
            Some(rev) => Named::Revision(rev),
            None if text.ends_with(".zip") => Named::Package(text),
            None => Named::Environment(text),
        }
    }
}

pub fn run(
    context: &Context,
    before: &str,
    after: Option<&str>,
    detailed_exitcode: bool,
) -> Result<Code, Failure> {
    let rev = context.global.rev.as_deref();
    let sides = match (after, rev) {
        (Some(after), None) => [Named::of(before), Named::of(after)],
        (None, Some(rev)) => [Named::of(before), Named::Revision(rev)],
        (Some(_), Some(_)) => {
            return Err(Failure::error("--rev is the second side, and there is one already")
                .help("write revisions as @REV"));
        }
        (None, None) => {
            return Err(Failure::error("a difference has two sides, and one is given")
                .help("name another environment, a revision as @REV, or a package"));
        }
    };
    // Environments are opened as the work tree declares them, whatever revision is compared.
    let needs_repository = sides.iter().any(|side| !matches!(side, Named::Package(_)));
    let opened = if needs_repository { Some(context.at(None).open()?) } else { None };
    let environment = environment(context, opened.as_ref(), &sides)?;
    let mut words: Option<&dyn Dialect> = None;
    let mut made = Vec::new();
    for side in &sides {
        made.push(one(context, opened.as_ref(), side, environment, &mut words)?);
    }
    let [from, to] = made.try_into().unwrap_or_default();
    let difference = diff(from, to, words);
    let differ = !difference.changes.is_empty();
    let text = match context.is_json() {
        true => clean_json(&wire::comparison::to_json(difference)),
        false => diff_text::diff(&difference, context.terminal.paint),
    };
    context.terminal.result(&text);
    Ok(if differ && detailed_exitcode { Code::Pending } else { Code::Done })
}

/// The environment that a revision is read for: the other side, or `-e`.
fn environment<'a>(
    context: &Context,
    opened: Option<&'a Opened>,
    sides: &[Named<'_>],
) -> Result<Option<&'a Environment>, Failure> {
    let Some(opened) = opened else { return Ok(None) };
    let named = sides.iter().find_map(|side| match side {
        Named::Environment(name) => Some(*name),
        Named::Revision(_) | Named::Package(_) => None,
    });
    match named {
        Some(name) => declared(opened, name).map(Some),
        None => context.environment(&opened.repository).map(Some),
    }
}

fn declared<'a>(opened: &'a Opened, name: &str) -> Result<&'a Environment, Failure> {
    let all = &opened.repository.environments;
    all.get(name).map(|(environment, _)| environment).ok_or_else(|| {
        let names: Vec<&str> = all.keys().map(String::as_str).collect();
        let help = format!("there are: {}; a revision is written @REV, a package FILE.zip", names.join(", "));
        Failure::error(format!("there is no environment `{name}`")).help(help)
    })
}

fn one(
    context: &Context,
    opened: Option<&Opened>,
    side: &Named<'_>,
    environment: Option<&Environment>,
    words: &mut Option<&dyn Dialect>,
) -> Result<Side, Failure> {
    let unopened = || Failure::error("no repository was opened");
    match side {
        Named::Package(path) => {
            let package = packages::read(&packages::open(Path::new(path), None)?)?;
            Ok(packed(path, &package))
        }
        Named::Environment(name) => {
            let environment = declared(opened.ok_or_else(unopened)?, name)?;
            let _progress = context.terminal.spinner(&format!("inspecting {name}"));
            let mut target = context.target(environment, Mode::Read)?;
            *words = Some(target.dialect());
            let snapshot = target.inspect()?;
            Ok(Side::found(format!("environment {name} ({})", target.describe()), snapshot))
        }
        Named::Revision(rev) => {
            let environment = environment.ok_or_else(unopened)?;
            let opened = context.at(Some(rev)).open()?;
            let desired = opened.repository.desired(&environment.name, &Default::default());
            let desired = desired.ok_or_else(|| {
                Failure::error(format!("revision `{rev}` declares no environment `{}`", environment.name))
            })?;
            if words.is_none() {
                *words = dialect(&environment.target.provider);
            }
            let name = format!("{} for environment {}", revision(&opened.files.revision), environment.name);
            Ok(Side::declared(name, desired))
        }
    }
}

fn packed(path: &str, package: &Package) -> Side {
    let resources = package.resources().iter();
    Side {
        name: format!("package {path}"),
        state: resources
            .map(|(address, packed)| (address.clone(), Arc::new(packed.resource.clone())))
            .collect(),
        customizations_only: true,
        ..Side::default()
    }
}
