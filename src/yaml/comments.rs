//! Finds the comments of a text, which a rewrite from values would lose.
//! Never takes a `#` inside a text for a comment.

use saphyr_parser::{Event, Parser};

use super::place::{Places, scalar_end, span_of};
use crate::diagnostic::Span;

/// Returns the first comment of a text, wherever it is.
pub fn has_comments(text: &str) -> Option<Span> {
    first_from(text, 0)
}

/// Returns the first comment behind the leading block, which a rewrite can keep.
pub fn has_inner_comments(text: &str) -> Option<Span> {
    let leading = leading_comments(text);
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    first_from(text, start + leading.len())
}

/// Returns the comment lines and blank lines before the first document's content; empty if none is a comment.
pub fn leading_comments(text: &str) -> &str {
    let text = text.trim_start_matches('\u{feff}');
    let is_leading = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('#');
    let end: usize = text.split_inclusive('\n').take_while(is_leading).map(str::len).sum();
    let block = &text[..end];
    if block.contains('#') { block } else { "" }
}

fn first_from(text: &str, from: usize) -> Option<Span> {
    let places = Places::of(text);
    let mut at = from;
    for event in Parser::new_from_str(text) {
        // What cannot be parsed is searched as if it held no texts: rather one comment too many than one lost.
        let Ok((event, span)) = event else { break };
        if let Event::Scalar(content, style, anchor, tag) = event {
            let (start, end) = (places.byte(span.start), places.byte(span.end));
            let end = scalar_end(text, start, end, style, content.is_empty());
            // An anchor or a tag stands before its text, and what is between them is searched too.
            let is_text = end > start && anchor == 0 && tag.is_none();
            if is_text && start >= at {
                if let Some(found) = comment_in(text, at, start) {
                    return Some(found);
                }
                at = end;
            }
        }
    }
    comment_in(text, at.min(text.len()), text.len())
}

fn comment_in(text: &str, start: usize, end: usize) -> Option<Span> {
    let begins = |at: &usize| {
        let before = text[..*at].chars().next_back();
        before.is_none_or(|c| matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{feff}'))
    };
    let at = text[start..end].match_indices('#').map(|(at, _)| start + at).find(begins)?;
    let line = text[at..].split(['\n', '\r']).next().unwrap_or_default();
    Some(span_of(text, at, at + line.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_comments_count() {
        let show = |text: &str| {
            has_comments(text).map(|s| text[s.start as usize..s.end as usize].trim_end().to_owned())
        };
        for (text, want) in [
            ("a: b\n", None),
            ("a: b#c\n", None),
            ("a: 'x # y'\n", None),
            ("a: \"x # y\n  # z\"\n", None),
            ("a: |\n  # x\n  y # z\nb: >-\n\n  w # x\n", None),
            ("a: |-\n  &\n  # x\n", None),
            ("a: |\n  # x\n# out\n", Some("# out")),
            ("a: | # head\n  x\n", Some("# head")),
            ("a:   # k\n  - 1\n", Some("# k")),
            ("a: b # c\r\n", Some("# c")),
            ("# yaml-language-server: $schema=x\na: b\n", Some("# yaml-language-server: $schema=x")),
            ("a: {}\n#end", Some("#end")),
            ("a:\n#x\n", Some("#x")),
            ("a: [1, # one\n 2]\n", Some("# one")),
            ("a: \"open # x\n", Some("# x")),
            ("ä: 'ü # ö' # é\n", Some("# é")),
            ("- # a\n- b\n", Some("# a")),
        ] {
            assert_eq!(show(text).as_deref(), want, "{text:?}");
        }
    }

    #[test]
    fn the_leading_block_can_be_kept() {
        let text = "# Copyright\n\n# yaml-language-server: x\n---\na: '# no' # yes\n";
        assert_eq!(leading_comments(text), "# Copyright\n\n# yaml-language-server: x\n");
        assert_eq!(has_inner_comments(text).map(|s| (s.line, s.column)), Some((5, 11)));
        assert_eq!(has_inner_comments("# a\nb: c\n"), None);
        assert_eq!(leading_comments("\n\na: b\n"), "");
        assert_eq!(leading_comments("\u{feff}# a\nb: c # d\n"), "# a\n");
        assert_eq!(has_inner_comments("\u{feff}# a\nb: c # d\n").map(|s| (s.line, s.column)), Some((2, 6)));
    }
}
