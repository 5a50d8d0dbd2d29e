//! A preview as GitHub's workflow commands: annotations at the lines of YAML, the worst first.
//! Never lets a value begin a command of its own, and never writes more than GitHub shows.

use super::finding::{flag, said};
use super::page::{counted, shorten};
use super::paint::clean;
use super::remarks::{counts, verdict};
use crate::diagnostic::Diagnostic;
use crate::plan::{Finding, Level};
use crate::report::preview::{Place, Preview, weight};

/// How many annotations of one kind GitHub shows of one step.
const OF_A_KIND: usize = 10;

/// How much of a message is written.
const MESSAGE: usize = 2_000;

/// One annotation.
struct Annotation {
    place: Option<Place>,
    title: String,
    message: String,
}

/// The three kinds of annotations, the worst first.
#[derive(Default)]
struct Kinds {
    errors: Vec<Annotation>,
    warnings: Vec<Annotation>,
    notices: Vec<Annotation>,
}

/// Writes a preview.
pub fn preview(preview: &Preview) -> String {
    let mut kinds = of_diagnostics(&preview.diagnostics);
    for one in &preview.unplanned {
        kinds.errors.push(Annotation {
            place: None,
            title: format!("{} could not be planned", one.environment),
            message: one.message.clone(),
        });
    }
    for planned in preview.deciding() {
        for (finding, place) in planned.worst_first() {
            let kind = match weight(finding) {
                Level::Refuse => &mut kinds.errors,
                Level::Consent => &mut kinds.warnings,
                Level::Notice => &mut kinds.notices,
            };
            kind.push(of_finding(&planned.plan.environment, finding, place));
        }
    }
    let mut text = write(&kinds);
    for planned in preview.deciding() {
        let digest = match &planned.plan.compared {
            Some(compared) => format!("compared with {}", compared.named),
            None => format!("digest {}", planned.plan.digest()),
        };
        text.push_str(&plain(&format!("{}: {} ({digest})", planned.plan.environment, counts(&planned.plan))));
    }
    let verdict = verdict(preview);
    text.push_str(&plain(&format!("{} {}", verdict.sign, verdict.text)));
    text
}

/// Writes diagnostics alone.
pub fn diagnostics(found: &[Diagnostic]) -> String {
    write(&of_diagnostics(found))
}

fn of_diagnostics(found: &[Diagnostic]) -> Kinds {
    let mut kinds = Kinds::default();
    for one in found {
        let place = one.file.as_ref().map(|file| {
            let (line, column) = one.span.map_or((1, 1), |span| (span.line, span.column));
            Place { file: file.clone(), line, column, end_line: line, end_column: column }
        });
        let help = one.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        let annotation =
            Annotation { place, title: one.code.to_owned(), message: format!("{}{help}", one.message) };
        match one.is_error() {
            true => kinds.errors.push(annotation),
            false => kinds.warnings.push(annotation),
        }
    }
    kinds
}

fn of_finding(environment: &str, finding: &Finding, place: Option<&Place>) -> Annotation {
    let mut message = format!("{environment}: {} {}", finding.place(), said(finding));
    if weight(finding) == Level::Consent {
        message.push_str(&format!("\nallow it with {}", flag(finding)));
    }
    message.extend(finding.help.iter().map(|help| format!("\nhelp: {help}")));
    Annotation { place: place.cloned(), title: format!("{} in {environment}", finding.code), message }
}

fn write(kinds: &Kinds) -> String {
    let mut text = String::new();
    let all = [("error", &kinds.errors), ("warning", &kinds.warnings), ("notice", &kinds.notices)];
    for (word, annotations) in all {
        annotations.iter().take(OF_A_KIND).for_each(|one| text.push_str(&command(word, one)));
        if let Some(more) = annotations.len().checked_sub(OF_A_KIND).filter(|more| *more > 0) {
            text.push_str(&format!("{} more, which GitHub would not show here.\n", counted(more, word)));
        }
    }
    text
}

fn command(word: &str, one: &Annotation) -> String {
    let mut properties = Vec::new();
    if let Some(place) = &one.place {
        properties.push(format!("file={}", property(&place.file)));
        properties.push(format!("line={}", place.line));
        // GitHub takes columns within one line only.
        if place.end_line > place.line {
            properties.push(format!("endLine={}", place.end_line));
        } else {
            properties.push(format!("col={}", place.column));
            properties.push(format!("endLine={}", place.line));
            if place.end_column > place.column {
                properties.push(format!("endColumn={}", place.end_column));
            }
        }
    }
    properties.push(format!("title={}", property(&shorten(&one.title, 200))));
    let lines: Vec<String> =
        shorten(&one.message, MESSAGE).lines().map(|line| clean(line).into_owned()).collect();
    format!("::{word} {}::{}\n", properties.join(","), data(&lines.join("\n")))
}

/// The rest of a command's line.
fn data(text: &str) -> String {
    // Of old commands, which begin anywhere in a line.
    let text = text.replace("##[", "# #[");
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(&clean(text)).replace(':', "%3A").replace(',', "%2C")
}

/// A line that is no command, whatever it holds.
fn plain(text: &str) -> String {
    let text = clean(text).replace("##[", "# #[");
    let guard = if text.trim_start().starts_with("::") { "| " } else { "" };
    format!("{guard}{text}\n")
}
