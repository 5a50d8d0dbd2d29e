//! The waiting of an apply, in real time.
//! Never waits longer than it was told to in all.

use std::time::{Duration, Instant};

use crate::apply::{Patience, pause};

/// How long an apply tries to get what others hold.
pub const BUDGET: Duration = Duration::from_secs(5 * 60);

/// Waits until an instant, and no longer.
#[derive(Clone, Copy, Debug)]
pub struct Until(Instant);

impl Until {
    /// Begins now.
    pub fn after(budget: Duration) -> Until {
        Until(Instant::now() + budget)
    }
}

impl Patience for Until {
    fn wait(&self, tries: u32) -> bool {
        let left = self.0.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        // Without chance, all who wait come back at the same time: that is slower, and not wrong.
        std::thread::sleep(pause(tries, getrandom::u32().unwrap_or_default()).min(left));
        true
    }
}
