//! `reconcile adopt`.
//! Never writes over a file, and never records what no manifest on disk declares.

use std::path::{Component, Path, PathBuf};

use crate::apply::{self, Terms};
use crate::cli::context::{Context, name_limits, now};
use crate::cli::exit::{Code, Failure};
use crate::cli::files;
use crate::cli::patience::{BUDGET, Until};
use crate::ops::adopt::{Adopting, Request, adopt};
use crate::provider::open::Mode;
use crate::render::adoption_text;
use crate::render::paint::clean_json;
use crate::report::{Applied, Report};
use crate::target::Target;
use crate::wire::adoption::{self, Adoption};

/// What was asked for on the command line.
pub struct Order {
    pub select: Vec<String>,
    pub out: PathBuf,
    pub only_shown: bool,
    pub yes: bool,
}

pub fn run(context: &Context, order: &Order) -> Result<Code, Failure> {
    if context.global.rev.is_some() {
        return Err(Failure::error("adopt writes into the work tree, so it takes no --rev"));
    }
    let folder = folder(&order.out)?;
    let opened = context.open()?;
    let environment = context.environment(&opened.repository)?;
    let mode = if order.only_shown { Mode::Read } else { Mode::Write };
    let mut target = context.target(environment, mode)?;
    let limits = name_limits();
    let is_taken = |path: &str| context.root().join(path).symlink_metadata().is_ok();
    let request =
        Request { environment, select: &order.select, folder: &folder, is_taken: &is_taken, limits: &limits };
    let adopting = {
        let _progress = context.terminal.spinner(&format!("inspecting {}", environment.name));
        adopt(&opened.files, &opened.repository, &request, target.as_mut())?
    };
    let is_shown = !context.is_json() && (order.only_shown || !order.yes || adopting.files.is_empty());
    if is_shown {
        context.terminal.result(&adoption_text::adoption(&adopting.adoption, context.terminal.paint));
    }
    if order.only_shown || adopting.files.is_empty() {
        finish(context, adopting.adoption, false);
        return Ok(Code::Done);
    }
    if !order.yes {
        let question =
            format!("\nBegin to own these in environment {} ({})?", environment.name, target.describe());
        if !context.terminal.confirm(&question)? {
            context.terminal.remark("Nothing was written.");
            return Ok(Code::Done);
        }
    }
    write(context, &adopting)?;
    match record(context, &adopting, target.as_mut()) {
        Ok(report) => {
            let adoption = Adoption { entry: report.entry, ..adopting.adoption };
            finish(context, adoption, true);
            Ok(Code::Done)
        }
        Err(failure) => {
            take_back(context, &adopting);
            Err(failure)
        }
    }
}

fn finish(context: &Context, adoption: Adoption, is_done: bool) {
    if context.is_json() {
        context.terminal.result(&clean_json(&adoption::to_json(adoption)));
    } else if is_done {
        context.terminal.result(&adoption_text::adoption(&adoption, context.terminal.paint));
    }
}

/// The folder as a path from the root, with `/`; empty for the root itself.
fn folder(out: &Path) -> Result<String, Failure> {
    let mut parts = Vec::new();
    for component in out.components() {
        match component {
            Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(Failure::error(format!("`{}` leads out of the repository", out.display()))
                    .help("name a folder from the repository's root, as in resources"));
            }
        }
    }
    Ok(parts.join("/"))
}

/// Writes the manifests and sees to it that the repository reads every one of them.
fn write(context: &Context, adopting: &Adopting) -> Result<(), Failure> {
    let save = || -> Result<(), Failure> {
        for file in &adopting.files {
            let path = context.root().join(&file.path);
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)
                    .map_err(|e| Failure::error(format!("cannot make `{}`: {e}", folder.display())))?;
            }
            files::save(&path, file.text.as_bytes())?;
        }
        let read = context.files()?;
        match adopting.files.iter().find(|file| read.text(&file.path) != Some(file.text.as_str())) {
            None => Ok(()),
            Some(unread) => Err(Failure::error(format!("the repository does not read `{}`", unread.path))
                .help("choose a folder with --out that `reconcile.yaml` and `.gitignore` leave in")),
        }
    };
    save().inspect_err(|_| take_back(context, adopting))
}

/// Removes the manifests that were written for nothing.
fn take_back(context: &Context, adopting: &Adopting) {
    for file in &adopting.files {
        let path = context.root().join(&file.path);
        // What is not as we wrote it is somebody else's.
        if std::fs::read_to_string(&path).is_ok_and(|text| text == file.text) {
            std::fs::remove_file(&path).ok();
        }
    }
}

fn record(context: &Context, adopting: &Adopting, target: &mut dyn Target) -> Result<Report, Failure> {
    let holder = context.holder();
    let terms = Terms {
        holder: &holder,
        allow: &[],
        signed_by: &[],
        clock: &now,
        outside_window: None,
        patience: &Until::after(BUDGET),
    };
    let mut progress = context.terminal.apply_progress(&adopting.plan);
    let report = apply::apply(&adopting.plan, target, &terms, &mut progress)?.report;
    match report.outcome {
        Applied::Done | Applied::Nothing => Ok(report),
        Applied::RolledBack
        | Applied::NotConverged
        | Applied::Refused
        | Applied::Unfinished
        | Applied::Partial => {
            let why = report.message.unwrap_or_default();
            Err(Failure::error(format!("the target did not take the record: {why}"))
                .help("nothing was changed, and no manifest was written"))
        }
    }
}
