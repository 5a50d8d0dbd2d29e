//! How remarks show names, and how they find the word that was meant.
//! Never shows a character that would move a cursor or hide.

use std::cell::Cell;

use crate::diagnostic::nearest;
use crate::model::name::is_unprintable;

/// The most characters of a name that a message shows.
const MAX_SHOWN: usize = 80;

/// How many words all suggestions together may be compared with: a repository that has lost a folder has
/// thousands of dangling names, and each suggestion reads every name there is.
const BUDGET: usize = 20_000;

/// The longest word that is compared, in bytes.
const MAX_COMPARED: usize = 100;

/// A name as messages show it: unprintable characters escaped, and cut where it is very long.
pub fn shown(name: &str) -> String {
    let mut text = String::with_capacity(name.len().min(MAX_SHOWN));
    for (count, c) in name.chars().enumerate() {
        if count == MAX_SHOWN {
            text.push('…');
            break;
        }
        match is_unprintable(c) {
            true => text.extend(c.escape_unicode()),
            false => text.push(c),
        }
    }
    text
}

/// Names in backticks, with commas.
pub fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{}`", shown(name))).collect::<Vec<_>>().join(", ")
}

/// A circle of names as messages show it: `order -> account -> order`.
pub fn circle(names: &[&str]) -> String {
    const MOST: usize = 8;
    let mut steps: Vec<String> = names.iter().take(MOST).map(|name| shown(name)).collect();
    if names.len() > MOST {
        steps.push(format!("… {} more", names.len() - MOST));
    }
    steps.extend(names.first().map(|name| shown(name)));
    steps.join(" -> ")
}

/// Finds the words that were meant, as long as that costs little.
pub struct Suggestions {
    left: Cell<usize>,
}

impl Default for Suggestions {
    fn default() -> Suggestions {
        Suggestions { left: Cell::new(BUDGET) }
    }
}

impl Suggestions {
    /// Returns the known word nearest to `word`. `known` is asked for only while there is budget left.
    pub fn nearest<'a>(&self, word: &str, known: impl FnOnce() -> Vec<&'a str>) -> Option<&'a str> {
        if word.len() > MAX_COMPARED || self.left.get() == 0 {
            return None;
        }
        let known = known();
        self.left.set(self.left.get().saturating_sub(known.len() + 1));
        nearest(word, known.into_iter().filter(|name| name.len() <= MAX_COMPARED))
    }
}
