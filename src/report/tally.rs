//! What a watcher has counted since it began: turns and how long they took, and how applies ended.
//! Never reads a clock: durations come in.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Applied;

/// The upper bounds of how long turns took, in milliseconds.
pub const BOUNDS: [u64; 9] = [50, 100, 250, 500, 1_000, 5_000, 30_000, 120_000, 600_000];

/// What was counted, by environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub turns: BTreeMap<String, Histogram>,
    /// By environment, and by how they ended.
    pub applies: BTreeMap<(String, &'static str), u64>,
}

/// How long things took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// How many took no longer than each bound, and longer than the one before.
    pub counts: [u64; BOUNDS.len()],
    /// All of them, also those that took longer than every bound.
    pub count: u64,
    pub sum: Duration,
}

impl Tally {
    pub fn turn(&mut self, environment: &str, took: Duration) {
        let histogram = self.turns.entry(environment.to_owned()).or_default();
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        if let Some(at) = BOUNDS.iter().position(|bound| milliseconds <= *bound) {
            histogram.counts[at] += 1;
        }
        histogram.count += 1;
        histogram.sum += took;
    }

    pub fn apply(&mut self, environment: &str, ended: Applied) {
        let outcome = match ended {
            Applied::Done | Applied::Nothing => "applied",
            Applied::RolledBack => "rolled-back",
            Applied::NotConverged => "not-converged",
            Applied::Unfinished => "unfinished",
            Applied::Partial => "partial",
            Applied::Refused => "refused",
        };
        *self.applies.entry((environment.to_owned(), outcome)).or_default() += 1;
    }
}
