//! Values inside Markdown: code spans, fences and HTML text that nothing breaks out of.
//! Never puts a value where Markdown, a mention or a link would read it.

use super::paint::{clean, clean_lines};

/// Writes a value as a code span. Its delimiter is longer than any run of backticks inside.
pub fn code(value: &str) -> String {
    let value = clean(value);
    if value.trim().is_empty() {
        return "``` ```".to_owned();
    }
    let ticks = "`".repeat(longest_run(&value) + 1);
    let pad = if value.starts_with(['`', ' ']) || value.ends_with(['`', ' ']) { " " } else { "" };
    format!("{ticks}{pad}{value}{pad}{ticks}")
}

/// Writes a text of several lines as a fenced block.
pub fn fence(language: &str, text: &str) -> String {
    let text = clean_lines(text);
    let ticks = "`".repeat((longest_run(&text) + 1).max(3));
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{ticks}{language}\n{text}{end}{ticks}\n")
}

/// Writes a value as the text of an HTML element.
pub fn html(value: &str) -> String {
    clean(value).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn longest_run(text: &str) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_inside_its_delimiters() {
        for (value, want) in [
            ("plain", "`plain`"),
            ("a `b` c", "``a `b` c``"),
            ("`b`", "`` `b` ``"),
            ("```\n# x", "```` ```\\n# x ````"),
            (" ", "``` ```"),
        ] {
            assert_eq!(code(value), want);
        }
        assert_eq!(fence("sql", "a\n```\n# x"), "````sql\na\n```\n# x\n````\n");
        assert_eq!(html("<b>&\u{1b}"), "&lt;b&gt;&amp;\\u{1b}");
    }
}
