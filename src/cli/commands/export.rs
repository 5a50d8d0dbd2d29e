//! `reconcile export`: resources of an environment, as they really are there, as a package.
//! Never writes to a target, and never asks unless a terminal and `--interactive` say that somebody answers.

use crate::address::{Address, glob};
use crate::cli::args::Export;
use crate::cli::context::Context;
use crate::cli::dialogue::choose::{Offer, choose};
use crate::cli::exit::{Code, Failure};
use crate::cli::files;
use crate::cli::packages::decode;
use crate::journal::{Entry, Outcome};
use crate::model::state::Snapshot;
use crate::ops::export::{self, Label, LeftOut, Selection, Why};
use crate::package;
use crate::provider::open::Mode;
use crate::render;
use crate::render::paint::clean_json;
use crate::source::Revision;
use crate::wire;
use crate::wire::package::Inspection;

/// How far back the journal is searched for an apply that went well.
const HISTORY: usize = 50;

pub fn run(context: &Context, arguments: Export) -> Result<Code, Failure> {
    if arguments.select.is_empty() && !arguments.all && !arguments.interactive {
        return Err(Failure::error("nothing is selected")
            .help("give --select ADDRESS or a glob, repeatable; or --all; or --interactive on a terminal"));
    }
    let opened = context.open()?;
    let environment = context.environment(&opened.repository)?;
    let mut target = context.target(environment, Mode::Read)?;
    let snapshot = target.inspect()?;
    let history = target.history(HISTORY)?;
    let applied = history.into_iter().find(|entry| entry.outcome == Outcome::Applied);
    let applied = applied.map(|entry: Entry| entry.revision);
    let labels = opened.repository.resources.iter().map(|(a, entry)| (a.clone(), entry.labels.clone()));
    let mut selection = Selection {
        select: arguments.select.clone(),
        exclude: arguments.exclude.clone(),
        with_related: !arguments.no_related,
        setup: arguments.setup.clone(),
        allowed: arguments.allow_setup.clone(),
        labels: labels.collect(),
    };
    if arguments.interactive {
        let Some(chosen) = chosen(context, &snapshot, &selection)? else {
            context.terminal.remark("Nothing was written.");
            return Ok(Code::Done);
        };
        selection.select = chosen.iter().map(Address::to_string).collect();
    }
    let label = Label {
        name: arguments.name.clone().unwrap_or_else(|| environment.name.clone()),
        description: arguments.description.clone(),
        environment: environment.name.clone(),
        applied: applied.unwrap_or(Revision { commit: None, dirty: true, repository: None }),
    };
    let exported = export::export(&snapshot, &selection, label)?;
    let bytes = package::write(&exported.package);
    // What a target holds may be more than a manifest can say: a package that nobody could read is not written.
    package::read(&bytes, &decode).map_err(|error| {
        Failure::error(format!("environment {} holds what no package can: {error}", environment.name))
            .help("leave it out with --exclude")
    })?;
    for (address, left) in &exported.left_out {
        context.terminal.warning(&needed(address, left, &environment.name));
    }
    for address in &exported.in_own_words {
        let text = format!(
            "`{address}` is in the target's own words (`native`), which a target of another kind may refuse"
        );
        context.terminal.warning(&text);
    }
    files::save(&arguments.output, &bytes)?;
    let manifest = exported.package.manifest();
    let text = match context.is_json() {
        true => clean_json(&wire::package::to_json(manifest)),
        false => {
            let inspection = Inspection { manifest: manifest.clone(), signatures: Vec::new() };
            render::package::inspect(
                &inspection,
                &exported.package.fingerprint(),
                None,
                context.terminal.paint,
            )
        }
    };
    context.terminal.result(&text);
    let name = arguments.output.display();
    context
        .terminal
        .remark(&format!("\nSaved as {name}. To import it: reconcile import {name} -e ENVIRONMENT"));
    Ok(Code::Done)
}

fn needed(address: &Address, left: &LeftOut, environment: &str) -> String {
    let why = match left.why {
        Why::Asked => "is left out".to_owned(),
        Why::NotManaged => {
            format!("is left out, because nobody manages it (--select {address} takes it along)")
        }
        Why::NotThere => format!("is not in environment {environment} either"),
    };
    let by = left.needed_by.join(", ");
    format!("`{address}` {why}; it must exist where the package is imported, because {by} needs it")
}

/// Lets the person choose on the terminal. None where they leave it.
fn chosen(
    context: &Context,
    snapshot: &Snapshot,
    selection: &Selection,
) -> Result<Option<Vec<Address>>, Failure> {
    if !context.terminal.can_ask() {
        return Err(Failure::error("nobody can be asked here").help("choose with --select, or take --all"));
    }
    let related = |chosen: &[&Address]| export::related(snapshot, selection, chosen);
    let offer = Offer { resources: export::offered(snapshot), related: &related };
    let before =
        |address: &Address| selection.select.iter().any(|pattern| glob(pattern, &address.to_string()));
    choose(&offer, before, &mut { context.terminal })
}
