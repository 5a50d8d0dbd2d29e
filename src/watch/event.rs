//! What can happen to a watch, and what it can begin.
//! Never says what follows from what: `next` does.

use std::collections::BTreeMap;
use std::time::Duration;

use super::fight::Contested;
use super::pace::At;

/// What may be done to one environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Changes are applied; else they are only planned and reported.
    pub applies: bool,
    /// What has moved in the target is brought back.
    pub heals: bool,
}

/// What the repository says of its environments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    pub environments: BTreeMap<String, Policy>,
    /// The newest revision of each, where there is one.
    pub revisions: BTreeMap<String, String>,
    /// Some of them follow a branch of a remote.
    pub has_remotes: bool,
}

/// What a look at the repository comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    Read(Roster),
    /// It could not be read.
    Unread {
        /// What is followed is on a remote, which may have something better.
        has_remotes: bool,
    },
    /// It is being written to.
    Moving,
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Refs may have moved.
    RefsTouched,
    /// Files of the work tree may have changed.
    TreeTouched,
    /// A look at the refs is over.
    Looked(Sight),
    /// A reading of the work tree is over.
    Scanned(Sight),
    /// The remotes were asked, and answered or not.
    Fetched,
    /// The lease is ours.
    Leased(String),
    /// Somebody else has the lease.
    Theirs(String),
    /// There is no target yet to have a lease of.
    Nowhere(String),
    /// The lease could not be asked for.
    Unleased(String),
    /// The lease was given back.
    Dropped(String),
    /// A turn is over.
    Ended { environment: String, revision: String, outcome: Outcome },
    /// Somebody has suspended or resumed the environment.
    Woken(String),
    /// Nothing but time has passed.
    Passed,
    /// The watch is to end.
    Stop,
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is left to do until something moves, or somebody decides.
    Settled,
    /// The target was brought back from where it had moved.
    Healed(Vec<Contested>),
    /// Nothing may be applied before so much time has passed; none where nobody knows when.
    Shut(Option<Duration>),
    /// Somebody else was at it.
    Busy,
    /// Somebody else has the lease by now.
    Superseded,
    Failed,
}

/// Something that has happened, when, and any number as chance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    pub at: At,
    pub draw: u32,
    pub event: Event,
}

/// What is begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Read which environments there are and where their branches are.
    Look,
    /// Read the work tree.
    Scan,
    /// Ask the remotes.
    Fetch,
    /// Ask for a lease, or let it run longer where it is ours.
    Lease(String),
    /// Give a lease back.
    Drop(String),
    /// Plan one environment, and apply what may be applied.
    Run {
        environment: String,
        revision: String,
        /// Whether what has moved in the target may be brought back now.
        may_heal: bool,
    },
    /// Nothing, until then or until something happens.
    Wait(At),
    /// The watch is over.
    Stop,
}
