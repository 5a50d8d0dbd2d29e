//! The contract of a target: `Dialect` is its pure half, `Target` and `Session` touch the world.
//! Never names a provider.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::address::Address;
use crate::diff::change::Change;
use crate::journal::lease::{Lease, Leased};
use crate::journal::notice::{Delivery, Outbox};
use crate::journal::past::Line;
use crate::journal::suspension::Suspension;
use crate::journal::{Entry, Holder, Timestamp};
use crate::model::environment::Strategy;
use crate::model::name::NameLimits;
use crate::model::resource::Resource;
use crate::model::state::{Desired, Native, Snapshot, State};
use crate::model::trash::{Moved, Trashed};
use crate::plan::{Finding, Step, StepId};
use crate::report::rehearsal::{Place, Rehearsed};

/// What a change is seen in: all resources before and after, and the target's own words for what is there.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// Everything the target holds now, by its present address.
    pub before: &'a State,
    /// Everything it will hold, by its address after the plan.
    pub after: &'a State,
    pub natives: &'a [Native],
    /// How many rows each changed entity has now, by its address after the plan, where it was counted.
    pub rows: &'a BTreeMap<Address, u64>,
    /// The present address of each resource that the plan renames, by its address after the plan.
    pub renamed: &'a BTreeMap<Address, Address>,
    pub aside: &'a Aside,
    /// What the plan has made or changed before this change, by its address after the plan.
    pub placed: &'a BTreeSet<Address>,
    /// How tables are changed that others use meanwhile; none leaves it to their size.
    pub strategy: Option<Strategy>,
}

/// What a plan moves aside, and what it brings back.
#[derive(Clone, Debug, Default)]
pub struct Aside {
    /// What is moved aside of each changed resource, by its address after the plan.
    pub moved: BTreeMap<Address, Moved>,
    /// The way back of each resource that is brought back, by its address after the plan.
    pub lines: BTreeMap<Address, Line>,
    /// The renamed options of each picklist: its present name; the new names with the old ones.
    pub options: BTreeMap<String, Vec<(String, String)>>,
    /// The numbers of what the trash holds.
    pub alive: BTreeSet<u64>,
}

impl<'a> Scene<'a> {
    /// The name that an entity has now.
    pub fn name_before<'b>(&self, entity: &'b str) -> &'b str
    where
        'a: 'b,
    {
        let address = Address::new(crate::model::entity::KIND, entity);
        self.renamed.get(&address).map_or(entity, |before| before.name.as_str())
    }
}

/// What one change comes to on a target. One change may need several steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    pub title: String,
    pub statements: Vec<String>,
    /// How the rows are touched.
    pub cost: Cost,
    pub stage: Stage,
}

/// When work is done, in the course of an apply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Alone, before the transaction; these statements take it back where the apply fails after it.
    Before { undo: Vec<String> },
    /// In the transaction, in the place of its change.
    #[default]
    Inside,
    /// In the transaction, once every resource is made or changed.
    Late,
    /// Alone, after the transaction: it only tidies up.
    After,
}

/// From how many rows on it is worth a word that all of a table is read or written.
pub const LARGE_TABLE: u64 = 100_000;

/// What a step does to rows that are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// None is read or written.
    Instant,
    /// All are read.
    Scan,
    /// All are written again.
    Rewrite,
}

/// A question about the rows of a changed resource. `After` questions look at the rows as the change would leave
/// them: renamed, converted, backfilled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// How many rows there are.
    Rows,
    /// How many rows have a value in this field now (its present name).
    Values { field: String },
    /// Rows that would have none in this field.
    NullsAfter { field: String },
    /// Rows that share all of these fields with another; nulls are never equal.
    DuplicatesAfter { fields: Vec<String> },
    /// Rows whose value of a lookup or relationship would point nowhere. `entity` is its address after the plan.
    OrphansAfter { fields: Vec<String>, entity: Address, to: Vec<String> },
    /// Rows whose value would be none of the picklist's options after the plan.
    NoOptionAfter { field: String, picklist: Address },
    /// Rows for which this expression would be false.
    ViolationsAfter { sql: String },
    /// Rows that share with another what the target's own words for a key say.
    DuplicatesBy { sql: String },
    /// Rows whose value (field's present name, then its name after) the new type cannot hold unchanged.
    UnfitAfter { before: String, after: String },
    /// Rows of any entity that hold this option now.
    OptionUse { option: String },
    /// Rows that come back from the trash, or rows whose value in this field comes back.
    ComesBack { field: Option<String> },
    /// Kept values that do not come back, because the row they belonged to is gone.
    RowGone,
}

/// What the data said: how many rows, and the keys of up to five.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub count: u64,
    pub samples: Vec<String>,
    pub certainty: Certainty,
}

/// How well an answer is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Certainty {
    #[default]
    Counted,
    /// It is what the target's own statistics say.
    Estimated,
    /// To find out takes longer than it may.
    Unknown,
    /// It was not asked, because that would run SQL that nobody has reviewed.
    Withheld,
    /// There is no target to ask.
    NotAsked,
}

/// What the `unless` of a task says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// It returns a row: nothing is left to do.
    Nothing,
    Something,
    /// It cannot be asked of the target as it is, with what the target says of it.
    Unknown(String),
}

/// Something of a target that no manifest can say: it is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beyond {
    /// What it is, for people: `view late-orders`.
    pub name: String,
    /// The table that it belongs to; for a view its own name.
    pub table: String,
    pub reason: String,
}

/// The pure half of a target: it needs no connection.
pub trait Dialect: Sync {
    /// `sqlite`.
    fn name(&self) -> &'static str;

    fn name_limits(&self) -> NameLimits;

    /// Brings a declared resource to the words in which the target would report it back.
    fn normalize(&self, resource: &mut Resource);

    /// Moves aside what a change destroys or changes, before any step runs. None where there is nothing that could
    /// be brought back.
    fn keep(&self, change: &Change, scene: &Scene<'_>, number: u64) -> Option<(Work, Moved)>;

    /// Tells, where it is quickly seen, that `normalize` would leave a resource as it is.
    fn is_normal(&self, _resource: &Resource) -> bool {
        false
    }

    /// Turns a change into statements, in order. Empty where only our record changes.
    fn lower(&self, change: &Change, scene: &Scene<'_>) -> Vec<Work>;

    /// How many locks a step takes about, where a target has room for some only.
    fn locks(&self, _step: &Step) -> u64 {
        0
    }

    /// Tells whether lookups to an entity get the type of its key with it.
    fn lookups_follow(&self) -> bool {
        false
    }

    /// Writes a question about a change as a query that gives one row: a count, and a JSON list of keys.
    /// None where the target's present shape makes the answer zero.
    fn ask(&self, change: &Change, question: &Question, scene: &Scene<'_>) -> Option<String>;

    /// What an inspection would find in the target's own words where it holds just this state; empty where this
    /// dialect does without.
    fn drawn(&self, state: &State) -> Vec<Native> {
        let _ = state;
        Vec::new()
    }

    /// Tells what the target's own nature makes of the steps of a plan: what it would refuse, whom they keep waiting.
    fn remarks(&self, steps: &[Step], scene: &Scene<'_>) -> Vec<Finding> {
        let _ = (steps, scene);
        Vec::new()
    }

    /// Returns what an inspection found beside the state: what would be missing in a target made from manifests.
    fn beyond(&self, snapshot: &Snapshot) -> Vec<Beyond> {
        let opaque = |(name, reason): (&String, &String)| Beyond {
            name: name.clone(),
            table: name.clone(),
            reason: reason.clone(),
        };
        snapshot.opaque.iter().map(opaque).collect()
    }
}

/// What the target is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing is made and nothing is written; a target that is not there yet is an empty one.
    Read,
    /// The target is made when it is locked, where it is not there yet.
    Write,
}

/// How far a long statement is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Going {
    /// What it does now, in the target's own words; may be empty.
    pub phase: String,
    /// How much of this phase is done, in the target's own measure; at most `total`.
    pub done: u64,
    /// 0 where the target does not say.
    pub total: u64,
}

/// Is told how far the step under way is, from any thread.
pub type Listener = Arc<dyn Fn(&Going) + Send + Sync>;

/// A real target.
pub trait Target: Send {
    /// The target as people know it, without secrets: `sqlite .reconcile/staging.db`.
    fn describe(&self) -> String;

    fn dialect(&self) -> &'static dyn Dialect;

    /// Reads all of it in a handful of statements.
    fn inspect(&mut self) -> Result<Snapshot, TargetError>;

    /// Takes the target's own words for declared expressions, where they mean what is found. Returns the resources
    /// whose expressions the target does not take. `desired` is normalized.
    fn respell(&mut self, desired: &mut Desired, snapshot: &Snapshot) -> Result<Vec<Misread>, TargetError> {
        let _ = (desired, snapshot);
        Ok(Vec::new())
    }

    /// Answers queries made by `Dialect::ask`, in order.
    fn measure(&mut self, queries: &[String]) -> Result<Vec<Answer>, TargetError>;

    /// Asks the `unless` of tasks, in order.
    fn left(&mut self, unless: &[String]) -> Result<Vec<Left>, TargetError>;

    /// Runs the steps where nothing is kept, without rows, and tells what would break.
    fn rehearse(&mut self, steps: &[Step]) -> Result<Vec<Broken>, TargetError>;

    /// Runs the very steps: in a transaction that is rolled back, or on a database of its own on the server at `on`,
    /// which has the target's definitions and is dropped. None where this kind of target has no such rehearsal.
    fn run_through(
        &mut self,
        steps: &[Step],
        on: Option<&str>,
    ) -> Result<Option<(Place, Vec<Rehearsed>)>, TargetError> {
        let _ = (steps, on);
        Ok(None)
    }

    /// Carries out tasks where nothing is kept, with the rows that there are. Empty where that would cost too much.
    fn try_out(&mut self, steps: &[Step]) -> Result<Vec<Tried>, TargetError> {
        let _ = steps;
        Ok(Vec::new())
    }

    /// The journal, newest first; at most `limit` entries.
    fn history(&mut self, limit: usize) -> Result<Vec<Entry>, TargetError>;

    /// The number of the newest entry of the journal, without reading it; none where there is none.
    fn newest_entry(&mut self) -> Result<Option<u64>, TargetError>;

    /// One entry of the journal.
    fn entry(&mut self, id: u64) -> Result<Option<Entry>, TargetError>;

    /// Names who is to be told how far the long steps of an apply are, where a target can say that.
    fn listen(&mut self, listener: Listener) {
        let _ = listener;
    }

    /// Takes the lock and opens the one transaction of an apply. A suspended target is not locked.
    fn lock<'a>(&'a mut self, holder: &Holder) -> Result<Box<dyn Session + 'a>, TargetError>;

    /// Drops what the trash holds, under the lock and in a transaction of its own. Returns what it was. Takes no
    /// lock where there is nothing to drop.
    fn purge(&mut self, holder: &Holder, which: &Purge) -> Result<Vec<Trashed>, TargetError>;

    /// Finishes or takes back what an apply that was cut off has left. Returns what it was.
    fn tidy(&mut self, holder: &Holder) -> Result<Vec<String>, TargetError> {
        let _ = holder;
        Ok(Vec::new())
    }

    /// Keeps the entry of an apply that was rolled back. Returns its number.
    fn journal_failure(&mut self, entry: &Entry) -> Result<u64, TargetError>;

    /// Who suspended this target, and why; none where nobody did.
    fn suspension(&mut self) -> Result<Option<Suspension>, TargetError>;

    /// Suspends this target: `lock` refuses from now on, and an apply under way ends. Returns the suspension that
    /// holds, which is the first one.
    fn suspend(&mut self, suspension: &Suspension) -> Result<Suspension, TargetError>;

    /// Lifts the suspension. Returns the one that held.
    fn lift(&mut self) -> Result<Option<Suspension>, TargetError>;

    /// What is still to be told of this target, and how far its journal is told of.
    fn outbox(&mut self) -> Result<Outbox, TargetError>;

    /// Puts deliveries into the outbox which are not there yet, notes how far the journal is told of, and forgets what
    /// was told before `forget`: all or nothing.
    fn post(
        &mut self,
        deliveries: &[Delivery],
        announced: Option<u64>,
        forget: &Timestamp,
    ) -> Result<(), TargetError>;

    /// Notes how a delivery goes on. False where somebody else has noted something meanwhile: it is his.
    fn mark(&mut self, before: &Delivery, after: &Delivery) -> Result<bool, TargetError>;

    /// Who watches this target now; none where nobody does.
    fn lease(&mut self) -> Result<Option<Lease>, TargetError>;

    /// Takes the lease of this target, where it is free or has run out.
    fn take_lease(&mut self, holder: &str, life: Duration) -> Result<Leased, TargetError>;

    /// Lets a lease run longer. None where it is somebody else's by now.
    fn renew_lease(&mut self, lease: &Lease, life: Duration) -> Result<Option<Lease>, TargetError>;

    /// Gives a lease back, where it is still the one.
    fn drop_lease(&mut self, lease: &Lease) -> Result<(), TargetError>;

    /// From here on applies only as long as nobody has come after the holder of this lease.
    fn heed(&mut self, lease: Lease);
}

/// What of the trash is dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purge {
    /// What was to be kept until before this instant.
    Expired(Timestamp),
    Numbers(Vec<u64>),
}

impl Purge {
    pub fn takes(&self, one: &Trashed) -> bool {
        match self {
            // Both are RFC 3339 in UTC with whole seconds, so that the texts compare as the instants do.
            Purge::Expired(now) => one.until <= *now,
            Purge::Numbers(numbers) => numbers.contains(&one.moved.number),
        }
    }
}

/// The one transaction of an apply. Dropping it rolls everything back.
pub trait Session {
    fn inspect(&mut self) -> Result<Snapshot, TargetError>;

    fn measure(&mut self, queries: &[String]) -> Result<Vec<Answer>, TargetError>;

    /// Asks the `unless` of a task.
    fn left(&mut self, unless: &str) -> Result<Left, TargetError>;

    /// Runs one step's statements.
    fn run(&mut self, step: &Step) -> Result<(), TargetError>;

    /// Writes our record of one change: the resource as it is now, and what of it we own.
    fn record(&mut self, change: &Change, revision: Option<&str>) -> Result<(), TargetError>;

    /// Checks what could not be checked step by step, keeps the entry and what it says of the trash, and commits.
    /// Returns the entry's number. Takes note of the steps that tidy up after it, so that they are not forgotten.
    fn commit(&mut self, entry: &Entry) -> Result<u64, TargetError>;

    /// Ends the transaction without a change and keeps the lock: what follows runs alone.
    fn step_out(&mut self) -> Result<(), TargetError> {
        Err(self.never("run a step outside its transaction"))
    }

    /// Opens the transaction again, under the same lock.
    fn begin(&mut self) -> Result<(), TargetError> {
        Err(self.never("run a step outside its transaction"))
    }

    /// Runs a step's statements alone, one by one. What takes it back, or finishes it, is noted before.
    fn run_alone(&mut self, step: &Step) -> Result<(), TargetError> {
        let _ = step;
        Err(self.never("run a step outside its transaction"))
    }

    /// Takes back a step that ran alone.
    fn take_back(&mut self, step: &Step) -> Result<(), TargetError> {
        let _ = step;
        Err(self.never("run a step outside its transaction"))
    }

    /// The refusal of what such a target never does.
    fn never(&self, doing: &str) -> TargetError {
        TargetError::Failed {
            target: "the target".to_owned(),
            doing: doing.to_owned(),
            message: "it does everything in one transaction".to_owned(),
        }
    }
}

/// A resource whose expressions the target does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misread {
    pub address: Address,
    /// What the target says.
    pub message: String,
    /// Whether it speaks of something that the target does not have.
    pub lacks_something: bool,
}

/// Something that would not work after the steps, found by rehearsing them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// A step that the target refuses.
    Step { step: StepId, message: String },
    /// A view or trigger that is not ours and reads what goes away.
    Object { kind: String, name: String, message: String },
}

/// What came of a task that was tried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tried {
    Changed {
        step: StepId,
        rows: u64,
        /// Whether its `unless` returns no row even after the whole plan.
        is_left: bool,
    },
    Failed(Broken),
}

/// The world's refusal.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    #[error("{target} cannot be opened: {message}")]
    Open { target: String, message: String },
    #[error("{target} is being applied to by {holder}, since {since}")]
    Locked { target: String, holder: String, since: String },
    #[error("{target} is suspended {suspension}")]
    Suspended { target: String, suspension: Box<Suspension> },
    /// Somebody else held what was needed: nothing was changed, and another try may go well.
    #[error("{target} could not {doing}: {message}{}", in_the_way(holders))]
    Busy { target: String, doing: String, message: String, holders: Vec<String> },
    /// Whoever wanted to write had a lease, and somebody else has one by now: nothing was changed.
    #[error("{target} is watched by another by now: {holder}")]
    Superseded { target: String, holder: String },
    #[error("{target} refused to {doing}: {message}")]
    Failed { target: String, doing: String, message: String },
    #[error("{target} was written by a newer `reconcile` (catalog version {found}; this one knows {known})")]
    Newer { target: String, found: u32, known: u32 },
    #[error("{target} holds a record that does not read: {message}")]
    Record { target: String, message: String },
}

/// Names those who stand in the way.
fn in_the_way(holders: &[String]) -> String {
    match holders {
        [] => String::new(),
        holders => format!("; in the way: {}", holders.join("; ")),
    }
}
