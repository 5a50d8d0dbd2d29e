//! What a watch begins when something has happened.
//! Never begins two turns of one environment at once, and nothing at all once it is to stop.

use std::collections::BTreeMap;
use std::time::Duration;

use super::chore::Chore;
use super::environment::{Followed, Hold};
use super::event::{Event, Input, Policy, Roster, Sight, Turn};
use super::pace::{At, Draw, Pace};
use super::tree::Tree;

/// All that a watch knows.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pace: Pace,
    look: Chore,
    fetch: Chore,
    tree: Tree,
    has_remotes: bool,
    /// None before the repository was read for the first time.
    environments: Option<BTreeMap<String, Followed>>,
    /// Environments that are not declared any more, and whose leases are being given back or whose turns are under way.
    leaving: BTreeMap<String, Followed>,
    /// The last look found nothing that it could read.
    is_unread: bool,
    /// When it was asked to stop.
    stopping: Option<At>,
}

/// How long leases may take to be given back at the end; then they run out by themselves.
const GOODBYE: Duration = Duration::from_secs(5);

/// The next state, and what is begun now. The last turn says until when nothing is due.
pub fn next(mut state: State, input: Input) -> (State, Vec<Turn>) {
    let Input { at, draw, event } = input;
    let mut draw = Draw::new(draw);
    let mut turns = state.take_in(event, at, &mut draw);
    turns.extend(match state.stopping {
        Some(_) => state.wind_up(),
        None => state.begin(at),
    });
    if state.is_over(at) {
        turns.push(Turn::Stop);
    } else {
        turns.push(Turn::Wait(state.wakes(at)));
    }
    (state, turns)
}

impl State {
    /// A watch that has just begun.
    pub fn new(pace: Pace) -> State {
        let (mut look, mut tree) = (Chore::default(), Tree::default());
        match pace.reads_work_tree {
            true => tree.touch(At(0), &Pace { quiet: Duration::ZERO, ..pace }),
            false => look.ask(At(0)),
        }
        State {
            pace,
            look,
            fetch: Chore::default(),
            tree,
            has_remotes: false,
            environments: None,
            leaving: BTreeMap::new(),
            is_unread: false,
            stopping: None,
        }
    }

    /// The paths that somebody else keeps changing in an environment.
    pub fn contested(&self, environment: &str, at: At) -> Vec<String> {
        let followed = self.environments.as_ref().and_then(|all| all.get(environment));
        let paths = followed.map(|one| one.fight.contested(at, self.pace.interval)).unwrap_or_default();
        paths.into_iter().map(str::to_owned).collect()
    }

    /// When the next turn of an environment is, as far as that is known.
    pub fn due(&self, environment: &str) -> Option<At> {
        self.environments.as_ref()?.get(environment)?.due
    }

    fn followed_mut(&mut self, name: &str) -> Option<&mut Followed> {
        let known = self.environments.as_mut().and_then(|all| all.get_mut(name));
        known.or_else(|| self.leaving.get_mut(name))
    }

    /// Takes in what has happened. Returns what must be begun whatever else is due.
    fn take_in(&mut self, event: Event, at: At, draw: &mut Draw) -> Vec<Turn> {
        let pace = self.pace;
        match event {
            Event::RefsTouched if pace.reads_work_tree => self.tree.touch(at, &pace),
            Event::RefsTouched => self.look.ask(at + pace.refs),
            Event::TreeTouched if pace.reads_work_tree => self.tree.touch(at, &pace),
            Event::TreeTouched | Event::Passed => {}
            Event::Looked(found) => {
                self.look.end(at, draw.about(pace.poll));
                match found {
                    Sight::Read(roster) => return self.declare(roster, at),
                    Sight::Unread { has_remotes } => {
                        self.is_unread = true;
                        self.ask_remotes(has_remotes, at);
                    }
                    Sight::Moving => {}
                }
            }
            Event::Scanned(found) => {
                self.is_unread |= matches!(found, Sight::Unread { .. });
                let settled = self.tree.scanned(found, at, draw.about(pace.interval));
                return settled.map(|roster| self.declare(roster, at)).unwrap_or_default();
            }
            Event::Fetched => {
                self.fetch.end(at, draw.about(pace.poll));
                self.look.ask(at);
            }
            Event::Leased(name) => match self.followed_mut(&name) {
                Some(one) if one.policy.applies => one.lease_is_ours(at, &pace, draw),
                // It is not needed any more.
                Some(one) => {
                    one.lease = Hold::Dropping;
                    return vec![Turn::Drop(name)];
                }
                None => return vec![Turn::Drop(name)],
            },
            Event::Theirs(name) => {
                if let Some(one) = self.followed_mut(&name) {
                    one.lease_is_theirs(at, &pace, draw);
                }
            }
            Event::Nowhere(name) => {
                if let Some(one) = self.followed_mut(&name) {
                    one.lease = Hold::Nowhere;
                }
            }
            Event::Unleased(name) => {
                if let Some(one) = self.followed_mut(&name) {
                    one.lease_is_unknown(at, &pace, draw);
                }
            }
            Event::Dropped(name) => {
                if let Some(one) = self.followed_mut(&name) {
                    one.lease = Hold::Needless;
                    let policy = one.policy;
                    one.obey(policy, at);
                }
            }
            Event::Ended { environment, revision, outcome } => {
                if let Some(one) = self.followed_mut(&environment) {
                    one.end(&revision, &outcome, at, &pace, draw);
                }
            }
            Event::Woken(name) => {
                if let Some(one) = self.followed_mut(&name) {
                    one.wake(at);
                }
            }
            Event::Stop => {
                self.stopping.get_or_insert(at);
            }
        }
        Vec::new()
    }

    /// Begins to ask remotes, where there are any.
    fn ask_remotes(&mut self, has_remotes: bool, at: At) {
        if has_remotes && !self.has_remotes {
            self.fetch.ask(at);
        }
        self.has_remotes |= has_remotes;
    }

    /// Takes over what the repository says of its environments.
    fn declare(&mut self, roster: Roster, at: At) -> Vec<Turn> {
        let mut turns = Vec::new();
        self.ask_remotes(roster.has_remotes, at);
        self.has_remotes = roster.has_remotes;
        if !roster.has_remotes {
            self.fetch.due = None;
        }
        let before = self.environments.take().unwrap_or_default();
        let mut environments = BTreeMap::new();
        for (name, policy) in &roster.environments {
            let known = before.get(name).cloned().or_else(|| self.leaving.remove(name));
            let mut one = known.unwrap_or_else(|| Followed::new(*policy, at));
            if one.obey(*policy, at) {
                turns.push(Turn::Drop(name.clone()));
            }
            if let Some(revision) = roster.revisions.get(name) {
                one.see(revision.clone(), at);
            }
            environments.insert(name.clone(), one);
        }
        for (name, mut one) in before {
            if roster.environments.contains_key(&name) {
                continue;
            }
            (one.seen, one.due) = (None, None);
            if one.obey(Policy::default(), at) {
                turns.push(Turn::Drop(name.clone()));
            }
            self.leaving.insert(name, one);
        }
        // Whoever was told that nothing could be read is told how it stands now.
        if std::mem::take(&mut self.is_unread) {
            environments.values_mut().for_each(|one| one.wake(at));
        }
        self.environments = Some(environments);
        turns
    }

    fn begin(&mut self, at: At) -> Vec<Turn> {
        let mut turns = Vec::new();
        if self.tree.begin(at) {
            turns.push(Turn::Scan);
        }
        if self.look.begin(at) {
            turns.push(Turn::Look);
        }
        if self.fetch.begin(at) {
            turns.push(Turn::Fetch);
        }
        let is_waiting = self.waits_for_news();
        // Of one turn each, none is taken of what was there before it could not be read any more.
        let is_lost = self.pace.is_once && self.is_unread;
        for (name, one) in self.environments.iter_mut().flatten() {
            if !(is_waiting || is_lost || self.pace.is_once && one.is_done) {
                turns.extend(one.begin(name, at));
            }
        }
        self.leaving.retain(|_, one| {
            one.running.is_some() || matches!(one.lease, Hold::Asked { .. } | Hold::Dropping)
        });
        let is_done = |one: &Followed| one.is_done && one.running.is_none();
        let is_all = self.environments.as_ref().is_some_and(|all| all.values().all(is_done));
        if self.pace.is_once && !is_waiting && (is_lost || is_all) {
            self.stopping = Some(at);
            turns.extend(self.wind_up());
        }
        turns
    }

    /// Whether the one turn of each environment waits for what the remotes have to say.
    fn waits_for_news(&self) -> bool {
        let is_fetched = !self.has_remotes || self.fetch.n_done > 0;
        let is_looked = self.pace.reads_work_tree
            || self.look.n_done > u32::from(self.has_remotes && self.fetch.n_done > 0)
                && !self.look.is_running;
        self.pace.is_once && !(is_fetched && is_looked)
    }

    /// Gives back the leases of environments that no turn is under way of.
    fn wind_up(&mut self) -> Vec<Turn> {
        let mut turns = Vec::new();
        let all = self.environments.iter_mut().flatten().chain(&mut self.leaving);
        for (name, one) in all {
            if one.running.is_none() && matches!(one.lease, Hold::Ours { is_asked: false, .. }) {
                one.lease = Hold::Dropping;
                turns.push(Turn::Drop(name.clone()));
            }
        }
        turns
    }

    /// Whether a watch that is to stop has nothing under way any more that must come to its end.
    fn is_over(&self, at: At) -> bool {
        let Some(since) = self.stopping else { return false };
        let has_waited = at.since(since) >= GOODBYE;
        let is_idle = |one: &Followed| {
            let is_free = !matches!(one.lease, Hold::Asked { .. } | Hold::Dropping | Hold::Ours { .. });
            one.running.is_none() && (is_free || has_waited)
        };
        self.environments.iter().flatten().chain(&self.leaving).all(|(_, one)| is_idle(one))
    }

    /// Until when nothing is due.
    fn wakes(&self, at: At) -> At {
        let far = at + self.pace.interval.max(self.pace.poll);
        match self.stopping.map(|since| since + GOODBYE) {
            Some(goodbye) if goodbye > at => return goodbye,
            Some(_) => return far,
            None => {}
        }
        let chores =
            [&self.look, &self.fetch].into_iter().filter(|chore| !chore.is_running).filter_map(|c| c.due);
        let is_waiting = self.waits_for_news();
        let awake = |one: &&Followed| !(is_waiting || self.pace.is_once && one.is_done);
        let environments = self.environments.iter().flatten().map(|(_, one)| one).filter(awake);
        let due = chores.chain(self.tree.due()).chain(environments.filter_map(Followed::wakes)).min();
        due.map_or(far, |due| due.max(at))
    }
}
