//! Prints a preview in the format that was asked for; for GitHub, also into the summary of the job.
//! Never fails a run because a summary could not be written.

use std::path::Path;

use super::args::Format;
use super::context::Context;
use super::files;
use crate::diagnostic::Diagnostic;
use crate::ops::preview::from_root;
use crate::render::paint::clean_json;
use crate::render::plan_text::Options;
use crate::render::{annotations, preview_html, preview_markdown, preview_text, sarif};
use crate::report::preview::Preview;
use crate::source;
use crate::wire;

/// What GitHub takes as the summary of a step, less a margin.
const SUMMARY: u64 = (1 << 20) - 4_096;

/// The least that a summary is worth.
const LEAST: u64 = 4_000;

/// Prints a preview. `limit` is for Markdown: none for what fits a comment, 0 for all of it.
pub fn show(context: &Context, preview: &Preview, limit: Option<usize>) {
    let text = match context.global.format {
        Format::Text => {
            let options = Options { paint: context.terminal.paint, verbose: context.global.verbose };
            preview_text::preview(preview, &options)
        }
        Format::Json => {
            let plans = preview.planned.iter().map(|one| one.plan.clone()).collect();
            let document = wire::plan::PlanDocument {
                rehearsals: preview.rehearsals.clone(),
                apart: preview.apart.clone(),
                power: preview.power.clone(),
                ..wire::plan::PlanDocument::new(plans)
            };
            clean_json(&wire::plan::to_json(&document))
        }
        Format::Ndjson => clean_json(&wire::preview::to_ndjson(preview)),
        Format::Markdown => preview_markdown::preview(preview, limit.unwrap_or(preview_markdown::COMMENT)),
        Format::Html => preview_html::preview(preview),
        Format::Sarif => sarif::preview(preview),
        Format::Github => {
            summarize(context, preview);
            annotations::preview(preview)
        }
    };
    context.terminal.result(&text);
}

/// Adds the preview to the summary of the job, where there is one.
fn summarize(context: &Context, preview: &Preview) {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else { return };
    let path = Path::new(&path);
    let n_there = std::fs::metadata(path).map_or(0, |data| data.len());
    let room = SUMMARY.saturating_sub(n_there);
    if room < LEAST {
        context.terminal.warning("the summary of the job is full, and gets no preview");
        return;
    }
    let text = preview_markdown::preview(preview, room as usize);
    if let Err(error) = files::append(path, text.as_bytes()) {
        context.terminal.warning(&format!("the summary of the job gets no preview: {error}"));
    }
}

/// Diagnostics with the paths of their files from the root of the git repository, as hosts want them.
pub fn hosted(context: &Context, found: &[Diagnostic]) -> Vec<Diagnostic> {
    let folder = source::folder_in_repository(context.root());
    let hosted = |one: &Diagnostic| Diagnostic {
        file: one.file.as_ref().map(|file| from_root(&folder, file)),
        ..one.clone()
    };
    found.iter().map(hosted).collect()
}
