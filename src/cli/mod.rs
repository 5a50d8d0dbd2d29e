//! The command line: arguments, opening, printing, prompting, exit codes.
//! Never decides what changes: the rooms below do.

mod ahead;
pub mod args;
mod commands;
mod context;
mod dialogue;
pub mod exit;
mod fault;
pub mod files;
mod packages;
mod patience;
mod progress;
mod terminal;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Arguments, TrashVerb, Verb};
use context::Context;
use exit::{Code, Failure};

/// Runs one command line. Results go to stdout, everything else to stderr.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = args::expand(arguments);
    if arguments.len() < 2 {
        Arguments::command().print_help().ok();
        return Code::Done.into();
    }
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let is_fault = error.use_stderr();
            error.print().ok();
            // Not clap's own 2, which here says that changes are pending.
            return if is_fault { Code::Error.into() } else { Code::Done.into() };
        }
    };
    let context = Context::new(arguments.global);
    match dispatch(&context, arguments.verb) {
        Ok(code) => code.into(),
        Err(failure) => {
            context.terminal.failure(&failure);
            failure.code.into()
        }
    }
}

fn dispatch(context: &Context, verb: Verb) -> Result<Code, Failure> {
    match verb {
        Verb::Init { dir } => commands::init::run(context, &dir),
        Verb::Validate => commands::validate::run(context),
        Verb::Plan { out, detailed_exitcode, rehearse, on, choices } => {
            let trial = rehearse.then_some(commands::plan::Trial { on: on.as_deref() });
            commands::plan::run(context, out.as_deref(), detailed_exitcode, trial, &choices)
        }
        Verb::Apply { package: Some(package), signature, yes, allow, choices } => {
            let named = commands::apply::Named { package: &package, signature: signature.as_deref() };
            commands::apply::saved(context, &named, yes, &allow, &choices)
        }
        Verb::Apply { package: None, signature: _, yes, allow, choices } => {
            commands::apply::planned(context, yes, &allow, &choices)
        }
        Verb::Drift { detailed_exitcode } => commands::drift::run(context, detailed_exitcode),
        Verb::Adopt { select, out, plan, yes } => {
            commands::adopt::run(context, &commands::adopt::Order { select, out, only_shown: plan, yes })
        }
        Verb::Promote { from, to, plan, out, yes, allow, allow_drift } => {
            let order = commands::promote::Order { from, to, only_shown: plan, out, yes, allow, allow_drift };
            commands::promote::run(context, &order)
        }
        Verb::Diff { before, after, detailed_exitcode } => {
            commands::diff::run(context, &before, after.as_deref(), detailed_exitcode)
        }
        Verb::Export(arguments) => commands::export::run(context, *arguments),
        Verb::Import(arguments) => commands::import::run(context, &arguments),
        Verb::Package(verb) => commands::package::run(context, &verb),
        Verb::Resume => commands::resume::run(context),
        Verb::History { limit } => commands::history::list(context, limit),
        Verb::Show { id } => commands::history::show(context, id),
        Verb::Rollback { id, plan, out, yes, allow } => commands::rollback::run(
            context,
            &commands::rollback::Order { id, only_shown: plan, out, yes, allow },
        ),
        Verb::Trash(TrashVerb::List) => commands::trash::list(context),
        Verb::Trash(TrashVerb::Purge(purging)) => commands::trash::purge(context, &purging),
        Verb::Fmt { files, check } => commands::fmt::run(context, &files, check),
        Verb::Schema { name, out } => commands::schema::run(context, name.as_deref(), out.as_deref()),
        Verb::Completions { shell } => commands::manual::completions(context, shell),
        Verb::Man => commands::manual::page(context),
    }
}
