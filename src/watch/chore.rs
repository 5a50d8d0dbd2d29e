//! Work that is done by one at a time and comes round again: looking at refs, asking remotes.
//! Never begun twice, and never forgotten while it runs.

use std::time::Duration;

use super::pace::At;

/// When a chore is done next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chore {
    pub due: Option<At>,
    pub is_running: bool,
    /// How often it was done.
    pub n_done: u32,
}

impl Chore {
    /// Asks for it by an instant, unless it is due before.
    pub fn ask(&mut self, at: At) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    /// Begins it, if it is due.
    pub fn begin(&mut self, at: At) -> bool {
        let begins = !self.is_running && self.due.is_some_and(|due| due <= at);
        if begins {
            (self.due, self.is_running) = (None, true);
        }
        begins
    }

    /// Notes that it is done, and when it comes round again.
    pub fn end(&mut self, at: At, later: Duration) {
        self.is_running = false;
        self.n_done = self.n_done.saturating_add(1);
        self.ask(at + later);
    }
}
