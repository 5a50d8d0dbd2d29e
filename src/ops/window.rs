//! An apply that heeds the windows of its environment while it is under way.
//! Never stops what only tidies up, and never reads a clock: it comes in.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::apply::{Moment, Observer};
use crate::model::window::{Hand, Window, stops};
use crate::plan::{Plan, Runs, StepId};

/// Windows turn by the minute, and steps may be many.
const OFTEN: SignedDuration = SignedDuration::from_secs(1);

/// Stops an apply, as a failing step would, when a window gets into its way that lets nothing overrun.
pub struct Within<'a> {
    windows: &'a [Window],
    hand: Hand,
    started: Timestamp,
    /// When the windows were last looked at.
    looked: Timestamp,
    clock: &'a dyn Fn() -> Timestamp,
    /// The steps that only tidy up.
    tidying: BTreeSet<StepId>,
    inner: &'a mut dyn Observer,
}

impl<'a> Within<'a> {
    pub fn new(
        windows: &'a [Window],
        hand: Hand,
        clock: &'a dyn Fn() -> Timestamp,
        plan: &Plan,
        inner: &'a mut dyn Observer,
    ) -> Within<'a> {
        let tidying = plan.steps.iter().filter(|step| step.runs == Runs::After).map(|step| step.id).collect();
        let started = clock();
        Within { windows, hand, started, looked: started, clock, tidying, inner }
    }
}

impl Observer for Within<'_> {
    fn at(&mut self, moment: &Moment) -> Result<(), String> {
        let is_done = match moment {
            Moment::Committed => true,
            Moment::Before(step) | Moment::After(step) => self.tidying.contains(step),
            Moment::Waiting(_) | Moment::Locked | Moment::Checked | Moment::Recorded | Moment::Verified => {
                false
            }
        };
        if !is_done && !self.windows.is_empty() {
            let now = (self.clock)();
            if now.duration_since(self.looked) >= OFTEN {
                self.looked = now;
                if let Some(why) = stops(self.windows, self.started, now, self.hand) {
                    return Err(format!("the time in which it may be applied to is over: {why}"));
                }
            }
        }
        self.inner.at(moment)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::model::schedule;
    use crate::model::window::WindowKind;

    struct Counting(u32);

    impl Observer for Counting {
        fn at(&mut self, _moment: &Moment) -> Result<(), String> {
            self.0 += 1;
            Ok(())
        }
    }

    #[test]
    fn an_apply_stops_when_its_time_is_over_unless_it_may_overrun() {
        for (overrun, goes_on) in [(true, true), (false, false)] {
            let window = Window {
                kind: WindowKind::Allow,
                schedule: "0 9 * * *".parse().unwrap(),
                duration: "1h".parse().unwrap(),
                zone: schedule::zone("UTC").unwrap(),
                manual: false,
                overrun,
            };
            let now = Cell::new("2026-03-02T09:59:00Z".parse::<Timestamp>().unwrap());
            let clock = || now.get();
            let (windows, mut inner) = ([window], Counting(0));
            let mut within = Within {
                windows: &windows,
                hand: Hand::Automatic,
                started: now.get(),
                looked: now.get(),
                clock: &clock,
                tidying: [3].into(),
                inner: &mut inner,
            };
            assert_eq!(within.at(&Moment::Locked), Ok(()));
            now.set("2026-03-02T10:00:00Z".parse().unwrap());
            let stopped = within.at(&Moment::Verified);
            assert_eq!(stopped.is_ok(), goes_on, "{stopped:?}");
            // What is committed is committed, and is tidied up.
            assert_eq!(within.at(&Moment::Committed), Ok(()));
            assert_eq!(within.at(&Moment::Before(3)), Ok(()));
            assert_eq!(inner.0, 3 + u32::from(goes_on));
        }
    }
}
