//! `reconcile status`: how every environment stands.
//! Never writes to a target, and shows an environment that cannot be reached beside the others.

use std::path::{Path, PathBuf};

use super::desired;
use crate::cli::args::Choices;
use crate::cli::context::{Context, Opened, Purpose, instant};
use crate::cli::exit::{Code, Failure};
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
    let spool = spool.map_or_else(|| context.root().join(".reconcile").join("spool"), Path::to_owned);
    let mut worst = Code::Done;
    let mut standings = Vec::new();
    for environment in environments {
        let _progress = context.terminal.spinner(&format!("looking at {}", environment.name));
        let standing = match look(context, &opened, environment) {
            Ok(standing) => standing,
            // One environment that cannot be reached does not hide the others.
            Err(failure) => {
                worst = worst.max(failure.code);
                let message = failure.message.map(|message| message.lines().collect::<Vec<_>>().join(" "));
                Standing {
                    revision: Some(opened.files.revision.clone()),
                    message,
                    ..Standing::unknown(&environment.name, "")
                }
            }
        };
        standings.push(packed(standing, &spool));
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

fn look(context: &Context, opened: &Opened, environment: &Environment) -> Result<Standing, Failure> {
    let desired = desired(&opened.repository, environment, &Choices::default())?;
    let mut target = context.target(environment, Mode::Read)?;
    let revision = &opened.files.revision;
    // When a commit was made tells whether it came after a rollback.
    let made = revision.commit.as_deref().filter(|_| !revision.dirty);
    let made = made.and_then(|commit| source::tip(context.root(), commit).ok()).and_then(|tip| tip.made);
    Ok(ops::watch::look(&desired, revision, made, instant(), target.as_mut())?)
}

/// Adds the package that a watcher keeps for somebody's consent.
fn packed(mut standing: Standing, spool: &Path) -> Standing {
    if let Some(pending) = &mut standing.pending {
        let entries = std::fs::read_dir(spool.join(&standing.environment));
        let paths = entries.into_iter().flatten().flatten().map(|entry| entry.path());
        let mut packages: Vec<PathBuf> =
            paths.filter(|path| path.extension().is_some_and(|extension| extension == "zip")).collect();
        packages.sort();
        pending.package = packages.first().map(|path| path.display().to_string());
    }
    standing
}
