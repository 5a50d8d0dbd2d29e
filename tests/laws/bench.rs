//! One target in a folder of its own, driven as the command line drives it.
//! Never reads through the provider what it can read from SQLite itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use reconcile::apply::{ApplyError, Impatient, Moment, Observer, Terms};
use reconcile::journal::Holder;
use reconcile::model::environment::TargetConfig;
use reconcile::model::state::{Desired, Snapshot};
use reconcile::ops;
use reconcile::plan::{Allowance, Plan};
use reconcile::provider::open::{self, Mode};
use reconcile::render::diagnostics::diagnostics;
use reconcile::render::paint::Paint;
use reconcile::report::Report;
use reconcile::source::{Files, Revision};
use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::TempDir;

/// Every finding that a person may allow.
const CONSENTS: [&str; 7] = ["RK201", "RK203", "RK211", "RK230", "RK401", "RK402", "RK403"];

pub struct Bench {
    folder: TempDir,
}

/// Objects by kind and name, and rows by table, as SQLite has them.
#[derive(Clone, Debug, PartialEq)]
pub struct Dump {
    pub objects: BTreeMap<(String, String), (String, String)>,
    pub rows: BTreeMap<String, Vec<BTreeMap<String, Value>>>,
}

struct Nobody;

impl Observer for Nobody {
    fn at(&mut self, _: &Moment) -> Result<(), String> {
        Ok(())
    }
}

/// What one environment is declared to be, or what is wrong with the files.
pub fn desired(files: &Files) -> Result<Desired, String> {
    let limits = open::providers().iter().filter_map(|p| Some(((*p).to_owned(), open::name_limits(p)?)));
    let checked = ops::repository::check(files, &limits.collect());
    if checked.has_errors() {
        return Err(diagnostics(&checked.diagnostics, Paint::plain(), &|p| files.text(p)));
    }
    checked.repository.desired("test", &BTreeMap::new()).ok_or_else(|| "no environment".to_owned())
}

pub fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Bench {
    pub fn new() -> Bench {
        // In memory where there is such a folder: the laws are no test of a disk.
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        Bench { folder: folder.unwrap() }
    }

    /// The same target once more.
    pub fn copy(&self) -> Bench {
        let copy = Bench::new();
        if self.path().exists() {
            std::fs::copy(self.path(), copy.path()).unwrap();
        }
        copy
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("test.db")
    }

    pub fn database(&self) -> Connection {
        let database = Connection::open(self.path()).unwrap();
        database.execute_batch("PRAGMA foreign_keys = ON").unwrap();
        database
    }

    pub fn plan(&self, desired: &Desired) -> Result<Plan, String> {
        let mut target = open::open(&desired.environment.target, self.folder.path(), Mode::Read).unwrap();
        ops::plan::plan(desired.clone(), target.as_mut(), &Revision::default())
            .map_err(|error| format!("cannot plan: {error}"))
    }

    /// Applies with every consent given.
    pub fn apply(&self, plan: &Plan, desired: &Desired) -> Result<Report, ApplyError> {
        self.apply_with(plan, desired, Some(desired.clone()))
    }

    fn apply_with(
        &self,
        plan: &Plan,
        desired: &Desired,
        goal: Option<Desired>,
    ) -> Result<Report, ApplyError> {
        let mut target = open::open(&desired.environment.target, self.folder.path(), Mode::Write).unwrap();
        let holder = Holder { actor: "law".to_owned(), since: "2026-01-01T00:00:00Z".to_owned() };
        let allow: Vec<Allowance> = CONSENTS.iter().map(|code| code.parse().unwrap()).collect();
        let clock = || "2026-01-01T00:00:01Z".to_owned();
        let terms = Terms {
            holder: &holder,
            allow: &allow,
            signed_by: &[],
            clock: &clock,
            outside_window: None,
            patience: &Impatient,
        };
        ops::apply::run(plan, goal, target.as_mut(), &terms, &mut Nobody)
    }

    /// Plans back to before an entry of the journal.
    pub fn plan_back(&self, desired: &Desired, id: u64) -> Result<ops::rollback::Rollback, String> {
        let mut target = open::open(&desired.environment.target, self.folder.path(), Mode::Read).unwrap();
        ops::rollback::plan(&desired.environment, id, target.as_mut()).map_err(|e| e.to_string())
    }

    /// Applies a plan that no manifests stand behind.
    pub fn apply_alone(&self, plan: &Plan, desired: &Desired) -> Result<Report, ApplyError> {
        self.apply_with(plan, desired, None)
    }

    pub fn snapshot(&self) -> Snapshot {
        let settings = BTreeMap::from([(String::new(), "test.db".into())]);
        let config = TargetConfig { provider: "sqlite".to_owned(), settings };
        open::open(&config, self.folder.path(), Mode::Read).unwrap().inspect().unwrap()
    }

    /// The journal, newest first.
    pub fn journal(&self, desired: &Desired) -> Vec<reconcile::journal::Entry> {
        let mut target = open::open(&desired.environment.target, self.folder.path(), Mode::Read).unwrap();
        target.history(10).unwrap()
    }

    /// Everything but the lock and the journal.
    pub fn dump(&self) -> Dump {
        let database = self.database();
        let passing = ["_reconcile_lock", "_reconcile_journal"];
        let mut objects = BTreeMap::new();
        let mut statement = database
            .prepare("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema ORDER BY 1, 2")
            .unwrap();
        let mut found = statement.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let name: String = row.get(1).unwrap();
            if !passing.contains(&name.as_str()) && name != "sqlite_sequence" {
                objects.insert((row.get(0).unwrap(), name), (row.get(2).unwrap(), row.get(3).unwrap()));
            }
        }
        let tables = objects.keys().filter(|(kind, _)| kind == "table").map(|(_, name)| name.clone());
        let rows = tables.map(|name| (name.clone(), rows(&database, &name))).collect();
        Dump { objects, rows }
    }
}

/// The rows of one table by column, in no order that means anything.
pub fn rows(database: &Connection, table: &str) -> Vec<BTreeMap<String, Value>> {
    let mut statement = database.prepare(&format!("SELECT * FROM {}", quote(table))).unwrap();
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let read = |row: &rusqlite::Row<'_>| {
        columns.iter().enumerate().map(|(n, c)| Ok((c.clone(), row.get::<_, Value>(n)?))).collect()
    };
    let mut all: Vec<BTreeMap<String, Value>> =
        statement.query_map([], read).unwrap().map(Result::unwrap).collect();
    all.sort_by_cached_key(|row| format!("{row:?}"));
    all
}
