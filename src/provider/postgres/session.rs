//! A real PostgreSQL schema: connected to, read, locked.
//! Never writes anything in `Mode::Read`, and leaves every change to the one transaction of an apply.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use postgres::config::SslMode as Attempt;
use postgres::error::SqlState;
use postgres::{Client, SimpleQueryMessage};
use rustls::ClientConfig;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::catalog::{self, Catalog};
use super::dialect::PostgresDialect;
use super::follow::Follower;
use super::inspect::{self, Context};
use super::lexer::quote;
use super::limits;
use super::login::{attempts, configuration, is_about_encryption, is_final, setup};
use super::notes::{self, NoteError};
use super::refusal::{self, failed};
use super::scratch::Original;
use super::settings::{Connection, Found, Host, Root, Settings, SslMode};
use super::tls::{self, Demand};
use super::transaction::PostgresSession;
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

/// The first and the last of PostgreSQL's versions that this is known to work with.
const VERSIONS: std::ops::RangeInclusive<u32> = 13..=18;

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

/// What a server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// `150018`.
    pub version: u32,
    /// `PostgreSQL 15.18`.
    pub name: String,
    /// Whether it only follows another one.
    pub is_standby: bool,
    /// Whether our own tables are there.
    pub has_catalog: bool,
    /// How long a statement may take by what role, database and URL say.
    pub patience: Duration,
}

/// Reads a file that libpq would look into.
fn file(path: &Path) -> Found {
    match path.metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Found::Missing,
        Err(_) => return Found::Unreadable,
        Ok(data) if !data.is_file() => return Found::Unreadable,
        Ok(_) => {}
    }
    match std::fs::read_to_string(path) {
        Ok(text) if is_open(path) => Found::Open(text),
        Ok(text) => Found::Text(text),
        Err(_) => Found::Unreadable,
    }
}

/// Tells whether others than its owner may read a file.
#[cfg(unix)]
fn is_open(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|data| data.permissions().mode() & 0o077 != 0)
}

/// Tells whether others than its owner may read a file: libpq does not ask either.
#[cfg(not(unix))]
fn is_open(_: &Path) -> bool {
    false
}

fn bytes(path: &Path, setting: &str) -> Result<Vec<u8>, String> {
    std::fs::read(path)
        .map_err(|error| format!("its `{setting}` `{}` cannot be read: {error}", path.display()))
}

/// What a connection is encrypted with.
fn encryption(connection: &Connection) -> Result<ClientConfig, String> {
    let ssl = &connection.ssl;
    let demand = match (ssl.mode, &ssl.root) {
        (SslMode::Disable | SslMode::Allow | SslMode::Prefer, _) | (SslMode::Require, Root::None) => {
            Demand::Nothing
        }
        // As libpq: whoever names those he trusts wants them asked.
        (SslMode::Require | SslMode::VerifyCa, _) => Demand::Chain,
        (SslMode::VerifyFull, _) => Demand::ChainAndName,
    };
    let roots = match (demand, &ssl.root) {
        (Demand::Nothing, _) | (_, Root::None) => Vec::new(),
        (_, Root::System) => rustls_native_certs::load_native_certs().certs,
        (_, Root::File(path)) => tls::certificates(&bytes(path, "sslrootcert")?)
            .map_err(|fault| format!("its `sslrootcert` `{}` {fault}", path.display()))?,
    };
    let own = match &ssl.client {
        Some((certificate, key)) => Some((bytes(certificate, "sslcert")?, bytes(key, "sslkey")?)),
        None => None,
    };
    let own = own.as_ref().map(|(certificate, key)| tls::Client { certificate, key });
    let mut config = tls::config(demand, roots, own)?;
    if ssl.is_direct {
        config.alpn_protocols = vec![b"postgresql".to_vec()];
    }
    Ok(config)
}

fn cannot_open(settings: &Settings, message: impl Into<String>) -> TargetError {
    let message = settings.hide(&message.into());
    TargetError::Open { target: settings.name.clone(), message }
}

/// Connects, and makes the connection what every connection is.
pub fn connect(settings: &Settings, mode: Mode) -> Result<(Client, Server), TargetError> {
    let mut client = log_in(settings)?;
    let server = set_up(&mut client, settings, mode)?;
    Ok((client, server))
}

/// Connects to the first server of the list that lets us in.
fn log_in(settings: &Settings) -> Result<Client, TargetError> {
    let connection = settings.connection(&file).map_err(|message| cannot_open(settings, message))?;
    let needs_tls = |host: &Host| attempts(host, connection.ssl.mode) != [Attempt::Disable];
    let encryption = match connection.hosts.iter().any(needs_tls) {
        true => Some(encryption(&connection).map_err(|message| cannot_open(settings, message))?),
        false => None,
    };
    let mut refused = None;
    'hosts: for host in &connection.hosts {
        for attempt in attempts(host, connection.ssl.mode) {
            let config = configuration(&connection, host, *attempt);
            let connected = match &encryption {
                Some(encryption) => config.connect(MakeRustlsConnect::new(encryption.clone())),
                None => config.connect(postgres::NoTls),
            };
            match connected {
                Ok(client) => return Ok(client),
                Err(error) => {
                    let (is_final, goes_on) = (is_final(&error), is_about_encryption(&error));
                    let message = refusal::no_connection(settings, &error, &connection.remarks);
                    // The first refusal of a server says more than the one of a way round it.
                    refused = refused.or(Some(message));
                    if !goes_on && is_final {
                        break 'hosts;
                    }
                    if !goes_on {
                        break;
                    }
                }
            }
        }
    }
    Err(cannot_open(settings, refused.unwrap_or_else(|| "it names no server".to_owned())))
}

/// Sets what every connection sets, and sees to it that the server is one that is known.
fn set_up(client: &mut Client, settings: &Settings, mode: Mode) -> Result<Server, TargetError> {
    let said = client
        .simple_query(&setup(&settings.schema, mode))
        .map_err(|error| failed(settings, "set up the connection", &error, None))?;
    let row = said.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let get = |at: usize| row.and_then(|row| row.get(at)).unwrap_or_default().to_owned();
    let patience = get(4).parse().ok().filter(|limit| *limit > 0);
    let patience = patience.map_or(Duration::MAX, Duration::from_millis);
    let version: u32 = get(0).parse().unwrap_or_default();
    // `15.18 (Debian 15.18-0+deb12u1)`
    let name = format!("PostgreSQL {}", get(1).split(' ').next().unwrap_or_default());
    let (first, last) = (VERSIONS.start(), VERSIONS.end());
    match version / 10_000 {
        known if VERSIONS.contains(&known) => {}
        old if old < *first => {
            return Err(cannot_open(
                settings,
                format!(
                    "the server is {name}, and `reconcile` works with {first} to {last}; upgrade the server"
                ),
            ));
        }
        _ => {
            return Err(cannot_open(
                settings,
                format!(
                    "the server is {name}, and this `reconcile` knows {first} to {last}; use a newer `reconcile`"
                ),
            ));
        }
    }
    Ok(Server { version, name, is_standby: get(2) == "t", has_catalog: get(3) == "t", patience })
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

    /// Says who holds the lock, as far as that can be read.
    fn locked(&mut self) -> TargetError {
        let target = self.settings.name.clone();
        let unknown = || ("another program".to_owned(), "an unknown time".to_owned());
        let Some(Connected { client, .. }) = &mut self.connected else {
            let (holder, since) = unknown();
            return TargetError::Locked { target, holder, since };
        };
        let known = Catalog::new(client, &self.settings.schema).lock_holder().ok().flatten();
        let (mut holder, since) = known.map_or_else(unknown, |known| (known.actor, known.since));
        let sql = "SELECT pid FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 \
                   AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()) \
                   AND ((classid::bigint << 32) | objid::bigint) = $1";
        let key = catalog::lock_key(&self.settings.schema);
        if let Ok(Some(row)) = client.query_opt(sql, &[&key])
            && let Ok(pid) = row.try_get::<_, i32>(0)
        {
            holder.push_str(&format!(" (process {pid} of the server)"));
        }
        TargetError::Locked { target, holder, since }
    }

    /// Connects for writing.
    fn writable(&mut self) -> Result<(), TargetError> {
        match self.mode {
            Mode::Read => return Err(self.cannot_open("it was opened for reading only")),
            Mode::Write => {}
        }
        if self.connected()?.server.is_standby {
            let message = "the server is a standby and takes no writes; name the primary server";
            return Err(self.cannot_open(message));
        }
        Ok(())
    }

    /// Takes the lock, whoever left it behind, and returns the fence that makes it ours.
    fn take_lock(&mut self, holder: &Holder) -> Result<i64, TargetError> {
        self.writable()?;
        let settings = &self.settings;
        let Some(Connected { client, server }) = &mut self.connected else {
            return Err(self.cannot_open("it is not open"));
        };
        let refused =
            |error: postgres::Error| refusal::refused(settings, "take its lock", &error, Vec::new());
        let key = catalog::lock_key(&settings.schema);
        let row = client.query_one("SELECT pg_try_advisory_lock($1)", &[&key]).map_err(refused)?;
        if !row.try_get::<_, bool>(0).map_err(refused)? {
            return Err(self.locked());
        }
        let held = self.lease.as_ref();
        let mut take = || {
            if let Some(held) = held
                && let Some(holder) = lease::successor(client, &settings.schema, held).map_err(refused)?
            {
                return Err(TargetError::Superseded { target: settings.name.clone(), holder });
            }
            let mut catalog = Catalog::new(client, &settings.schema);
            make(&mut catalog, settings)?;
            catalog.take_lock(holder).map_err(refused)
        };
        let taken = take();
        match &taken {
            Ok(_) => server.has_catalog = true,
            Err(_) => give_back(client),
        }
        taken
    }
}

/// Makes our tables where they are not there yet.
fn make(catalog: &mut Catalog<'_>, settings: &Settings) -> Result<(), TargetError> {
    let refused = |error: postgres::Error| {
        refusal::refused(settings, "make the tables of its record", &error, Vec::new())
    };
    match catalog.version().map_err(refused)? {
        Some(found) if found > catalog::VERSION => {
            return Err(TargetError::Newer { target: settings.name.clone(), found, known: catalog::VERSION });
        }
        Some(_) => return Ok(()),
        None => {}
    }
    // Two that make them at once would both fail.
    let sql =
        format!("BEGIN; SELECT pg_advisory_xact_lock({});{}COMMIT", catalog::making_key(), catalog::CREATE);
    let made = catalog.client.batch_execute(&sql);
    made.map_err(|error| {
        // Should this fail, the connection is gone, and so is the transaction.
        let _ = catalog.client.batch_execute("ROLLBACK");
        refused(error)
    })
}

/// Follows what a connection does, for whoever wants to be told.
fn follower(client: &mut Client, settings: &Settings, listener: Option<&Listener>) -> Option<Follower> {
    let listener = listener?;
    // Without its number nobody is told, and the apply goes on.
    let pid =
        client.query_one("SELECT pg_catalog.pg_backend_pid()", &[]).and_then(|row| row.try_get(0)).ok()?;
    Some(Follower::start(settings, pid, Arc::clone(listener)))
}

/// Ends whatever is open on a connection, and gives its lock back.
pub fn give_back(client: &mut Client) {
    if client.is_closed() {
        return;
    }
    // Nothing can be said from here; the server gives back what belongs to a connection that ends.
    let _ = client.batch_execute("ROLLBACK");
    let _ = client.batch_execute("SELECT pg_advisory_unlock_all()");
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

    /// Opens the one transaction of an apply, under the lock that has this fence.
    fn begin(&mut self, fence: i64) -> Result<PostgresSession<'_>, TargetError> {
        let opened = match &mut self.connected {
            Some(Connected { client, .. }) => transaction_of(client, &self.settings, fence),
            None => Err(TargetError::Open {
                target: self.settings.name.clone(),
                message: "it is not open".to_owned(),
            }),
        };
        match opened {
            Ok(true) => {}
            Ok(false) => {
                self.give_back();
                return Err(self.locked());
            }
            Err(error) => {
                self.give_back();
                return Err(error);
            }
        }
        match &mut self.connected {
            Some(Connected { client, server }) => {
                let follower = follower(client, &self.settings, self.listener.as_ref());
                let context = context(&self.settings, server);
                Ok(PostgresSession::new(client, &self.settings, context, fence, follower)
                    .heeding(self.lease.as_ref()))
            }
            None => unreachable!("BUG: a connection that was just used is not there"),
        }
    }

    fn give_back(&mut self) {
        if let Some(Connected { client, .. }) = &mut self.connected {
            give_back(client);
        }
    }
}

/// Opens the transaction and makes the schema, where it is not there. False where somebody else has taken the lock over.
pub fn transaction_of(client: &mut Client, settings: &Settings, fence: i64) -> Result<bool, TargetError> {
    let refused = |error: postgres::Error| refusal::refused(settings, "begin", &error, Vec::new());
    // A variable of the transaction: it is gone when a statement has ended it.
    let sql = format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL reconcile.fence = '{fence}'; {}",
        limits::CHECK_AT_ONCE
    );
    client.batch_execute(&sql).map_err(refused)?;
    if Catalog::new(client, &settings.schema).fence().map_err(refused)? != Some(fence) {
        return Ok(false);
    }
    let sql = "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1";
    if client.query_opt(sql, &[&settings.schema]).map_err(refused)?.is_none() {
        // Whoever may use a schema that is there need not be one who may make schemas.
        client.batch_execute(&format!("CREATE SCHEMA {}", quote(&settings.schema))).map_err(refused)?;
    }
    Ok(true)
}
