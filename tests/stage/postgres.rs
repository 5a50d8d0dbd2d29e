//! PostgreSQL as the tests need it: one schema of a fresh database.
//! Never opens it through the provider.

use std::collections::BTreeMap;
use std::path::Path;

use postgres::Client;
use reconcile::model::environment::TargetConfig;
use reconcile::model::setting::Setting;
use serde_yaml::Value;
use tempfile::TempDir;

use super::{Objects, Rows, Stage, catalog_postgres};
use crate::postgres_server::{self, Database};

/// Any name but that of the schema that is there by itself, so that none is taken for it.
const SCHEMA: &str = "shop";

struct Postgres {
    database: Database,
    client: Client,
    folder: TempDir,
}

pub fn fresh() -> Option<Box<dyn Stage>> {
    let database = postgres_server::database()?;
    let client = database.connect(SCHEMA);
    Some(Box::new(Postgres { database, client, folder: tempfile::tempdir().unwrap() }))
}

impl Stage for Postgres {
    fn config(&self) -> TargetConfig {
        let setting = |name: &str, text: &str| (name.to_owned(), Setting::new(text));
        let settings = BTreeMap::from([setting("url", &self.database.url), setting("schema", SCHEMA)]);
        TargetConfig { provider: "postgres".to_owned(), settings }
    }

    fn written(&self) -> String {
        format!("{{ postgres: {{ url: {:?}, schema: {SCHEMA} }} }}", self.database.url)
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn run(&mut self, sql: &str) -> Result<(), String> {
        let sql = format!("CREATE SCHEMA IF NOT EXISTS \"{SCHEMA}\"; {sql}");
        self.client.batch_execute(&sql).map_err(|e| said(&e))
    }

    fn insert_row(&mut self, table: &str, row: &BTreeMap<String, Value>) -> Result<(), String> {
        let sql = insertion(table, row);
        self.client.batch_execute(&sql).map_err(|error| format!("`{sql}`: {}", said(&error)))
    }

    fn rows(&mut self) -> Rows {
        catalog_postgres::rows(&mut self.client, SCHEMA)
    }

    fn objects(&mut self) -> Objects {
        catalog_postgres::objects(&mut self.client, SCHEMA)
    }

    fn record(&mut self) -> Rows {
        let mut found = catalog_postgres::rows(&mut self.client, "reconcile");
        found.retain(|table, _| !["lock", "journal"].contains(&table.as_str()));
        found
    }

    fn broken(&mut self) -> Vec<String> {
        catalog_postgres::unfinished(&mut self.client, SCHEMA)
    }
}

/// Every value is a literal of no type yet, which the server reads as its column's.
fn insertion(table: &str, row: &BTreeMap<String, Value>) -> String {
    let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let literal = |value: &Value| match value {
        Value::Null => "NULL".to_owned(),
        Value::Bool(yes) => format!("'{}'", u8::from(*yes)),
        Value::Number(number) => format!("'{number}'"),
        Value::String(text) => format!("'{}'", text.replace('\'', "''")),
        other => panic!("a row holds {other:?}"),
    };
    let names: Vec<String> = row.keys().map(|name| quote(name)).collect();
    let values: Vec<String> = row.values().map(literal).collect();
    format!("INSERT INTO {} ({}) VALUES ({})", quote(table), names.join(", "), values.join(", "))
}

fn said(error: &postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |of_server| of_server.message().to_owned())
}
