//! Laws of the loop over any events at all: what was begun is answered in any order, while anything else happens.
//! Never answers what was not begun.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use reconcile::watch::{At, Contested, Event, Input, Outcome, Pace, Roster, Sight, State, Turn, next};

use super::story::applying;

const NAMES: [&str; 3] = ["dev", "staging", "production"];

/// The number that answers everything well.
const WELL: u8 = 6;

/// What happens next, if it can.
#[derive(Clone, Debug)]
enum Draw {
    /// One of the turns under way is answered.
    Answer(usize, u8),
    Commit,
    Refs,
    Wait,
    Pass(u64),
    Wake(usize),
}

fn draws() -> impl Strategy<Value = Vec<Draw>> {
    let draw = prop_oneof![
        6 => (any::<usize>(), any::<u8>()).prop_map(|(which, how)| Draw::Answer(which, how)),
        1 => Just(Draw::Commit),
        1 => Just(Draw::Refs),
        4 => Just(Draw::Wait),
        1 => (0u64..400_000).prop_map(Draw::Pass),
        1 => (0..NAMES.len()).prop_map(Draw::Wake),
    ];
    prop::collection::vec(draw, 1..120)
}

/// The world around a loop, and what it must hold to.
struct World {
    state: Option<State>,
    at: At,
    until: At,
    pace: Pace,
    under_way: Vec<Turn>,
    revision: u64,
    /// The lease of each environment, as it was last answered.
    has_lease: BTreeSet<String>,
    ran: BTreeMap<String, (At, String)>,
    is_stopped: bool,
    is_over: bool,
    seed: u32,
}

impl World {
    fn new(seed: u32) -> World {
        let pace = Pace::default();
        let mut world = World {
            state: Some(State::new(pace)),
            at: At(0),
            until: At(0),
            pace,
            under_way: Vec::new(),
            revision: 1,
            has_lease: BTreeSet::new(),
            ran: BTreeMap::new(),
            is_stopped: false,
            is_over: false,
            seed,
        };
        world.happen(Event::Passed);
        world
    }

    fn roster(&self) -> Roster {
        let revisions = NAMES.iter().map(|name| ((*name).to_owned(), format!("r{}", self.revision)));
        Roster { environments: applying(&NAMES), revisions: revisions.collect(), has_remotes: true }
    }

    fn happen(&mut self, event: Event) {
        self.seed = self.seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let input = Input { at: self.at, draw: self.seed, event: event.clone() };
        let (state, turns) = next(self.state.take().unwrap(), input);
        self.state = Some(state);
        assert!(!self.is_over, "something happened after the end");
        assert!(
            matches!(turns.last(), Some(Turn::Wait(_) | Turn::Stop)),
            "{event:?}: nothing says until when"
        );
        for turn in turns {
            self.check(&turn, &event);
            match turn {
                Turn::Wait(until) => self.until = until,
                Turn::Stop => self.is_over = true,
                other => self.under_way.push(other),
            }
        }
    }

    fn check(&mut self, turn: &Turn, event: &Event) {
        let is_kind = |other: &&Turn| std::mem::discriminant(*other) == std::mem::discriminant(turn);
        match turn {
            Turn::Run { environment, .. } => {
                let twice = self
                    .under_way
                    .iter()
                    .any(|other| matches!(other, Turn::Run { environment: e, .. } if e == environment));
                assert!(!twice, "{event:?}: two turns of {environment} at once");
                assert!(
                    self.has_lease.contains(environment),
                    "{event:?}: {environment} runs without a lease"
                );
                assert!(!self.is_stopped, "{event:?}: {turn:?} after the stop");
            }
            Turn::Look | Turn::Scan | Turn::Fetch => {
                assert!(
                    !self.under_way.iter().any(|other| is_kind(&other)),
                    "{event:?}: {turn:?} twice at once"
                );
                assert!(!self.is_stopped, "{event:?}: {turn:?} after the stop");
            }
            Turn::Lease(name) => {
                assert!(
                    !self.under_way.contains(turn),
                    "{event:?}: the lease of {name} is asked for twice at once"
                );
                assert!(!self.is_stopped, "{event:?}: {turn:?} after the stop");
            }
            Turn::Drop(name) => {
                self.has_lease.remove(name);
            }
            Turn::Wait(until) => {
                assert!(*until >= self.at, "{event:?}: it waits for the past");
                let longest = self.pace.interval.mul_f64(1.1) + Duration::from_millis(1);
                assert!(until.since(self.at) <= longest, "{event:?}: it may never come round");
            }
            Turn::Stop => {
                let runs = self.under_way.iter().any(|turn| matches!(turn, Turn::Run { .. }));
                assert!(self.is_stopped && !runs, "{event:?}: it ends too early");
            }
        }
    }

    /// Answers one turn that is under way.
    fn answer(&mut self, which: usize, how: u8) {
        if self.under_way.is_empty() {
            return;
        }
        let turn = self.under_way.remove(which % self.under_way.len());
        let event = match turn {
            Turn::Look if how.is_multiple_of(5) => {
                Event::Looked(Sight::Unread { has_remotes: how.is_multiple_of(2) })
            }
            Turn::Look => Event::Looked(Sight::Read(self.roster())),
            Turn::Scan => Event::Scanned(Sight::Moving),
            Turn::Fetch => Event::Fetched,
            Turn::Lease(name) => {
                self.has_lease.remove(&name);
                match how % 4 {
                    0 => Event::Theirs(name),
                    1 => {
                        // It may still be ours: no answer says nothing.
                        self.has_lease.insert(name.clone());
                        Event::Unleased(name)
                    }
                    _ => {
                        self.has_lease.insert(name.clone());
                        Event::Leased(name)
                    }
                }
            }
            Turn::Drop(name) => Event::Dropped(name),
            Turn::Run { environment, revision, .. } => {
                self.ran.insert(environment.clone(), (self.at, revision.clone()));
                let one = Contested { path: "entity/order".to_owned(), change: "1 -> 2".to_owned() };
                let outcome = match how % 7 {
                    0 => Outcome::Failed,
                    1 => Outcome::Busy,
                    2 => Outcome::Superseded,
                    3 => Outcome::Shut(Some(Duration::from_secs(u64::from(how)))),
                    4 => Outcome::Healed(vec![one]),
                    _ => Outcome::Settled,
                };
                if outcome == Outcome::Superseded {
                    self.has_lease.remove(&environment);
                }
                Event::Ended { environment, revision, outcome }
            }
            Turn::Wait(_) | Turn::Stop => unreachable!("neither is under way"),
        };
        self.happen(event);
    }

    fn draw(&mut self, draw: &Draw) {
        match draw {
            Draw::Answer(which, how) => self.answer(*which, *how),
            Draw::Commit => {
                self.revision += 1;
                self.happen(Event::RefsTouched);
            }
            Draw::Refs => self.happen(Event::RefsTouched),
            Draw::Wait => {
                self.at = self.at.max(self.until);
                self.happen(Event::Passed);
            }
            Draw::Pass(milliseconds) => {
                self.at = self.at + Duration::from_millis(*milliseconds);
                self.happen(Event::Passed);
            }
            Draw::Wake(which) => self.happen(Event::Woken(NAMES[*which].to_owned())),
        }
    }

    /// From here on everything goes well and nothing else happens, for so long.
    fn calm(&mut self, long: Duration) {
        let end = self.at + long;
        let mut n_rounds = 0;
        while self.at < end && !self.is_over {
            while !self.under_way.is_empty() && !self.is_over {
                self.answer(0, WELL);
                n_rounds += 1;
            }
            if !self.is_over {
                self.at = self.at.max(self.until) + Duration::from_millis(1);
                self.happen(Event::Passed);
                n_rounds += 1;
            }
            assert!(n_rounds < 8000, "it goes round without rest");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_loop_always_comes_round_and_the_newest_commit_wins(draws in draws(), seed in any::<u32>()) {
        let mut world = World::new(seed);
        draws.iter().for_each(|draw| world.draw(draw));
        // Longer than the longest wait after failures and fights.
        world.calm(Duration::from_secs(75 * 60));
        let newest = format!("r{}", world.revision);
        for name in NAMES {
            let (at, revision) = world.ran.get(name).cloned().expect("it never ran");
            prop_assert_eq!(&revision, &newest, "{} is behind", name);
            let longest = world.pace.interval.mul_f64(1.1) + world.pace.lease;
            prop_assert!(world.at.since(at) <= longest, "{} has not come round for {:?}", name, world.at.since(at));
        }
    }

    #[test]
    fn a_loop_that_is_stopped_ends_and_begins_nothing(draws in draws(), more in draws(), seed in any::<u32>()) {
        let mut world = World::new(seed);
        draws.iter().for_each(|draw| world.draw(draw));
        world.is_stopped = true;
        world.happen(Event::Stop);
        for draw in more {
            if !world.is_over {
                world.draw(&draw);
            }
        }
        while !world.is_over {
            prop_assert!(!world.under_way.is_empty(), "nothing is under way, and it does not end");
            world.answer(0, WELL);
        }
    }
}
