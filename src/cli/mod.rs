//! The command line: arguments, opening, printing, prompting, exit codes.
//! Never decides what changes: the rooms below do.

mod admission;
mod ahead;
pub mod args;
mod commands;
mod context;
mod dialogue;
pub mod exit;
mod fault;
pub mod files;
mod formats;
pub mod host;
pub mod listen;
mod packages;
mod patience;
mod preview;
mod progress;
mod pull_request;
mod terminal;
pub mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Arguments, Reason, TrashVerb, Verb};
use commands::apply::Consent;
use context::Context;
use exit::{Code, Failure};

use crate::plan::Allowance;

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
    let known = formats::check(&arguments.verb, context.global.format);
    match known.and_then(|()| dispatch(&context, arguments.verb)) {
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
        Verb::Lint { strict } => commands::lint::run(context, strict),
        Verb::Plan {
            out,
            detailed_exitcode,
            rehearse,
            on,
            base,
            with_targets,
            max_bytes,
            comment,
            pull_request,
            token_variable,
            choices,
        } => {
            let asked = pull_request::Asked { number: pull_request, token_variable };
            let trial = rehearse.then_some(commands::plan::Trial { on: on.as_deref() });
            let order = commands::plan::Order {
                out,
                detailed_exitcode,
                trial,
                base,
                with_targets,
                max_bytes,
                comment: comment.then_some(asked),
                choices,
            };
            commands::plan::run(context, &order)
        }
        Verb::Apply { package, signature, yes, expect, reviewed, allow, outside_window, choices } => {
            let consent = consent(yes, &allow, outside_window.as_ref());
            let reviewed = commands::reviewed::Reviewed { digest: expect, package: reviewed };
            match package {
                Some(package) => {
                    let named = commands::apply::Named { package: &package, signature: signature.as_deref() };
                    commands::apply::saved(context, &named, &reviewed, &consent, &choices)
                }
                None => commands::apply::planned(context, &reviewed, &consent, &choices),
            }
        }
        Verb::Watch(order) => watch::run(context, *order),
        Verb::Drift { detailed_exitcode } => commands::drift::run(context, detailed_exitcode),
        Verb::Adopt { select, out, plan, yes } => {
            commands::adopt::run(context, &commands::adopt::Order { select, out, only_shown: plan, yes })
        }
        Verb::Promote { from, to, plan, out, yes, allow, outside_window, allow_drift } => {
            let consent = consent(yes, &allow, outside_window.as_ref());
            let order = commands::promote::Order { from, to, only_shown: plan, out, consent, allow_drift };
            commands::promote::run(context, &order)
        }
        Verb::Diff { before, after, detailed_exitcode } => {
            commands::diff::run(context, &before, after.as_deref(), detailed_exitcode)
        }
        Verb::Export(arguments) => commands::export::run(context, *arguments),
        Verb::Import(arguments) => commands::import::run(context, &arguments),
        Verb::Package(verb) => commands::package::run(context, &verb),
        Verb::Status { detailed_exitcode, spool } => {
            commands::status::run(context, detailed_exitcode, spool.as_deref())
        }
        Verb::Suspend { environment, reason } => {
            commands::suspend::run(context, environment.as_deref(), reason.as_ref().map(|r| r.0.as_str()))
        }
        Verb::Resume { environment } => commands::resume::run(context, environment.as_deref()),
        Verb::History { limit } => commands::history::list(context, limit),
        Verb::Show { id } => commands::history::show(context, id),
        Verb::Rollback { id, plan, out, yes, allow, outside_window } => {
            let consent = consent(yes, &allow, outside_window.as_ref());
            commands::rollback::run(
                context,
                &commands::rollback::Order { id, only_shown: plan, out, consent },
            )
        }
        Verb::Trash(TrashVerb::List) => commands::trash::list(context),
        Verb::Trash(TrashVerb::Purge(purging)) => commands::trash::purge(context, &purging),
        Verb::Fmt { files, check } => commands::fmt::run(context, &files, check),
        Verb::Schema { name, out } => commands::schema::run(context, name.as_deref(), out.as_deref()),
        Verb::Completions { shell } => commands::manual::completions(context, shell),
        Verb::Man => commands::manual::page(context),
    }
}

/// What the person at the command line agrees to.
fn consent<'a>(yes: bool, allow: &'a [Allowance], outside_window: Option<&'a Reason>) -> Consent<'a> {
    Consent { yes, allow, signed_by: &[], outside_window: outside_window.map(|reason| reason.0.as_str()) }
}
