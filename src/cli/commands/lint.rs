//! `reconcile lint`: what the policy has to say of the manifests, and every mistake of theirs.
//! Never opens a target, and makes no plan.

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::exit::{Code, Failure};
use crate::cli::preview;
use crate::render::diagnostics::{diagnostics, diagnostics_json};
use crate::render::{annotations, sarif};

/// `strict`: a warning is an error too.
pub fn run(context: &Context, strict: bool) -> Result<Code, Failure> {
    let files = context.files()?;
    let checked = context.check(&files)?;
    let found = &checked.diagnostics;
    let is_bad = checked.has_errors() || strict && !found.is_empty();
    let hosted = || preview::hosted(context, found);
    match context.global.format {
        Format::Json => context.terminal.result(&diagnostics_json(found)),
        Format::Sarif => context.terminal.result(&sarif::diagnostics(&hosted())),
        Format::Github => context.terminal.result(&annotations::diagnostics(&hosted())),
        Format::Text | Format::Ndjson | Format::Markdown | Format::Html if found.is_empty() => {
            let n_resources = checked.repository.resources.len();
            let noun = if n_resources == 1 { "resource" } else { "resources" };
            context.terminal.result(&format!("Nothing to remark on in {n_resources} {noun}.\n"));
        }
        Format::Text | Format::Ndjson | Format::Markdown | Format::Html => {
            eprint!("{}", diagnostics(found, context.terminal.paint_error, &|path| files.text(path)));
        }
    }
    Ok(if is_bad { Code::Error } else { Code::Done })
}
