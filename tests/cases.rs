//! Runs every case folder on every provider that it names, and asks it the questions of `cases/runner.rs`.
//! Never knows what a case is about: the folder says.

#[path = "cases"]
mod cases {
    pub mod declared;
    pub mod folder;
    pub mod runner;
}
mod postgres_server;
#[allow(dead_code)]
mod stage;

use cases::runner;
use stage::PROVIDERS;

#[test]
fn every_case_holds_on_sqlite() {
    hold("sqlite");
}

#[test]
fn every_case_holds_on_postgres() {
    hold("postgres");
}

fn hold(name: &str) {
    let provider = PROVIDERS.iter().find(|provider| provider.name == name).expect("the list names it");
    let Some(outcomes) = runner::run_all(provider) else { return };
    let failed: Vec<&runner::Outcome> = outcomes.iter().filter(|o| !o.faults.is_empty()).collect();
    for outcome in &failed {
        eprintln!("\n== {}\n{}", outcome.name, outcome.faults.join("\n"));
    }
    println!("{} cases on {name}, {} failed", outcomes.len(), failed.len());
    assert!(!outcomes.is_empty(), "there are no cases");
    assert!(failed.is_empty(), "{} of {} cases failed", failed.len(), outcomes.len());
}

/// The yardstick itself: pairs that are the same but for the order of columns, and pairs that are not.
#[test]
fn the_catalog_of_postgres_tells_what_differs() {
    let Some(database) = postgres_server::database() else { return };
    let mut client = database.connect("place");
    let mut objects = |sql: &str| {
        client.batch_execute("DROP SCHEMA IF EXISTS place CASCADE; CREATE SCHEMA place").unwrap();
        client.batch_execute(sql).unwrap_or_else(|e| panic!("{sql}: {e:?}"));
        stage::catalog_postgres::objects(&mut client, "place")
    };
    let plain = "CREATE TABLE t (a int, b text); ";
    for (one, other) in [
        (plain, "CREATE TABLE t (b text); ALTER TABLE t ADD a int"),
        (plain, "CREATE TABLE t (a int, c int, b text); ALTER TABLE t DROP c"),
        (
            "CREATE TABLE t (a int CHECK (a > 0))",
            "CREATE TABLE t (a int); ALTER TABLE t ADD CHECK (((a) > 0))",
        ),
    ] {
        assert_eq!(objects(one), objects(other), "{one} / {other}");
    }
    for (one, more) in [
        (plain, "ALTER TABLE t ALTER a TYPE bigint"),
        (plain, "ALTER TABLE t ALTER b TYPE text COLLATE \"C\""),
        (plain, "ALTER TABLE t ALTER a SET NOT NULL"),
        (plain, "ALTER TABLE t ALTER a SET DEFAULT 1"),
        (plain, "ALTER TABLE t ADD PRIMARY KEY (a)"),
        (plain, "ALTER TABLE t ADD CHECK (a > 0)"),
        (
            "CREATE TABLE t (a int, CHECK (a > 0))",
            "ALTER TABLE t DROP CONSTRAINT t_a_check, ADD CHECK (a > 0) NOT VALID",
        ),
        (plain, "CREATE INDEX i ON t (a)"),
        (
            "CREATE TABLE t (a int, b int); CREATE INDEX i ON t (a)",
            "DROP INDEX i; CREATE INDEX i ON t (a DESC)",
        ),
        (plain, "COMMENT ON TABLE t IS 'x'"),
        (plain, "COMMENT ON COLUMN t.a IS 'x'"),
        (plain, "CREATE SEQUENCE s"),
        ("CREATE TABLE t (a int); CREATE SEQUENCE s", "ALTER SEQUENCE s OWNED BY t.a"),
        (plain, "ALTER TABLE t ALTER a SET NOT NULL, ALTER a ADD GENERATED ALWAYS AS IDENTITY"),
        (plain, "ALTER TABLE t ADD c int GENERATED ALWAYS AS (a + 1) STORED"),
        (plain, "CREATE TYPE e AS ENUM ('x')"),
        ("CREATE TYPE e AS ENUM ('x', 'y')", "DROP TYPE e; CREATE TYPE e AS ENUM ('y', 'x')"),
        (plain, "CREATE VIEW v AS SELECT a FROM t"),
        (plain, "ALTER TABLE t ENABLE ROW LEVEL SECURITY"),
        (plain, "CREATE POLICY p ON t USING (a > 0)"),
        (plain, "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
        (plain, "GRANT SELECT ON t TO PUBLIC"),
    ] {
        assert_ne!(objects(one), objects(&format!("{one}; {more}")), "{one} / {more}");
    }
    let sql = "CREATE TABLE r (a int PRIMARY KEY, b bool, c numeric(6,2), d bytea, e timestamptz, f jsonb);
               INSERT INTO r VALUES (2, true, 1.5, '\\xff', '2026-01-01 12:00Z', '[1]'), (1, NULL, NULL, NULL, NULL, NULL)";
    objects(sql);
    client.batch_execute("SET TimeZone = UTC").unwrap();
    let rows = stage::catalog_postgres::rows(&mut client, "place");
    let said = serde_json::to_string(&rows["r"][1]).unwrap();
    assert_eq!(said, r#"{"a":2,"b":1,"c":"1.50","d":"ff","e":"2026-01-01T12:00:00+00:00","f":"[1]"}"#);
    assert_eq!(rows["r"][0]["b"], serde_yaml::Value::Null);
}
