//! What a watch says: lines on stdout when something changes, and how all stands in one line of a terminal.
//! Never says the same thing twice in a row.

use std::collections::BTreeMap;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};

use super::desk::{Desk, Standings};
use crate::cli::context::{Context, now};
use crate::cli::terminal::Terminal;
use crate::render::paint::clean_json;
use crate::render::watch_text;
use crate::wire::watch::{FORMAT_VERSION, WatchEvent, Word, to_json};

/// What a watch says.
pub struct Voice {
    terminal: Terminal,
    is_json: bool,
    is_verbose: bool,
    bar: Option<ProgressBar>,
    /// How wide the names of the environments are.
    width: usize,
    /// What was said last of each environment, and of the watch as a whole.
    last: BTreeMap<(Option<String>, bool), WatchEvent>,
}

impl Voice {
    pub fn new(context: &Context, _: &Arc<Desk>) -> Voice {
        Voice {
            terminal: context.terminal,
            is_json: context.is_json(),
            is_verbose: context.global.verbose,
            bar: context.terminal.live_line(),
            width: 0,
            last: BTreeMap::new(),
        }
    }

    /// Says which program this is, where programs listen.
    pub fn open(&mut self) {
        if self.is_json {
            self.write(&WatchEvent {
                word: Word::Version,
                at: now(),
                format_version: Some(FORMAT_VERSION.to_owned()),
                message: format!("reconcile {}", env!("CARGO_PKG_VERSION")),
                ..WatchEvent::default()
            });
        }
    }

    /// Says that the watch is over.
    pub fn close(&mut self, message: &str) {
        self.say(super::told(Word::Stopped, "", message));
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// Takes note of how wide the longest name is.
    pub fn measure(&mut self, width: usize) {
        self.width = width.min(24);
    }

    /// Says what happened, unless it was said already.
    pub fn say(&mut self, mut event: WatchEvent) {
        if event.at.is_empty() {
            event.at = now();
        }
        // What is told by the way does not change how an environment stands.
        let by_the_way = matches!(event.word, Word::Warning | Word::Told | Word::Tidied);
        let key = (event.environment.clone(), by_the_way);
        let before = self.last.get(&key);
        if before.is_some_and(|before| is_known(before, &event)) && !self.is_verbose {
            return;
        }
        self.last.insert(key, event.clone());
        self.write(&event);
    }

    fn write(&self, event: &WatchEvent) {
        let text = match self.is_json {
            true => clean_json(&to_json(event)),
            false => {
                let time = jiff::Zoned::now().strftime("%H:%M:%S").to_string();
                watch_text::event(event, &time, self.width, self.terminal.paint)
            }
        };
        match &self.bar {
            Some(bar) => bar.suspend(|| self.terminal.result(&text)),
            None => self.terminal.result(&text),
        }
    }

    /// Shows how all environments stand, where somebody looks on.
    pub fn show(&self, standings: &Standings) {
        let Some(bar) = &self.bar else { return };
        if let Ok(all) = standings.lock() {
            bar.set_message(watch_text::status(all.values()));
        }
    }
}

/// Whether an event only says once more what was said before.
fn is_known(before: &WatchEvent, event: &WatchEvent) -> bool {
    let is_good = |word: Word| matches!(word, Word::Synced | Word::Applied | Word::Healed);
    let is_still_good =
        event.word == Word::Synced && is_good(before.word) && before.revision == event.revision;
    let is_same = before.word == event.word
        && before.message == event.message
        && (&before.revision, &before.why, &before.paths) == (&event.revision, &event.why, &event.paths)
        && before.package == event.package
        && before.entry == event.entry;
    is_same || is_still_good
}

/// A line at the bottom of a terminal that changes with what it says.
pub fn line() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
        bar.set_style(style);
    }
    bar
}
