//! What a case needs of a provider: a fresh target, ways to fill it, and ways to read it that are not the provider's own.
//! Never asks the provider what it made.

use std::collections::BTreeMap;
use std::path::Path;

use reconcile::model::environment::TargetConfig;
use serde_yaml::Value;

use super::{stage_postgres, stage_sqlite};

/// One provider, as `targets` of a `case.yaml` names it.
pub struct Provider {
    pub name: &'static str,
    /// Its target as the environment of a case writes it, for the rules that it has for names and tasks.
    pub target: &'static str,
    /// A fresh target. None where there is no server for it on this machine, which is said.
    pub fresh: fn() -> Option<Box<dyn Stage>>,
}

/// Every provider, one a line. A target adds its own here.
pub const PROVIDERS: [Provider; 2] = [
    Provider { name: "sqlite", target: "{ sqlite: test.db }", fresh: stage_sqlite::fresh },
    Provider {
        name: "postgres",
        target: "{ postgres: { url: \"${env:URL}\" } }",
        fresh: stage_postgres::fresh,
    },
];

/// Table, rows, column and value: whole numbers and floats are numbers, booleans are 1 and 0, all else is text.
pub type Rows = BTreeMap<String, Vec<BTreeMap<String, Value>>>;

/// Objects by kind and name, as lines that compare.
pub type Objects = BTreeMap<String, Vec<String>>;

/// One fresh target.
pub trait Stage {
    fn config(&self) -> TargetConfig;

    /// The folder that relative paths of the settings begin at.
    fn root(&self) -> &Path;

    /// Runs what the target held before anybody applied to it.
    fn run(&mut self, sql: &str) -> Result<(), String>;

    /// Inserts rows, in any order that the target takes. Returns what it refuses.
    fn insert(&mut self, rows: &[(String, Vec<BTreeMap<String, Value>>)]) -> Vec<String>;

    /// The rows of every table that is not ours; empty where there is no target yet.
    fn rows(&mut self) -> Rows;

    /// Every object that is not ours, by the database's own catalog.
    fn objects(&mut self) -> Objects;

    /// References that point nowhere, where the target can come to hold such.
    fn broken(&mut self) -> Vec<String>;
}
