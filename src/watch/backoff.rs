//! How long a turn that failed waits before it is tried again.
//! Never waits less than its base, nor more than its cap.

use std::time::Duration;

use super::pace::Draw;

/// A delay that doubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    pub base: Duration,
    pub cap: Duration,
}

/// A turn that failed.
pub const FAILED: Backoff = Backoff { base: Duration::from_secs(2), cap: Duration::from_secs(300) };

/// A lock that somebody else has, or a target that moved while it was planned for: both pass soon.
pub const BUSY: Backoff = Backoff { base: Duration::from_millis(250), cap: Duration::from_secs(10) };

/// A fight with another writer.
pub const FIGHTING: Backoff = Backoff { base: Duration::from_secs(60), cap: Duration::from_secs(3600) };

impl Backoff {
    /// The longest delay after so many failures, from 1.
    pub fn ceiling(&self, failures: u32) -> Duration {
        self.base.saturating_mul(1 << failures.min(20)).min(self.cap)
    }

    /// Any delay between the base and the ceiling: those who failed together must not come back together.
    pub fn delay(&self, failures: u32, draw: &mut Draw) -> Duration {
        let spread = self.ceiling(failures).saturating_sub(self.base);
        self.base + spread.mul_f64(draw.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_the_cap_and_are_spread() {
        let ceilings: Vec<u64> = (1..=9).map(|n| FAILED.ceiling(n).as_secs()).collect();
        assert_eq!(ceilings, [4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(FAILED.ceiling(u32::MAX), FAILED.cap);
        for failures in 1..40 {
            let delays: Vec<Duration> = (0..200).map(|n| FAILED.delay(failures, &mut Draw::new(n))).collect();
            assert!(delays.iter().all(|d| (FAILED.base..=FAILED.ceiling(failures)).contains(d)));
            let (least, most) = (delays.iter().min().unwrap(), delays.iter().max().unwrap());
            assert!(*most - *least > (FAILED.ceiling(failures) - FAILED.base).mul_f64(0.9));
        }
    }
}
