//! `reconcile validate`.
//! Never opens a target.

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::exit::{Code, Failure};
use crate::cli::preview;
use crate::policy;
use crate::render::diagnostics::{diagnostics, diagnostics_json};
use crate::render::{annotations, sarif};

pub fn run(context: &Context) -> Result<Code, Failure> {
    let files = context.files()?;
    let mut checked = context.check(&files)?;
    // What the policy only warns of is for `lint` to say.
    checked.diagnostics.retain(|one| one.is_error() || !policy::is_of_policy(one));
    let code = if checked.has_errors() { Code::Error } else { Code::Done };
    let hosted = || preview::hosted(context, &checked.diagnostics);
    let text = match context.global.format {
        Format::Json => Some(diagnostics_json(&checked.diagnostics)),
        Format::Sarif => Some(sarif::diagnostics(&hosted())),
        Format::Github => Some(annotations::diagnostics(&hosted())),
        Format::Text | Format::Ndjson | Format::Markdown | Format::Html => None,
    };
    if let Some(text) = text {
        context.terminal.result(&text);
        return Ok(code);
    }
    if !checked.diagnostics.is_empty() {
        let text = diagnostics(&checked.diagnostics, context.terminal.paint_error, &|path| files.text(path));
        eprint!("{text}");
    }
    if code == Code::Done {
        let counted = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
        let resources = counted(checked.repository.resources.len(), "resource", "resources");
        let environments = counted(checked.repository.environments.len(), "environment", "environments");
        context.terminal.result(&format!("Valid: {resources} in {environments}.\n"));
    }
    Ok(code)
}
