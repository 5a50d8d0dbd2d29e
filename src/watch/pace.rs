//! How quickly a watch goes round, and its own clock.
//! Never reads a clock: an instant is a number that comes in.

use std::ops::Add;
use std::time::Duration;

/// An instant: milliseconds since the watch began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At(pub u64);

impl Add<Duration> for At {
    type Output = At;

    fn add(self, later: Duration) -> At {
        At(self.0.saturating_add(u64::try_from(later.as_millis()).unwrap_or(u64::MAX)))
    }
}

impl At {
    /// How long after an earlier instant this is.
    pub fn since(self, earlier: At) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// How quickly a watch goes round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How often remotes are asked, and refs looked at although nothing was heard.
    pub poll: Duration,
    /// How often each target is looked at although no commit came.
    pub interval: Duration,
    /// How long a lease lasts that nobody renews.
    pub lease: Duration,
    /// How long refs are left to settle.
    pub refs: Duration,
    /// How long a work tree must be quiet, and how long it is waited for at most.
    pub quiet: Duration,
    pub patience: Duration,
    /// The work tree is read, and not the commits of a branch.
    pub reads_work_tree: bool,
    /// Every environment has one turn, and then the watch is over.
    pub is_once: bool,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            poll: Duration::from_secs(30),
            interval: Duration::from_secs(300),
            lease: Duration::from_secs(30),
            refs: Duration::from_millis(50),
            quiet: Duration::from_millis(200),
            patience: Duration::from_secs(5),
            reads_work_tree: false,
            is_once: false,
        }
    }
}

/// Chance that came in as one number, for as many draws as are needed.
#[derive(Clone, Copy, Debug)]
pub struct Draw(u64);

impl Draw {
    pub fn new(number: u32) -> Draw {
        Draw(u64::from(number) | 1 << 40)
    }

    /// The next draw, between 0 and 1.
    pub fn next(&mut self) -> f64 {
        // SplitMix64: the draws of neighbouring numbers have nothing in common.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let drawn = u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or_default();
        f64::from(drawn) / f64::from(u32::MAX)
    }

    /// A duration up to a tenth shorter or longer: those who began together must not go on together.
    pub fn about(&mut self, duration: Duration) -> Duration {
        duration.mul_f64(0.9 + 0.2 * self.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_spread() {
        let mut draw = Draw::new(7);
        let drawn: Vec<f64> = (0..1000).map(|_| draw.next()).collect();
        assert!(drawn.iter().all(|one| (0.0..=1.0).contains(one)));
        assert!((0.45..0.55).contains(&(drawn.iter().sum::<f64>() / 1000.0)));
        let about: Vec<u64> =
            (0..100).map(|n| At(0).add(Draw::new(n).about(Duration::from_secs(30))).0).collect();
        assert!(about.iter().all(|ms| (27_000..=33_000).contains(ms)));
        assert!(about.iter().collect::<std::collections::BTreeSet<_>>().len() > 95);
    }
}
