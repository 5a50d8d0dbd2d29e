//! What the tests need of a provider: a fresh target, ways to fill it, and ways to read it that are not the provider's own.
//! Never asks the provider what it made.

pub mod catalog_postgres;
pub mod catalog_sqlite;
mod postgres;
mod sqlite;

use std::collections::BTreeMap;
use std::path::Path;

use reconcile::model::environment::TargetConfig;
use serde_yaml::Value;

/// One provider, as `targets` of a `case.yaml` names it.
pub struct Provider {
    pub name: &'static str,
    /// Its target as an environment writes it, for the rules that it has for names and tasks.
    pub target: &'static str,
    /// A fresh target. None where there is no server for it on this machine, which is said.
    pub fresh: fn() -> Option<Box<dyn Stage>>,
}

/// Every provider, one a line. A target adds its own here.
pub const PROVIDERS: [Provider; 2] = [
    Provider { name: "sqlite", target: "{ sqlite: test.db }", fresh: sqlite::fresh },
    Provider { name: "postgres", target: "{ postgres: { url: \"${env:URL}\" } }", fresh: postgres::fresh },
];

/// Table, rows, column and value: whole numbers and floats are numbers, booleans are 1 and 0, all else is text.
pub type Rows = BTreeMap<String, Vec<BTreeMap<String, Value>>>;

/// Objects by kind and name, as lines that compare.
pub type Objects = BTreeMap<String, Vec<String>>;

/// One fresh target.
pub trait Stage {
    fn config(&self) -> TargetConfig;

    /// The same as an environment of any folder writes it.
    fn written(&self) -> String;

    /// The folder that relative paths of the settings begin at.
    fn root(&self) -> &Path;

    /// Runs what somebody else would run there; it makes the target where there is none yet.
    fn run(&mut self, sql: &str) -> Result<(), String>;

    /// Inserts one row, with everything held that the target holds rows to.
    fn insert_row(&mut self, table: &str, row: &BTreeMap<String, Value>) -> Result<(), String>;

    /// Inserts rows in any order. Returns what the target refuses.
    fn insert(&mut self, rows: &[(String, Vec<BTreeMap<String, Value>>)]) -> Vec<String> {
        let each = |(table, rows): &'_ (String, Vec<BTreeMap<String, Value>>)| {
            rows.iter().map(|row| (table.clone(), row.clone())).collect::<Vec<_>>()
        };
        let mut left: Vec<_> = rows.iter().flat_map(each).collect();
        // A row may stand before what it points at, so whatever is refused has another try while others get in.
        loop {
            let n_left = left.len();
            let mut refused = Vec::new();
            left.retain(|(table, row)| match self.insert_row(table, row) {
                Ok(()) => false,
                Err(error) => {
                    refused.push(format!("a row of `{table}`: {error}"));
                    true
                }
            });
            if left.is_empty() || left.len() == n_left {
                return refused;
            }
        }
    }

    /// The rows of every table that is not ours; empty where there is no target yet.
    fn rows(&mut self) -> Rows;

    /// Every object that is not ours, by the database's own catalog.
    fn objects(&mut self) -> Objects;

    /// The rows of our own record there, but for the lock, the journal and what passes with the clock.
    fn record(&mut self) -> Rows;

    /// References that point nowhere, where the target can come to hold such.
    fn broken(&mut self) -> Vec<String>;
}
