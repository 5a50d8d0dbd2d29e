//! Colour by meaning, and the cleaning of values that come from git or a target.
//! Never carries meaning by colour alone: with colour off, every text still says all.

use std::borrow::Cow;

use anstyle::{AnsiColor, Style};

use crate::model::name::is_unprintable;

/// Whether colour is on. The command line decides it, from `--color`, `NO_COLOR` and the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paint {
    color: bool,
}

/// What a piece of text means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Plain,
    Create,
    Change,
    Destroy,
    Forget,
    Heading,
    Note,
    Warn,
    Error,
}

impl Role {
    fn style(self) -> Style {
        match self {
            Role::Plain => Style::new(),
            Role::Create => AnsiColor::Green.on_default(),
            Role::Change => AnsiColor::Yellow.on_default(),
            Role::Destroy => AnsiColor::Red.on_default(),
            Role::Forget => Style::new().dimmed(),
            Role::Heading => Style::new().bold(),
            Role::Note => AnsiColor::Cyan.on_default(),
            Role::Warn => AnsiColor::Yellow.on_default().bold(),
            Role::Error => AnsiColor::Red.on_default().bold(),
        }
    }
}

impl Paint {
    pub fn new(color: bool) -> Paint {
        Paint { color }
    }

    /// No colour: not one escape is written.
    pub fn plain() -> Paint {
        Paint { color: false }
    }

    pub fn is_colored(self) -> bool {
        self.color
    }

    /// Gives `text` the look of its role. The text must be clean already.
    pub fn paint(self, role: Role, text: &str) -> Cow<'_, str> {
        if !self.color || role == Role::Plain || text.is_empty() {
            return Cow::Borrowed(text);
        }
        let style = role.style();
        Cow::Owned(format!("{style}{text}{style:#}"))
    }
}

/// Writes every control, escape, bidi and invisible character as its visible escape, line breaks and tabs included.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unprintable(c) {
            cleaned.extend(c.escape_default());
        } else {
            cleaned.push(c);
        }
    }
    Cow::Owned(cleaned)
}

/// Cleans a text of several lines: line breaks stay, a tab becomes four spaces, all else is escaped.
pub fn clean_lines(text: &str) -> String {
    let lines: Vec<String> =
        text.split('\n').map(|line| clean(&line.replace('\t', "    ")).into_owned()).collect();
    lines.join("\n")
}

/// Escapes, in a JSON text, what JSON itself permits in a string and a terminal does not bear: the value stays
/// the same.
pub fn clean_json(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unprintable(c) && c != '\n' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                cleaned.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            cleaned.push(c);
        }
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_move_a_terminal_is_written_out() {
        for (text, want) in [
            ("plain straße 数", "plain straße 数"),
            ("\u{1b}[31mred", r"\u{1b}[31mred"),
            ("a\tb\r\nc", r"a\tb\r\nc"),
            ("\u{9b}31m\u{202e}abc\u{200b}", r"\u{9b}31m\u{202e}abc\u{200b}"),
        ] {
            assert_eq!(clean(text), want);
        }
        assert_eq!(clean_lines("a\tb\r\n\u{7}c\n"), "a    b\\r\n\\u{7}c\n");
    }

    #[test]
    fn json_keeps_its_value_without_what_moves_a_terminal() {
        let value = "a\u{9b}\u{202e}\u{e0001}\u{1b}\n";
        let text = clean_json(&serde_json::to_string(value).unwrap());
        assert_eq!(text, r#""a\u009b\u202e\udb40\udc01\u001b\n""#);
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), value);
    }

    #[test]
    fn colour_is_written_only_where_it_is_on() {
        assert_eq!(Paint::plain().paint(Role::Destroy, "gone"), "gone");
        assert_eq!(Paint::new(true).paint(Role::Destroy, "gone"), "\u{1b}[31mgone\u{1b}[0m");
        assert_eq!(Paint::new(true).paint(Role::Destroy, ""), "");
    }
}
