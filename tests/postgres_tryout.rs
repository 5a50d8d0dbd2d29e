//! Tasks tried out on copies of the tables of a real PostgreSQL, where nothing is kept and nobody waits.
//! Never applies what it plans.

mod postgres_server;

use std::fs;
use std::process::{Command, Stdio};

use postgres::Client;

struct Place {
    folder: tempfile::TempDir,
    database: postgres_server::Database,
}

const TABLES: &str = "spec:\n  fields:\n    number: { type: autonumber, format: \"N-{seq}\" }\n    region: { type: text, maxLength: 5 }\n    \
                      customer: { type: lookup, entity: customer }\n    state: { type: picklist, picklist: state }\n    mood: { type: picklist, picklist: mood }\n";

impl Place {
    fn new() -> Option<Place> {
        let place = Place { folder: tempfile::tempdir().unwrap(), database: postgres_server::database()? };
        let write = |name: &str, text: &str| fs::write(place.folder.path().join(name), text).unwrap();
        write(
            "env.yaml",
            "apiVersion: reconcile/v1\nkind: Environment\nmetadata: { name: here }\nspec:\n  target: { postgres: \
             { url: \"${env:HERE}\" } }\n",
        );
        write(
            "lists.yaml",
            "apiVersion: reconcile/v1\nkind: Picklist\nmetadata: { name: state }\nspec: { options: { open: {} } }\n---\n\
             apiVersion: reconcile/v1\nkind: Picklist\nmetadata: { name: mood }\nspec: { storage: enum, options: { good: {}, bad: {} } }\n---\n\
             apiVersion: reconcile/v1\nkind: Entity\nmetadata: { name: customer }\nspec: { fields: { name: { type: text } } }\n",
        );
        place.order("", TABLES);
        place.run(&["apply", "--yes"], 0);
        place
            .client()
            .batch_execute(
                "INSERT INTO customer (name) VALUES ('ada'); \
                 INSERT INTO \"order\" (customer, state, mood) SELECT id, 'open', 'bad' FROM customer, generate_series(1, 3); \
                 CREATE VIEW beside AS SELECT 1 AS one",
            )
            .unwrap();
        Some(place)
    }

    fn order(&self, tasks: &str, spec: &str) {
        let setup = if tasks.is_empty() { String::new() } else { format!("setup:\n  tasks:\n{tasks}") };
        let text =
            format!("apiVersion: reconcile/v1\nkind: Entity\nmetadata: {{ name: order }}\n{setup}{spec}");
        fs::write(self.folder.path().join("order.yaml"), text).unwrap();
    }

    fn client(&self) -> Client {
        self.database.connect("public")
    }

    #[track_caller]
    fn run(&self, arguments: &[&str], code: i32) -> String {
        self.run_on(&self.database.url, arguments, code)
    }

    #[track_caller]
    fn run_on(&self, url: &str, arguments: &[&str], code: i32) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_reconcile"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("HERE", url)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{said}");
        said.into_owned()
    }

    /// Plans while another connection writes to the table, and sees to it that nothing is left behind.
    #[track_caller]
    fn plan_says(&self, code: i32, saying: &str) {
        let mut other = self.client();
        let seen = "SELECT (SELECT string_agg(o::text, ' ' ORDER BY number) FROM \"order\" o) || \
                    (SELECT last_value FROM order_number_seq) || (SELECT count(*) FROM pg_class) || \
                    (SELECT count(*) FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%temp\\_%')";
        let before: String = other.query_one(seen, &[]).unwrap().get(0);
        other.batch_execute("BEGIN; LOCK TABLE \"order\" IN SHARE ROW EXCLUSIVE MODE").unwrap();
        let said = self.run(&["plan"], code);
        other.batch_execute("ROLLBACK").unwrap();
        let after: String = other.query_one(seen, &[]).unwrap().get(0);
        assert_eq!(before, after);
        assert!(said.contains(saying), "does not say {saying:?}\n{said}");
    }
}

const FILL: &str = "    fill: { when: after, sql: \"UPDATE \\\"order\\\" SET region = 'north'\" }\n";

#[test]
fn a_task_says_how_many_rows_it_would_change() {
    let Some(place) = Place::new() else { return };
    place.order(FILL, TABLES);
    place.plan_says(0, "which would change 3 rows as things are");
    place.order(
        "    fill: { when: before, sql: \"INSERT INTO \\\"order\\\" (region) SELECT name FROM customer; DELETE FROM \\\"order\\\" WHERE mood = 'bad'; SELECT 7\" }\n",
        TABLES,
    );
    place.plan_says(0, "which would change 4 rows as things are");
}

#[test]
fn a_task_is_tried_on_the_table_as_the_plan_leaves_it() {
    let Some(place) = Place::new() else { return };
    let spec = format!("{TABLES}    land: {{ type: text, maxLength: 2, required: true, backfill: de }}\n");
    let fill = "    fill: { when: after, unless: \"SELECT 1 WHERE EXISTS (SELECT FROM \\\"order\\\" WHERE land = 'fr')\", sql: \"UPDATE \\\"order\\\" SET land = 'at' WHERE land = 'de'\" }\n";
    place.order(fill, &spec);
    place.plan_says(0, "which would change 3 rows as things are");
    place.plan_says(0, "RK231 would not be done");
    let fill = "    fill: { when: after, sql: \"UPDATE \\\"order\\\" SET land = 'far'\" }\n";
    place.order(fill, &spec);
    place.plan_says(12, "value too long for type character varying(2)");
}

#[test]
fn a_task_that_would_fail_is_told_of() {
    let Some(place) = Place::new() else { return };
    for (sql, said) in [
        ("UPDATE \\\"order\\\" SET region = 'far north'", "value too long"),
        ("DELETE FROM customer", "violates foreign key constraint"),
        ("UPDATE nowhere SET a = 1", "relation \"nowhere\" does not exist"),
        ("UPDATE \\\"order\\\" SET nothing = 1", "column \"nothing\" of relation \"order\" does not exist"),
    ] {
        place.order(&format!("    fill: {{ when: after, sql: \"{sql}\" }}\n"), TABLES);
        place.plan_says(12, said);
    }
}

#[test]
fn what_cannot_be_told_is_not_told() {
    let Some(place) = Place::new() else { return };
    place
        .client()
        .batch_execute("CREATE FUNCTION own() RETURNS text LANGUAGE sql AS 'SELECT ''x'''")
        .unwrap();
    for sql in [
        "INSERT INTO customer SELECT gen_random_uuid(), one FROM beside",
        "UPDATE \\\"order\\\" SET region = own()",
    ] {
        place.order(&format!("    fill: {{ when: after, sql: \"{sql}\" }}\n"), TABLES);
        place.plan_says(0, "runs SQL of its own, which may change or destroy rows");
    }
    // Who may only read has no copies made.
    let mut client = place.client();
    let name: String = client.query_one("SELECT current_database()::text", &[]).unwrap().get(0);
    client
        .batch_execute(&format!(
            "REVOKE TEMPORARY ON DATABASE {name} FROM public; CREATE ROLE {name}; GRANT USAGE ON SCHEMA public, reconcile TO {name}; \
             GRANT SELECT ON ALL TABLES IN SCHEMA public, reconcile TO {name}"
        ))
        .unwrap();
    place.order(FILL, TABLES);
    let mark = if place.database.url.contains('?') { '&' } else { '?' };
    let url = format!("{}{mark}options=-crole%3D{name}", place.database.url);
    let said = place.run_on(&url, &["plan"], 0);
    client.batch_execute(&format!("DROP OWNED BY {name}; DROP ROLE {name}")).unwrap();
    assert!(said.contains("runs SQL of its own, which may change or destroy rows"), "{said}");
}
