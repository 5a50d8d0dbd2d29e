//! Which verb writes which formats.
//! Never lets a format be asked for in vain.

use clap::ValueEnum;

use super::args::{Format, Verb};
use super::exit::Failure;

const PLAIN: &[Format] = &[Format::Text, Format::Json];
/// What is told line by line has one form for programs, whatever it is called.
const LINES: &[Format] = &[Format::Text, Format::Json, Format::Ndjson];
const REMARKS: &[Format] = &[Format::Text, Format::Json, Format::Sarif, Format::Github];

/// Refuses a format that a verb does not write.
pub fn check(verb: &Verb, format: Format) -> Result<(), Failure> {
    let known = match verb {
        Verb::Plan { .. } => Format::value_variants(),
        Verb::Validate | Verb::Lint { .. } => REMARKS,
        Verb::Watch(_) => LINES,
        Verb::Init { .. }
        | Verb::Apply { .. }
        | Verb::Drift { .. }
        | Verb::Adopt { .. }
        | Verb::Promote { .. }
        | Verb::Diff { .. }
        | Verb::Export(_)
        | Verb::Import(_)
        | Verb::Package(_)
        | Verb::Status { .. }
        | Verb::Suspend { .. }
        | Verb::Resume { .. }
        | Verb::History { .. }
        | Verb::Show { .. }
        | Verb::Rollback { .. }
        | Verb::Trash(_)
        | Verb::Fmt { .. }
        | Verb::Schema { .. }
        | Verb::Completions { .. }
        | Verb::Man => PLAIN,
    };
    if known.contains(&format) {
        return Ok(());
    }
    let names: Vec<&str> = known.iter().map(|one| name(*one)).collect();
    Err(Failure::error(format!("this verb does not write the format `{}`", name(format)))
        .help(format!("it writes {}; `reconcile plan` writes all", names.join(", "))))
}

fn name(format: Format) -> &'static str {
    match format {
        Format::Text => "text",
        Format::Json => "json",
        Format::Ndjson => "ndjson",
        Format::Markdown => "markdown",
        Format::Html => "html",
        Format::Sarif => "sarif",
        Format::Github => "github",
    }
}
