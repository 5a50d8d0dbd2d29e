//! `reconcile lint`: what the policy has to say of the manifests, and every mistake of theirs.
//! Never opens a target, and makes no plan.

use crate::cli::context::Context;
use crate::cli::exit::{Code, Failure};
use crate::render::diagnostics::{diagnostics, diagnostics_json};

/// `strict`: a warning is an error too.
pub fn run(context: &Context, strict: bool) -> Result<Code, Failure> {
    let files = context.files()?;
    let checked = context.check(&files)?;
    let found = &checked.diagnostics;
    let is_bad = checked.has_errors() || strict && !found.is_empty();
    let code = if is_bad { Code::Error } else { Code::Done };
    if context.is_json() {
        context.terminal.result(&diagnostics_json(found));
        return Ok(code);
    }
    if !found.is_empty() {
        let text = diagnostics(found, context.terminal.paint_error, &|path| files.text(path));
        eprint!("{text}");
    }
    if found.is_empty() {
        let n_resources = checked.repository.resources.len();
        let noun = if n_resources == 1 { "resource" } else { "resources" };
        context.terminal.result(&format!("Nothing to remark on in {n_resources} {noun}.\n"));
    }
    Ok(code)
}
