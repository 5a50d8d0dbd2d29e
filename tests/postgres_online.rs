//! Changes of a busy PostgreSQL table, stopped at every moment: what ran outside the transaction is taken back or finished.
//! Never asks the program what it left: the server is asked.
#![cfg(unix)]

#[path = "postgres_online/place.rs"]
mod place;
mod postgres_server;

use std::os::unix::process::ExitStatusExt;

use place::{Place, Where};
use reconcile::plan::{Runs, Step};
use reconcile::report::{Applied, Fate};

const BEFORE: &str = "
apiVersion: reconcile/v1
kind: Entity
metadata: { name: order }
spec:
  fields:
    number: { type: integer }
    total: { type: integer }
    size: { type: integer }
  keys: { by-total: { fields: [total] } }
  indexes: { by-size: { fields: [size] }, gone: { fields: [number] } }
  checks: { positive: { sql: \"size > 0\" } }
";

/// Every form that runs outside the transaction, three of them under the name of what is there.
const AFTER: &str = "
apiVersion: reconcile/v1
kind: Entity
metadata: { name: order }
spec:
  fields:
    number: { type: integer, required: true, backfill: 0 }
    total: { type: integer, required: true }
    size: { type: integer }
    token: { type: uuid, default: generated, required: true }
  keys: { by-total: { fields: [total, size] } }
  indexes: { by-size: { fields: [size, total] } }
  checks: { positive: { sql: \"size > -1\" } }
";

const ROWS: &str = "INSERT INTO \"order\" (number, total, size) SELECT nullif(i % 7, 0), i, i FROM generate_series(1, 500) i";

/// With rows, and with the change declared.
fn filled() -> Option<Place> {
    let place = Place::new("  strategy: online\n")?;
    place.declare(BEFORE);
    place.does(&["apply", "--yes"]);
    place.sql(ROWS);
    place.declare(AFTER);
    Some(place)
}

fn moments(steps: &[Step], runs: Runs) -> Vec<String> {
    let those = steps.iter().filter(|step| step.runs == runs);
    those.flat_map(|step| [format!("before:{}", step.id), format!("after:{}", step.id)]).collect()
}

#[test]
fn killed_or_failed_at_any_moment_it_is_taken_back_or_finished() {
    let Some(place) = filled() else { return };
    let (before, steps) = (place.see(), place.plan().steps);
    let mut early = vec!["locked".to_owned(), "checked".to_owned()];
    early.extend(moments(&steps, Runs::Before));
    early.extend(moments(&steps, Runs::Inside));
    early.extend(["recorded", "verified"].map(str::to_owned));
    for (moment, number) in early.iter().zip(0..) {
        let ended = place.run(&["apply", "--yes"], &format!("kill:{moment}"));
        assert_eq!(ended.status.signal(), Some(6), "killed at {moment}: {ended:?}");
        // A reader sees what is in between as what it is; who resumes, in any form, takes it back.
        let form: &[&str] = if number % 2 == 0 { &["resume"] } else { &["resume", "--format", "json"] };
        let said = place.does(form);
        assert_eq!(place.see(), before, "killed at {moment}, then resumed: {said}");
        let (code, report) = place.apply(&format!("fail:{moment}"));
        assert_eq!((code, report.outcome), (Some(1), Applied::RolledBack), "failed at {moment}: {report:?}");
        assert_eq!(place.see(), before, "failed at {moment}");
    }
    // An apply takes back what another one left, and goes on from there.
    let last = steps.iter().rfind(|step| step.runs == Runs::Before).unwrap().id;
    place.run(&["apply", "--yes"], &format!("kill:after:{last}"));
    assert_ne!(place.see(), before);
    let ended = place.run(&["apply", "--yes"], "kill:committed");
    assert_eq!(ended.status.signal(), Some(6), "{ended:?}");
    let said = place.does(&["resume"]);
    assert!(said.contains("Tidied up 2 steps") && said.contains("journal entry"), "{said}");
    place.is_done();
    let after = place.see();
    assert_eq!(place.lines("SELECT count(*)::text FROM \"order\" WHERE number = 0"), ["71"]);
    place.does(&["rollback", &newest(&place), "--yes", "--allow", "RK203"]);
    assert_eq!(place.see().rows, before.rows);

    for moment in moments(&steps, Runs::After) {
        let Some(place) = filled() else { return };
        let ended = place.run(&["apply", "--yes"], &format!("kill:{moment}"));
        assert_eq!(ended.status.signal(), Some(6), "killed at {moment}: {ended:?}");
        place.does(&["resume"]);
        place.is_done();
        assert_eq!(place.see().objects, after.objects, "killed at {moment}, then resumed");
    }
}

fn newest(place: &Place) -> String {
    place.lines("SELECT max(id)::text FROM reconcile.journal").remove(0)
}

/// The server refuses what `condition` says of a statement.
fn refuse(place: &Place, condition: &str) {
    place.sql(&format!(
        "CREATE FUNCTION stop() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN IF current_query() {condition} \
         THEN RAISE 'stopped by the test'; END IF; END $$; \
         CREATE EVENT TRIGGER stop ON ddl_command_start EXECUTE FUNCTION stop()"
    ));
}

fn refuse_no_more(place: &Place) {
    place.sql("DROP EVENT TRIGGER stop; DROP FUNCTION stop");
}

#[test]
fn what_cannot_be_taken_back_is_said_and_resumed() {
    let Some(place) = filled() else { return };
    let (before, steps) = (place.see(), place.plan().steps);
    let first = steps.first().unwrap();
    refuse(
        &place,
        "LIKE '%DROP CONSTRAINT \"_reconcile_order_token_not_null\"%' OR current_query() LIKE 'DROP INDEX%'",
    );
    let (code, report) = place.apply("");
    assert_eq!((code, report.outcome), (Some(14), Applied::Unfinished), "{report:?}");
    let failed = |step: &reconcile::report::StepReport| matches!(step.fate, Fate::Failed { .. });
    assert!(report.steps.iter().any(|step| step.id == first.id && failed(step)), "{report:?}");
    refuse_no_more(&place);
    let said = place.does(&["resume"]);
    assert!(said.contains("Tidied up") && said.contains("stopped by the test"), "{said}");
    assert_eq!(place.see(), before);
    place.does(&["apply", "--yes"]);
    place.is_done();
}

/// What a step would take back may be somebody else's by then.
#[test]
fn a_step_that_did_nothing_takes_nothing_back() {
    let Some(place) = filled() else { return };
    place.sql(
        "CREATE FUNCTION add() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF current_query() LIKE 'CREATE UNIQUE INDEX CONCURRENTLY%' AND \
            NOT EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = 'public.order'::regclass AND attname = 'token') THEN \
           ALTER TABLE public.order ADD COLUMN token uuid; END IF; END $$; \
         CREATE EVENT TRIGGER add ON ddl_command_end EXECUTE FUNCTION add()",
    );
    let (code, report) = place.apply("");
    assert_eq!((code, report.outcome), (Some(1), Applied::RolledBack), "{report:?}");
    place.sql("DROP EVENT TRIGGER add; DROP FUNCTION add");
    let seen = place.see();
    assert!(seen.objects.iter().any(|line| line.starts_with("token uuid")), "{seen:?}");
    assert!(!seen.objects.iter().any(|line| line.contains("_reconcile_")), "{seen:?}");
}

/// An index that was never built to its end is never taken for a good one.
#[test]
fn an_invalid_index_under_the_name_of_a_key_makes_room() {
    for strategy in ["", "  strategy: online\n", "  strategy: plain\n"] {
        let Some(place) = Place::new(strategy) else { return };
        let manifest = |key: &str| {
            format!(
                "apiVersion: reconcile/v1\nkind: Entity\nmetadata: {{ name: order }}\nspec:\n  fields: {{ number: {{ type: integer }} }}\n{key}"
            )
        };
        place.declare(&manifest(""));
        place.does(&["apply", "--yes"]);
        place.sql("INSERT INTO \"order\" (number) VALUES (1), (1)");
        place
            .client()
            .batch_execute("CREATE UNIQUE INDEX CONCURRENTLY order_n_key ON \"order\" (number)")
            .unwrap_err();
        place.declare(&manifest("  keys: { n: { fields: [number] } }\n"));
        let refused = place.run(&["apply", "--yes"], "");
        assert_eq!(refused.status.code(), Some(12), "{refused:?}");
        place.sql("DELETE FROM \"order\" WHERE ctid = '(0,1)'");
        place.does(&["apply", "--yes"]);
        place.is_done();
        let key = "SELECT conname::text FROM pg_constraint WHERE contype = 'u' AND connamespace = 'public'::regnamespace";
        assert_eq!(place.lines(key), ["order_n_key"]);
    }
}

/// More tables than a server can lock in one transaction.
#[test]
fn what_one_transaction_cannot_hold_goes_on_where_it_was_cut_off() {
    let settings = ["max_locks_per_transaction=10", "max_connections=10"];
    let Some(cluster) = postgres_server::cluster(&settings) else { return };
    let place = Place::at(Where::Own(cluster.url()), "  strategy: online\n");
    let one = |n: u32| {
        format!(
            "---\napiVersion: reconcile/v1\nkind: Entity\nmetadata: {{ name: t{n:03} }}\nspec:\n  fields: {{ a: {{ type: text }} }}\n  \
             indexes: {{ x: {{ fields: [a] }} }}\n"
        )
    };
    place.declare(&(0..120).map(one).collect::<String>());
    assert!(place.does(&["plan"]).contains("RK601"));
    let plan = place.plan();
    let second = plan.steps.iter().find(|step| step.part == 2).unwrap().id;
    let tables = "SELECT count(*)::text FROM pg_tables WHERE schemaname = 'public'";
    let ended = place.run(&["apply", "--yes"], &format!("kill:after:{second}"));
    assert_eq!(ended.status.signal(), Some(6), "{ended:?}");
    assert_eq!(place.lines(tables), [(second - 1).to_string()]);

    // A name that is taken meanwhile.
    place.does(&["plan", "--out", "all.zip"]);
    refuse(&place, "LIKE '%CREATE TABLE \"t119\"%'");
    let output = place.run(&["apply", "--yes", "--format", "json"], "");
    assert_eq!(output.status.code(), Some(14), "{output:?}");
    let document = reconcile::wire::report::from_json(&String::from_utf8(output.stdout).unwrap()).unwrap();
    let report = &document.reports[0];
    assert_eq!(report.outcome, Applied::Partial);
    let n_held = report.steps.iter().filter(|step| step.fate == Fate::Done).count();
    let n_tables: usize = place.lines(tables)[0].parse().unwrap();
    assert_eq!(n_tables, second as usize - 1 + n_held);
    refuse_no_more(&place);
    let said = place.does(&["resume"]);
    assert!(said.contains("Nothing to resume") && said.contains("and those before it hold"), "{said}");

    place.does(&["apply", "--yes"]);
    place.does(&["plan", "--detailed-exitcode"]);
    assert_eq!(place.lines(tables), ["120"]);

    // What tidies up after each part is noted with it: the first part's is not forgotten when the second commits.
    let other = |n: u32| {
        format!(
            "---\napiVersion: reconcile/v1\nkind: Entity\nmetadata: {{ name: t{n:03} }}\nspec:\n  \
             fields: {{ a: {{ type: text }}, b: {{ type: text }} }}\n"
        )
    };
    place.declare(&(0..120).map(other).collect::<String>());
    place.sql(
        "DO $$ BEGIN FOR n IN 0..119 LOOP \
         EXECUTE format('INSERT INTO t%s (a) VALUES (1)', lpad(n::text, 3, '0')); COMMIT; END LOOP; END $$",
    );
    let plan = place.plan();
    let n_parts = plan.steps.iter().map(|step| step.part).max();
    let n_after = plan.steps.iter().filter(|step| step.runs == Runs::After).count();
    assert!(n_parts > Some(1), "{n_parts:?}");
    assert_eq!(n_after, 120);
    let last = plan.steps.iter().filter(|step| step.runs == Runs::After).map(|step| step.id).min().unwrap();
    let ended = place.run(&["apply", "--yes"], &format!("kill:before:{last}"));
    assert_eq!(ended.status.signal(), Some(6), "{ended:?}");
    let indexes = "SELECT count(*)::text FROM pg_indexes WHERE schemaname = 'public' AND indexname LIKE '\\_reconcile%'";
    assert_eq!(place.lines(indexes), ["120"]);
    place.does(&["resume"]);
    assert_eq!(place.lines(indexes), ["0"]);
    place.does(&["plan", "--detailed-exitcode"]);
    let applied = "SELECT id::text FROM reconcile.journal WHERE entry->'outcome'->>'result' = 'applied' ORDER BY id DESC";
    for entry in place.lines(applied) {
        place.does(&["rollback", &entry, "--yes", "--allow", "RK201"]);
    }
    assert_eq!(place.lines(tables), ["0"]);
}

/// A newer server may spell what it holds in other words than the one that was asked at the apply.
#[test]
fn what_is_only_spelled_otherwise_has_not_moved() {
    let Some(place) = Place::new("") else { return };
    place.declare(
        "
apiVersion: reconcile/v1
kind: Entity
metadata: { name: order }
spec:
  fields: { total: { type: decimal, precision: 12, scale: 2, default: { sql: \"1 + 1\" } }, state: { type: text } }
  checks: { known: { sql: \"state IN ('a', 'b') AND total > 0\" } }
",
    );
    place.does(&["apply", "--yes"]);
    place.sql("UPDATE reconcile.resource SET spelled = NULL");
    let drift = place.does(&["drift", "--detailed-exitcode"]);
    assert!(drift.contains("No drift"), "{drift}");
    let plan = place.plan();
    assert!(plan.steps.is_empty() && plan.findings.is_empty(), "{plan:?}");
    place.does(&["apply", "--yes"]);
    place.is_done();
    place.sql("ALTER TABLE \"order\" DROP CONSTRAINT known, ADD CONSTRAINT known CHECK (total > 0)");
    assert_eq!(place.run(&["drift", "--detailed-exitcode"], "").status.code(), Some(2));
}
