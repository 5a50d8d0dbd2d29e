//! One environment as a watch follows it: what it was last seen at, its lease, and when its next turn is.
//! Never has two turns at once.

use std::time::Duration;

use super::backoff::{BUSY, FAILED};
use super::event::{Outcome, Policy, Turn};
use super::fight::Fight;
use super::pace::{At, Draw, Pace};

/// One environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Followed {
    pub policy: Policy,
    /// The newest revision that was seen.
    pub seen: Option<String>,
    /// When its next turn begins; none before a revision was seen.
    pub due: Option<At>,
    /// The revision of the turn that is under way.
    pub running: Option<String>,
    pub failures: u32,
    pub lease: Hold,
    pub fight: Fight,
    /// Whether it has had the one turn of a watch that is over then.
    pub is_done: bool,
    busy: u32,
    /// Somebody has decided something while a turn was under way.
    is_woken: bool,
}

/// How a watch stands to the lease of one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Nothing is written there, so none is needed.
    Needless,
    /// It is asked for then.
    Wanted { at: At, failures: u32 },
    /// It is being asked for.
    Asked { failures: u32 },
    /// It is ours until then, and is renewed before.
    Ours { until: At, renew: At, is_asked: bool },
    /// There is no target yet, so nobody can have it.
    Nowhere,
    /// Somebody else has it; it is asked for again then.
    Theirs { again: At },
    /// It is being given back.
    Dropping,
}

impl Followed {
    pub fn new(policy: Policy, at: At) -> Followed {
        let mut followed = Followed {
            policy,
            seen: None,
            due: None,
            running: None,
            failures: 0,
            lease: Hold::Needless,
            fight: Fight::default(),
            is_done: false,
            busy: 0,
            is_woken: false,
        };
        followed.obey(policy, at);
        followed
    }

    /// Takes over what may be done from now on. Returns whether a lease is to be given back.
    pub fn obey(&mut self, policy: Policy, at: At) -> bool {
        self.policy = policy;
        match (policy.applies, self.lease) {
            (true, Hold::Needless) => self.lease = Hold::Wanted { at, failures: 0 },
            (false, Hold::Ours { .. }) => {
                self.lease = Hold::Dropping;
                return true;
            }
            (false, Hold::Wanted { .. } | Hold::Nowhere | Hold::Theirs { .. }) => self.lease = Hold::Needless,
            // The answer to a question that was asked is waited for.
            (true, _) | (false, Hold::Needless | Hold::Asked { .. } | Hold::Dropping) => {}
        }
        false
    }

    /// A newer revision ends every wait.
    pub fn see(&mut self, revision: String, at: At) {
        if self.seen.as_ref() == Some(&revision) {
            return;
        }
        self.seen = Some(revision);
        self.due = Some(at);
        (self.failures, self.busy) = (0, 0);
        self.fight = Fight::default();
    }

    /// Somebody has decided something: what waits is looked at again.
    pub fn wake(&mut self, at: At) {
        if self.seen.is_some() {
            self.due = Some(at);
        }
        // A turn that is under way may have looked before.
        self.is_woken = self.running.is_some();
    }

    /// Ends the turn that is under way, and says when the next one is.
    pub fn end(&mut self, revision: &str, outcome: &Outcome, at: At, pace: &Pace, draw: &mut Draw) {
        self.running = None;
        self.is_done = true;
        let around = draw.about(pace.interval);
        let (mut failures, mut busy) = (0, 0);
        let later = match outcome {
            Outcome::Settled => around,
            Outcome::Healed(healed) => {
                self.fight.heal(healed, at, pace.interval, draw);
                around
            }
            Outcome::Shut(until) => until.map_or(around, |until| until.min(around)),
            Outcome::Busy => {
                (failures, busy) = (self.failures, self.busy.saturating_add(1));
                BUSY.delay(busy, draw)
            }
            Outcome::Superseded => {
                self.lease = match self.lease {
                    // An answer is on its way.
                    Hold::Ours { is_asked: true, .. } => Hold::Asked { failures: 0 },
                    asked @ (Hold::Asked { .. } | Hold::Dropping) => asked,
                    Hold::Ours { is_asked: false, .. }
                    | Hold::Needless
                    | Hold::Wanted { .. }
                    | Hold::Nowhere
                    | Hold::Theirs { .. } => Hold::Wanted { at, failures: 0 },
                };
                Duration::ZERO
            }
            Outcome::Failed => {
                failures = self.failures.saturating_add(1);
                FAILED.delay(failures, draw)
            }
        };
        if self.lease == Hold::Nowhere {
            // The turn may have made the target.
            self.lease = Hold::Wanted { at, failures: 0 };
        }
        let is_woken = std::mem::take(&mut self.is_woken);
        if self.seen.as_deref() == Some(revision) && !is_woken {
            (self.failures, self.busy) = (failures, busy);
            self.due = Some(at + later);
        } else {
            self.due = Some(at);
        }
        self.fight.cool(at, pace.interval);
    }

    /// Begins what is due.
    pub fn begin(&mut self, name: &str, at: At) -> Vec<Turn> {
        let mut turns = Vec::new();
        match self.lease {
            Hold::Wanted { at: due, failures } if due <= at => {
                self.lease = Hold::Asked { failures };
                turns.push(Turn::Lease(name.to_owned()));
            }
            // It ran out before it could be renewed.
            Hold::Ours { until, is_asked: false, .. } if until <= at => {
                self.lease = Hold::Asked { failures: 0 };
                turns.push(Turn::Lease(name.to_owned()));
            }
            Hold::Ours { until, renew, is_asked: false } if renew <= at => {
                self.lease = Hold::Ours { until, renew, is_asked: true };
                turns.push(Turn::Lease(name.to_owned()));
            }
            Hold::Theirs { again } if again <= at => {
                self.lease = Hold::Asked { failures: 0 };
                turns.push(Turn::Lease(name.to_owned()));
            }
            Hold::Needless
            | Hold::Wanted { .. }
            | Hold::Asked { .. }
            | Hold::Ours { .. }
            | Hold::Nowhere
            | Hold::Theirs { .. }
            | Hold::Dropping => {}
        }
        if let (Some(revision), None, true) = (&self.seen, &self.running, self.may_run(at)) {
            let (environment, revision) = (name.to_owned(), revision.clone());
            (self.running, self.due) = (Some(revision.clone()), None);
            turns.push(Turn::Run { environment, revision, may_heal: self.fight.may_heal(at) });
        }
        turns
    }

    fn may_run(&self, at: At) -> bool {
        let is_alone = match self.lease {
            Hold::Needless | Hold::Nowhere => true,
            Hold::Ours { until, .. } => until > at,
            Hold::Wanted { .. } | Hold::Asked { .. } | Hold::Theirs { .. } | Hold::Dropping => false,
        };
        is_alone && self.due.is_some_and(|due| due <= at)
    }

    /// When something is due next, if nothing happens.
    pub fn wakes(&self) -> Option<At> {
        let lease = match self.lease {
            Hold::Wanted { at, .. } | Hold::Theirs { again: at } => Some(at),
            Hold::Ours { renew, is_asked: false, .. } => Some(renew),
            Hold::Ours { is_asked: true, .. }
            | Hold::Needless
            | Hold::Asked { .. }
            | Hold::Nowhere
            | Hold::Dropping => None,
        };
        let waits_for_lease = match self.lease {
            Hold::Needless | Hold::Nowhere | Hold::Ours { .. } => false,
            Hold::Wanted { .. } | Hold::Asked { .. } | Hold::Theirs { .. } | Hold::Dropping => true,
        };
        let turn = self.due.filter(|_| self.running.is_none() && !waits_for_lease);
        [lease, turn].into_iter().flatten().min()
    }

    /// Takes in the answer about a lease: it is ours.
    pub fn lease_is_ours(&mut self, at: At, pace: &Pace, draw: &mut Draw) {
        self.lease =
            Hold::Ours { until: at + pace.lease, renew: at + draw.about(pace.lease / 3), is_asked: false };
    }

    /// Takes in the answer about a lease: somebody else has it.
    pub fn lease_is_theirs(&mut self, at: At, pace: &Pace, draw: &mut Draw) {
        self.is_done = true;
        self.lease = Hold::Theirs { again: at + draw.about(pace.lease / 3) };
    }

    /// There was no answer about a lease.
    pub fn lease_is_unknown(&mut self, at: At, pace: &Pace, draw: &mut Draw) {
        self.lease = match self.lease {
            Hold::Ours { until, .. } if until > at => {
                let soon = draw.about(pace.lease / 10).max(Duration::from_millis(100));
                Hold::Ours { until, renew: at + soon, is_asked: false }
            }
            Hold::Asked { failures } | Hold::Wanted { failures, .. } => {
                self.is_done = true;
                let failures = failures.saturating_add(1);
                Hold::Wanted { at: at + FAILED.delay(failures, draw), failures }
            }
            Hold::Ours { .. } | Hold::Needless | Hold::Nowhere | Hold::Theirs { .. } | Hold::Dropping => {
                Hold::Wanted { at: at + BUSY.delay(1, draw), failures: 0 }
            }
        };
    }
}
