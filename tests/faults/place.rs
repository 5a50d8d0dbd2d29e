//! A repository and its target in a folder of their own, and the real program run in it.
//! Never calls the library for what the program does.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use reconcile::plan::Plan;
use reconcile::report::Report;
use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::TempDir;

pub struct Place {
    folder: TempDir,
}

/// Everything in a target but the lock and the journal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dump {
    pub schema: Vec<(String, String, String, String)>,
    pub rows: BTreeMap<String, Vec<String>>,
}

/// How a run of the program ended.
#[derive(Debug)]
pub struct Run {
    /// None where a signal ended it.
    pub code: Option<i32>,
    pub out: String,
    pub error: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Run {
        Run {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            error: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Place {
    /// With one environment `test`; `settings` are lines of its spec.
    pub fn new(settings: &str) -> Place {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let place = Place { folder: folder.unwrap() };
        let environment = format!(
            "apiVersion: reconcile/v1\nkind: Environment\nmetadata: {{ name: test }}\nspec:\n  \
             target: {{ sqlite: test.db }}\n{settings}"
        );
        place.write("environment.yaml", &environment);
        place
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    pub fn path(&self) -> PathBuf {
        self.root().join("test.db")
    }

    pub fn write(&self, file: &str, text: &str) {
        let path = self.root().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Puts the manifests of a folder in the place of those that were there.
    pub fn declare(&self, from: &Path) {
        let to = self.root().join("resources");
        fs::remove_dir_all(&to).ok();
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
            }
        }
    }

    pub fn command(&self, arguments: &[&str], fault: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reconcile"));
        command.arg("-C").arg(self.root()).args(arguments).env_clear().env("RECONCILE_ACTOR", "fault");
        command.env("RECONCILE_FAULT", fault).stdin(Stdio::null()).current_dir(self.root());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        self.command(arguments, "").output().unwrap().into()
    }

    pub fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments, "");
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// As `start`, where nobody reads what is printed, which would stop it when a pipe is full.
    pub fn start_unheard(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments, "");
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Applies, and every finding named is allowed.
    pub fn apply(&self, allow: &[String], fault: &str) -> Run {
        let mut arguments = vec!["apply", "--yes", "--format", "json"];
        for one in allow {
            arguments.extend(["--allow", one.as_str()]);
        }
        self.command(&arguments, fault).output().unwrap().into()
    }

    pub fn plan(&self) -> Plan {
        let run = self.run(&["plan", "--format", "json"]);
        let document = reconcile::wire::plan::from_json(&run.out).unwrap_or_else(|e| panic!("{e}: {run:?}"));
        document.plans.into_iter().next().unwrap()
    }

    /// The outcomes in the journal, newest first: `applied` or `failed`.
    pub fn outcomes(&self) -> Vec<String> {
        let run = self.run(&["history", "--format", "json"]);
        let history: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        let entries = history["entries"].as_array().unwrap();
        entries.iter().map(|entry| entry["outcome"]["result"].as_str().unwrap().to_owned()).collect()
    }

    pub fn database(&self) -> Connection {
        let database = Connection::open(self.path()).unwrap();
        database.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
        database
    }

    /// The target as it is; nothing where there is no file.
    pub fn dump(&self) -> Dump {
        if !self.path().exists() {
            return Dump::default();
        }
        dump(&self.database())
    }

    /// What the target is made of, to be put back.
    pub fn keep(&self) -> Option<Vec<u8>> {
        let journal = self.path().with_extension("db-journal");
        assert!(!journal.exists(), "the target is in the middle of something");
        fs::read(self.path()).ok()
    }

    pub fn put_back(&self, kept: Option<&Vec<u8>>) {
        for name in ["test.db", "test.db-journal", "test.db-wal", "test.db-shm"] {
            fs::remove_file(self.root().join(name)).ok();
        }
        if let Some(bytes) = kept {
            fs::write(self.path(), bytes).unwrap();
        }
    }
}

pub fn dump(database: &Connection) -> Dump {
    let mut dump = Dump::default();
    let sql = "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema \
               WHERE name NOT LIKE '\\_reconcile\\_%' ESCAPE '\\' AND tbl_name NOT LIKE '\\_reconcile\\_%' ESCAPE '\\' \
               AND name <> 'sqlite_sequence' ORDER BY 1, 2";
    let mut statement = database.prepare(sql).unwrap();
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    dump.schema = statement.query_map([], read).unwrap().map(Result::unwrap).collect();
    let mut tables: Vec<String> =
        dump.schema.iter().filter(|one| one.0 == "table").map(|one| one.1.clone()).collect();
    tables.extend(["_reconcile_resource", "_reconcile_sequence", "_reconcile_task"].map(str::to_owned));
    for table in tables {
        let quoted = table.replace('"', "\"\"");
        // The number of a journal entry depends on how often something failed before.
        let columns = if table == "_reconcile_task" { "address, name, place, task, ran" } else { "*" };
        // Our own tables may not be there yet, and are no part of what was declared when they are empty.
        let Ok(mut statement) = database.prepare(&format!("SELECT {columns} FROM \"{quoted}\"")) else {
            continue;
        };
        let columns = statement.column_count();
        let read = |row: &rusqlite::Row<'_>| {
            (0..columns).map(|n| row.get::<_, Value>(n)).collect::<rusqlite::Result<Vec<Value>>>()
        };
        let mut rows: Vec<String> =
            statement.query_map([], read).unwrap().map(|row| format!("{:?}", row.unwrap())).collect();
        rows.sort();
        if !rows.is_empty() {
            dump.rows.insert(table, rows);
        }
    }
    dump
}

pub fn report(run: &Run) -> Report {
    let document = reconcile::wire::report::from_json(&run.out).unwrap_or_else(|e| panic!("{e}: {run:?}"));
    document.reports.into_iter().next().unwrap()
}
