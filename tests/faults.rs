//! What is left when an apply fails or is killed: the target as it was, or as it was to be, and nothing in between.
//! Never stops the library from within: the real program runs, and is really killed.
#![cfg(unix)]

#[path = "cases/folder.rs"]
#[allow(dead_code)]
mod folder;
#[path = "faults/place.rs"]
mod place;

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::Instant;

use folder::Folder;
use place::{Dump, Place, Run, dump, report};
use reconcile::report::{Applied, Fate};
use rusqlite::Connection;
use rusqlite::types::Value;

/// Changes of every sort: in place, by a rebuild, of several steps, from nothing.
const CASES: [&str; 11] = [
    "entity/create-with-all-members",
    "entity/dropped-with-the-lookup-to-it",
    "entity/field-added-autonumber",
    "entity/field-added-required-with-backfill",
    "entity/field-renamed-and-changed",
    "entity/parent-made-anew-keeps-children",
    "entity/renamed-with-lookups",
    "entity/task-after-unless",
    "entity/task-before",
    "picklist/dropped-with-its-field",
    "picklist/option-renamed-in-use",
];

/// A case brought to the point where its change is planned.
fn at_the_point(folder: &Folder) -> Place {
    let case = &folder.case;
    let place = Place::new(&format!("  setup: {{ default: {} }}\n  prune: {}\n", case.action, case.prune));
    let has_files = |side: &str| {
        std::fs::read_dir(folder.path.join(side)).is_ok_and(|mut all| {
            all.any(|entry| entry.unwrap().path().extension().is_some_and(|kind| kind == "yaml"))
        })
    };
    if has_files("before") {
        place.declare(&folder.path.join("before"));
        let run = place.apply(&[], "");
        assert_eq!(run.code, Some(0), "{}: {run:?}", folder.name);
        fill(folder, &place.database());
    }
    place.declare(&folder.path.join("after"));
    place
}

fn fill(folder: &Folder, database: &Connection) {
    database.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    for (table, rows) in &folder.rows {
        for row in rows {
            let names: Vec<String> = row.keys().map(|name| quote(name)).collect();
            let marks = vec!["?"; names.len()].join(", ");
            let sql = format!("INSERT INTO {} ({}) VALUES ({marks})", quote(table), names.join(", "));
            database.execute(&sql, rusqlite::params_from_iter(row.values().map(sql_value))).unwrap();
        }
    }
}

fn sql_value(value: &serde_yaml::Value) -> Value {
    match value {
        serde_yaml::Value::Null => Value::Null,
        serde_yaml::Value::Bool(yes) => Value::Integer(i64::from(*yes)),
        serde_yaml::Value::Number(number) => match number.as_i64() {
            Some(whole) => Value::Integer(whole),
            None => Value::Real(number.as_f64().unwrap()),
        },
        serde_yaml::Value::String(text) => Value::Text(text.clone()),
        other => panic!("a row holds {other:?}"),
    }
}

fn case(name: &str) -> Folder {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    folder::all(&root)
        .into_iter()
        .find(|folder| folder.name == name)
        .unwrap_or_else(|| panic!("no case {name}"))
}

fn moments(n_steps: usize) -> Vec<String> {
    let mut all = vec!["locked".to_owned(), "checked".to_owned()];
    for step in 1..=n_steps {
        all.extend([format!("before:{step}"), format!("after:{step}")]);
    }
    all.extend(["recorded", "verified", "committed"].map(str::to_owned));
    all
}

/// What each step must have come to when a failure was asked for at `moment`.
fn fates(moment: &str, n_steps: u32) -> Vec<&'static str> {
    let (word, number) = moment.split_once(':').unwrap_or((moment, "0"));
    let at: u32 = number.parse().unwrap();
    let fate = |step: u32| match word {
        "locked" | "checked" => "not started",
        "before" | "after" if step == at => "failed",
        "before" | "after" if step > at => "not started",
        "committed" => "done",
        _ => "undone",
    };
    (1..=n_steps).map(fate).collect()
}

fn word(fate: &Fate) -> &'static str {
    match fate {
        Fate::Done => "done",
        Fate::Failed { .. } => "failed",
        Fate::Undone => "undone",
        Fate::NotStarted => "not started",
        Fate::Skipped => "skipped",
    }
}

/// The next apply finishes what is left to do, and the next plan is empty.
fn finishes(place: &Place, allow: &[String], after: &Dump, said: &str) {
    let run = place.apply(allow, "");
    assert_eq!(run.code, Some(0), "{said}, then applied again: {run:?}");
    assert_eq!(&place.dump(), after, "{said}, then applied again");
    let run = place.run(&["plan", "--detailed-exitcode"]);
    assert_eq!(run.code, Some(0), "{said}, then planned again: {run:?}");
}

fn every_moment(name: &str) {
    let folder = case(name);
    let allow = &folder.case.allow;
    let place = at_the_point(&folder);
    let (kept, before) = (place.keep(), place.dump());
    let n_steps = place.plan().steps.len();
    assert!(n_steps > 0, "{name} has no steps");
    let run = place.apply(allow, "");
    assert_eq!(run.code, Some(0), "{name}: {run:?}");
    let after = place.dump();
    assert_ne!(before, after, "{name} changes nothing");
    for moment in moments(n_steps) {
        place.put_back(kept.as_ref());
        let said = format!("{name}, killed at {moment}");
        let ended = place.command(&apply_arguments(allow), &format!("kill:{moment}")).output().unwrap();
        assert_eq!(ended.status.signal(), Some(6), "{said}: {ended:?}");
        assert_eq!(&place.dump(), if moment == "committed" { &after } else { &before }, "{said}");
        finishes(&place, allow, &after, &said);

        place.put_back(kept.as_ref());
        let said = format!("{name}, failed at {moment}");
        let run = place.apply(allow, &format!("fail:{moment}"));
        let is_late = moment == "committed";
        assert_eq!(run.code, Some(if is_late { 0 } else { 1 }), "{said}: {run:?}");
        assert_eq!(&place.dump(), if is_late { &after } else { &before }, "{said}");
        let report = report(&run);
        assert_eq!(report.outcome, if is_late { Applied::Done } else { Applied::RolledBack }, "{said}");
        let found: Vec<&str> = report.steps.iter().map(|step| word(&step.fate)).collect();
        assert_eq!(found, fates(&moment, u32::try_from(n_steps).unwrap()), "{said}");
        let outcomes = place.outcomes();
        assert_eq!(outcomes[0], if is_late { "applied" } else { "failed" }, "{said}: {outcomes:?}");
        finishes(&place, allow, &after, &said);
    }
}

fn apply_arguments(allow: &[String]) -> Vec<&str> {
    let mut arguments = vec!["apply", "--yes"];
    for one in allow {
        arguments.extend(["--allow", one.as_str()]);
    }
    arguments
}

#[test]
fn an_apply_stopped_at_any_moment_is_before_or_after() {
    CASES.iter().for_each(|name| every_moment(name));
}

/// Many tables, each with rows; the change makes all of them anew.
fn large(n_tables: usize) -> Place {
    let place = Place::new("  setup: { default: overwrite }\n  prune: true\n");
    declare_large(&place, n_tables, "{ type: text, maxLength: 40 }", "");
    let run = place.apply(&[], "");
    assert_eq!(run.code, Some(0), "{run:?}");
    let mut database = place.database();
    let transaction = database.transaction().unwrap();
    for table in 0..n_tables {
        let sql = format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20) \
             INSERT INTO \"table {table}\" (id, value) \
             SELECT printf('00000000-0000-4000-8000-%012d', i), i FROM n"
        );
        transaction.execute_batch(&sql).unwrap();
    }
    transaction.commit().unwrap();
    declare_large(&place, n_tables, "{ type: integer, required: true }", "    more: { type: date }\n");
    place
}

fn declare_large(place: &Place, n_tables: usize, value: &str, more: &str) {
    let one = |table: usize| {
        format!(
            "---\napiVersion: reconcile/v1\nkind: Entity\nmetadata: {{ name: table {table} }}\nspec:\n  fields:\n    \
             value: {value}\n{more}"
        )
    };
    place.write("large.yaml", &(0..n_tables).map(one).collect::<String>());
}

#[test]
fn a_large_apply_killed_at_any_time_is_before_or_after() {
    let place = large(200);
    let (kept, before) = (place.keep(), place.dump());
    let begun = Instant::now();
    let run = place.run(&["apply", "--yes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let whole = begun.elapsed();
    let after = place.dump();
    let mut n_killed = 0;
    for round in 0..20_u32 {
        place.put_back(kept.as_ref());
        let mut child = place.start_unheard(&["apply", "--yes"]);
        // The rounds divide the time that a whole apply takes, in no order that a clock could share.
        std::thread::sleep(whole.mul_f64(f64::from((round * 7 + 3) % 20) / 20.0));
        child.kill().unwrap();
        n_killed += usize::from(child.wait().unwrap().signal() == Some(9));
        let found = place.dump();
        assert!(found == before || found == after, "round {round} left something in between");
    }
    assert!(n_killed > 0, "every apply was done before it was killed");
    let run = place.run(&["apply", "--yes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(place.dump(), after);
    assert_eq!(place.run(&["plan", "--detailed-exitcode"]).code, Some(0));
}

#[test]
fn of_two_applies_at_once_exactly_one_changes_the_target() {
    let place = large(60);
    let kept = place.keep();
    for round in 0..5 {
        place.put_back(kept.as_ref());
        let two = [place.start(&["apply", "--yes"]), place.start(&["apply", "--yes"])];
        let runs = two.map(|child| Run::from(child.wait_with_output().unwrap()));
        let n_done = runs.iter().filter(|run| run.code == Some(0) && run.out.contains("Applied ")).count();
        assert_eq!(n_done, 1, "round {round}: {runs:?}");
        let other = runs.iter().find(|run| !run.out.contains("Applied ")).unwrap();
        let has_nothing = other.code == Some(0) && other.out.contains("No changes.");
        assert!(matches!(other.code, Some(10 | 11)) || has_nothing, "round {round}: {other:?}");
        let n_applied = place.outcomes().iter().filter(|outcome| *outcome == "applied").count();
        assert_eq!(n_applied, 2, "round {round}: the setup and one apply");
        assert_eq!(place.run(&["plan", "--detailed-exitcode"]).code, Some(0));
    }
}

#[test]
fn who_holds_the_lock_keeps_others_out_and_who_died_with_it_does_not() {
    let place = large(3);
    let before = place.dump();
    let holder = place.database();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let run = place.run(&["apply", "--yes"]);
    assert_eq!(run.code, Some(10), "{run:?}");
    holder.execute_batch("ROLLBACK").unwrap();
    assert_eq!(place.dump(), before);
    let killed = place.command(&["apply", "--yes"], "kill:locked").output().unwrap();
    assert_eq!(killed.status.signal(), Some(6));
    let run = place.run(&["apply", "--yes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[test]
fn a_reader_sees_the_target_before_or_after() {
    let place = large(60);
    let before = place.dump();
    let mut child = place.start_unheard(&["apply", "--yes"]);
    let reader = place.database();
    let mut seen = Vec::new();
    while child.try_wait().unwrap().is_none() {
        reader.execute_batch("BEGIN").unwrap();
        let found = dump(&reader);
        reader.execute_batch("COMMIT").unwrap();
        if seen.last() != Some(&found) {
            seen.push(found);
        }
    }
    assert!(child.wait().unwrap().success());
    let after = place.dump();
    for found in seen {
        assert!(found == before || found == after, "a reader saw something in between");
    }
}

#[test]
fn a_reader_that_does_not_let_go_leaves_the_target_whole() {
    let place = large(3);
    let before = place.dump();
    let reader = place.database();
    reader.execute_batch("BEGIN").unwrap();
    assert_eq!(dump(&reader), before);
    let run = place.run(&["apply", "--yes"]);
    reader.execute_batch("COMMIT").unwrap();
    match run.code {
        Some(0) => assert_ne!(place.dump(), before),
        Some(1 | 10) => assert_eq!(place.dump(), before),
        other => panic!("exit code {other:?}: {run:?}"),
    }
    let run = place.run(&["apply", "--yes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(place.run(&["plan", "--detailed-exitcode"]).code, Some(0));
}

/// A plan saved as a package.
fn saved(place: &Place) -> String {
    let path = place.root().join("saved.zip");
    let path = path.to_str().unwrap();
    let run = place.run(&["plan", "--out", path]);
    assert_eq!(run.code, Some(0), "{run:?}");
    path.to_owned()
}

#[test]
fn a_saved_plan_is_applied_on_its_own_base_alone() {
    let place = large(3);
    let package = saved(&place);
    let kept = place.keep();
    for moved in [
        "CREATE TABLE moved (a)",
        "ALTER TABLE \"table 1\" ADD COLUMN moved TEXT",
        "CREATE INDEX moved ON \"table 2\" (value)",
        "CREATE VIEW moved AS SELECT 1",
        "DROP TABLE \"table 0\"",
        "INSERT INTO \"table 0\" (value) VALUES (NULL)",
        "INSERT INTO \"table 0\" (value) VALUES ('seven')",
    ] {
        place.put_back(kept.as_ref());
        place.database().execute_batch(moved).unwrap();
        let before = place.dump();
        let run = place.run(&["apply", &package, "--yes"]);
        assert_eq!(run.code, Some(11), "after `{moved}`: {run:?}");
        assert_eq!(place.dump(), before, "after `{moved}`");
    }
    place.put_back(kept.as_ref());
    let run = place.run(&["apply", &package, "--yes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let run = place.run(&["apply", &package, "--yes"]);
    assert_eq!(run.code, Some(11), "applied twice: {run:?}");
}

#[test]
fn a_damaged_package_is_refused_before_anything_in_it_is_believed() {
    let place = large(3);
    let package = saved(&place);
    let whole = std::fs::read(&package).unwrap();
    let before = place.dump();
    for at in (0..whole.len()).step_by(whole.len() / 40) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x20;
        std::fs::write(&package, &bytes).unwrap();
        let run = place.run(&["apply", &package, "--yes"]);
        assert_eq!(run.code, Some(13), "byte {at}: {run:?}");
    }
    for length in [0, 1, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&package, &whole[..length]).unwrap();
        let run = place.run(&["apply", &package, "--yes"]);
        assert_eq!(run.code, Some(13), "cut to {length} bytes: {run:?}");
    }
    assert_eq!(place.dump(), before);
}

#[test]
fn what_policy_refuses_changes_nothing() {
    let destroying = "entity/dropped-with-the-lookup-to-it";
    for name in ["entity/required-set-refused", "entity/type-text-to-integer-refused", destroying] {
        let place = at_the_point(&case(name));
        let before = place.dump();
        let run = place.apply(&[], "");
        assert_eq!(run.code, Some(12), "{name}: {run:?}");
        assert_eq!(place.dump(), before, "{name}");
    }
    let folder = case(destroying);
    let place = at_the_point(&folder);
    let text = std::fs::read_to_string(place.root().join("environment.yaml")).unwrap();
    place.write("environment.yaml", &format!("{text}  maxDestroy: 1\n"));
    let before = place.dump();
    let run = place.apply(&folder.case.allow, "");
    assert_eq!(run.code, Some(12), "{run:?}");
    assert!(run.error.contains("maxDestroy"), "{run:?}");
    assert_eq!(place.dump(), before);
    place.write("environment.yaml", &format!("{text}  maxDestroy: 9\n"));
    assert_eq!(place.apply(&folder.case.allow, "").code, Some(0));
}

/// A target to which something destructive was applied, and how it was before.
fn to_be_rolled_back() -> (Place, Dump) {
    let place = at_the_point(&case("entity/dropped-with-the-lookup-to-it"));
    let before = place.dump();
    let run = place.apply(&case("entity/dropped-with-the-lookup-to-it").case.allow, "");
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_ne!(place.dump(), before);
    (place, before)
}

#[test]
fn a_rollback_stopped_at_any_moment_is_before_or_after() {
    let (place, then) = to_be_rolled_back();
    let (kept, now) = (place.keep(), place.dump());
    let plan = place.run(&["rollback", "2", "--plan", "--format", "json"]);
    let document = reconcile::wire::plan::from_json(&plan.out).unwrap_or_else(|e| panic!("{e}: {plan:?}"));
    let n_steps = document.plans[0].steps.len();
    assert!(n_steps > 0);
    let arguments = ["rollback", "2", "--yes", "--format", "json"];
    for moment in moments(n_steps) {
        for word in ["kill", "fail"] {
            place.put_back(kept.as_ref());
            let said = format!("{word} at {moment}");
            let run = place.command(&arguments, &format!("{word}:{moment}")).output().unwrap();
            assert_eq!(run.status.signal(), (word == "kill").then_some(6), "{said}: {run:?}");
            assert_eq!(&place.dump(), if moment == "committed" { &then } else { &now }, "{said}");
            if moment != "committed" {
                let run = place.run(&arguments);
                assert_eq!(run.code, Some(0), "{said}, then rolled back again: {run:?}");
                assert_eq!(place.dump(), then, "{said}, then rolled back again");
            }
            let trash = place.run(&["trash", "list"]);
            assert_eq!(trash.out, "The trash is empty.\n", "{said}: {trash:?}");
        }
    }
}

#[test]
fn a_rollback_is_planned_on_its_own_base_and_trash() {
    let (place, then) = to_be_rolled_back();
    let path = place.root().join("back.zip");
    let path = path.to_str().unwrap();
    let run = place.run(&["rollback", "2", "--out", path]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let kept = place.keep();
    let run = place.run(&["trash", "purge", "--all", "--yes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let now = place.dump();
    let run = place.run(&["apply", path, "--yes"]);
    assert_eq!(run.code, Some(11), "its trash is gone: {run:?}");
    assert_eq!(place.dump(), now);
    let run = place.run(&["rollback", "2", "--yes"]);
    assert_eq!(run.code, Some(12), "{run:?}");
    assert!(run.error.contains("RK722"), "{run:?}");
    place.put_back(kept.as_ref());
    let run = place.run(&["apply", path, "--yes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(place.dump(), then);
}
