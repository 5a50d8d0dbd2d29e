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

/// Writes a value as a code span in a cell of a table, where a bar would end the cell whatever it stands in.
pub fn cell(value: &str) -> String {
    code(&value.replace('|', "¦"))
}

/// Writes a sentence of ours that names a value without a code span: what Markdown or a host would read is escaped.
pub fn prose(text: &str) -> String {
    let clean = clean(text);
    let mut out = String::with_capacity(clean.len());
    let mut chars = clean.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // A host looks for these even behind an entity.
            '@' | '#' => out.push_str(&format!("&#92;u{{{:x}}}", u32::from(c))),
            '.' if chars.peek().is_none_or(|next| !next.is_alphanumeric()) => out.push(c),
            ',' | ':' | '-' | '(' | ')' | '\'' => out.push(c),
            _ if c.is_ascii_punctuation() => out.push_str(&format!("&#{};", u32::from(c))),
            _ => out.push(c),
        }
    }
    out
}

/// Writes a value inside a hidden comment, where `--` and `>` would end it.
pub fn marker(value: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'/');
    let mut out = String::new();
    for (at, byte) in value.bytes().enumerate() {
        let is_single = byte == b'-' && at > 0 && !out.ends_with('-') && at + 1 < value.len();
        match is_plain(byte) || is_single {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
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
        assert_eq!(cell("a|`b"), "``a¦`b``");
        assert_eq!(prose("a <b>, www.x. @c"), "a &#60;b&#62;, www&#46;x. &#92;u{40}c");
        assert_eq!(marker("dev-1"), "dev-1");
        assert_eq!(marker("a--> <b"), "a-%2D%3E%20%3Cb");
        assert_eq!(html("<b>&\u{1b}"), "&lt;b&gt;&amp;\\u{1b}");
    }
}
