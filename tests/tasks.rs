//! Tasks: run once, or until nothing is left to do, in the transaction of their apply, and never unseen.
//! Never calls the library for what the program does.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rusqlite::Connection;

struct Place {
    folder: tempfile::TempDir,
}

struct Ran {
    code: i32,
    said: String,
}

const ALLOW: [&str; 4] = ["apply", "--yes", "--allow", "RK230"];

impl Place {
    /// With one environment `here`, a table of orders with two rows, and more of a repository where it is given.
    fn new(more: &str) -> Place {
        let place = Place { folder: tempfile::tempdir().unwrap() };
        place.environment("here", "");
        place.order(NO_REGION, "");
        if !more.is_empty() {
            place.write("more.yaml", more);
        }
        place.does(&["apply", "--yes"], 0, "");
        place.sql("INSERT INTO \"order\" (id, number) VALUES ('o1', 'N-1'), ('o2', 'S-2')");
        place
    }

    fn environment(&self, name: &str, settings: &str) {
        let text = format!(
            "apiVersion: reconcile/v1\nkind: Environment\nmetadata: {{ name: {name} }}\nspec:\n  \
             target: {{ sqlite: {name}.db }}\n{settings}"
        );
        self.write(&format!("{name}.yaml"), &text);
    }

    /// Declares the orders with these fields and tasks.
    fn order(&self, fields: &str, tasks: &str) {
        self.write("order.yaml", &manifest("order", fields, tasks));
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn sql(&self, sql: &str) {
        self.sql_in("here.db", sql);
    }

    fn sql_in(&self, file: &str, sql: &str) {
        Connection::open(self.path(file)).unwrap().execute_batch(sql).unwrap();
    }

    /// One text for all values of a query with one column.
    fn get(&self, sql: &str) -> String {
        self.get_in("here.db", sql)
    }

    fn get_in(&self, file: &str, sql: &str) -> String {
        let database = Connection::open(self.path(file)).unwrap();
        let mut statement = database.prepare(sql).unwrap();
        let cell = |row: &rusqlite::Row<'_>| row.get::<_, rusqlite::types::Value>(0);
        let values = statement.query_map([], cell).unwrap().map(|value| match value.unwrap() {
            rusqlite::types::Value::Text(text) => text,
            rusqlite::types::Value::Integer(number) => number.to_string(),
            rusqlite::types::Value::Null => "-".to_owned(),
            other => format!("{other:?}"),
        });
        values.collect::<Vec<_>>().join(" ")
    }

    fn regions(&self) -> String {
        self.get("SELECT region FROM \"order\" ORDER BY id")
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_reconcile"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("RECONCILE_ACTOR", "ada")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        Ran { code: output.status.code().unwrap(), said: said.into_owned() }
    }

    /// Runs a command that must end so and say this.
    fn does(&self, arguments: &[&str], code: i32, saying: &str) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, code, "{arguments:?}\n{}", ran.said);
        assert!(ran.said.contains(saying), "{arguments:?} does not say {saying:?}\n{}", ran.said);
        ran.said
    }

    fn is_settled(&self) {
        self.does(&["plan", "-e", "here", "--detailed-exitcode"], 0, "No changes.");
    }
}

const NO_REGION: &str = "    number: { type: text, required: true }\n";
const REGION: &str = "    number: { type: text, required: true }\n    region: { type: text }\n";
const FILL: &str =
    "    fill: { when: after, sql: \"UPDATE \\\"order\\\" SET region = 'north' WHERE region IS NULL\" }\n";

fn manifest(name: &str, fields: &str, tasks: &str) -> String {
    let setup = if tasks.is_empty() { String::new() } else { format!("setup:\n  tasks:\n{tasks}") };
    format!(
        "apiVersion: reconcile/v1\nkind: Entity\nmetadata: {{ name: {name} }}\n{setup}spec:\n  fields:\n{fields}"
    )
}

/// One task with these keys, as a flow mapping.
fn task(keys: &str) -> String {
    format!("    fill: {{ when: after, {keys} }}\n")
}

#[test]
fn a_task_runs_once_however_often_it_is_applied() {
    let place = Place::new("");
    let log = "UPDATE \\\"order\\\" SET region = coalesce(region, '') || 'x'";
    place.order(REGION, &task(&format!("sql: \"{log}\"")));
    place.does(&["plan"], 0, "would change 2 rows as things are");
    place.does(&["apply", "--yes"], 12, "RK230");
    place.does(&ALLOW, 0, "task fill (after)");
    for _ in 0..2 {
        place.is_settled();
        place.does(&ALLOW, 0, "No changes.");
    }
    assert_eq!(place.regions(), "x x");
    assert_eq!(place.get("SELECT entry FROM _reconcile_task"), "2");
    place.does(&["show", "2", "-e", "here"], 0, "SET region = coalesce(region, '') || 'x'");
    // Another text is another task, also where it comes back.
    place.order(REGION, &task("sql: \"UPDATE \\\"order\\\" SET region = region || 'y'\""));
    place.does(&ALLOW, 0, "(its SQL has changed since it ran)");
    place.order(REGION, &task(&format!("sql: \"{log}\"")));
    place.does(&ALLOW, 0, "(its SQL has changed since it ran)");
    assert_eq!(place.regions(), "xyx xyx");
}

#[test]
fn a_task_runs_again_where_its_apply_was_taken_back() {
    let place = Place::new("");
    place.order(REGION, FILL);
    place.does(&ALLOW, 0, "task fill (after)");
    let said = place.does(&["rollback", "2", "--plan"], 0, "RK203");
    assert!(said.contains("RK723 what it did in journal entry 2 is not taken back"), "{said}");
    place.does(&["rollback", "2", "--yes", "--allow", "RK203"], 0, "Journal entry 3");
    assert_eq!(place.get("SELECT count(*) FROM _reconcile_task"), "0");
    // A record that is taken back to one that ran is one that ran.
    place.does(&ALLOW, 0, "task fill (after)");
    assert_eq!(place.regions(), "north north");
    let other = task("sql: \"UPDATE \\\"order\\\" SET region = 'south'\"");
    place.order(REGION, &other);
    place.does(&ALLOW, 0, "(its SQL has changed since it ran)");
    place.does(&["rollback", "5", "--yes"], 0, "Journal entry 6");
    assert_eq!(place.regions(), "south south");
    place.order(REGION, FILL);
    place.is_settled();
}

#[test]
fn what_has_nothing_left_by_the_time_of_its_apply_is_skipped() {
    let place = Place::new("");
    let unless = "unless: \"SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM \\\"order\\\" WHERE region IS NULL)\"";
    let fill = "sql: \"UPDATE \\\"order\\\" SET region = 'north'\"";
    place.order(REGION, &task(&format!("{fill}, {unless}")));
    place.does(&ALLOW, 0, "✓ 2. task fill (after)");
    place.sql("UPDATE \"order\" SET region = NULL");
    place.does(&["plan", "--out", "saved.zip"], 0, "(it ran, and something is left to do)");
    place.sql("UPDATE \"order\" SET region = 'east'");
    place.does(&["apply", "saved.zip", "--yes", "--allow", "RK230"], 0, "skipped: nothing was left to do");
    assert_eq!(place.regions(), "east east");
    place.does(&["show", "3", "-e", "here"], 0, "(skipped: nothing was left to do)");
    place.is_settled();
    place.does(&["show", "3", "-e", "here", "--format", "json"], 0, "\"skipped\": [\n      1\n    ]");
}

#[test]
fn a_task_that_never_finishes_its_work_is_never_called_done() {
    let place = Place::new("");
    let keys = "sql: \"UPDATE \\\"order\\\" SET region = 'x'\", unless: SELECT 1 WHERE 0";
    place.order(REGION, &task(keys));
    place.does(&["plan"], 0, "RK231 would not be done");
    place.does(&ALLOW, 1, "but a new plan would still change 1 resource");
    assert_eq!(place.regions(), "x x");
}

#[test]
fn what_the_rows_refuse_is_known_before_the_apply() {
    let place = Place::new(&manifest("line", "    order: { type: lookup, entity: order }\n", ""));
    place.sql("INSERT INTO line (id, \"order\") VALUES ('l1', 'o1')");
    for (sql, why) in [
        ("UPDATE \\\"order\\\" SET number = NULL", "NOT NULL constraint failed"),
        ("INSERT INTO \\\"order\\\" SELECT * FROM \\\"order\\\"", "UNIQUE constraint failed"),
        ("DELETE FROM \\\"order\\\"", "`line`"),
        ("SELECT no_such_function(1)", "no such function"),
    ] {
        place.order(NO_REGION, &task(&format!("sql: \"{sql}\"")));
        let said = place.does(&["plan"], 12, "RK111 entity/order/tasks/fill");
        assert!(said.contains(why), "{sql}: {said}");
        place.does(&ALLOW, 12, "");
    }
    assert_eq!(place.get("SELECT count(*) FROM \"order\""), "2");
    // What another program keeps in its own journal is tried as well.
    place.sql("PRAGMA journal_mode = WAL");
    place.order(NO_REGION, &task("sql: \"UPDATE \\\"order\\\" SET number = number || '!'\""));
    place.does(&["plan"], 0, "would change 2 rows as things are");
}

#[test]
fn a_large_target_is_not_copied() {
    let place = Place::new("");
    place.order(REGION, FILL);
    place.does(&["plan"], 0, "which would change 2 rows as things are");
    place.sql("CREATE TABLE large AS SELECT zeroblob(66 << 20) AS bytes");
    place.does(&["plan"], 0, "which may change or destroy rows");
    place.does(&ALLOW, 0, "task fill (after)");
}

#[test]
fn what_fails_after_the_plan_takes_the_task_back() {
    let place = Place::new("");
    place.order(REGION, FILL);
    place.does(&["plan", "--out", "saved.zip"], 0, "");
    // No fact of the plan speaks of it, and the definitions stay as they are.
    place.sql("INSERT INTO \"order\" (id, number) VALUES ('o3', 'x')");
    place.does(&["apply", "saved.zip", "--yes", "--allow", "RK230"], 0, "");
    place.order(REGION, &task("sql: \"INSERT INTO \\\"order\\\" (id, number) VALUES ('o9', 'y')\""));
    place.does(&["plan", "--out", "saved.zip"], 0, "");
    place.sql("INSERT INTO \"order\" (id, number, region) VALUES ('o9', 'z', 'w')");
    let said = place.does(
        &["apply", "saved.zip", "--yes", "--allow", "RK230"],
        1,
        "Nothing was changed: step 1 failed",
    );
    assert!(said.contains("UNIQUE constraint failed"), "{said}");
    assert_eq!(place.regions(), "north north north w");
    place.does(&["plan"], 12, "RK111");
}

#[test]
fn a_task_that_changes_what_the_plan_does_not_speak_of_is_taken_back() {
    let place = Place::new(&manifest("note", "    text: { type: text }\n", ""));
    for sql in
        ["DROP TABLE note", "ALTER TABLE note ADD COLUMN more TEXT", "ALTER TABLE note RENAME TO other"]
    {
        place.order(NO_REGION, &task(&format!("sql: {sql}")));
        place.does(&ALLOW, 1, "a task changed what `entity/note` is");
    }
    place.order(REGION, &task("sql: ALTER TABLE \\\"order\\\" DROP COLUMN region").replace("\\\"", "\""));
    place.does(&ALLOW, 1, "does not report back what was planned for `entity/order`");
    assert_eq!(place.get("SELECT count(*) FROM pragma_table_info('order')"), "2");
    // What nobody manages may come and go, and nothing of it makes the next plan differ.
    place.order(
        NO_REGION,
        &task("sql: CREATE VIEW numbers AS SELECT number FROM \\\"order\\\"").replace("\\\"", "\""),
    );
    place.does(&ALLOW, 0, "task fill (after)");
    place.is_settled();
}

#[test]
fn a_plan_with_tasks_is_stale_once_one_of_them_ran() {
    let place = Place::new("");
    place.order(REGION, "");
    place.does(&["apply", "--yes"], 0, "");
    place.order(REGION, FILL);
    place.does(&["plan", "--out", "one.zip"], 0, "");
    place.does(&["plan", "--out", "two.zip"], 0, "");
    assert_eq!(fs::read(place.path("one.zip")).unwrap(), fs::read(place.path("two.zip")).unwrap());
    place.does(&["apply", "one.zip", "--yes", "--allow", "RK230"], 0, "");
    place.does(&["apply", "two.zip", "--yes", "--allow", "RK230"], 11, "stale");
}

#[test]
fn an_action_that_leaves_a_resource_alone_leaves_its_tasks_alone() {
    let status = "apiVersion: reconcile/v1\nkind: Picklist\nmetadata: { name: status }\nspec: { options: { draft: } }\n";
    let place = Place::new(status);
    for action in ["skip", "existing"] {
        place.environment("here", &format!("  setup: {{ resources: {{ entity/order: {action} }} }}\n"));
        place.order(NO_REGION, &task("sql: DELETE FROM \"order\""));
        place.does(&ALLOW, 0, "No changes.");
    }
    place.environment("here", "  include: [\"picklist/*\"]\n");
    place.does(&["plan"], 0, "(kept, no longer managed)");
    assert_eq!(place.get("SELECT count(*) FROM \"order\""), "2");
}

#[test]
fn a_package_brings_tasks_and_an_importer_may_leave_them_out() {
    let place = Place::new("");
    place.order(REGION, FILL);
    place.does(&ALLOW, 0, "");
    place.environment("there", "");
    place.does(&["export", "-e", "here", "-o", "order.zip", "--all"], 0, "    task fill (after)");
    place.does(&["package", "verify", "order.zip"], 0, "");
    fn into<'a>(more: &[&'a str]) -> Vec<&'a str> {
        [&["import", "order.zip", "-e", "there", "--plan"], more].concat()
    }
    let said = place.does(&into(&[]), 0, "\n      task fill (after)\n");
    assert!(said.contains("UPDATE \"order\" SET region = 'north' WHERE region IS NULL"), "{said}");
    for more in [&["--no-tasks"][..], &["--no-tasks", "entity/order"], &["--no-tasks", "entity/*"]] {
        let said = place.does(&into(more), 0, "task fill (after), left out");
        assert!(!said.contains("UPDATE"), "{more:?}: {said}");
    }
    let head = "apiVersion: reconcile/v1\nkind: Bindings\nresources:\n";
    place.write("bindings.txt", &format!("{head}  entity/order: {{ tasks: false }}\n"));
    place.does(&into(&["--bindings", "bindings.txt"]), 0, "task fill (after), left out");
    place.does(&into(&["--no-tasks", "entity/ordr"]), 1, "holds nothing that `--no-tasks entity/ordr` names");
    place.does(&into(&["--no-tasks", "order"]), 1, "write an address or a glob");
    place.does(&into(&["--setup", "entity/order=skip"]), 0, "task fill (after), left out");
    place.write("bindings.txt", &format!("{head}  entity/order: {{ action: create, as: second }}\n"));
    place.does(&into(&["--bindings", "bindings.txt"]), 12, "its tasks were written for `entity/order`");
    place.does(&into(&["--bindings", "bindings.txt", "--no-tasks", "entity/order"]), 0, "left out");
    // Left out of an import, a task is as due afterwards as it was before.
    place.does(&["import", "order.zip", "-e", "there", "--yes", "--no-tasks"], 0, "");
    place.sql_in("there.db", "INSERT INTO \"order\" (id, number) VALUES ('o1', 'N-1')");
    place.does(&["import", "order.zip", "-e", "there", "--yes"], 12, "RK230");
    place.does(
        &["import", "order.zip", "-e", "there", "--yes", "--allow", "RK230"],
        0,
        "its tasks were seen to",
    );
    assert_eq!(place.get_in("there.db", "SELECT region FROM \"order\""), "north");
    place.does(&["import", "order.zip", "-e", "there", "--yes", "--no-tasks"], 0, "unchanged");
    place.does(&["plan", "-e", "there", "--detailed-exitcode"], 0, "No changes.");
}

#[test]
fn a_package_with_a_task_that_may_not_run_is_refused() {
    let place = Place::new("");
    place.order(REGION, FILL);
    place.does(&ALLOW, 0, "");
    // As another tool might have written it into the record, from which an export takes it.
    place.sql("UPDATE _reconcile_task SET task = json_set(task, '$.sql', 'PRAGMA writable_schema = ON')");
    place.environment("there", "");
    place.does(&["export", "-e", "here", "-o", "order.zip", "--all"], 0, "");
    place.does(&["import", "order.zip", "-e", "there", "--yes"], 12, "RV122");
    assert!(!place.path("there.db").exists());
}

#[test]
fn what_is_promoted_brings_the_tasks_that_ran() {
    let place = Place::new("");
    place.order(REGION, FILL);
    place.does(&ALLOW, 0, "");
    place.environment("there", "");
    place.order(REGION, "");
    place.does(&["promote", "here", "there", "--yes"], 0, "task fill (after)");
    assert_eq!(place.get_in("there.db", "SELECT name FROM _reconcile_task"), "fill");
    place.does(&["drift", "-e", "here", "--detailed-exitcode"], 0, "");
}
