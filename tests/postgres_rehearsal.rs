//! `plan --rehearse` on a real PostgreSQL: what it says, and that nothing of it stays.
//! Never applies the plan that it rehearses.

mod postgres_server;

use std::fs;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use postgres::Client;

struct Place {
    folder: tempfile::TempDir,
    database: postgres_server::Database,
    _alone: MutexGuard<'static, ()>,
}

/// What could have stayed is looked for on the whole server, which the tests of one process share.
static ALONE: Mutex<()> = Mutex::new(());

const FIELDS: &str = "  fields:\n    number: { type: autonumber, format: \"N-{seq}\" }\n    total: { type: integer }\n    note: { type: text, maxLength: 9 }\n";

impl Place {
    fn new(sql: &str) -> Option<Place> {
        // A test that failed has said so; the others are none the worse for it.
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let (folder, database) = (tempfile::tempdir().unwrap(), postgres_server::database()?);
        let place = Place { folder, database, _alone: alone };
        place.environment("");
        place.order(FIELDS);
        place.run(&["apply", "--yes"], 0);
        place.client().batch_execute("INSERT INTO \"order\" (total) VALUES (1), (2)").unwrap();
        place.client().batch_execute(sql).unwrap();
        Some(place)
    }

    fn environment(&self, more: &str) {
        let text = format!(
            "apiVersion: reconcile/v1\nkind: Environment\nmetadata: {{ name: here }}\nspec:\n  target: {{ postgres: {{ \
             url: \"${{env:HERE}}\" }} }}\n{more}"
        );
        fs::write(self.folder.path().join("env.yaml"), text).unwrap();
    }

    fn order(&self, spec: &str) {
        let text =
            format!("apiVersion: reconcile/v1\nkind: Entity\nmetadata: {{ name: order }}\nspec:\n{spec}");
        fs::write(self.folder.path().join("order.yaml"), text).unwrap();
    }

    fn client(&self) -> Client {
        self.database.connect("public")
    }

    /// Everything that could have stayed.
    fn seen(&self) -> String {
        let sql = "SELECT concat_ws(' ', (SELECT string_agg(o::text, ' ' ORDER BY number) FROM \"order\" o), \
                   (SELECT last_value FROM order_number_seq), (SELECT string_agg(concat(oid, relname, relfilenode), \
                   ' ' ORDER BY oid) FROM pg_class WHERE relnamespace <> 'pg_catalog'::regnamespace), \
                   (SELECT count(*) FROM pg_attribute), \
                   (SELECT count(*) FROM pg_database WHERE datname LIKE 'reconcile\\_rehearsal%'))";
        self.client().query_one(sql, &[]).unwrap().get(0)
    }

    #[track_caller]
    fn run(&self, arguments: &[&str], code: i32) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_reconcile"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("HERE", &self.database.url)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{said}{errors}");
        said
    }

    /// Rehearses, and sees to it that nothing stays.
    #[track_caller]
    fn rehearse(&self, arguments: &[&str], code: i32, saying: &[&str]) -> String {
        let before = self.seen();
        let said = self.run(&[&["plan", "--rehearse"], arguments].concat(), code);
        assert_eq!(before, self.seen());
        for text in saying {
            assert!(said.contains(text), "does not say {text:?}\n{said}");
        }
        said
    }
}

#[test]
fn a_rehearsal_says_what_is_locked_and_written_anew() {
    let Some(place) = Place::new("CREATE VIEW beside AS SELECT 1 AS one") else { return };
    place.order(&FIELDS.replace("integer", "bigint"));
    place.rehearse(
        &[],
        0,
        &[
            "Rehearsed on environment here, in a transaction that was rolled back.",
            "locks order (AccessExclusiveLock)",
            "writes anew order, order_number_key, order_pkey",
            "Plan: 0 to add, 1 to change, 0 to destroy.",
        ],
    );
    let said = place.rehearse(&["--format", "json"], 0, &[]);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    let step = said["rehearsals"][0]["steps"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(said["rehearsals"][0]["place"]["on"], "target");
    assert_eq!((step["outcome"].as_str(), step["rewritten"][0].as_str()), (Some("ran"), Some("order")));
    // Where nothing is written again, nothing is said of it.
    place.order(&FIELDS.replace("maxLength: 9", "maxLength: 99"));
    let said = place.rehearse(&[], 0, &["locks order (AccessExclusiveLock)"]);
    assert!(!said.contains("writes anew"), "{said}");
}

#[test]
fn what_would_fail_refuses_the_plan() {
    let made = "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''not today''; END'; \
                CREATE TRIGGER guard BEFORE UPDATE ON \"order\" FOR EACH ROW EXECUTE FUNCTION no()";
    let Some(place) = Place::new(made) else { return };
    place.order(&FIELDS.replace(
        "note: { type: text, maxLength: 9 }",
        "note: { type: text, maxLength: 9, required: true, backfill: none }",
    ));
    // Without a rehearsal nobody knows.
    place.run(&["plan"], 0);
    place.rehearse(&[], 12, &["RK111", "would fail: not today", "failed: not today"]);
}

#[test]
fn a_table_that_others_hold_is_not_waited_for_long() {
    let Some(place) = Place::new("SELECT 1") else { return };
    place.order(&FIELDS.replace("integer", "bigint"));
    let mut other = place.client();
    other.batch_execute("BEGIN; LOCK TABLE \"order\" IN SHARE ROW EXCLUSIVE MODE").unwrap();
    place.rehearse(&[], 0, &["not told: it waited for a lock longer than it may"]);
    other.batch_execute("ROLLBACK").unwrap();
}

#[test]
fn what_runs_outside_the_transaction_is_skipped_and_said() {
    let Some(place) = Place::new("SELECT 1") else { return };
    place.environment("  strategy: online\n");
    place.order(&format!("{FIELDS}  keys: {{ by-total: {{ fields: [total] }} }}\n"));
    let said = place.rehearse(
        &[],
        0,
        &["skipped: it runs outside the transaction", "skipped: it needs what runs outside the transaction"],
    );
    assert!(!said.contains("RK111"), "{said}");
}

#[test]
fn a_database_of_its_own_takes_every_step() {
    let Some(place) = Place::new("CREATE VIEW late AS SELECT number FROM \"order\" WHERE total > 1") else {
        return;
    };
    place.environment("  strategy: online\n");
    place.order(&format!(
        "{FIELDS}    more: {{ type: bigint }}\n  keys: {{ by-total: {{ fields: [total] }} }}\n"
    ));
    let url = place.database.url.clone();
    let said = place.rehearse(
        &["--on", &url],
        0,
        &["in a database of its definitions without rows, which was dropped.", "beside its writers"],
    );
    assert!(!said.contains("skipped") && !said.contains("could not be made"), "{said}");
    let said = place.rehearse(&["--on", &url, "--format", "json"], 0, &[]);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["rehearsals"][0]["place"]["on"], "scratch");
    let ran = |step: &serde_json::Value| step["outcome"] == "ran";
    assert!(said["rehearsals"][0]["steps"].as_array().unwrap().iter().all(ran), "{said}");
}

#[test]
fn the_package_tells_of_the_rehearsal() {
    let Some(place) = Place::new("SELECT 1") else { return };
    place.order(&FIELDS.replace("integer", "bigint"));
    place.rehearse(&["--out", "plan.zip"], 0, &[]);
    let file = fs::File::open(place.folder.path().join("plan.zip")).unwrap();
    let text =
        std::io::read_to_string(zip::ZipArchive::new(file).unwrap().by_name("PLAN.md").unwrap()).unwrap();
    assert!(text.contains("## Rehearsal") && text.contains("`locks order (AccessExclusiveLock)`"), "{text}");
    place.run(&["package", "verify", "plan.zip"], 0);
}
