//! Diagnostics in the look of `rustc`: code, place, the lines spoken of, and the next move.
//! Never shows more than a few bounded lines of a file, however large it is.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Padding, Renderer, Snippet};

use super::excerpt::{Excerpt, excerpt};
use super::page::counted;
use super::paint::{Paint, Role, clean, clean_json};
use crate::diagnostic::{Diagnostic, Severity, Span};

/// Writes diagnostics in the order given, and how many there are. `text_of` gives a file's text by its path.
pub fn diagnostics<'a>(
    found: &[Diagnostic],
    paint: Paint,
    text_of: &dyn Fn(&str) -> Option<&'a str>,
) -> String {
    if found.is_empty() {
        return String::new();
    }
    let renderer = if paint.is_colored() { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for diagnostic in found {
        let source = diagnostic.file.as_deref().and_then(text_of);
        text.push_str(&one(diagnostic, source, &renderer));
        text.push_str("\n\n");
    }
    let n_errors = found.iter().filter(|d| d.is_error()).count();
    let role = if n_errors > 0 { Role::Error } else { Role::Warn };
    text.push_str(&paint.paint(role, &count(n_errors, found.len() - n_errors)));
    text.push('\n');
    text
}

/// Writes diagnostics as a JSON array, one object each.
pub fn diagnostics_json(found: &[Diagnostic]) -> String {
    let text = serde_json::to_string_pretty(found).expect("BUG: a diagnostic has no JSON form");
    clean_json(&text) + "\n"
}

fn count(n_errors: usize, n_warnings: usize) -> String {
    match (n_errors, n_warnings) {
        (_, 0) => counted(n_errors, "error"),
        (0, _) => counted(n_warnings, "warning"),
        (_, _) => format!("{}, {}", counted(n_errors, "error"), counted(n_warnings, "warning")),
    }
}

fn one(diagnostic: &Diagnostic, source: Option<&str>, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(clean(&diagnostic.message)).id(diagnostic.code);
    let mut group = Group::with_title(title);
    let labels: Vec<_> = diagnostic.labels.iter().map(|(_, text)| clean(text)).collect();
    let excerpt = match (source, diagnostic.span) {
        (Some(source), Some(span)) => excerpt(source, span, &diagnostic.labels),
        (None, _) | (_, None) => None,
    };
    let mut misplaced = None;
    let has_excerpt = excerpt.is_some();
    match (&diagnostic.file, excerpt) {
        (Some(file), Some(excerpt)) => {
            misplaced = misplaced_column(diagnostic, &excerpt);
            let mut snippet = Snippet::source(excerpt.source)
                .path(clean(file))
                .line_start(excerpt.first_line)
                .annotation(AnnotationKind::Primary.span(excerpt.primary));
            for (range, number) in excerpt.others {
                let label = labels.get(number).cloned().unwrap_or_default();
                snippet = snippet.annotation(AnnotationKind::Context.span(range).label(label));
            }
            group = group.element(snippet);
        }
        (Some(file), None) => group = group.element(origin(file, diagnostic.span)),
        (None, _) => {}
    }
    if let Some(help) = &diagnostic.help {
        if has_excerpt {
            group = group.element(Padding);
        }
        group = group.element(Level::HELP.message(clean(help)));
    }
    let text = renderer.render(&[group]);
    match misplaced {
        None => text,
        Some((shown, true_place)) => {
            // The title comes first, and may say anything.
            let (title, rest) = text.split_once('\n').unwrap_or_default();
            format!("{title}\n{}", rest.replacen(&shown, &true_place, 1))
        }
    }
}

fn origin(file: &str, span: Option<Span>) -> Origin<'_> {
    let origin = Origin::path(clean(file));
    match span {
        Some(span) => origin.line(span.line as usize).char_column(span.column as usize),
        None => origin,
    }
}

/// The renderer counts columns in what it is shown. Where that is a cut line, returns the place it will print and
/// the true one.
fn misplaced_column(diagnostic: &Diagnostic, excerpt: &Excerpt) -> Option<(String, String)> {
    let span = diagnostic.span?;
    let before = excerpt.source.get(..excerpt.primary.start)?;
    let shown = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    let line = span.line;
    (shown != span.column as usize).then(|| (format!(":{line}:{shown}"), format!(":{line}:{}", span.column)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "kind: View\nspec:\n  columns: [number, state]\n  entity: order\n";

    fn span(part: &str) -> Span {
        let start = FILE.find(part).unwrap();
        let before = &FILE[..start];
        let line = before.matches('\n').count() as u32 + 1;
        let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1;
        Span { start: start as u32, end: (start + part.len()) as u32, line, column: column as u32 }
    }

    fn check(found: &[Diagnostic], want: &str) {
        let got = diagnostics(found, Paint::plain(), &|path| (path == "view.yaml").then_some(FILE));
        assert_eq!(got, want.strip_prefix('\n').unwrap_or(want), "\n{got}");
    }

    #[test]
    fn a_diagnostic_shows_its_place_and_the_next_move() {
        let found = [
            Diagnostic::error(
                "RV104",
                "view `open-orders` reads a field that `order` does not have: `state`",
            )
            .in_file("view.yaml")
            .at(span("state"))
            .label(span("order"), "this entity")
            .help("`order` has `status`"),
            Diagnostic::warning("RV201", "`number` is read twice").in_file("view.yaml").at(span("number")),
            Diagnostic::error("RV001", "the repository declares no environment").help("add one"),
            Diagnostic::error("RV002", "is not text").in_file("other.yaml"),
        ];
        check(
            &found,
            "
error[RV104]: view `open-orders` reads a field that `order` does not have: `state`
 --> view.yaml:3:21
  |
3 |   columns: [number, state]
  |                     ^^^^^
4 |   entity: order
  |           ----- this entity
  |
  = help: `order` has `status`

warning[RV201]: `number` is read twice
 --> view.yaml:3:13
  |
3 |   columns: [number, state]
  |             ^^^^^^

error[RV001]: the repository declares no environment
 |
 = help: add one

error[RV002]: is not text
--> other.yaml

3 errors, 1 warning
",
        );
    }

    #[test]
    fn a_huge_line_is_cut_and_its_column_is_true() {
        let file = format!("{}\u{1b}[2JHERE{}", "x".repeat(900_000), "y".repeat(100_000));
        let start = 900_004;
        let span = Span { start, end: start + 4, line: 1, column: start + 1 };
        let found = [Diagnostic::error("RV104", "no\u{1b}[2J:1:42").in_file("a\nb.yaml").at(span)];
        let text = diagnostics(&found, Paint::plain(), &|_| Some(file.as_str()));
        assert!(text.starts_with("error[RV104]: no\\u{1b}[2J:1:42\n --> a\\nb.yaml:1:900005\n"), "\n{text}");
        assert!(text.contains("x␛[2JHEREy") && text.len() < 1000 && !text.contains('\u{1b}'), "\n{text}");
    }

    #[test]
    fn diagnostics_are_json_for_programs() {
        let found = [Diagnostic::warning("RV201", "`number` is read twice").in_file("view.yaml")];
        let want = r#"[
  {
    "code": "RV201",
    "severity": "warning",
    "message": "`number` is read twice",
    "file": "view.yaml"
  }
]
"#;
        assert_eq!(diagnostics_json(&found), want);
    }
}
