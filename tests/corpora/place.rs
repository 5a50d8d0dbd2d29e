//! A repository in a folder of its own with its targets, driven through the library as a person would drive it.
//! Never goes on where something was refused: the test ends there, with what was said.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use reconcile::apply::{Impatient, Moment, Observer, Terms};
use reconcile::journal::{Entry, Holder};
use reconcile::model::state::Desired;
use reconcile::ops;
use reconcile::plan::{Allowance, Finding, Level, Plan};
use reconcile::provider::open::{self, Mode};
use reconcile::render::diagnostics::diagnostics;
use reconcile::render::paint::Paint;
use reconcile::render::plan_text::{self, Options};
use reconcile::report::Applied;
use reconcile::source;
use reconcile::target::Target;
use reconcile::wire::drift::Drift;
use rusqlite::Connection;

/// One repository. Its environments have their SQLite files next to it.
pub struct Place {
    folder: tempfile::TempDir,
}

struct Nobody;

impl Observer for Nobody {
    fn at(&mut self, _: &Moment) -> Result<(), String> {
        Ok(())
    }
}

impl Place {
    /// An empty repository with these environments, which own everything they declare.
    pub fn with(environments: &[&str]) -> Place {
        let place = Place { folder: tempfile::tempdir().unwrap() };
        for name in environments {
            let text = format!(
                "apiVersion: reconcile/v1\nkind: Environment\nmetadata: {{ name: {name} }}\nspec:\n  \
                 target: {{ sqlite: {name}.db }}\n  setup: {{ default: overwrite }}\n  prune: true\n"
            );
            place.write(&format!("environments/{name}.yaml"), &text);
        }
        place
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Makes the folder `to` hold the files of `from`, and nothing else.
    pub fn replace(&self, to: &str, from: &Path) {
        let to = self.folder.path().join(to);
        if to.exists() {
            fs::remove_dir_all(&to).unwrap();
        }
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }

    pub fn desired(&self, environment: &str) -> Desired {
        let files = source::work_tree(self.folder.path(), &[]).unwrap();
        let limits = open::providers().iter().filter_map(|p| Some(((*p).to_owned(), open::name_limits(p)?)));
        let checked = ops::repository::check(&files, &limits.collect());
        let text = diagnostics(&checked.diagnostics, Paint::plain(), &|path| files.text(path));
        assert!(!checked.has_errors(), "the repository is not valid:\n{text}");
        checked.repository.desired(environment, &BTreeMap::new()).unwrap()
    }

    pub fn plan(&self, environment: &str) -> Plan {
        let desired = self.desired(environment);
        let mut target = self.target(&desired, Mode::Read);
        ops::plan::plan(desired, target.as_mut(), &source::Revision::default()).unwrap()
    }

    /// Plans and applies. The findings that need an allowance must be exactly these.
    pub fn apply(&self, environment: &str, allow: &[&str]) -> Plan {
        let plan = self.plan(environment);
        let refused: Vec<&Finding> = plan.findings.iter().filter(|f| f.level == Level::Refuse).collect();
        assert!(refused.is_empty(), "the plan is refused: {refused:#?}");
        let asked: BTreeSet<String> =
            plan.findings.iter().filter(|f| f.level == Level::Consent).map(name).collect();
        let named: BTreeSet<String> = allow.iter().map(|a| (*a).to_owned()).collect();
        assert_eq!(asked, named, "the findings to allow are others:\n{}", shown(&plan));
        let allow: Vec<Allowance> = allow.iter().map(|a| a.parse().unwrap()).collect();
        let holder = Holder { actor: "test".to_owned(), since: "2026-01-01T00:00:00Z".to_owned() };
        let clock = || "2026-01-01T00:00:01Z".to_owned();
        let terms = Terms {
            holder: &holder,
            allow: &allow,
            signed_by: &[],
            clock: &clock,
            outside_window: None,
            patience: &Impatient,
        };
        let desired = self.desired(environment);
        let mut target = self.target(&desired, Mode::Write);
        let report = ops::apply::run(&plan, Some(desired), target.as_mut(), &terms, &mut Nobody).unwrap();
        assert!(matches!(report.outcome, Applied::Done | Applied::Nothing), "{report:#?}");
        plan
    }

    pub fn drift(&self, environment: &str) -> Drift {
        let desired = self.desired(environment);
        ops::drift::drift(environment, self.target(&desired, Mode::Read).as_mut()).unwrap()
    }

    /// The journal, newest first.
    pub fn history(&self, environment: &str) -> Vec<Entry> {
        let desired = self.desired(environment);
        self.target(&desired, Mode::Read).history(100).unwrap()
    }

    fn target(&self, desired: &Desired, mode: Mode) -> Box<dyn Target> {
        open::open(&desired.environment.target, self.folder.path(), mode).unwrap()
    }

    /// The environment's database itself, with its foreign keys on.
    pub fn database(&self, environment: &str) -> Connection {
        let path: PathBuf = self.folder.path().join(format!("{environment}.db"));
        let database = Connection::open(path).unwrap();
        database.execute_batch("PRAGMA foreign_keys = ON").unwrap();
        database
    }

    /// Runs the program itself in this repository.
    pub fn reconcile(&self, arguments: &[&str]) -> Output {
        let mut program = Command::new(env!("CARGO_BIN_EXE_reconcile"));
        program.args(arguments).arg("-C").arg(self.folder.path()).env("NO_COLOR", "1");
        program.env_remove("RECONCILE_ENVIRONMENT").output().unwrap()
    }
}

/// The plan as people read it.
pub fn shown(plan: &Plan) -> String {
    plan_text::plan(plan, &Options { paint: Paint::plain(), verbose: false })
}

fn name(finding: &Finding) -> String {
    match &finding.path {
        Some(path) => format!("{}:{}/{path}", finding.code, finding.address),
        None => format!("{}:{}", finding.code, finding.address),
    }
}

/// Asks SQLite whether the database is sound, keys and pages.
pub fn check(database: &Connection) {
    let text = |sql: &str| -> Vec<String> {
        let mut statement = database.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let orphans = text("SELECT \"table\" || ' row ' || coalesce(rowid, '?') FROM pragma_foreign_key_check");
    assert!(orphans.is_empty(), "foreign keys are broken: {orphans:?}");
    assert_eq!(text("PRAGMA integrity_check"), ["ok"]);
}

/// How SQLite says that an object was made.
#[derive(Debug, PartialEq, Eq)]
pub struct Made {
    pub table: String,
    pub sql: String,
}

/// Everything but what is ours, by kind and name.
pub fn statements(database: &Connection) -> BTreeMap<String, Made> {
    let sql = "SELECT type || ' ' || name, tbl_name, coalesce(sql, '') FROM sqlite_schema \
               WHERE name NOT LIKE '\\_reconcile\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let mut statement = database.prepare(sql).unwrap();
    let rows =
        statement.query_map([], |row| Ok((row.get(0)?, Made { table: row.get(1)?, sql: row.get(2)? })));
    rows.unwrap().map(Result::unwrap).collect()
}
