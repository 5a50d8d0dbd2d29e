//! When the work tree is read: after it has been quiet, and not before two readings were the same.
//! Never waits for ever for a tree that is always written to.

use std::time::Duration;

use super::backoff::Backoff;
use super::event::{Roster, Sight};
use super::pace::{At, Pace};

/// How long after a reading the next one shows whether anything moves; each one after waits longer.
const AGAIN: Backoff = Backoff { base: Duration::from_millis(100), cap: Duration::from_secs(5) };

/// The reading of a work tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    due: Option<At>,
    /// The first of the touches that were not read yet.
    touched: Option<At>,
    is_running: bool,
    /// What the last reading found.
    last: Option<Roster>,
    is_settled: bool,
    /// How many readings were not the same as the one before.
    n_unlike: u32,
}

impl Tree {
    /// Puts a reading off until the tree is quiet, but not for ever.
    pub fn touch(&mut self, at: At, pace: &Pace) {
        let first = *self.touched.get_or_insert(at);
        self.is_settled = false;
        self.due = Some((at + pace.quiet).min(first + pace.patience).max(at));
    }

    pub fn due(&self) -> Option<At> {
        self.due.filter(|_| !self.is_running)
    }

    pub fn begin(&mut self, at: At) -> bool {
        let begins = self.due().is_some_and(|due| due <= at);
        if begins {
            (self.due, self.touched, self.is_running) = (None, None, true);
        }
        begins
    }

    /// Takes in a reading. Returns it once two of them are the same and nothing has been touched in between.
    pub fn scanned(&mut self, found: Sight, at: At, later: Duration) -> Option<Roster> {
        self.is_running = false;
        let found = match found {
            Sight::Read(roster) => Some(roster),
            Sight::Unread { .. } | Sight::Moving => None,
        };
        let is_same = found.is_some() && found == self.last;
        self.last = found;
        if self.touched.is_some() {
            return None;
        }
        if !is_same {
            self.is_settled = false;
            self.n_unlike = self.n_unlike.saturating_add(1);
            self.due = Some(at + AGAIN.ceiling(self.n_unlike - 1));
            return None;
        }
        self.n_unlike = 0;
        self.due = Some(at + later);
        let is_news = !std::mem::replace(&mut self.is_settled, true);
        self.last.clone().filter(|_| is_news)
    }
}
