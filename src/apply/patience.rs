//! How long an apply waits for others who hold what it needs, and how it asks again.
//! Never sleeps itself: waiting comes in.

use std::time::Duration;

/// The first pause is half as long to as long as this; each one after may be twice as long.
const FIRST: Duration = Duration::from_millis(500);

/// No pause is longer.
const LONGEST: Duration = Duration::from_secs(8);

/// Waits before an apply is tried again.
pub trait Patience {
    /// Waits after so many tries, from 1. False where there is no time left for another.
    fn wait(&self, tries: u32) -> bool;
}

/// Never tries again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Impatient;

impl Patience for Impatient {
    fn wait(&self, _tries: u32) -> bool {
        false
    }
}

/// How long to wait after so many tries. `draw` is any number: those who wait for one thing must not come back at once.
pub fn pause(tries: u32, draw: u32) -> Duration {
    let whole = FIRST.saturating_mul(1 << tries.saturating_sub(1).min(16)).min(LONGEST);
    let half = whole / 2;
    half + half.mul_f64(f64::from(draw) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        assert_eq!(
            (pause(1, 0), pause(1, u32::MAX)),
            (Duration::from_millis(250), Duration::from_millis(500))
        );
        assert_eq!(pause(2, u32::MAX), Duration::from_secs(1));
        assert_eq!((pause(5, u32::MAX), pause(u32::MAX, u32::MAX)), (LONGEST, LONGEST));
    }
}
