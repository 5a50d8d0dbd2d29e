//! A page under construction: pieces of text in columns, each cleaned and painted as it is put down.
//! Never takes a piece unclean, and never ends a line in spaces.

use unicode_width::UnicodeWidthStr;

use super::paint::{Paint, Role, clean};

/// Where the column of notes begins, and how far apart its further stops are.
const FIRST_STOP: usize = 44;
const STOP: usize = 26;

/// How wide a line of a list may grow before it is wrapped.
const WRAP: usize = 100;

/// A text that grows piece by piece. Every renderer of text writes through it, so no value can skip the cleaning.
pub struct Page {
    text: String,
    paint: Paint,
    column: usize,
    gap: usize,
}

impl Page {
    pub fn new(paint: Paint) -> Page {
        Page { text: String::new(), paint, column: 0, gap: 0 }
    }

    /// Puts down one piece on the current line.
    pub fn put(&mut self, role: Role, text: &str) -> &mut Page {
        if text.is_empty() {
            return self;
        }
        let text = clean(text);
        self.text.extend(std::iter::repeat_n(' ', self.gap));
        self.column += self.gap + width(&text);
        self.gap = 0;
        self.text.push_str(&self.paint.paint(role, &text));
        self
    }

    /// Leaves space before the next piece, if one follows on this line.
    pub fn space(&mut self, n_columns: usize) -> &mut Page {
        self.gap += n_columns;
        self
    }

    /// Moves to `column`, or two further where the line is there already.
    pub fn tab(&mut self, column: usize) -> &mut Page {
        let least = if self.column == 0 { 0 } else { 2 };
        self.gap = column.saturating_sub(self.column).max(least);
        self
    }

    /// Moves to the next stop for notes.
    pub fn stop(&mut self) -> &mut Page {
        let beyond = (self.column + 2).saturating_sub(FIRST_STOP);
        self.tab(FIRST_STOP + beyond.div_ceil(STOP) * STOP)
    }

    /// Ends the line.
    pub fn end(&mut self) -> &mut Page {
        self.text.push('\n');
        self.column = 0;
        self.gap = 0;
        self
    }

    /// Puts down a line of its own.
    pub fn line(&mut self, indent: usize, role: Role, text: &str) -> &mut Page {
        self.space(indent).put(role, text).end()
    }

    /// Puts down `items`, separated by commas, and goes on at `indent` where the line is full.
    pub fn list(&mut self, indent: usize, items: impl IntoIterator<Item = String>) -> &mut Page {
        let mut items = items.into_iter().peekable();
        let mut is_first = true;
        while let Some(mut item) = items.next() {
            if items.peek().is_some() {
                item.push(',');
            }
            if !is_first && self.column + 1 + width(&clean(&item)) > WRAP {
                self.end().space(indent);
            } else if !is_first {
                self.space(1);
            }
            self.put(Role::Plain, &item);
            is_first = false;
        }
        self
    }

    pub fn finish(self) -> String {
        self.text
    }
}

/// How many columns a clean text takes in a terminal.
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// Writes a count with thousands separators: `1,204`.
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes a count with its word: `1 finding`, `1,204 findings`.
pub fn counted(count: usize, word: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {word}{plural}", thousands(count as u64))
}

/// Cuts a text to `limit` characters, with an ellipsis where something is missing.
pub fn shorten(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some(_) => {
            let end = text.char_indices().nth(limit.saturating_sub(1)).map_or(0, |(at, _)| at);
            format!("{}…", &text[..end])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_in_threes() {
        let texts: Vec<String> = [0, 12, 999, 1204, 1_000_000].into_iter().map(thousands).collect();
        assert_eq!(texts, ["0", "12", "999", "1,204", "1,000,000"]);
    }

    #[test]
    fn notes_begin_at_the_next_stop_and_no_line_ends_in_spaces() {
        let mut page = Page::new(Paint::plain());
        page.put(Role::Plain, "short").stop().put(Role::Plain, "note").end();
        page.put(Role::Plain, &"x".repeat(43)).stop().put(Role::Plain, "note").end();
        page.put(Role::Plain, "數").stop().end();
        let want = format!("short{}note\n{}{}note\n數\n", " ".repeat(39), "x".repeat(43), " ".repeat(27));
        assert_eq!(page.finish(), want);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(shorten("straße", 6), "straße");
        assert_eq!(shorten("straßen", 6), "straß…");
    }
}
