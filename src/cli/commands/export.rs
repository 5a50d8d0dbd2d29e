//! `reconcile export`: resources of an environment, as they really are there, as a package.
//! Never writes to a target, and never asks unless a terminal and `--interactive` say that somebody answers.

use crate::address::{Address, Kind};
use crate::cli::args::Export;
use crate::cli::context::Context;
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
    let mut select = arguments.select.clone();
    if arguments.interactive {
        select = chosen(context, &snapshot, &select)?;
    }
    let selection = Selection {
        select,
        exclude: arguments.exclude.clone(),
        with_related: !arguments.no_related,
        setup: arguments.setup.clone(),
        allowed: arguments.allow_setup.clone(),
    };
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

/// A list by kind, toggled by numbers until the person is content.
fn chosen(context: &Context, snapshot: &Snapshot, before: &[String]) -> Result<Vec<String>, Failure> {
    if !context.terminal.can_ask() {
        return Err(Failure::error("nobody can be asked here").help("choose with --select, or take --all"));
    }
    let offered = export::offered(snapshot);
    let is_before = |a: &Address| before.iter().any(|pattern| crate::address::glob(pattern, &a.to_string()));
    let mut taken: Vec<bool> = offered.iter().map(|a| is_before(a)).collect();
    loop {
        let mut text = String::new();
        let mut kind: Option<&Kind> = None;
        for (index, (address, taken)) in offered.iter().zip(&taken).enumerate() {
            if kind != Some(&address.kind) {
                kind = Some(&address.kind);
                text.push_str(&format!("{}\n", address.kind));
            }
            let mark = if *taken { "x" } else { " " };
            text.push_str(&format!("  {:>4}. [{mark}] {}\n", index + 1, address.name));
        }
        let answer =
            context.terminal.ask(&format!("{text}Numbers to toggle, `all`, or nothing to go on: "))?;
        match answer.as_str() {
            "" if taken.contains(&true) => break,
            "" => return Err(Failure::error("nothing is selected")),
            "all" => taken.fill(true),
            numbers => {
                for number in numbers.split([' ', ',']).filter_map(|word| word.parse::<usize>().ok()) {
                    if let Some(one) = number.checked_sub(1).and_then(|at| taken.get_mut(at)) {
                        *one = !*one;
                    }
                }
            }
        }
    }
    Ok(offered.iter().zip(&taken).filter(|(_, taken)| **taken).map(|(a, _)| a.to_string()).collect())
}
