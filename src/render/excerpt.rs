//! The few lines of a file that a diagnostic speaks of, cleaned and cut to a bounded size.
//! Never lets a password, a control character or a megabyte of one line through, and never loses a span's place.

use std::ops::Range;

use crate::diagnostic::Span;
use crate::model::name::is_unprintable;
use crate::model::secret::secrets;

/// How many characters of a line are shown, and how many of them before a place that would not fit.
const LINE: usize = 140;
const LEAD: usize = 40;

/// How far from the diagnostic's place a label may be to be shown with it.
const REACH: u32 = 500;

/// Lines to show, with the places in them. Bytes count in `source`.
#[derive(Debug, PartialEq, Eq)]
pub struct Excerpt {
    pub source: String,
    /// The number of the first line, from 1.
    pub first_line: usize,
    /// The place the diagnostic speaks of.
    pub primary: Range<usize>,
    /// Other places, each with the number of its label.
    pub others: Vec<(Range<usize>, usize)>,
}

/// Takes the lines that `span` and `labels` begin on out of `text`; what a place says beyond its first line is
/// not shown. None where the span is not in the text.
pub fn excerpt(text: &str, span: Span, labels: &[(Span, String)]) -> Option<Excerpt> {
    let mut places: Vec<(Place, Option<usize>)> = vec![(Place::of(text, span)?, None)];
    for (number, (label, _)) in labels.iter().enumerate() {
        if label.line.abs_diff(span.line) <= REACH
            && let Some(place) = Place::of(text, *label)
        {
            places.push((place, Some(number)));
        }
    }
    places.sort_by_key(|(place, number)| (place.line, *number));
    let first_line = places.first().map_or(1, |(place, _)| place.line);
    let mut excerpt =
        Excerpt { source: String::new(), first_line: first_line as usize, primary: 0..0, others: Vec::new() };
    let (mut at_line, mut at_byte) = (first_line, 0);
    for group in places.chunk_by(|(a, _), (b, _)| a.line == b.line) {
        let Some((leader, _)) = group.first() else { continue };
        let gap = leader.line - at_line;
        if gap > 0 {
            excerpt.add_gap(gap, text.get(at_byte..leader.start).unwrap_or_default());
        }
        excerpt.add_line(leader, group);
        (at_line, at_byte) = (leader.line, leader.start + leader.text.len());
    }
    Some(excerpt)
}

impl Excerpt {
    /// Goes on `gap` lines further. A wide gap is folded away when it is drawn, so its lines need not be carried.
    fn add_gap(&mut self, gap: u32, between: &str) {
        if gap > 3 {
            self.source.extend(std::iter::repeat_n('\n', gap as usize));
            return;
        }
        let lines = between.split('\n').skip(1).take(gap as usize - 1);
        for line in lines {
            self.source.push('\n');
            let line = line.trim_end_matches('\r');
            let end = line.char_indices().nth(LINE).map_or(line.len(), |(at, _)| at);
            let covered = covered(line, 0..end);
            self.source.extend(line[..end].char_indices().map(|(at, c)| covered.sign(at, c)));
        }
        self.source.push('\n');
    }

    fn add_line(&mut self, leader: &Place<'_>, group: &[(Place<'_>, Option<usize>)]) {
        let line = leader.text;
        let from = leader.window_start();
        let start = self.source.len();
        // The new place of each byte where a character begins; the line's end is the last.
        let mut moved: Vec<(usize, usize)> = Vec::new();
        if from > 0 {
            self.source.push('…');
        }
        let mut end = line.len();
        let last = line[from..].char_indices().nth(LINE).map_or(line.len(), |(at, _)| from + at);
        let covered = covered(line, from..last);
        for (n_shown, (at, c)) in line.get(from..).unwrap_or_default().char_indices().enumerate() {
            if n_shown == LINE {
                end = from + at;
                break;
            }
            moved.push((from + at, self.source.len()));
            self.source.push(covered.sign(from + at, c));
        }
        moved.push((end, self.source.len()));
        if end < line.len() {
            self.source.push('…');
        }
        let new = |byte: usize| {
            let i = moved.partition_point(|(old, _)| *old < byte);
            moved.get(i).map_or(self.source.len(), |(_, new)| *new).max(start)
        };
        for (place, number) in group {
            let range = new(place.range.start)..new(place.range.end);
            match number {
                None => self.primary = range,
                Some(number) if place.range.start >= from && place.range.start <= end => {
                    self.others.push((range, *number));
                }
                Some(_) => {}
            }
        }
    }
}

/// A span on its first line.
struct Place<'a> {
    line: u32,
    /// Where the line begins.
    start: usize,
    text: &'a str,
    /// Bytes in `text`, on character boundaries.
    range: Range<usize>,
}

impl<'a> Place<'a> {
    fn of(text: &'a str, span: Span) -> Option<Place<'a>> {
        let start = floor(text, span.start as usize)?;
        let end = floor(text, span.end as usize).unwrap_or(text.len()).max(start);
        let line_start = text.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
        let line_end = text.get(start..)?.find('\n').map_or(text.len(), |at| start + at);
        let line = text.get(line_start..line_end)?.trim_end_matches('\r');
        let clip = |byte: usize| byte.saturating_sub(line_start).min(line.len());
        Some(Place { line: span.line.max(1), start: line_start, text: line, range: clip(start)..clip(end) })
    }

    /// Where the shown part of the line begins: at its start if the place fits, else a little before the place.
    fn window_start(&self) -> usize {
        let before = self.text.get(..self.range.start).unwrap_or_default();
        let is_near = before.chars().nth(LINE - LEAD).is_none();
        if is_near { 0 } else { before.char_indices().rev().nth(LEAD - 1).map_or(0, |(at, _)| at) }
    }
}

/// The nearest character boundary at or before `byte`; none beyond the end.
fn floor(text: &str, byte: usize) -> Option<usize> {
    if byte > text.len() {
        return None;
    }
    (byte.saturating_sub(3)..=byte).rev().find(|at| text.is_char_boundary(*at))
}

/// What of a line may not be read by those who read the diagnostic.
struct Covered(Vec<Range<usize>>);

/// Looks for secrets in the part of a line that is shown, and around it as far as they may begin there.
fn covered(line: &str, shown: Range<usize>) -> Covered {
    const AROUND: usize = 4096;
    let start = floor(line, shown.start.saturating_sub(AROUND)).unwrap_or(0);
    let end = floor(line, (shown.end + AROUND).min(line.len())).unwrap_or(line.len());
    let moved = |place: Range<usize>| place.start + start..place.end + start;
    Covered(secrets(&line[start..end]).into_iter().map(moved).collect())
}

impl Covered {
    fn sign(&self, at: usize, c: char) -> char {
        match self.0.iter().any(|place| place.contains(&at)) {
            true => '*',
            false => visible(c),
        }
    }
}

/// One visible character for one of any sort.
fn visible(c: char) -> char {
    match c {
        '\t' => ' ',
        '\u{7f}' => '␡',
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        _ if is_unprintable(c) => '\u{fffd}',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: usize, end: usize, line: u32) -> Span {
        Span { start: start as u32, end: end as u32, line, column: 1 }
    }

    #[test]
    fn a_span_keeps_its_place_in_a_cleaned_line() {
        let text = "a: 1\nname: \u{1b}[31m\u{202e}x\nz: 2\n";
        let at = text.find('\u{1b}').unwrap();
        let found = excerpt(text, span(at, at + 9, 2), &[(span(0, 1, 1), String::new())]).unwrap();
        assert_eq!(found.source, "a: 1\nname: ␛[31m\u{fffd}x");
        assert_eq!((&found.source[found.primary.clone()], found.first_line), ("␛[31m\u{fffd}x", 1));
        assert_eq!(found.others, [(0..1, 0)]);
    }

    #[test]
    fn a_line_between_two_places_is_shown_as_it_is() {
        let text = "a\nb\u{7}\nc\n\n\n\n\n\nz\n";
        let labels = [(span(5, 6, 3), String::new()), (span(12, 13, 9), String::new())];
        let found = excerpt(text, span(0, 1, 1), &labels).unwrap();
        assert_eq!(found.source, "a\nb␇\nc\n\n\n\n\n\nz");
    }

    #[test]
    fn a_megabyte_in_one_line_is_cut_around_the_place() {
        let text = format!("{}HERE{}", "ä".repeat(300_000), "x".repeat(500_000));
        let at = text.find("HERE").unwrap();
        let found = excerpt(&text, span(at, at + 4, 1), &[(span(0, 2, 1), String::new())]).unwrap();
        assert_eq!(found.source.chars().count(), LINE + 2);
        assert_eq!(&found.source[found.primary.clone()], "HERE");
        assert_eq!(found.others, []);
    }

    #[test]
    fn a_password_is_covered_and_keeps_its_length() {
        let text = "a: 1\nurl: postgres://app:hünter@db/x\nb: { password: 'no one' }\nc: 2\n";
        let at = text.find("c:").unwrap();
        let found = excerpt(text, span(at, at + 1, 4), &[(span(0, 1, 1), String::new())]).unwrap();
        assert_eq!(found.source, "a: 1\nurl: postgres://app:******@db/x\nb: { password: ******** }\nc: 2");
        let at = text.find("postgres").unwrap();
        let found = excerpt(text, span(at, at + 8, 2), &[]).unwrap();
        assert_eq!(found.source, "url: postgres://app:******@db/x");
    }

    #[test]
    fn a_span_outside_the_text_has_no_excerpt() {
        assert_eq!(excerpt("ab", span(3, 4, 1), &[]), None);
        assert_eq!(excerpt("ab", span(2, 9, 1), &[]).map(|found| found.primary), Some(2..2));
        assert_eq!(excerpt("ä", span(1, 1, 1), &[]).map(|found| found.primary), Some(0..0));
    }
}
