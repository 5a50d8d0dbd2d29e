//! A repository and its schema on a real PostgreSQL, and the real program run in it.
//! Never asks the program what it left: the server is asked.

use std::fs;
use std::process::{Command, Output, Stdio};

use postgres::{Client, NoTls};
use reconcile::plan::Plan;
use reconcile::report::Report;

use crate::postgres_server;

/// Every table, column, constraint and index, those of the trash among them, and what is noted of steps.
const OBJECTS: &str = "
    SELECT concat_ws(' ', relnamespace::regnamespace::text, relkind, relname) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace OR relname LIKE 'trash%'
    UNION ALL SELECT concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid))
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
    UNION ALL SELECT concat_ws(' ', conname, pg_get_constraintdef(oid)) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', pg_get_indexdef(indexrelid), CASE WHEN NOT indisvalid THEN 'INVALID' END) FROM pg_index JOIN pg_class c ON c.oid = indexrelid
    WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', 'noted', title) FROM reconcile.progress
    ORDER BY 1";

pub struct Place {
    folder: tempfile::TempDir,
    database: Where,
}

/// A database of the server that the tests share, or one of a server of this test's own.
pub enum Where {
    Shared(postgres_server::Database),
    Own(String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub objects: Vec<String>,
    pub rows: Vec<String>,
}

impl Place {
    pub fn new(strategy: &str) -> Option<Place> {
        Some(Place::at(Where::Shared(postgres_server::database()?), strategy))
    }

    pub fn at(database: Where, strategy: &str) -> Place {
        let place = Place { folder: tempfile::tempdir().unwrap(), database };
        let environment = format!(
            "apiVersion: reconcile/v1\nkind: Environment\nmetadata: {{ name: here }}\nspec:\n  target: {{ postgres: {{ \
             url: \"${{env:HERE}}\" }} }}\n  setup: {{ default: overwrite }}\n  prune: true\n{strategy}"
        );
        fs::write(place.folder.path().join("env.yaml"), environment).unwrap();
        place
    }

    pub fn url(&self) -> &str {
        match &self.database {
            Where::Shared(database) => &database.url,
            Where::Own(url) => url,
        }
    }

    pub fn declare(&self, manifests: &str) {
        fs::write(self.folder.path().join("all.yaml"), manifests).unwrap();
    }

    pub fn client(&self) -> Client {
        Client::connect(self.url(), NoTls).unwrap()
    }

    #[track_caller]
    pub fn sql(&self, sql: &str) {
        self.client().batch_execute(sql).unwrap_or_else(|error| panic!("{sql}\n{error:?}"));
    }

    pub fn run(&self, arguments: &[&str], fault: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reconcile"));
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env("RECONCILE_ACTOR", "ada")
            .env("HERE", self.url());
        command.env("RECONCILE_FAULT", fault).stdin(Stdio::null()).output().unwrap()
    }

    #[track_caller]
    pub fn does(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments, "");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Applies, and the report says how it ended.
    pub fn apply(&self, fault: &str) -> (Option<i32>, Report) {
        let output = self.run(&["apply", "--yes", "--format", "json"], fault);
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        let document =
            reconcile::wire::report::from_json(&text).unwrap_or_else(|e| panic!("{e}: {output:?}"));
        (output.status.code(), document.reports.into_iter().next().unwrap())
    }

    pub fn plan(&self) -> Plan {
        let text = self.does(&["plan", "--format", "json"]);
        reconcile::wire::plan::from_json(&text).unwrap().plans.into_iter().next().unwrap()
    }

    pub fn lines(&self, sql: &str) -> Vec<String> {
        self.client().query(sql, &[]).unwrap().iter().map(|row| row.get(0)).collect()
    }

    pub fn see(&self) -> Seen {
        self.see_table("order")
    }

    pub fn see_table(&self, table: &str) -> Seen {
        let rows = format!("SELECT to_jsonb(one)::text FROM \"{table}\" AS one ORDER BY id");
        Seen { objects: self.lines(OBJECTS), rows: self.lines(&rows) }
    }

    /// At the goal, with nothing of ours left beside it.
    #[track_caller]
    pub fn is_done(&self) {
        self.is_at_goal("order");
    }

    #[track_caller]
    pub fn is_at_goal(&self, table: &str) {
        self.does(&["plan", "--detailed-exitcode"]);
        let seen = self.see_table(table);
        let is_left = |line: &&String| {
            line.contains("_reconcile_")
                || line.starts_with("noted")
                || line.contains(" INVALID")
                || line.contains(" NOT VALID")
        };
        assert_eq!(seen.objects.iter().find(is_left), None);
    }
}
