//! `reconcile watch`: hears what happens, asks `watch::next` what follows, and begins it.
//! Never decides itself: what is begun when is a pure function, and what is applied is decided in one place.

mod desk;
mod ears;
mod fetch;
mod lease;
mod order;
mod repository;
mod signals;
mod spool;
mod telling;
mod turn;
mod voice;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

pub use desk::Standings;
pub use order::Order;
pub use spool::folder as spool_folder;
pub use voice::line;

use super::args::Format;
use super::context::{Context, now};
use super::exit::{Code, Failure};
use super::listen::{Pulse, Shown, listen};
use crate::journal::Timestamp;
use crate::manifest::Config;
use crate::report::standing::{Health, Standing, Watcher};
use crate::watch::{At, Event, Input, Outcome, Sight, State, Turn, next};
use crate::wire::watch::{WatchEvent, Word};
use desk::{Desk, Known, Message, Offer};
use repository::{Repositories, UNREAD};
use telling::Telling;
use voice::Voice;

/// Watches until it is asked to stop, or until every environment has had its one turn.
pub fn run(context: &Context, order: Order) -> Result<Code, Failure> {
    if context.global.trust.is_some() {
        return Err(Failure::error("a watch trusts the branch that it follows, and takes no --trust"));
    }
    if context.global.rev.is_some() {
        return Err(Failure::error("watch follows a branch, so it takes no --rev")
            .help("to follow another branch: reconcile watch --ref BRANCH"));
    }
    let mut context = context.clone();
    if context.global.format == Format::Ndjson {
        context.global.format = Format::Json;
    }
    let context = &context;
    let (outbox, inbox) = channel();
    let desk = Arc::new(Desk::new(context, order, outbox));
    // What cannot be read at all is said at once, and not tried for ever.
    Repositories::check(&desk)?;
    signals::listen(&desk)?;
    let pulse = Pulse::every(desk.order.poll * 3);
    let listening = listening(&desk, &pulse)?;
    let ears = ears::open(&desk)?;
    let mut watch = Watch {
        voice: Voice::new(context, &desk),
        state: Some(State::new(desk.order.pace())),
        began: Instant::now(),
        codes: BTreeMap::new(),
        unread: None,
        has_roster: false,
        telling: Telling::default(),
        desk,
        inbox,
        ears,
        pulse,
    };
    watch.voice.open();
    if let Some(address) = listening {
        watch.voice.say(told(
            Word::Watching,
            "",
            format!("answers at http://{address}: /healthz, /readyz, /metrics"),
        ));
    }
    watch.go_round()
}

/// Begins to answer over HTTP, where that is wanted. Returns where.
fn listening(desk: &Arc<Desk>, pulse: &Pulse) -> Result<Option<SocketAddr>, Failure> {
    let Some(address) = desk.order.listen else { return Ok(None) };
    let shown = Shown {
        standings: Arc::clone(&desk.standings),
        tally: Arc::clone(&desk.tally),
        pulse: pulse.clone(),
        holder: desk.holder.clone(),
    };
    listen(address, shown).map(Some)
}

struct Watch {
    desk: Arc<Desk>,
    inbox: Receiver<Message>,
    ears: ears::Ears,
    pulse: Pulse,
    voice: Voice,
    /// None only while the next one is made.
    state: Option<State>,
    began: Instant,
    /// How the last turn of each environment ended.
    codes: BTreeMap<String, Code>,
    /// Why the repository could not be read, the last time that it was looked at.
    unread: Option<Code>,
    has_roster: bool,
    telling: Telling,
}

impl Watch {
    fn at(&self) -> At {
        At(u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    fn go_round(&mut self) -> Result<Code, Failure> {
        let mut message = Message::of(Event::Passed);
        while let Some(until) = self.hear(message)? {
            let left = Duration::from_millis(until.0.saturating_sub(self.at().0));
            message = match self.inbox.recv_timeout(left) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Message::of(Event::Passed),
            };
        }
        for event in self.telling.finish() {
            self.voice.say(event);
        }
        self.voice.close(match (self.desk.stop.is_asked(), self.unread) {
            (false, None) => "every environment has had its turn",
            (false, Some(_)) => "there is nothing to begin with",
            (true, _) => "nothing is under way any more",
        });
        let worst = self.codes.values().copied().chain(self.unread).max();
        Ok(worst.filter(|_| self.desk.order.once).unwrap_or(Code::Done))
    }

    /// Takes in one message and begins what follows. Returns until when nothing is due; none where the watch is over.
    fn hear(&mut self, message: Message) -> Result<Option<At>, Failure> {
        self.pulse.beat();
        let Message { event, told, standing, loaded, code } = message;
        if let Some(offer) = loaded {
            self.check_names(&offer)?;
            let telling = offer.telling.clone();
            self.take_over(offer);
            self.begin_telling(telling)?;
        }
        self.note(&event, code);
        if let Event::Looked(Sight::Unread { .. }) | Event::Scanned(Sight::Unread { .. }) = &event
            && let Some(why) = told.first()
        {
            self.stand_unread(&why.message);
        }
        let environment = match &event {
            Event::Ended { environment, .. } => Some(environment.clone()),
            Event::Theirs(name) | Event::Unleased(name) => Some(name.clone()),
            _ => None,
        };
        let touched = match &event {
            Event::RefsTouched => Some(&self.desk.heard_refs),
            Event::TreeTouched => Some(&self.desk.heard_tree),
            _ => None,
        };
        touched.inspect(|flag| flag.store(false, std::sync::atomic::Ordering::SeqCst));
        let at = self.at();
        let draw = getrandom::u32().unwrap_or_default();
        let Some(state) = self.state.take() else { unreachable!("BUG: a watch without a state") };
        let (state, turns) = next(state, Input { at, draw, event });
        let retry_at = environment.as_deref().and_then(|name| self.retry_at(&state, name, at));
        if let Some(standing) = standing {
            self.stand(standing, &state, at, retry_at.clone());
        }
        for told in told {
            self.voice.say(self.complete(told, &state, at, retry_at.clone()));
        }
        for event in self.telling.said() {
            self.voice.say(event);
        }
        self.voice.show(&self.desk.standings);
        self.state = Some(state);
        let mut until = None;
        for turn in turns {
            match turn {
                Turn::Wait(at) => until = Some(at),
                Turn::Stop => return Ok(None),
                other => self.begin(other),
            }
        }
        Ok(Some(until.unwrap_or(at)))
    }

    /// When the next turn of an environment is, by the clock on the wall.
    fn retry_at(&self, state: &State, environment: &str, at: At) -> Option<Timestamp> {
        let later = state.due(environment)?.since(at);
        let later = jiff::SignedDuration::try_from(later).ok()?;
        let instant = jiff::Timestamp::now().checked_add(later).ok()?;
        Some(instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
    }

    /// Adds what only the loop knows to what a thread says.
    fn complete(
        &self,
        mut told: WatchEvent,
        state: &State,
        at: At,
        retry_at: Option<Timestamp>,
    ) -> WatchEvent {
        match told.word {
            Word::Failed | Word::Busy => told.retry_at = retry_at,
            Word::Fighting => {
                let name = told.environment.clone().unwrap_or_default();
                told.paths = state.contested(&name, at);
            }
            _ => {}
        }
        told
    }

    /// Says of every environment that nobody knows what it is meant to be.
    fn stand_unread(&self, why: &str) {
        let Ok(mut all) = self.desk.standings.lock() else { return };
        for standing in all.values_mut().filter(|standing| standing.health != Health::Standby) {
            standing.health = Health::Failed { retry_at: None };
            standing.message = Some(why.to_owned());
        }
    }

    fn stand(&self, mut standing: Standing, state: &State, at: At, until: Option<Timestamp>) {
        let name = standing.environment.clone();
        standing.health = match standing.health {
            Health::Failed { .. } => Health::Failed { retry_at: until },
            Health::Synced | Health::OutOfSync if !state.contested(&name, at).is_empty() => Health::Fighting,
            other => other,
        };
        let lease = self.desk.lease(&name);
        standing.watcher =
            standing.watcher.or(lease.map(|lease| Watcher { holder: lease.holder, until: lease.until }));
        self.telling.tell(&self.desk, &standing);
        if let Ok(mut all) = self.desk.standings.lock() {
            all.insert(name, standing);
        }
    }

    /// Refuses, before anything is begun, to follow what nothing declares.
    fn check_names(&self, offer: &Offer) -> Result<(), Failure> {
        let named = &self.desk.context.global.environments;
        if self.has_roster || !offer.known.is_empty() || named.is_empty() {
            return Ok(());
        }
        let help = format!("there are: {}", offer.declared.join(", "));
        Err(Failure::error(format!("there is no environment `{}`", named.join("`, `"))).help(help))
    }

    /// Tells the world as the repository says. What cannot be at the beginning ends the watch; later, what was before stays.
    fn begin_telling(&mut self, telling: (Config, Option<String>)) -> Result<(), Failure> {
        let is_first = self.telling.is_silent();
        match self.telling.take_over(&self.desk, telling) {
            Ok(said) => said.into_iter().for_each(|event| self.voice.say(event)),
            Err(failure) if is_first => return Err(failure),
            Err(failure) => self.voice.say(told(Word::Warning, "", failure.message.unwrap_or_default())),
        }
        Ok(())
    }

    /// Takes over what was read of the repository.
    fn take_over(&mut self, offer: Offer) {
        let before: BTreeSet<String> = self.desk.known().into_keys().collect();
        let names: BTreeSet<String> = offer.known.keys().cloned().collect();
        for name in before.difference(&names) {
            self.voice.say(WatchEvent {
                word: Word::Left,
                environment: Some(name.clone()),
                message: "it is not declared any more; nothing of it is touched".to_owned(),
                ..WatchEvent::default()
            });
            self.codes.remove(name);
            if let Ok(mut all) = self.desk.standings.lock() {
                all.remove(name);
            }
        }
        let is_news = !self.has_roster || before != names;
        self.has_roster = true;
        if let Ok(mut all) = self.desk.standings.lock() {
            for (name, known) in &offer.known {
                all.entry(name.clone()).or_insert_with(|| Standing::unknown(name, &known.target));
            }
        }
        self.ears.follow(&offer.folders);
        self.desk.take_over(offer);
        self.voice.measure(names.iter().map(String::len).max().unwrap_or_default());
        if is_news {
            self.voice.say(WatchEvent {
                word: Word::Watching,
                message: watching(&self.desk.known(), &self.desk.order),
                ..WatchEvent::default()
            });
        }
    }

    /// Notes how turns ended.
    fn note(&mut self, event: &Event, code: Option<Code>) {
        let name = match event {
            Event::Ended { environment, .. } => environment,
            Event::Theirs(name) | Event::Unleased(name) => name,
            Event::Looked(Sight::Unread { .. }) | Event::Scanned(Sight::Unread { .. }) => {
                self.unread = Some(code.unwrap_or(Code::Error));
                return;
            }
            Event::Looked(Sight::Read(_)) | Event::Scanned(Sight::Read(_)) => {
                self.unread = None;
                return;
            }
            _ => return,
        };
        self.codes.insert(name.clone(), code.unwrap_or(Code::Done));
    }

    fn begin(&self, turn: Turn) {
        let desk = &self.desk;
        match turn {
            Turn::Look => desk.spawn(Event::Looked(UNREAD), Repositories::look),
            Turn::Scan => desk.spawn(Event::Scanned(UNREAD), Repositories::scan),
            Turn::Fetch => desk.spawn(Event::Fetched, fetch::fetch),
            Turn::Lease(name) => {
                desk.spawn(Event::Unleased(name.clone()), move |desk| lease::ask(desk, &name))
            }
            Turn::Drop(name) => {
                desk.spawn(Event::Dropped(name.clone()), move |desk| lease::give_back(desk, &name))
            }
            Turn::Run { environment, revision, may_heal } => {
                let loaded = desk.loaded(&revision);
                let (name, key) = (environment.clone(), revision.clone());
                let fallback = Event::Ended { environment, revision, outcome: Outcome::Failed };
                desk.spawn(fallback, move |desk| turn::run(desk, &name, &key, loaded, may_heal));
            }
            Turn::Wait(_) | Turn::Stop => {}
        }
    }
}

/// `2 environments: dev (applies, heals), production (only reports)`
fn watching(known: &BTreeMap<String, Known>, order: &Order) -> String {
    let one = |(name, known): (&String, &Known)| {
        let does = match (known.policy.applies, known.policy.heals) {
            (true, true) => "applies, heals",
            (true, false) => "applies",
            (false, _) if known.is_signed_only => "signed packages only",
            (false, _) => "only reports",
        };
        let branch = match order.work_tree {
            true => "the work tree",
            false => known.branch.as_str(),
        };
        format!("{name} ({branch}, {does})")
    };
    match known.len() {
        0 => "no environment is declared yet".to_owned(),
        _ => known.iter().map(one).collect::<Vec<_>>().join("; "),
    }
}

/// An event that says something, at this instant.
fn told(word: Word, environment: &str, message: impl Into<String>) -> WatchEvent {
    WatchEvent {
        word,
        at: now(),
        environment: (!environment.is_empty()).then(|| environment.to_owned()),
        message: message.into(),
        ..WatchEvent::default()
    }
}
