//! One line of a change: its sign, its name, what it says and the notes beside it, in columns.
//! Never knows where a line comes from: members and settings are made into rows elsewhere.

use super::page::{Page, width};
use super::paint::{Role, clean};
use crate::diff::decision::Verb;

/// The narrowest and the widest that the column of names gets.
const NAMES: std::ops::RangeInclusive<usize> = 10..=40;

/// A line of a changed resource.
pub struct Row {
    pub verb: Verb,
    /// Fields and options line up among themselves, and all the rest does.
    pub is_main: bool,
    pub name: String,
    pub text: String,
    /// At the right, on the same line.
    pub notes: Vec<Note>,
    /// Each on its own line below.
    pub below: Vec<Note>,
}

/// A remark in the look of what it means.
pub struct Note {
    pub role: Role,
    pub text: String,
}

impl Note {
    pub fn of(role: Role, text: impl Into<String>) -> Note {
        Note { role, text: text.into() }
    }
}

/// The sign of a verb, as people know it.
pub fn sign(verb: Verb) -> (&'static str, Role) {
    match verb {
        Verb::Create => ("+", Role::Create),
        Verb::Adopt | Verb::Update => ("~", Role::Change),
        Verb::Delete => ("-", Role::Destroy),
        Verb::Release | Verb::Forget => (".", Role::Forget),
        Verb::Keep => ("=", Role::Plain),
    }
}

/// Writes the rows of one resource below its head, aligned.
pub fn write_rows(page: &mut Page, rows: &[Row]) {
    let names = |is_main: bool| {
        let widest =
            rows.iter().filter(|row| row.is_main == is_main).map(|row| width(&clean(&row.name)) + 2).max();
        widest.unwrap_or_default().clamp(*NAMES.start(), *NAMES.end())
    };
    let (main, rest) = (names(true), names(false));
    for row in rows {
        let (sign, role) = sign(row.verb);
        page.space(6).put(role, sign).space(1).put(Role::Plain, &row.name);
        page.tab(8 + if row.is_main { main } else { rest }).put(Role::Plain, &row.text);
        if !row.notes.is_empty() {
            page.stop();
        }
        for note in &row.notes {
            page.put(note.role, &note.text).space(2);
        }
        page.end();
        for note in &row.below {
            page.line(10, note.role, &note.text);
        }
    }
}
