//! The one transaction of an apply: its steps, our record of them, the commit.
//! Never leaves a half-done apply: dropping it rolls everything back and gives the lock back.

use std::collections::BTreeMap;
use std::time::Duration;

use postgres::Error;

use super::answers;
use super::blockers::blockers;
use super::catalog::{Catalog, lock_key};
use super::follow::Follower;
use super::inspect::{self, Context};
use super::lease;
use super::limits::{self, Class, milliseconds};
use super::refusal::{self, failed};
use super::session::{connect, give_back, transaction_of};
use super::settings::Settings;
use super::spell::Spelled;
use super::task;
use crate::address::Address;
use crate::diff::change::Change;
use crate::journal::Entry;
use crate::journal::lease::Lease;
use crate::model::state::Snapshot;
use crate::model::trash::Trashed;
use crate::plan::{Runs, Step, StepId};
use crate::target::{Answer, Left, Mode, Purge, Session, TargetError};

/// How often the end of a lost connection is waited for, each time as long as for a lock.
const PATIENCE: u32 = 5;

/// The transaction, and the lock that it is under.
pub struct PostgresSession<'a> {
    settings: &'a Settings,
    context: Context<'a>,
    catalog: Catalog<'a>,
    fence: i64,
    /// The lease that it is under, where there is one.
    lease: Option<&'a Lease>,
    /// The limit that statements are under now.
    class: Option<Class>,
    /// What was recorded in this transaction.
    recorded: Vec<Change>,
    /// How the server spells it.
    spelled: BTreeMap<Address, Spelled>,
    /// The steps that tidy up after the transactions that are committed already, by number.
    to_tidy: Vec<i64>,
    follower: Option<Follower>,
    /// The step that ran alone and was cut off, with the number of its statements that ran.
    cut_off: Option<(StepId, usize)>,
}

impl<'a> PostgresSession<'a> {
    /// Stands for a transaction that is open on `client`, under the lock that has this fence.
    pub fn new(
        client: &'a mut postgres::Client,
        settings: &'a Settings,
        context: Context<'a>,
        fence: i64,
        follower: Option<Follower>,
    ) -> PostgresSession<'a> {
        let catalog = Catalog::new(client, &settings.schema);
        PostgresSession {
            settings,
            context,
            catalog,
            fence,
            lease: None,
            class: None,
            recorded: Vec::new(),
            spelled: BTreeMap::new(),
            to_tidy: Vec::new(),
            follower,
            cut_off: None,
        }
    }

    /// Commits only as long as nobody has come after the holder of this lease.
    pub fn heeding(mut self, lease: Option<&'a Lease>) -> PostgresSession<'a> {
        self.lease = lease;
        self
    }

    /// Says what was refused. Where somebody stood in the way, the transaction ends here, and it is said who.
    fn refused(&mut self, doing: &str, error: &Error, statement: Option<&str>) -> TargetError {
        if !refusal::is_busy(error) {
            return failed(self.settings, doing, error, statement);
        }
        let client = &mut *self.catalog.client;
        // Nothing of ours may be held while others are looked at; should either fail, nobody is named.
        let _ = client.batch_execute("ROLLBACK");
        let statement = statement.unwrap_or_default();
        let holders = blockers(client, &self.settings.schema, statement).unwrap_or_default();
        refusal::refused(self.settings, doing, error, holders)
    }

    /// Puts the statements that follow under the limit of their class.
    fn limit(&mut self, class: Class, doing: &str) -> Result<(), TargetError> {
        if self.class == Some(class) {
            return Ok(());
        }
        self.catalog.client.batch_execute(&class.set()).map_err(|error| self.refused(doing, &error, None))?;
        self.class = Some(class);
        Ok(())
    }

    /// Runs what may take long, followed by whoever wants to know how far it is.
    fn execute(&mut self, sql: &str) -> Result<(), Error> {
        if let Some(follower) = &self.follower {
            follower.begins();
        }
        let ran = self.catalog.client.batch_execute(sql);
        if let Some(follower) = &self.follower {
            follower.ends();
        }
        ran
    }

    fn cannot(&self, doing: &str, message: &str) -> TargetError {
        TargetError::Failed {
            target: self.settings.name.clone(),
            doing: doing.to_owned(),
            message: message.to_owned(),
        }
    }

    /// Runs statements one by one, each in a transaction of its own, as long as the lock is ours. `done` counts those
    /// that ran.
    fn alone(&mut self, statements: &[String], done: &mut usize, doing: &str) -> Result<(), TargetError> {
        for statement in &statements[*done..] {
            let fence = self.catalog.held_fence().map_err(|error| self.refused(doing, &error, None))?;
            if fence != Some(self.fence) {
                return Err(self.cannot(doing, "somebody else has taken the lock over"));
            }
            self.wait_at_most(limits::lock(statement), limits::alone(statement), doing)?;
            let ran = self.execute(statement);
            let ran = ran.map_err(|error| self.refused(doing, &error, Some(statement)));
            let reset = self.wait_at_most(limits::LOCK, limits::QUESTION, doing);
            ran.and(reset)?;
            *done += 1;
        }
        Ok(())
    }

    /// Notes what takes a step back, and runs its first statement in the same transaction where it can be in one: what
    /// was not done is never taken back. Returns how many statements ran.
    fn begin_noted(&mut self, step: &Step, doing: &str) -> Result<usize, TargetError> {
        let first = step.statements.first().filter(|statement| !limits::is_beside(statement));
        let Some(first) = first else {
            let noted = self.catalog.note_step(step, &step.undo);
            return noted.map(|()| 0).map_err(|error| self.refused(doing, &error, None));
        };
        let refused = |error: Error| (error, None);
        let sql = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
        let ran = self.catalog.client.batch_execute(sql).map_err(refused).and_then(|()| {
            self.catalog.note_step(step, &step.undo).map_err(refused)?;
            let (lock, limit) = (milliseconds(limits::lock(first)), milliseconds(limits::alone(first)));
            let sql = format!("SET LOCAL lock_timeout = {lock}; SET LOCAL statement_timeout = {limit}");
            self.catalog.client.batch_execute(&sql).map_err(refused)?;
            if self.catalog.fence().map_err(refused)? != Some(self.fence) {
                return Ok(false);
            }
            self.catalog.client.batch_execute(first).map_err(|error| (error, Some(first)))?;
            self.catalog.client.batch_execute("COMMIT").map_err(refused).map(|()| true)
        });
        match ran {
            Ok(true) => return Ok(1),
            Ok(false) => self.step_out()?,
            Err((error, statement)) => {
                let refused = self.refused(doing, &error, statement.map(String::as_str));
                // Should this fail, the connection is gone, and so is the transaction.
                let _ = self.catalog.client.batch_execute("ROLLBACK");
                return Err(refused);
            }
        }
        Err(self.cannot(doing, "somebody else has taken the lock over"))
    }

    /// Puts the statements that follow, in no transaction, under limits.
    fn wait_at_most(&mut self, lock: Duration, statement: Duration, doing: &str) -> Result<(), TargetError> {
        let (lock, statement) = (milliseconds(lock), milliseconds(statement));
        let set = format!("SET lock_timeout = {lock}; SET statement_timeout = {statement}");
        self.catalog.client.batch_execute(&set).map_err(|error| self.refused(doing, &error, None))
    }

    /// Tidies up what an apply that was cut off has left, the last first. Returns what it was.
    pub fn tidy(&mut self) -> Result<Vec<String>, TargetError> {
        let doing = "tidy up after an apply that was cut off";
        let left = self.catalog.left_steps().map_err(|error| self.refused(doing, &error, None))?;
        if left.is_empty() {
            return Ok(Vec::new());
        }
        self.step_out()?;
        let mut titles = Vec::new();
        for (step, title, statements) in left {
            self.alone(&statements, &mut 0, doing)?;
            self.catalog.forget_step(step).map_err(|error| self.refused(doing, &error, None))?;
            titles.push(title);
        }
        Ok(titles)
    }

    /// Sees to it that the transaction is still the one that was opened.
    fn check_open(&mut self, doing: &str) -> Result<(), TargetError> {
        let sql = "SELECT current_setting('reconcile.fence', true)";
        let found =
            self.catalog.client.query_one(sql, &[]).and_then(|row| row.try_get::<_, Option<String>>(0));
        match found {
            Ok(Some(fence)) if fence == self.fence.to_string() => Ok(()),
            Ok(Some(_) | None) => {
                Err(self
                    .cannot(doing, "a statement ended the transaction, so nothing after it could be undone"))
            }
            Err(error) => Err(self.refused(doing, &error, None)),
        }
    }

    /// Says when rows are held against deferrable constraints.
    fn check(&mut self, when: &str, doing: &str) -> Result<(), TargetError> {
        self.catalog.client.batch_execute(when).map_err(|error| self.refused(doing, &error, None))
    }

    /// Drops things of the trash, and commits.
    pub fn purge(mut self, which: &Purge) -> Result<Vec<Trashed>, TargetError> {
        let all = inspect::trash(self.catalog.client, self.settings)?;
        let all: Vec<Trashed> = all.into_iter().filter(|one| which.takes(one)).collect();
        let doing = "purge its trash";
        for one in &all {
            self.catalog.drop_kept(&one.moved.table).map_err(|error| self.refused(doing, &error, None))?;
        }
        let numbers: Vec<u64> = all.iter().map(|one| one.moved.number).collect();
        self.catalog.forget_moved(&numbers).map_err(|error| self.refused(doing, &error, None))?;
        self.catalog.client.batch_execute("COMMIT").map_err(|error| self.refused(doing, &error, None))?;
        Ok(all)
    }

    /// Finds out over another connection whether an apply was committed whose own connection was lost meanwhile.
    fn is_committed(&self, id: u64) -> Result<bool, TargetError> {
        let (mut client, _) = connect(self.settings, Mode::Write)?;
        let failed = |error: Error| failed(self.settings, "be read", &error, None);
        // The server gives the lock back when it is done with the lost connection, and not before.
        let key = lock_key(&self.settings.schema);
        let mut is_over = false;
        for _ in 0..PATIENCE {
            match client.query_one("SELECT pg_advisory_lock($1)", &[&key]) {
                Ok(_) => is_over = true,
                Err(error) if refusal::is_busy(&error) => continue,
                Err(error) => return Err(failed(error)),
            }
            break;
        }
        let entries =
            Catalog::new(&mut client, &self.settings.schema).entries(Some(id), 1).map_err(failed)?;
        match (entries.is_empty(), is_over) {
            (false, _) => Ok(true),
            (true, true) => Ok(false),
            (true, false) => Err(self.cannot("be read", "the lost connection still holds the lock")),
        }
    }

    /// Keeps the entry and what it says of the trash. Returns the entry's number.
    fn keep(&mut self, entry: &Entry) -> Result<u64, Error> {
        let mut entry = entry.clone();
        self.catalog.count_moved(&mut entry.trash)?;
        let id = self.catalog.keep(&entry)?;
        self.catalog.spell(&self.spelled)?;
        self.catalog.enter_tasks(id)?;
        let until = entry.trash_until.clone().unwrap_or_else(|| entry.finished.clone());
        self.catalog.note_moved(&entry, id, &until)?;
        let empty = entry.trash.iter().filter(|moved| moved.rows == Some(0) && moved.sequences.is_empty());
        for moved in empty {
            // Its number is given all the same, and never again.
            self.catalog.drop_kept(&moved.table)?;
            self.catalog.forget_moved(&[moved.number])?;
        }
        self.catalog.forget_moved(&entry.restored)?;
        self.catalog.forget_steps(&self.to_tidy)?;
        for step in entry.steps.iter().filter(|step| step.runs == Runs::After) {
            self.catalog.note_step(step, &step.statements)?;
            self.to_tidy.push(i64::from(step.id));
        }
        Ok(id)
    }
}

/// One message of statements, each put under the limit of its class where the one before it had another.
fn message(statements: &[String], class: &mut Option<Class>) -> String {
    let mut message = String::new();
    for statement in statements {
        let own = Class::of(statement);
        if !message.is_empty() {
            message.push_str(";\n");
        }
        if *class != Some(own) {
            // A place that the server names is still in the same line.
            message.push_str(&format!("{}; ", own.set()));
            *class = Some(own);
        }
        message.push_str(statement);
    }
    message
}

impl Session for PostgresSession<'_> {
    fn inspect(&mut self) -> Result<Snapshot, TargetError> {
        self.limit(Class::Long, "be read")?;
        self.catalog.write_states().map_err(|error| self.refused("write its record", &error, None))?;
        let context = Context { recorded: &self.recorded, ..self.context };
        let found = inspect::snapshot(self.catalog.client, &context)?;
        self.spelled = found.spelled;
        Ok(found.snapshot)
    }

    fn measure(&mut self, queries: &[String]) -> Result<Vec<Answer>, TargetError> {
        self.class = None;
        match answers::measure(self.catalog.client, "", limits::QUESTION, queries) {
            Ok(answers) if answers.len() == queries.len() => Ok(answers),
            Ok(_) => Err(self.cannot("answer the questions about its rows", "some were not answered")),
            Err(error) => Err(self.refused("answer the questions about its rows", &error, None)),
        }
    }

    fn left(&mut self, unless: &str) -> Result<Left, TargetError> {
        let asked = task::left(self.catalog.client, unless);
        asked.map_err(|error| self.refused(&format!("answer `{unless}`"), &error, Some(unless)))
    }

    fn run(&mut self, step: &Step) -> Result<(), TargetError> {
        let doing = format!("run step {} ({})", step.id, step.title);
        if step.task.is_some()
            && let Some(fault) = step.statements.iter().find_map(|sql| task::sql_fault(sql))
        {
            return Err(self.cannot(&doing, &format!("its SQL {fault}")));
        }
        if step.task.is_some() {
            self.check(limits::CHECK_LATER, &doing)?;
        }
        let together = match step.task {
            // What an author wrote is sent by itself, so that the place of a mistake is one in his text.
            Some(_) => 1,
            None => step.statements.len().max(1),
        };
        for statements in step.statements.chunks(together) {
            let message = message(statements, &mut self.class);
            if let Err(error) = self.execute(&message) {
                let has_place = statements.len() == 1 || refusal::is_busy(&error);
                return Err(self.refused(&doing, &error, has_place.then_some(&message)));
            }
        }
        match step.task {
            Some(_) => {
                self.class = None;
                self.check_open(&doing)?;
                self.check(limits::CHECK_AT_ONCE, &doing)
            }
            None => Ok(()),
        }
    }

    fn record(&mut self, change: &Change, revision: Option<&str>) -> Result<(), TargetError> {
        let recorded = self.catalog.record(change, revision);
        recorded.map_err(|error| self.refused(&format!("record `{}`", change.address), &error, None))?;
        self.recorded.push(change.clone());
        Ok(())
    }

    fn step_out(&mut self) -> Result<(), TargetError> {
        self.class = None;
        let ended = self.catalog.client.batch_execute("ROLLBACK");
        ended.map_err(|error| self.refused("leave its transaction", &error, None))
    }

    fn begin(&mut self) -> Result<(), TargetError> {
        self.class = None;
        self.recorded.clear();
        self.catalog.states.clear();
        match transaction_of(self.catalog.client, self.settings, self.fence)? {
            true => Ok(()),
            false => Err(self.cannot("begin", "somebody else has taken the lock over")),
        }
    }

    fn run_alone(&mut self, step: &Step) -> Result<(), TargetError> {
        let doing = format!("run step {} ({})", step.id, step.title);
        let again = self.cut_off.take().filter(|(id, _)| *id == step.id);
        let mut done = again.map_or(0, |(_, done)| done);
        if again.is_some() && step.statements.get(done).is_some_and(|sql| limits::is_beside(sql)) {
            // What was built beside others and not to its end is there, and in the way.
            self.alone(&step.undo, &mut 0, &doing)?;
            done = 0;
        }
        if step.runs == Runs::Before && done == 0 && !step.undo.is_empty() {
            done = self.begin_noted(step, &doing)?;
        }
        let ran = self.alone(&step.statements, &mut done, &doing);
        if ran.is_err() {
            self.cut_off = Some((step.id, done));
        }
        ran?;
        if step.runs == Runs::After {
            let forgotten = self.catalog.forget_step(step.id);
            forgotten.map_err(|error| self.refused(&doing, &error, None))?;
        }
        Ok(())
    }

    fn take_back(&mut self, step: &Step) -> Result<(), TargetError> {
        let doing = format!("take back step {} ({})", step.id, step.title);
        let is_noted = self.catalog.has_step(step.id);
        if !is_noted.map_err(|error| self.refused(&doing, &error, None))? {
            // It did nothing, or there is nothing to take back.
            return Ok(());
        }
        self.alone(&step.undo, &mut 0, &doing)?;
        let forgotten = self.catalog.forget_step(step.id);
        forgotten.map_err(|error| self.refused(&doing, &error, None))
    }

    fn commit(&mut self, entry: &Entry) -> Result<u64, TargetError> {
        self.check_open("commit")?;
        self.limit(Class::Long, "commit")?;
        if let Some(lease) = self.lease {
            let successor = lease::successor(self.catalog.client, &self.settings.schema, lease);
            if let Some(holder) = successor.map_err(|error| self.refused("commit", &error, None))? {
                return Err(TargetError::Superseded { target: self.settings.name.clone(), holder });
            }
        }
        self.catalog.write_states().map_err(|error| self.refused("write its record", &error, None))?;
        let id = self.keep(entry).map_err(|error| self.refused("commit", &error, None))?;
        match self.catalog.client.batch_execute("COMMIT") {
            Ok(()) => Ok(id),
            Err(error) if self.catalog.client.is_closed() || refusal::is_lost(&error) => {
                let lost = self.settings.hide(&refusal::message(&error, None));
                match self.is_committed(id) {
                    Ok(true) => Ok(id),
                    Ok(false) => Err(self.cannot("commit", &lost)),
                    Err(why) => Err(self.cannot(
                        "say whether it committed",
                        &format!("{lost}; and then: {why}; plan again to see what is there"),
                    )),
                }
            }
            Err(error) => Err(self.refused("commit", &error, None)),
        }
    }
}

impl Drop for PostgresSession<'_> {
    fn drop(&mut self) {
        give_back(self.catalog.client);
    }
}
