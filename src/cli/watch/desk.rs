//! What the threads of a watch share: what is watched, what was read of it, whose lease is ours, whether to stop.
//! Never decides anything, and never lets a thread end without a message.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::Order;
use super::repository::Loaded;
use crate::apply::{Patience, pause};
use crate::cli::context::Context;
use crate::cli::exit::Code;
use crate::journal::lease::Lease;
use crate::journal::suspension::Suspension;
use crate::manifest::Config;
use crate::model::environment::Environment;
use crate::report::standing::Standing;
use crate::report::tally::Tally;
use crate::source::Tracked;
use crate::watch::{Event, Outcome, Policy};
use crate::wire::watch::{WatchEvent, Word};

/// How every environment stands, for whoever asks meanwhile.
pub type Standings = Arc<Mutex<BTreeMap<String, Standing>>>;

/// What the threads of a watch share.
pub struct Desk {
    pub context: Context,
    pub order: Order,
    /// Who has our leases: user, host and process.
    pub holder: String,
    pub standings: Standings,
    /// What was counted since the watch began.
    pub tally: Arc<Mutex<Tally>>,
    pub stop: Stop,
    /// Set while a message of that kind lies in the inbox already.
    pub heard_refs: AtomicBool,
    pub heard_tree: AtomicBool,
    outbox: Sender<Message>,
    shared: Mutex<Shared>,
}

#[derive(Default)]
struct Shared {
    loaded: BTreeMap<String, Arc<Loaded>>,
    known: BTreeMap<String, Known>,
    tracked: BTreeSet<Tracked>,
    leases: BTreeMap<String, Lease>,
    /// The revision for which nothing was left to do, and the newest entry of the journal then.
    settled: BTreeMap<String, (String, u64)>,
    /// What others may have done since.
    touched: BTreeMap<String, Touched>,
    /// The revisions of which it was said in full what is wrong with them.
    explained: BTreeSet<String>,
}

/// What shows that somebody has had a hand in a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// The newest entry of its journal.
    pub entry: Option<u64>,
    pub suspended: Option<Suspension>,
}

/// One environment that is followed.
#[derive(Clone, Debug)]
pub struct Known {
    pub environment: Environment,
    /// `sqlite .reconcile/dev.db`.
    pub target: String,
    pub policy: Policy,
    pub is_signed_only: bool,
    pub branch: String,
}

/// What was read of the repository.
pub struct Offer {
    pub known: BTreeMap<String, Known>,
    pub loaded: BTreeMap<String, Arc<Loaded>>,
    pub tracked: BTreeSet<Tracked>,
    /// The names of all environments that are declared, followed or not.
    pub declared: Vec<String>,
    /// The repository's own settings, and the address that it has.
    pub telling: (Config, Option<String>),
    /// The folders that manifests are read from; empty where that is all of them.
    pub folders: Vec<PathBuf>,
}

/// What a thread has to say when it is done.
pub struct Message {
    pub event: Event,
    pub told: Vec<WatchEvent>,
    pub standing: Option<Standing>,
    pub loaded: Option<Offer>,
    pub code: Option<Code>,
}

impl Message {
    pub fn of(event: Event) -> Message {
        Message { event, told: Vec::new(), standing: None, loaded: None, code: None }
    }

    pub fn telling(mut self, told: WatchEvent) -> Message {
        self.told.push(told);
        self
    }

    pub fn with(mut self, code: Code) -> Message {
        self.code = Some(code);
        self
    }
}

impl Desk {
    pub fn new(context: &Context, order: Order, outbox: Sender<Message>) -> Desk {
        Desk {
            holder: format!("{}, process {}", context.holder().actor, std::process::id()),
            context: context.clone(),
            stop: Stop::new(order.grace),
            order,
            standings: Standings::default(),
            tally: Arc::default(),
            heard_refs: AtomicBool::new(false),
            heard_tree: AtomicBool::new(false),
            outbox,
            shared: Mutex::default(),
        }
    }

    pub fn send(&self, message: Message) {
        // Nobody listens any more once the watch is over.
        self.outbox.send(message).ok();
    }

    /// Does some work beside the loop, and sends what came of it. `fallback` is what is said where it breaks down.
    pub fn spawn(self: &Arc<Desk>, fallback: Event, work: impl FnOnce(&Desk) -> Message + Send + 'static) {
        let desk = Arc::clone(self);
        let otherwise = fallback.clone();
        let begun = std::thread::Builder::new().name("watch".to_owned()).spawn(move || {
            let done = catch_unwind(AssertUnwindSafe(|| work(&desk)));
            desk.send(
                done.unwrap_or_else(|_| broken_down(fallback, "BUG: it broke down; more is said above")),
            );
        });
        if let Err(error) = begun {
            self.send(broken_down(otherwise, &format!("it could not be begun: {error}")));
        }
    }

    fn shared<T>(&self, use_it: impl FnOnce(&mut Shared) -> T) -> T {
        // Whoever broke down while holding it has left it whole: every use is one insertion or look.
        use_it(&mut self.shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    pub fn take_over(&self, offer: Offer) {
        self.shared(|shared| {
            (shared.loaded, shared.known, shared.tracked) = (offer.loaded, offer.known, offer.tracked);
            let Shared { loaded, explained, .. } = shared;
            explained.retain(|key| loaded.contains_key(key));
        });
    }

    /// A revision that was read already.
    pub fn loaded(&self, key: &str) -> Option<Arc<Loaded>> {
        self.shared(|shared| shared.loaded.get(key).cloned())
    }

    /// Whether it is to be said in full what is wrong with a revision: once.
    pub fn explains(&self, key: &str) -> bool {
        self.shared(|shared| shared.explained.insert(key.to_owned()))
    }

    pub fn known(&self) -> BTreeMap<String, Known> {
        self.shared(|shared| shared.known.clone())
    }

    pub fn environment(&self, name: &str) -> Option<Known> {
        self.shared(|shared| shared.known.get(name).cloned())
    }

    pub fn tracked(&self) -> BTreeSet<Tracked> {
        self.shared(|shared| shared.tracked.clone())
    }

    /// Takes note of what is to be fetched before anything was read. Returns whether that is news.
    pub fn track(&self, found: &BTreeSet<Tracked>) -> bool {
        self.shared(|shared| {
            let n_before = shared.tracked.len();
            shared.tracked.extend(found.iter().cloned());
            shared.tracked.len() > n_before
        })
    }

    pub fn lease(&self, name: &str) -> Option<Lease> {
        self.shared(|shared| shared.leases.get(name).cloned())
    }

    pub fn keep_lease(&self, name: &str, lease: Option<Lease>) {
        self.shared(|shared| match lease {
            Some(lease) => shared.leases.insert(name.to_owned(), lease),
            None => shared.leases.remove(name),
        });
    }

    /// Notes what others may have done. True where that is news.
    pub fn notice(&self, name: &str, touched: Touched) -> bool {
        self.shared(|shared| {
            let before = shared.touched.insert(name.to_owned(), touched.clone());
            before.is_some_and(|before| before != touched)
        })
    }

    /// The newest entry of the journal when nothing was left to do for a revision; none where that never was.
    pub fn settled(&self, name: &str, key: &str) -> Option<u64> {
        self.shared(|shared| {
            shared.settled.get(name).filter(|(settled, _)| settled == key).map(|(_, entry)| *entry)
        })
    }

    pub fn settle(&self, name: &str, key: &str, entry: u64) {
        self.shared(|shared| shared.settled.insert(name.to_owned(), (key.to_owned(), entry)));
    }
}

fn broken_down(event: Event, why: &str) -> Message {
    let (name, event) = match event {
        Event::Ended { environment, revision, .. } => {
            (environment.clone(), Event::Ended { environment, revision, outcome: Outcome::Failed })
        }
        other => (String::new(), other),
    };
    let word = if name.is_empty() { Word::Warning } else { Word::Failed };
    Message::of(event).telling(super::told(word, &name, why)).with(Code::Error)
}

/// Whether the watch was asked to stop, and how long what is under way may go on.
pub struct Stop {
    grace: Duration,
    asked: Mutex<Option<Instant>>,
    changed: Condvar,
}

impl Stop {
    fn new(grace: Duration) -> Stop {
        Stop { grace, asked: Mutex::new(None), changed: Condvar::new() }
    }

    fn since(&self) -> Option<Instant> {
        *self.asked.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub fn ask(&self) {
        let mut asked = self.asked.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        asked.get_or_insert_with(Instant::now);
        self.changed.notify_all();
    }

    pub fn is_asked(&self) -> bool {
        self.since().is_some()
    }

    /// Whether what is under way has had its time.
    pub fn is_due(&self) -> bool {
        self.since().is_some_and(|since| since.elapsed() >= self.grace)
    }

    /// Waits for so long. True where the watch was asked to stop meanwhile.
    pub fn wait(&self, pause: Duration) -> bool {
        let asked = self.asked.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(asked, pause, |asked| asked.is_none());
        waited.map_or_else(|poisoned| poisoned.into_inner().0.is_some(), |(asked, _)| asked.is_some())
    }
}

/// The patience of an apply under a watch: it ends when the watch does.
pub struct Meanwhile<'a> {
    pub stop: &'a Stop,
    pub until: Instant,
}

impl Patience for Meanwhile<'_> {
    fn wait(&self, tries: u32) -> bool {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() || self.stop.is_asked() {
            return false;
        }
        !self.stop.wait(pause(tries, getrandom::u32().unwrap_or_default()).min(left))
    }
}

/// Sets a flag. True where it was not set.
pub fn is_first(flag: &AtomicBool) -> bool {
    !flag.swap(true, Ordering::SeqCst)
}
