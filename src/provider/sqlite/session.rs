//! A real SQLite file: opened, read, locked, and changed in one transaction.
//! Never leaves a half-done apply: dropping the session rolls everything back.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::dialect::{NAME, SqliteDialect};
use super::lexer::quote;
use super::references::references_to_nowhere;
use super::refusal::{failed, strict_names};
use super::{catalog, inspect, lease, notes, rehearse, restore, task, tryout};
use crate::diff::change::Change;
use crate::journal::lease::{Lease, Leased};
use crate::journal::notice::{Delivery, Outbox};
use crate::journal::suspension::Suspension;
use crate::journal::{Entry, Holder, Timestamp};
use crate::model::environment::TargetConfig;
use crate::model::setting::Setting;
use crate::model::state::Snapshot;
use crate::model::trash::Trashed;
use crate::plan::Step;
use crate::target::{
    Answer, Broken, Certainty, Dialect, Left, Mode, Purge, Session, Target, TargetError, Tried,
};

/// How long a reader waits for a writer.
const READ_PATIENCE: Duration = Duration::from_secs(5);

/// How long an apply waits for another.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

/// Opens the target of an environment. The file itself is opened when it is first needed.
pub fn open(config: &TargetConfig, root: &Path, mode: Mode) -> Result<Box<dyn Target>, TargetError> {
    let setting =
        config.settings.get("").or_else(|| config.settings.get("path")).cloned().unwrap_or_default();
    let text = setting.written();
    let refuse = |message: &str| {
        Err(TargetError::Open {
            target: format!("{NAME} {text}").trim().to_owned(),
            message: message.to_owned(),
        })
    };
    if let Some(unknown) = config.settings.keys().find(|name| !matches!(name.as_str(), "" | "path")) {
        return refuse(&format!("it has no setting `{unknown}`; it has `path`"));
    }
    let Some(path) = setting.used() else { return refuse("the variables in its path are not filled in") };
    if path.trim().is_empty() {
        return refuse("it names no file; write `target: { sqlite: path/to/file.db }`");
    }
    if path.contains('\0') {
        return refuse("its path holds a NUL character");
    }
    if path.starts_with(':') || path.to_ascii_lowercase().starts_with("file:") {
        return refuse("its path is no plain path to a file");
    }
    let (name, path) = (format!("{NAME} {text}"), root.join(path));
    Ok(Box::new(SqliteTarget { name, setting, path, mode, connection: None, lease: None }))
}

/// One database file.
#[derive(Debug)]
pub struct SqliteTarget {
    name: String,
    /// What its path is made from: messages show it as it is written.
    setting: Setting,
    path: PathBuf,
    mode: Mode,
    connection: Option<Connection>,
    /// What every apply is under, where there is one.
    lease: Option<Lease>,
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

impl SqliteTarget {
    fn cannot_open(&self, message: impl ToString) -> TargetError {
        let message = self.setting.hide(&message.to_string());
        TargetError::Open { target: self.name.clone(), message }
    }

    fn failed(&self, doing: &str, error: &rusqlite::Error) -> TargetError {
        failed(&self.name, doing, error)
    }

    fn connect(&self, flags: OpenFlags) -> Result<Connection, TargetError> {
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(&self.path, flags).map_err(|error| self.cannot_open(error))?;
        connection.busy_timeout(READ_PATIENCE).map_err(|error| self.cannot_open(error))?;
        strict_names(&connection).map_err(|error| self.cannot_open(error))?;
        Ok(connection)
    }

    /// The connection, if there is a file.
    fn connection(&mut self) -> Result<Option<&Connection>, TargetError> {
        if self.connection.is_none() && self.path.exists() {
            let flags = match self.mode {
                Mode::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
                Mode::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
            };
            let mut connection = self.connect(flags)?;
            if let Err(error) = probe(&connection) {
                // A killed apply left its journal behind, and a reader may not roll it back.
                let is_left_over =
                    matches!(error.sqlite_error_code(), Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen));
                if !is_left_over {
                    return Err(match error.sqlite_error_code() {
                        Some(ErrorCode::NotADatabase) => self.failed("be opened", &error),
                        Some(_) | None => self.cannot_open(error),
                    });
                }
                let writer = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
                probe(&writer).map_err(|error| self.cannot_open(error))?;
                drop(writer);
                connection = self.connect(flags)?;
                probe(&connection).map_err(|error| self.cannot_open(error))?;
            }
            self.connection = Some(connection);
        }
        Ok(self.connection.as_ref())
    }

    /// Opens the file for writing and makes it, with its folder, where it is not there.
    fn create(&mut self) -> Result<(), TargetError> {
        if self.mode == Mode::Read {
            return Err(self.cannot_open("it was opened for reading only"));
        }
        if self.connection()?.is_some() {
            return Ok(());
        }
        if self.path.symlink_metadata().is_ok_and(|data| data.file_type().is_symlink()) {
            return Err(self.cannot_open("the file is a link to nowhere, and none is made through a link"));
        }
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| self.cannot_open(error))?;
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        self.connection = Some(self.connect(flags)?);
        Ok(())
    }

    /// Says who holds the lock, as far as that can be read.
    fn locked(&self) -> TargetError {
        let found = self
            .connect(OpenFlags::SQLITE_OPEN_READ_ONLY)
            .ok()
            .and_then(|reader| catalog::lock_holder(&reader).ok().flatten());
        let (holder, since) = match found {
            Some((holder, _)) => (holder.actor, holder.since),
            None => ("another program".to_owned(), "an unknown time".to_owned()),
        };
        TargetError::Locked { target: self.name.clone(), holder, since }
    }

    /// Takes the lock row and opens the transaction; returns the token.
    fn begin(&mut self, holder: &Holder) -> Result<String, TargetError> {
        self.create()?;
        let Some(connection) = self.connection.as_ref() else {
            return Err(self.cannot_open("there is no connection"));
        };
        let refused = |error: rusqlite::Error| match is_busy(&error) {
            true => self.locked(),
            false => self.failed("take its lock", &error),
        };
        connection.busy_timeout(LOCK_PATIENCE).map_err(refused)?;
        if let Some(found) = catalog::version(connection).map_err(refused)?
            && found > catalog::VERSION
        {
            return Err(TargetError::Newer { target: self.name.clone(), found, known: catalog::VERSION });
        }
        let take = || {
            connection.execute_batch("BEGIN IMMEDIATE")?;
            connection.execute_batch(catalog::CREATE)?;
            let token = catalog::take_lock(connection, holder)?;
            connection.execute_batch("COMMIT; PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE")?;
            Ok(token)
        };
        let token: String = take().map_err(|error| {
            roll_back(connection);
            refused(error)
        })?;
        // Between the two transactions somebody else may have come first.
        match catalog::lock_holder(connection) {
            Ok(Some((_, current))) if current == token => {
                connection.busy_timeout(READ_PATIENCE).map_err(refused)?;
                // Nobody can take the lease over before this transaction has ended.
                let successor = match &self.lease {
                    Some(lease) => lease::successor(connection, lease).map_err(refused)?,
                    None => None,
                };
                if let Some(holder) = successor {
                    roll_back(connection);
                    // A row that stays behind is taken over by whoever comes next.
                    let _ = catalog::drop_lock(connection, &token);
                    return Err(TargetError::Superseded { target: self.name.clone(), holder });
                }
                connection.execute_batch(catalog::UPGRADE).map_err(|error| {
                    roll_back(connection);
                    refused(error)
                })?;
                Ok(token)
            }
            Ok(_) => {
                roll_back(connection);
                Err(self.locked())
            }
            Err(error) => {
                roll_back(connection);
                Err(self.failed("take its lock", &error))
            }
        }
    }
}

fn probe(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0)).map(drop)
}

fn roll_back(connection: &Connection) {
    if !connection.is_autocommit() {
        // Should this fail, closing the connection rolls back as well.
        let _ = connection.execute_batch("ROLLBACK");
    }
    let _ = connection.execute_batch("PRAGMA legacy_alter_table = OFF; PRAGMA foreign_keys = ON");
}

/// Runs `read` in one transaction, so that all its statements see the same state.
fn consistently<T>(
    connection: &Connection,
    target: &str,
    read: impl FnOnce() -> Result<T, TargetError>,
) -> Result<T, TargetError> {
    connection.execute_batch("BEGIN").map_err(|error| failed(target, "be read", &error))?;
    let result = read();
    let ended = connection.execute_batch("COMMIT");
    ended.map_err(|error| failed(target, "be read", &error)).and(result)
}

fn measure(connection: &Connection, target: &str, queries: &[String]) -> Result<Vec<Answer>, TargetError> {
    let answer = |query: &String| {
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?));
        let (count, samples) = connection
            .query_row(query, [], read)
            .map_err(|error| failed(target, &format!("answer `{query}`"), &error))?;
        let samples = samples.and_then(|json| serde_json::from_str::<Vec<Option<String>>>(&json).ok());
        Ok(Answer {
            count: u64::try_from(count).unwrap_or_default(),
            samples: samples.unwrap_or_default().into_iter().flatten().collect(),
            certainty: Certainty::Counted,
        })
    };
    queries.iter().map(answer).collect()
}

fn left(connection: &Connection, target: &str, unless: &str) -> Result<Left, TargetError> {
    task::left(connection, unless).map_err(|error| failed(target, &format!("answer `{unless}`"), &error))
}

fn read_entry(target: &str, (id, text): (u64, String)) -> Result<Entry, TargetError> {
    let mut entry: Entry = serde_json::from_str(&text).map_err(|error| TargetError::Record {
        target: target.to_owned(),
        message: format!("entry {id} of the journal: {error}"),
    })?;
    entry.id = id;
    Ok(entry)
}

impl Target for SqliteTarget {
    fn describe(&self) -> String {
        self.name.clone()
    }

    fn dialect(&self) -> &'static dyn Dialect {
        &SqliteDialect
    }

    fn inspect(&mut self) -> Result<Snapshot, TargetError> {
        let name = self.name.clone();
        match self.connection()? {
            Some(connection) => consistently(connection, &name, || inspect::snapshot(connection, &name)),
            None => Ok(Snapshot { server: inspect::server(), ..Snapshot::default() }),
        }
    }

    fn measure(&mut self, queries: &[String]) -> Result<Vec<Answer>, TargetError> {
        let name = self.name.clone();
        match self.connection()? {
            Some(connection) => consistently(connection, &name, || measure(connection, &name, queries)),
            None => Ok(vec![Answer::default(); queries.len()]),
        }
    }

    fn left(&mut self, unless: &[String]) -> Result<Vec<Left>, TargetError> {
        let name = self.name.clone();
        if unless.is_empty() {
            return Ok(Vec::new());
        }
        match self.connection()? {
            Some(connection) => consistently(connection, &name, || {
                unless.iter().map(|unless| left(connection, &name, unless)).collect()
            }),
            None => {
                let empty = Connection::open_in_memory().map_err(|error| self.cannot_open(error))?;
                unless.iter().map(|unless| left(&empty, &name, unless)).collect()
            }
        }
    }

    fn rehearse(&mut self, steps: &[Step]) -> Result<Vec<Broken>, TargetError> {
        let name = self.name.clone();
        rehearse::rehearse(self.connection()?, steps)
            .map_err(|error| failed(&name, "be rehearsed in memory", &error))
    }

    fn try_out(&mut self, steps: &[Step]) -> Result<Vec<Tried>, TargetError> {
        let name = self.name.clone();
        match self.connection()? {
            Some(connection) => tryout::try_out(connection, steps)
                .map_err(|error| failed(&name, "be tried out in memory", &error)),
            None => Ok(Vec::new()),
        }
    }

    fn history(&mut self, limit: usize) -> Result<Vec<Entry>, TargetError> {
        self.entries(None, limit)
    }

    fn newest_entry(&mut self) -> Result<Option<u64>, TargetError> {
        let name = self.name.clone();
        match self.connection()? {
            Some(connection) => {
                catalog::newest_entry(connection).map_err(|error| failed(&name, "show its journal", &error))
            }
            None => Ok(None),
        }
    }

    fn entry(&mut self, id: u64) -> Result<Option<Entry>, TargetError> {
        Ok(self.entries(Some(id), 1)?.pop())
    }

    fn lock<'a>(&'a mut self, holder: &Holder) -> Result<Box<dyn Session + 'a>, TargetError> {
        let token = self.begin(holder)?;
        if let Some(suspension) = self.suspension()? {
            let suspended =
                TargetError::Suspended { target: self.name.clone(), suspension: Box::new(suspension) };
            if let Some(connection) = &self.connection {
                roll_back(connection);
                // A row that stays behind is taken over by whoever comes next.
                let _ = catalog::drop_lock(connection, &token);
            }
            return Err(suspended);
        }
        match &self.connection {
            Some(connection) => {
                Ok(Box::new(SqliteSession { name: &self.name, path: &self.path, connection, token }))
            }
            None => Err(self.cannot_open("there is no connection")),
        }
    }

    fn purge(&mut self, holder: &Holder, which: &Purge) -> Result<Vec<Trashed>, TargetError> {
        let name = self.name.clone();
        let found = |connection: &Connection| -> Result<Vec<Trashed>, TargetError> {
            let version =
                catalog::version(connection).map_err(|error| failed(&name, "read its trash", &error))?;
            // Targets of the first version have no trash.
            if version.is_none_or(|found| found < 2) {
                return Ok(Vec::new());
            }
            let all = inspect::trash(connection, &name)?.0;
            Ok(all.into_iter().filter(|one| which.takes(one)).collect())
        };
        let is_empty = match self.connection()? {
            Some(connection) => found(connection)?.is_empty(),
            None => true,
        };
        if is_empty {
            return Ok(Vec::new());
        }
        let token = self.begin(holder)?;
        let Some(connection) = &self.connection else {
            return Err(self.cannot_open("there is no connection"));
        };
        // Dropped without a commit, it rolls back.
        let session = SqliteSession { name: &self.name, path: &self.path, connection, token };
        let purged = found(connection)?;
        session.purge(&purged).map_err(|error| session.failed("purge its trash", &error))?;
        Ok(purged)
    }

    fn journal_failure(&mut self, entry: &Entry) -> Result<u64, TargetError> {
        self.create()?;
        let name = self.name.clone();
        let failed = |error: rusqlite::Error| failed(&name, "keep the journal", &error);
        match &self.connection {
            Some(connection) => {
                connection.execute_batch(catalog::CREATE).map_err(failed)?;
                catalog::keep(connection, entry).map_err(failed)
            }
            None => Err(self.cannot_open("there is no connection")),
        }
    }

    fn suspension(&mut self) -> Result<Option<Suspension>, TargetError> {
        self.read_note("say whether it is suspended", notes::suspension)
    }

    fn suspend(&mut self, suspension: &Suspension) -> Result<Suspension, TargetError> {
        self.create()?;
        self.note("be suspended", |connection| notes::suspend(connection, suspension))
    }

    fn lift(&mut self) -> Result<Option<Suspension>, TargetError> {
        match self.connection()? {
            Some(_) => self.note("be resumed", notes::lift),
            None => Ok(None),
        }
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
        self.create()?;
        self.note("keep its outbox", |connection| {
            notes::post(connection, deliveries, announced)?;
            notes::forget(connection, forget)
        })
    }

    fn mark(&mut self, before: &Delivery, after: &Delivery) -> Result<bool, TargetError> {
        self.note("keep its outbox", |connection| notes::mark(connection, before, after))
    }

    fn lease(&mut self) -> Result<Option<Lease>, TargetError> {
        let name = self.name.clone();
        match self.connection()? {
            Some(connection) => {
                lease::held(connection).map_err(|error| failed(&name, "say who watches it", &error))
            }
            None => Ok(None),
        }
    }

    fn take_lease(&mut self, holder: &str, life: Duration) -> Result<Leased, TargetError> {
        if self.connection()?.is_none() {
            return Ok(Leased::Nowhere);
        }
        if let Some(held) = Target::lease(self)? {
            return Ok(Leased::Theirs(held));
        }
        let taken = self.leasing("give a lease", |connection| lease::take(connection, holder, life))?;
        match taken {
            Some(lease) => Ok(Leased::Ours(lease)),
            // Somebody came first.
            None => Ok(Target::lease(self)?.map_or(Leased::Nowhere, Leased::Theirs)),
        }
    }

    fn renew_lease(&mut self, lease: &Lease, life: Duration) -> Result<Option<Lease>, TargetError> {
        self.leasing("renew a lease", |connection| lease::renew(connection, lease, life))
    }

    fn drop_lease(&mut self, lease: &Lease) -> Result<(), TargetError> {
        self.leasing("take a lease back", |connection| lease::give_back(connection, lease).map(|()| None))
            .map(drop)
    }

    fn heed(&mut self, lease: Lease) {
        self.lease = Some(lease);
    }
}

impl SqliteTarget {
    /// Changes the lease, where there is a file to keep it in.
    fn leasing(
        &mut self,
        doing: &str,
        change: impl FnOnce(&Connection) -> rusqlite::Result<Option<Lease>>,
    ) -> Result<Option<Lease>, TargetError> {
        match self.connection()? {
            Some(_) => self.note(doing, change),
            None => Ok(None),
        }
    }

    fn read_note<T: Default>(
        &mut self,
        doing: &str,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, TargetError> {
        let name = self.name.clone();
        match self.connection()? {
            Some(connection) => read(connection).map_err(|error| failed(&name, doing, &error)),
            None => Ok(T::default()),
        }
    }

    /// Writes beside the journal, in a transaction of its own.
    fn note<T>(
        &mut self,
        doing: &str,
        write: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, TargetError> {
        let name = self.name.clone();
        let refused = |error: rusqlite::Error| match is_busy(&error) {
            true => TargetError::Busy {
                target: name.clone(),
                doing: doing.to_owned(),
                message: "somebody else writes to it".to_owned(),
                holders: Vec::new(),
            },
            false => failed(&name, doing, &error),
        };
        let Some(connection) = self.connection()? else {
            return Err(self.cannot_open("there is no connection"));
        };
        if let Some(found) = catalog::version(connection).map_err(refused)?
            && found > catalog::VERSION
        {
            return Err(TargetError::Newer { target: name.clone(), found, known: catalog::VERSION });
        }
        connection.execute_batch("BEGIN IMMEDIATE").map_err(refused)?;
        let written = write(connection).and_then(|value| connection.execute_batch("COMMIT").map(|()| value));
        if written.is_err() {
            roll_back(connection);
        }
        written.map_err(refused)
    }

    fn entries(&mut self, id: Option<u64>, limit: usize) -> Result<Vec<Entry>, TargetError> {
        let name = self.name.clone();
        let Some(connection) = self.connection()? else { return Ok(Vec::new()) };
        let failed = |error: rusqlite::Error| failed(&name, "show its journal", &error);
        if catalog::version(connection).map_err(failed)?.is_none() {
            return Ok(Vec::new());
        }
        let found = catalog::entries(connection, id, limit).map_err(failed)?;
        found.into_iter().map(|entry| read_entry(&name, entry)).collect()
    }
}

/// The one transaction of an apply.
#[derive(Debug)]
struct SqliteSession<'a> {
    name: &'a str,
    path: &'a Path,
    connection: &'a Connection,
    token: String,
}

impl SqliteSession<'_> {
    fn failed(&self, doing: &str, error: &rusqlite::Error) -> TargetError {
        failed(self.name, doing, error)
    }

    /// Drops things of the trash, and commits.
    fn purge(&self, all: &[Trashed]) -> rusqlite::Result<()> {
        for one in all {
            // Somebody else may have dropped the table already.
            let sql = format!("DROP TABLE IF EXISTS {}", quote(&one.moved.table));
            self.connection.execute_batch(&sql)?;
            self.connection.execute_batch(&restore::forget_sequences(&one.moved.table))?;
        }
        let numbers: Vec<u64> = all.iter().map(|one| one.moved.number).collect();
        catalog::forget_moved(self.connection, &numbers)?;
        catalog::drop_lock(self.connection, &self.token)?;
        self.connection.execute_batch("COMMIT")
    }

    /// The references that point nowhere, and did not before this apply.
    fn broken_references(&self) -> rusqlite::Result<Vec<String>> {
        let found = references_to_nowhere(self.connection)?;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        // Another connection still sees the target as it was before.
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let before = Connection::open_with_flags(self.path, flags)
            .and_then(|reader| references_to_nowhere(&reader))
            .unwrap_or_default();
        Ok(found.into_iter().filter(|reference| !before.contains(reference)).collect())
    }
}

impl Session for SqliteSession<'_> {
    fn inspect(&mut self) -> Result<Snapshot, TargetError> {
        inspect::snapshot(self.connection, self.name)
    }

    fn measure(&mut self, queries: &[String]) -> Result<Vec<Answer>, TargetError> {
        measure(self.connection, self.name, queries)
    }

    fn left(&mut self, unless: &str) -> Result<Left, TargetError> {
        left(self.connection, self.name, unless)
    }

    fn run(&mut self, step: &Step) -> Result<(), TargetError> {
        let doing = format!("run step {} ({})", step.id, step.title);
        if step.task.is_some()
            && let Some(fault) = step.statements.iter().find_map(|sql| task::sql_fault(sql))
        {
            let message = format!("its SQL {fault}");
            return Err(TargetError::Failed { target: self.name.to_owned(), doing, message });
        }
        for statement in &step.statements {
            self.connection.execute_batch(statement).map_err(|error| self.failed(&doing, &error))?;
            if self.connection.is_autocommit() {
                return Err(TargetError::Failed {
                    target: self.name.to_owned(),
                    doing,
                    message: "a statement ended the transaction, so nothing after it could be undone"
                        .to_owned(),
                });
            }
        }
        Ok(())
    }

    fn record(&mut self, change: &Change, revision: Option<&str>) -> Result<(), TargetError> {
        catalog::record(self.connection, change, revision)
            .map_err(|error| self.failed(&format!("record `{}`", change.address), &error))
    }

    fn commit(&mut self, entry: &Entry) -> Result<u64, TargetError> {
        let failed = |error: rusqlite::Error| self.failed("commit", &error);
        let broken = self.broken_references().map_err(failed)?;
        if !broken.is_empty() {
            let shown: Vec<&str> = broken.iter().take(5).map(String::as_str).collect();
            let more = broken.len().saturating_sub(shown.len());
            let more = if more == 0 { String::new() } else { format!("; and {more} more") };
            return Err(TargetError::Failed {
                target: self.name.to_owned(),
                doing: "commit".to_owned(),
                message: format!("{}{more}", shown.join("; ")),
            });
        }
        catalog::drop_lock(self.connection, &self.token).map_err(failed)?;
        let mut entry = entry.clone();
        catalog::count_moved(self.connection, &mut entry.trash).map_err(failed)?;
        let id = catalog::keep(self.connection, &entry).map_err(failed)?;
        catalog::enter_tasks(self.connection, id).map_err(failed)?;
        let until = entry.trash_until.clone().unwrap_or_else(|| entry.finished.clone());
        catalog::note_moved(self.connection, &entry, id, &until).map_err(failed)?;
        let empty = entry.trash.iter().filter(|moved| moved.rows == Some(0) && moved.sequences.is_empty());
        for moved in empty {
            // Its number is given all the same, and never again.
            self.connection.execute_batch(&restore::drop_kept(&moved.table)).map_err(failed)?;
            catalog::forget_moved(self.connection, &[moved.number]).map_err(failed)?;
        }
        catalog::forget_moved(self.connection, &entry.restored).map_err(failed)?;
        self.connection.execute_batch("COMMIT").map_err(failed)?;
        Ok(id)
    }
}

impl Drop for SqliteSession<'_> {
    fn drop(&mut self) {
        roll_back(self.connection);
        // Nothing can be said from here; a row that stays behind is taken over by whoever comes next.
        let _ = catalog::drop_lock(self.connection, &self.token);
    }
}
