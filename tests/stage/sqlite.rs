//! SQLite as the tests need it: a file in a folder of its own.
//! Never opens it through the provider.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use reconcile::model::environment::TargetConfig;
use reconcile::model::setting::Setting;
use rusqlite::Connection;
use rusqlite::types::Value as Held;
use serde_yaml::Value;
use tempfile::TempDir;

use super::{Objects, Rows, Stage, catalog_sqlite};

const FILE: &str = "test.db";

struct Sqlite {
    folder: TempDir,
}

pub fn fresh() -> Option<Box<dyn Stage>> {
    Some(Box::new(Sqlite { folder: tempfile::tempdir().unwrap() }))
}

impl Sqlite {
    fn path(&self) -> PathBuf {
        self.folder.path().join(FILE)
    }

    fn made(&self) -> Connection {
        fs::create_dir_all(self.folder.path()).unwrap();
        Connection::open(self.path()).unwrap()
    }

    fn there(&self) -> Option<Connection> {
        self.path().is_file().then(|| self.made())
    }
}

impl Stage for Sqlite {
    fn config(&self) -> TargetConfig {
        let settings = BTreeMap::from([(String::new(), Setting::new(FILE))]);
        TargetConfig { provider: "sqlite".to_owned(), settings }
    }

    fn written(&self) -> String {
        format!("{{ sqlite: {:?} }}", self.path())
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn run(&mut self, sql: &str) -> Result<(), String> {
        self.made().execute_batch(sql).map_err(|e| e.to_string())
    }

    fn insert_row(&mut self, table: &str, row: &BTreeMap<String, Value>) -> Result<(), String> {
        let database = self.made();
        database.execute_batch("PRAGMA foreign_keys = ON").unwrap();
        let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let names: Vec<String> = row.keys().map(|name| quote(name)).collect();
        let marks = vec!["?"; names.len()].join(", ");
        let sql = format!("INSERT INTO {} ({}) VALUES ({marks})", quote(table), names.join(", "));
        let inserted = database.execute(&sql, rusqlite::params_from_iter(row.values().map(held)));
        inserted.map(|_| ()).map_err(|error| format!("`{sql}`: {error}"))
    }

    fn rows(&mut self) -> Rows {
        words(self.there().map(|database| catalog_sqlite::rows(&database)).unwrap_or_default())
    }

    fn objects(&mut self) -> Objects {
        self.there().map(|database| catalog_sqlite::objects(&database)).unwrap_or_default()
    }

    fn record(&mut self) -> Rows {
        words(self.there().map(|database| catalog_sqlite::record(&database)).unwrap_or_default())
    }

    fn broken(&mut self) -> Vec<String> {
        let sql = "SELECT \"table\" || ' row ' || coalesce(rowid, '?') FROM pragma_foreign_key_check";
        let Some(database) = self.there() else { return Vec::new() };
        let mut statement = database.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }
}

fn words(found: BTreeMap<String, Vec<BTreeMap<String, Held>>>) -> Rows {
    let row = |row: BTreeMap<String, Held>| row.into_iter().map(|(name, cell)| (name, said(cell))).collect();
    found.into_iter().map(|(table, rows)| (table, rows.into_iter().map(row).collect())).collect()
}

fn held(value: &Value) -> Held {
    match value {
        Value::Null => Held::Null,
        Value::Bool(yes) => Held::Integer(i64::from(*yes)),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Held::Integer(whole),
            None => Held::Real(number.as_f64().unwrap()),
        },
        Value::String(text) => Held::Text(text.clone()),
        other => panic!("a row holds {other:?}"),
    }
}

fn said(held: Held) -> Value {
    match held {
        Held::Null => Value::Null,
        Held::Integer(whole) => Value::from(whole),
        Held::Real(number) => Value::from(number),
        Held::Text(text) => Value::from(text),
        Held::Blob(bytes) => Value::from(bytes.iter().map(|b| format!("{b:02x}")).collect::<String>()),
    }
}
