//! `reconcile status`: how every environment stands.
//! Never writes to a target, and shows an environment that cannot be reached beside the others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::desired;
use crate::cli::args::Choices;
use crate::cli::context::{Context, Opened, Purpose, instant};
use crate::cli::exit::{Code, Failure};
use crate::cli::watch::spool_folder;
use crate::model::environment::Environment;
use crate::ops;
use crate::provider::open::Mode;
use crate::render::paint::clean_json;
use crate::render::status_text;
use crate::report::standing::{Health, Standing};
use crate::{source, wire};

pub fn run(context: &Context, detailed_exitcode: bool, spool: Option<&Path>) -> Result<Code, Failure> {
    let opened = context.open()?;
    let environments = context.environments(&opened.repository, Purpose::Read)?;
    let mut branches = Branches::new();
    let mut worst = Code::Done;
    let mut standings = Vec::new();
    for environment in environments {
        let _progress = context.terminal.spinner(&format!("looking at {}", environment.name));
        let looked = meant(context, &opened, environment, &mut branches);
        let standing = match looked.and_then(|(opened, environment)| look(context, opened, environment)) {
            Ok(standing) => standing,
            // One environment that cannot be reached does not hide the others.
            Err(failure) => {
                worst = worst.max(failure.code);
                let message = failure.message.map(|message| message.lines().collect::<Vec<_>>().join(" "));
                let is_here = environment.follows.is_none() || context.global.rev.is_some();
                Standing {
                    revision: is_here.then(|| opened.files.revision.clone()),
                    message,
                    ..Standing::unknown(&environment.name, "")
                }
            }
        };
        let folder = spool_folder(context.root(), spool, &environment.name);
        standings.push(packed(standing, &folder));
    }
    let is_synced = standings.iter().all(|standing| standing.health == Health::Synced);
    let text = match context.is_json() {
        true => clean_json(&wire::standing::to_json(standings)),
        false => status_text::status(&standings, context.terminal.paint),
    };
    context.terminal.result(&text);
    match (worst, detailed_exitcode && !is_synced) {
        (Code::Done, false) => Ok(Code::Done),
        (Code::Done, true) => Ok(Code::Pending),
        (worst, _) => Err(Failure::said(worst)),
    }
}

/// What the branches declare that environments follow.
type Branches = BTreeMap<String, Opened>;

/// What an environment is meant to be: what its own branch says, as a watch reads it, unless `--rev` says which one.
fn meant<'a>(
    context: &Context,
    opened: &'a Opened,
    environment: &'a Environment,
    branches: &'a mut Branches,
) -> Result<(&'a Opened, &'a Environment), Failure> {
    let Some(branch) = environment.follows.as_ref().filter(|_| context.global.rev.is_none()) else {
        return Ok((opened, environment));
    };
    if !branches.contains_key(branch) {
        branches.insert(branch.clone(), context.at(Some(branch)).open()?);
    }
    let there = &branches[branch];
    match there.repository.environments.get(&environment.name) {
        Some((environment, _)) => Ok((there, environment)),
        None => Err(Failure::error(format!("`{branch}`, which it follows, does not declare it"))),
    }
}

fn look(context: &Context, opened: &Opened, environment: &Environment) -> Result<Standing, Failure> {
    let desired = desired(&opened.repository, environment, &Choices::default())?;
    let mut target = context.target(environment, Mode::Read)?;
    let revision = &opened.files.revision;
    // When a commit was made tells whether it came after a rollback.
    let made = revision.commit.as_deref().filter(|_| !revision.dirty);
    let made = made.and_then(|commit| source::tip(context.root(), commit).ok()).and_then(|tip| tip.made);
    Ok(ops::watch::look(&desired, revision, made, instant(), target.as_mut())?)
}

/// Adds the package that a watcher keeps in that folder for somebody's consent.
fn packed(mut standing: Standing, folder: &Path) -> Standing {
    if let Some(pending) = &mut standing.pending {
        let entries = std::fs::read_dir(folder);
        let paths = entries.into_iter().flatten().flatten().map(|entry| entry.path());
        let mut packages: Vec<PathBuf> =
            paths.filter(|path| path.extension().is_some_and(|extension| extension == "zip")).collect();
        packages.sort();
        pending.package = packages.first().map(|path| path.display().to_string());
    }
    standing
}
