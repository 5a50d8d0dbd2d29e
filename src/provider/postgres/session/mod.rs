//! A real PostgreSQL schema: connected to, read, locked.
//! Never writes anything in `Mode::Read`, and leaves every change to the one transaction of an apply.

mod connection;
mod lock;

use std::time::Duration;

use postgres::Client;
use postgres::error::SqlState;

use super::catalog::{self, Catalog};
use super::dialect::PostgresDialect;
use super::inspect::{self, Context};
use super::lexer::quote;
use super::limits;
use super::notes::{self, NoteError};
use super::refusal::{self, failed};
use super::scratch::Original;
use super::settings::Settings;
use super::{answers, lease, rehearsal, respell, task, tryout};
use crate::journal::lease::{Lease, Leased};
use crate::journal::notice::{Delivery, Outbox};
use crate::journal::suspension::Suspension;
use crate::journal::{Entry, Holder, Timestamp};
use crate::model::environment::TargetConfig;
use crate::model::state::{Desired, Snapshot};
use crate::model::trash::Trashed;
use crate::plan::Step;
use crate::report::rehearsal::{Place, Rehearsed};
use crate::target::{
    Answer, Broken, Dialect, Left, Listener, Misread, Mode, Purge, Session, Target, TargetError, Tried,
};

use connection::cannot_open;
pub use connection::{Server, connect};
use lock::make;
pub use lock::{give_back, transaction_of};

/// Opens what several statements are read in, so that all of them see the same state.
const CONSISTENTLY: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\n";

/// Opens the target of an environment. The server is connected to when it is first needed.
pub fn open(
    config: &TargetConfig,
    variable: &dyn Fn(&str) -> Option<String>,
    mode: Mode,
) -> Result<Box<dyn Target>, TargetError> {
    match Settings::new(config, variable) {
        Ok(settings) => {
            Ok(Box::new(PostgresTarget { settings, mode, connected: None, listener: None, lease: None }))
        }
        Err((target, message)) => Err(TargetError::Open { target, message }),
    }
}

/// One schema of one database.
pub struct PostgresTarget {
    settings: Settings,
    mode: Mode,
    connected: Option<Connected>,
    /// Is told how far long steps are.
    listener: Option<Listener>,
    /// What every apply is under, where there is one.
    lease: Option<Lease>,
}

struct Connected {
    client: Client,
    server: Server,
}

impl PostgresTarget {
    fn cannot_open(&self, message: impl Into<String>) -> TargetError {
        cannot_open(&self.settings, message)
    }

    /// The connection, made where there is none.
    fn connected(&mut self) -> Result<&mut Connected, TargetError> {
        if self.connected.as_ref().is_none_or(|connected| connected.client.is_closed()) {
            let (client, server) = connect(&self.settings, self.mode)?;
            self.connected = Some(Connected { client, server });
        }
        match &mut self.connected {
            Some(connected) => Ok(connected),
            None => unreachable!("BUG: a connection that was just made is not there"),
        }
    }

    /// Looks again whether our own tables are there, where they were not yet. Once they are, they stay.
    fn look_for_catalog(&mut self) -> Result<(), TargetError> {
        let is_new = self.connected.is_none();
        let Connected { client, server } = self.connected()?;
        if !is_new && !server.has_catalog {
            match client.query_opt(catalog::EXISTS, &[]) {
                Ok(found) => server.has_catalog = found.is_some(),
                Err(error) => return Err(failed(&self.settings, "be read", &error, None)),
            }
        }
        Ok(())
    }

    /// Runs `read` in one transaction, so that all its statements see the same state.
    fn consistently<T>(
        &mut self,
        read: impl FnOnce(&mut Client, &Settings, &Server) -> Result<T, TargetError>,
    ) -> Result<T, TargetError> {
        self.connected()?;
        let settings = &self.settings;
        let Some(Connected { client, server }) = &mut self.connected else {
            return Err(TargetError::Open {
                target: settings.name.clone(),
                message: "it is not open".to_owned(),
            });
        };
        client.batch_execute(CONSISTENTLY).map_err(|error| failed(settings, "be read", &error, None))?;
        let result = read(client, settings, server);
        let ended =
            client.batch_execute("ROLLBACK").map_err(|error| failed(settings, "be read", &error, None));
        result.and_then(|value| ended.map(|()| value))
    }
}

impl Target for PostgresTarget {
    fn describe(&self) -> String {
        self.settings.name.clone()
    }

    fn dialect(&self) -> &'static dyn Dialect {
        &PostgresDialect
    }

    fn inspect(&mut self) -> Result<Snapshot, TargetError> {
        self.look_for_catalog()?;
        let settings = &self.settings;
        let Some(Connected { client, server }) = &mut self.connected else {
            return Err(self.cannot_open("it is not open"));
        };
        let context = Context { is_inside: false, ..context(settings, server) };
        let found = inspect::snapshot(client, &context);
        if found.is_err() {
            // Should this fail, the next statement says so.
            let _ = client.batch_execute("ROLLBACK");
        }
        Ok(found?.snapshot)
    }

    fn respell(&mut self, desired: &mut Desired, snapshot: &Snapshot) -> Result<Vec<Misread>, TargetError> {
        self.connected()?;
        let settings = &self.settings;
        match &mut self.connected {
            // Whoever only follows another server makes no table of his own.
            Some(Connected { client, server }) if !server.is_standby => {
                Ok(respell::respell(client, settings, desired, snapshot))
            }
            Some(_) | None => Ok(Vec::new()),
        }
    }

    fn measure(&mut self, queries: &[String]) -> Result<Vec<Answer>, TargetError> {
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        self.connected()?;
        let settings = &self.settings;
        let Some(Connected { client, server }) = &mut self.connected else {
            return Err(self.cannot_open("it is not open"));
        };
        let limit = limits::QUESTION.min(server.patience);
        let mut answers = answers::measure(client, CONSISTENTLY, limit, queries);
        // Should this fail, the next statement says so.
        let _ = client.batch_execute("ROLLBACK");
        if answers.as_ref().is_err_and(|error| error.code() == Some(&SqlState::QUERY_CANCELED)) {
            answers = answers::one_by_one(client, CONSISTENTLY, limit, queries);
        }
        match answers {
            Ok(answers) if answers.len() == queries.len() => Ok(answers),
            Ok(answers) => Err(self.cannot_open(format!(
                "it answered {} of {} questions about its rows",
                answers.len(),
                queries.len()
            ))),
            Err(error) => Err(answers::unanswered(client, settings, CONSISTENTLY, queries, &error)),
        }
    }

    fn left(&mut self, unless: &[String]) -> Result<Vec<Left>, TargetError> {
        if unless.is_empty() {
            return Ok(Vec::new());
        }
        self.consistently(|client, settings, _| {
            let ask = |sql: &String| {
                task::left(client, sql)
                    .map_err(|error| failed(settings, &format!("answer `{sql}`"), &error, None))
            };
            unless.iter().map(ask).collect()
        })
    }

    // Only the server itself can tell what would break, and a look at it must not lock anything.
    fn rehearse(&mut self, _steps: &[Step]) -> Result<Vec<Broken>, TargetError> {
        Ok(Vec::new())
    }

    fn run_through(
        &mut self,
        steps: &[Step],
        on: Option<&str>,
    ) -> Result<Option<(Place, Vec<Rehearsed>)>, TargetError> {
        match on {
            Some(url) => self.run_elsewhere(steps, url).map(Some),
            None => self.run_here(steps).map(|steps| Some((Place::Target, steps))),
        }
    }

    fn try_out(&mut self, steps: &[Step]) -> Result<Vec<Tried>, TargetError> {
        if !steps.iter().any(tryout::is_unsure) {
            return Ok(Vec::new());
        }
        let natives = self.consistently(|client, settings, server| {
            Ok(inspect::snapshot(client, &context(settings, server))?.snapshot.natives)
        })?;
        let settings = &self.settings;
        let Some(Connected { client, server }) = &mut self.connected else { return Ok(Vec::new()) };
        let original =
            Original { schema: &settings.schema, natives: &natives, has_catalog: server.has_catalog };
        tryout::try_out(client, &original, steps)
            .map_err(|error| failed(settings, "try its steps out", &error, None))
    }

    fn history(&mut self, limit: usize) -> Result<Vec<Entry>, TargetError> {
        self.entries(None, limit)
    }

    fn newest_entry(&mut self) -> Result<Option<u64>, TargetError> {
        self.connected()?;
        let settings = &self.settings;
        match &mut self.connected {
            Some(Connected { client, .. }) => Catalog::new(client, &settings.schema)
                .newest_entry()
                .map_err(|error| failed(settings, "show its journal", &error, None)),
            None => Ok(None),
        }
    }

    fn entry(&mut self, id: u64) -> Result<Option<Entry>, TargetError> {
        Ok(self.entries(Some(id), 1)?.pop())
    }

    fn listen(&mut self, listener: Listener) {
        self.listener = Some(listener);
    }

    fn lock<'a>(&'a mut self, holder: &Holder) -> Result<Box<dyn Session + 'a>, TargetError> {
        let fence = self.take_lock(holder)?;
        match self.suspension() {
            Ok(None) => {}
            Ok(Some(suspension)) => {
                self.give_back();
                let target = self.settings.name.clone();
                return Err(TargetError::Suspended { target, suspension: Box::new(suspension) });
            }
            Err(error) => {
                self.give_back();
                return Err(error);
            }
        }
        let mut session = self.begin(fence)?;
        // What is left of another apply would be in the way, and would be forgotten.
        if !session.tidy()?.is_empty() {
            session.begin()?;
        }
        Ok(Box::new(session))
    }

    fn purge(&mut self, holder: &Holder, which: &Purge) -> Result<Vec<Trashed>, TargetError> {
        self.look_for_catalog()?;
        let is_empty = self.consistently(|client, settings, server| match server.has_catalog {
            true => Ok(!inspect::trash(client, settings)?.iter().any(|one| which.takes(one))),
            false => Ok(true),
        })?;
        if is_empty {
            return Ok(Vec::new());
        }
        let fence = self.take_lock(holder)?;
        // Dropped without a commit, it rolls back.
        self.begin(fence)?.purge(which)
    }

    fn tidy(&mut self, holder: &Holder) -> Result<Vec<String>, TargetError> {
        self.connected()?;
        if !self.connected()?.server.has_catalog {
            return Ok(Vec::new());
        }
        let is_clean = self.consistently(|client, settings, _| {
            let left = Catalog::new(client, &settings.schema).left_steps();
            Ok(left.map_err(|error| failed(settings, "read its progress", &error, None))?.is_empty())
        })?;
        if is_clean {
            return Ok(Vec::new());
        }
        let fence = self.take_lock(holder)?;
        self.begin(fence)?.tidy()
    }

    fn journal_failure(&mut self, entry: &Entry) -> Result<u64, TargetError> {
        self.writable()?;
        let settings = &self.settings;
        let Some(Connected { client, .. }) = &mut self.connected else {
            return Err(self.cannot_open("it is not open"));
        };
        let mut catalog = Catalog::new(client, &settings.schema);
        make(&mut catalog, settings)?;
        catalog.keep(entry).map_err(|error| failed(settings, "keep the journal", &error, None))
    }

    fn suspension(&mut self) -> Result<Option<Suspension>, TargetError> {
        self.read_note("say whether it is suspended", notes::suspension)
    }

    fn suspend(&mut self, suspension: &Suspension) -> Result<Suspension, TargetError> {
        self.note("be suspended", |client, target| notes::suspend(client, target, suspension))
    }

    fn lift(&mut self) -> Result<Option<Suspension>, TargetError> {
        self.writable()?;
        self.read_note("be resumed", notes::lift)
    }

    fn outbox(&mut self) -> Result<Outbox, TargetError> {
        self.read_note("show its outbox", notes::outbox)
    }

    fn post(
        &mut self,
        deliveries: &[Delivery],
        announced: Option<u64>,
        forget: &Timestamp,
    ) -> Result<(), TargetError> {
        self.note("keep its outbox", |client, target| {
            notes::post(client, target, deliveries, announced, forget)
        })
    }

    fn mark(&mut self, before: &Delivery, after: &Delivery) -> Result<bool, TargetError> {
        self.note("keep its outbox", |client, target| notes::mark(client, target, before, after))
    }

    fn lease(&mut self) -> Result<Option<Lease>, TargetError> {
        self.look_for_catalog()?;
        self.leasing("say who watches it", lease::held)
    }

    fn take_lease(&mut self, holder: &str, life: Duration) -> Result<Leased, TargetError> {
        if let Some(held) = Target::lease(self)? {
            return Ok(Leased::Theirs(held));
        }
        self.writable()?;
        let settings = &self.settings;
        if let Some(Connected { client, server }) = &mut self.connected {
            make(&mut Catalog::new(client, &settings.schema), settings)?;
            server.has_catalog = true;
        }
        match self.leasing("give a lease", |client, target| lease::take(client, target, holder, life))? {
            Some(lease) => Ok(Leased::Ours(lease)),
            // Somebody came first.
            None => Ok(Target::lease(self)?.map_or(Leased::Nowhere, Leased::Theirs)),
        }
    }

    fn renew_lease(&mut self, lease: &Lease, life: Duration) -> Result<Option<Lease>, TargetError> {
        self.writable()?;
        self.leasing("renew a lease", |client, target| lease::renew(client, target, lease, life))
    }

    fn drop_lease(&mut self, lease: &Lease) -> Result<(), TargetError> {
        self.writable()?;
        self.leasing("take a lease back", |client, target| {
            lease::give_back(client, target, lease).map(|()| None)
        })
        .map(drop)
    }

    fn heed(&mut self, lease: Lease) {
        self.lease = Some(lease);
    }
}

impl PostgresTarget {
    /// Reads or changes the lease, in a statement of its own.
    fn leasing(
        &mut self,
        doing: &str,
        change: impl FnOnce(&mut Client, &str) -> Result<Option<Lease>, postgres::Error>,
    ) -> Result<Option<Lease>, TargetError> {
        self.read_note(doing, |client, target| Ok(change(client, target)?))
    }

    fn read_note<T>(
        &mut self,
        doing: &str,
        read: impl FnOnce(&mut Client, &str) -> Result<T, NoteError>,
    ) -> Result<T, TargetError> {
        self.connected()?;
        let settings = &self.settings;
        let Some(Connected { client, .. }) = &mut self.connected else {
            return Err(self.cannot_open("it is not open"));
        };
        read(client, &settings.schema).map_err(|error| match error {
            NoteError::Server(error) => refusal::refused(settings, doing, &error, Vec::new()),
            NoteError::Unreadable(error) => {
                TargetError::Record { target: settings.name.clone(), message: error.to_string() }
            }
        })
    }

    /// Writes beside the journal; our tables are made where they are not there yet.
    fn note<T>(
        &mut self,
        doing: &str,
        write: impl FnOnce(&mut Client, &str) -> Result<T, NoteError>,
    ) -> Result<T, TargetError> {
        self.writable()?;
        let settings = &self.settings;
        if let Some(Connected { client, server }) = &mut self.connected {
            make(&mut Catalog::new(client, &settings.schema), settings)?;
            server.has_catalog = true;
        }
        self.read_note(doing, write)
    }
}

impl PostgresTarget {
    /// Runs steps in a transaction that is rolled back.
    fn run_here(&mut self, steps: &[Step]) -> Result<Vec<Rehearsed>, TargetError> {
        self.look_for_catalog()?;
        let settings = &self.settings;
        let Some(Connected { client, server }) = &mut self.connected else {
            return Err(self.cannot_open("it is not open"));
        };
        if server.is_standby {
            let message = "the server is a standby, where nothing can be rehearsed; name the primary server";
            return Err(self.cannot_open(message));
        }
        let ran = rehearsal::run_here(client, &settings.schema, steps);
        // Should this fail, the connection is gone, and so is the transaction.
        let _ = client.batch_execute("ROLLBACK");
        ran.map_err(|error| failed(settings, "rehearse", &error, None))
    }

    /// Runs steps on a database of its own on another server, or on the same.
    fn run_elsewhere(&mut self, steps: &[Step], url: &str) -> Result<(Place, Vec<Rehearsed>), TargetError> {
        let natives = self.consistently(|client, settings, server| {
            Ok(inspect::snapshot(client, &context(settings, server))?.snapshot.natives)
        })?;
        let sources = self.consistently(|client, settings, _| {
            rehearsal::sources(client, &settings.schema)
                .map_err(|error| failed(settings, "read its definitions", &error, None))
        })?;
        let elsewhere = |message: String| {
            let message = self.settings.hide(&message);
            TargetError::Open { target: "the server to rehearse on".to_owned(), message }
        };
        let away = self.settings.elsewhere(url).map_err(elsewhere)?;
        let (mut keeper, _) = connect(&away, Mode::Write)?;
        let name = rehearsal::database_name(&mut keeper).map_err(|e| failed(&away, "rehearse", &e, None))?;
        let refused = |error: postgres::Error| failed(&away, "make a database to rehearse on", &error, None);
        keeper
            .batch_execute(&format!("CREATE DATABASE {} TEMPLATE template0", quote(&name)))
            .map_err(refused)?;
        let own = away.in_database(&name);
        let ran = connect(&own, Mode::Write).and_then(|(mut client, _)| {
            rehearsal::run_elsewhere(&mut client, &own.schema, &natives, &sources, steps)
                .map_err(|error| failed(&own, "rehearse", &error, None))
        });
        let dropped = keeper.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", quote(&name)));
        let (missing, steps) = ran?;
        dropped.map_err(|error| failed(&away, &format!("drop the database `{name}`"), &error, None))?;
        Ok((Place::Scratch { server: away.name.clone(), missing }, steps))
    }
}

fn context<'a>(settings: &'a Settings, server: &'a Server) -> Context<'a> {
    Context { settings, has_catalog: server.has_catalog, is_inside: true, recorded: &[] }
}

impl PostgresTarget {
    fn entries(&mut self, id: Option<u64>, limit: usize) -> Result<Vec<Entry>, TargetError> {
        self.consistently(|client, settings, _| {
            let failed = |error: postgres::Error| failed(settings, "show its journal", &error, None);
            let mut catalog = Catalog::new(client, &settings.schema);
            if catalog.version().map_err(failed)?.is_none() {
                return Ok(Vec::new());
            }
            let found = catalog.entries(id, limit).map_err(failed)?;
            found.into_iter().map(|entry| answers::entry(settings, entry)).collect()
        })
    }
}
