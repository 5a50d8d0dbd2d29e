//! Turns the parser's marks, which count characters, into spans, which count bytes.
//! Never scans a text more than once for all the marks of one reading.

use saphyr_parser::ScalarStyle;

use crate::diagnostic::Span;

/// The places of one text.
pub(super) struct Places<'t> {
    pub text: &'t str,
    /// The byte at which each character begins, and the end; none when every character is one byte.
    bytes: Option<Vec<u32>>,
}

impl<'t> Places<'t> {
    pub fn of(text: &'t str) -> Places<'t> {
        let table = || text.char_indices().map(|(at, _)| at as u32).chain([text.len() as u32]).collect();
        Places { text, bytes: (!text.is_ascii()).then(table) }
    }

    /// Returns the byte of a mark. The parser may stand past the end.
    pub fn byte(&self, mark: saphyr_parser::Marker) -> usize {
        let end = self.text.len();
        match &self.bytes {
            Some(bytes) => bytes.get(mark.index()).map_or(end, |byte| *byte as usize),
            None => mark.index().min(end),
        }
    }

    pub fn span(&self, span: saphyr_parser::Span) -> Span {
        let start = self.byte(span.start);
        Span {
            start: start as u32,
            end: self.byte(span.end).max(start) as u32,
            line: span.start.line() as u32,
            column: span.start.col() as u32 + 1,
        }
    }
}

/// Returns where a scalar's own characters end. The parser goes too far: an empty value gets the token
/// behind it, a quoted one the comment behind it, a block its line breaks.
pub(super) fn scalar_end(text: &str, start: usize, end: usize, style: ScalarStyle, is_empty: bool) -> usize {
    let written = &text[start..end];
    match style {
        ScalarStyle::Plain if is_empty => start,
        ScalarStyle::Plain | ScalarStyle::Literal | ScalarStyle::Folded => start + written.trim_end().len(),
        ScalarStyle::SingleQuoted => start + quoted_length(written, '\''),
        ScalarStyle::DoubleQuoted => start + quoted_length(written, '"'),
    }
}

fn quoted_length(written: &str, quote: char) -> usize {
    let mut chars = written.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if quote == '"' => drop(chars.next()),
            _ if c != quote => {}
            // In single quotes, two of them stand for one.
            '\'' if chars.peek().is_some_and(|(_, next)| *next == quote) => drop(chars.next()),
            _ => return at + 1,
        }
    }
    written.trim_end().len()
}

/// Returns the span of some bytes by counting lines from the text's start: for single places only.
pub(super) fn span_of(text: &str, start: usize, end: usize) -> Span {
    let before = text[..start].strip_prefix('\u{feff}').unwrap_or(&text[..start]);
    let line_start = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let lone = |(at, _): &(usize, &str)| !before[at + 1..].starts_with('\n');
    let breaks = before.matches('\n').count() + before.match_indices('\r').filter(lone).count();
    Span {
        start: start as u32,
        end: end as u32,
        line: breaks as u32 + 1,
        column: before[line_start..].chars().count() as u32 + 1,
    }
}

/// Returns the span of `part` within `span`, as far as it stands there as it is; else `span`.
pub fn narrow(text: &str, span: Span, part: &str) -> Span {
    let (start, end) = (span.start as usize, span.end as usize);
    match text.get(start..end).and_then(|within| within.find(part)) {
        Some(at) => span_of(text, start + at, start + at + part.len()),
        None => span,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one() {
        let at = |text: &str, start: usize| {
            let span = span_of(text, start, start);
            (span.line, span.column)
        };
        assert_eq!(at("", 0), (1, 1));
        assert_eq!(at("\u{feff}a", 3), (1, 1));
        assert_eq!(at("a\r\nb\rcä!", 8), (3, 3));
    }

    #[test]
    fn a_quoted_scalar_ends_at_its_quote() {
        assert_eq!(quoted_length("'a''b' # c'", '\''), 6);
        assert_eq!(quoted_length(r#""a\"b\\" # c""#, '"'), 8);
        assert_eq!(quoted_length("'open # c", '\''), 9);
    }
}
