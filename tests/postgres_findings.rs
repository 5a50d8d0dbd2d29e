//! What a plan says of a real PostgreSQL beyond its rows: what stands in the way, and whom it keeps waiting.
//! Never trusts a finding alone: what is refused is tried on the server as well.

mod postgres_server;

use std::fs;
use std::process::{Command, Stdio};

use postgres::Client;

struct Place {
    folder: tempfile::TempDir,
    database: postgres_server::Database,
}

impl Place {
    /// A target that holds what `fields` of the entity `order` say, and what `sql` makes beside it.
    fn new(spec: &str, sql: &str) -> Option<Place> {
        let place = Place { folder: tempfile::tempdir().unwrap(), database: postgres_server::database()? };
        place.write(
            "env.yaml",
            "apiVersion: reconcile/v1\nkind: Environment\nmetadata: { name: here }\nspec:\n  target: { postgres: \
             { url: \"${env:HERE}\" } }\n  prune: true\n  setup: { default: overwrite }\n",
        );
        place.order("", spec);
        place.run(&["apply", "--yes"], 0);
        place.client().batch_execute(sql).unwrap();
        Some(place)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn order(&self, tasks: &str, spec: &str) {
        let setup = if tasks.is_empty() { String::new() } else { format!("setup:\n  tasks:\n{tasks}") };
        self.write(
            "order.yaml",
            &format!(
                "apiVersion: reconcile/v1\nkind: Entity\nmetadata: {{ name: order }}\n{setup}spec:\n{spec}"
            ),
        );
    }

    fn client(&self) -> Client {
        self.database.connect("public")
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
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{said}");
        said.into_owned()
    }

    /// Plans what the server refuses: each of `findings` is said, and the plan is refused.
    #[track_caller]
    fn refuses(&self, findings: &[&str], sql: &str) {
        let said = self.run(&["plan"], 12);
        for finding in findings {
            assert!(said.contains(finding), "does not say {finding:?}\n{said}");
        }
        let mut client = self.client();
        client.batch_execute("BEGIN").unwrap();
        client.batch_execute(sql).expect_err("the server takes it");
    }
}

const FIELDS: &str = "  fields:\n    total: { type: decimal, precision: 12, scale: 2 }\n    note: { type: text, maxLength: 9 }\n    \
                      number: { type: integer }\n";

#[test]
fn what_a_view_reads_neither_changes_its_type_nor_goes() {
    let Some(place) = Place::new(FIELDS, "CREATE VIEW \"late-orders\" AS SELECT total, note FROM \"order\"")
    else {
        return;
    };
    // What it does not read is free, and so is another name.
    place.order(
        "",
        &FIELDS.replace("number: { type: integer }", "count: { type: bigint, renamedFrom: number }"),
    );
    place.run(&["apply", "--yes"], 0);
    let fields = FIELDS.replace("number: { type: integer }", "count: { type: bigint }");
    place.order("", &fields.replace("maxLength: 9", "maxLength: 8"));
    place.refuses(
        &["RK404", "entity/order/note", "cannot change its type while view `late-orders` reads it"],
        "ALTER TABLE \"order\" ALTER COLUMN note TYPE varchar(8)",
    );
    place.order("", &fields.replace("    note: { type: text, maxLength: 9 }\n", ""));
    place.refuses(
        &["RK404", "cannot be dropped while view `late-orders` reads it"],
        "ALTER TABLE \"order\" DROP COLUMN note",
    );
    fs::remove_file(place.folder.path().join("order.yaml")).unwrap();
    place.write(
        "other.yaml",
        "apiVersion: reconcile/v1\nkind: Entity\nmetadata: { name: other }\nspec: { fields: { name: { type: text } } }\n",
    );
    place.refuses(&["RK404", "cannot be dropped while view `late-orders` reads it"], "DROP TABLE \"order\"");
}

#[test]
fn a_task_may_take_a_view_out_of_the_way() {
    let Some(place) = Place::new(FIELDS, "CREATE VIEW late AS SELECT note FROM \"order\"") else { return };
    let tasks = "    away: { when: before, sql: DROP VIEW late }\n    back: { when: after, sql: \"CREATE VIEW late AS SELECT note FROM \\\"order\\\"\" }\n";
    place.order(tasks, &FIELDS.replace("maxLength: 9", "maxLength: 8"));
    let said = place.run(&["apply", "--yes", "--allow", "RK230"], 0);
    assert!(!said.contains("RK404"), "{said}");
    place.client().batch_execute("SELECT note FROM late").unwrap();
}

#[test]
fn every_sort_of_reader_is_named() {
    let made = "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; \
                CREATE TRIGGER watch BEFORE UPDATE OF note ON \"order\" FOR EACH ROW EXECUTE FUNCTION touch(); \
                CREATE POLICY own ON \"order\" USING (note = current_user); \
                CREATE FUNCTION all_orders() RETURNS SETOF \"order\" LANGUAGE sql AS 'SELECT * FROM \"order\"'; \
                CREATE MATERIALIZED VIEW totals AS SELECT total FROM \"order\"; \
                CREATE SCHEMA report; CREATE VIEW report.notes AS SELECT note FROM \"order\"; \
                CREATE TABLE audit (of text); \
                CREATE RULE follow AS ON INSERT TO audit DO ALSO SELECT number FROM \"order\"";
    let Some(place) = Place::new(FIELDS, made) else { return };
    let text = FIELDS.replace("maxLength: 9", "maxLength: 8").replace("type: integer", "type: bigint");
    place.order("", &text.replace("precision: 12", "precision: 14"));
    place.refuses(
        &[
            "policy `own` on `order`, trigger `watch` on `order` and view `report.notes` read it",
            "materialized view `totals` reads it",
            "rule `follow` on `audit` reads it",
        ],
        "ALTER TABLE \"order\" ALTER COLUMN note TYPE varchar(8)",
    );
    fs::remove_file(place.folder.path().join("order.yaml")).unwrap();
    place.write(
        "other.yaml",
        "apiVersion: reconcile/v1\nkind: Entity\nmetadata: { name: other }\nspec: { fields: { name: { type: text } } }\n",
    );
    let said = place.run(&["plan"], 12);
    assert!(said.contains("function `all_orders()`") && !said.contains("policy `own`"), "{said}");
}

#[test]
fn what_is_computed_holds_what_it_is_computed_from() {
    let made = "ALTER TABLE \"order\" ADD COLUMN twice integer GENERATED ALWAYS AS (number * 2) STORED";
    let Some(place) = Place::new(FIELDS, made) else { return };
    // Merged, so that what nobody declares stays.
    let text = "  fields:\n    number: { type: bigint }\n";
    let with_action = format!(
        "apiVersion: reconcile/v1\nkind: Entity\nmetadata: {{ name: order }}\nsetup: {{ action: merge }}\nspec:\n{text}"
    );
    place.write("order.yaml", &with_action);
    place.write(
        "env.yaml",
        "apiVersion: reconcile/v1\nkind: Environment\nmetadata: { name: here }\nspec:\n  target: { postgres: { url: \
         \"${env:HERE}\" } }\n",
    );
    place.refuses(
        &["RK404", "generated column `twice` on `order` reads it"],
        "ALTER TABLE \"order\" ALTER COLUMN number TYPE bigint",
    );
}

#[test]
fn a_key_that_others_point_at_stays() {
    let spec = format!("{FIELDS}  keys: {{ by-number: {{ fields: [number] }} }}\n");
    let made = "CREATE SCHEMA far; CREATE TABLE far.line (number integer REFERENCES \"order\" (number))";
    let Some(place) = Place::new(&spec, made) else { return };
    place.order("", FIELDS);
    place.refuses(
        &["RK405", "cannot lose this key while foreign key `line_number_fkey` on `far.line` points at it"],
        "ALTER TABLE \"order\" DROP CONSTRAINT \"order_by-number_key\"",
    );
}

/// A hundred thousand rows, and a few small ones beside.
const MANY: &str = "INSERT INTO \"order\" (number) SELECT n FROM generate_series(1, 100000) n";

#[test]
fn a_large_table_says_whom_it_keeps_waiting() {
    let Some(place) = Place::new(FIELDS, MANY) else { return };
    let plain = "apiVersion: reconcile/v1\nkind: Environment\nmetadata: { name: here }\nspec:\n  target: { postgres: { url: \
                 \"${env:HERE}\" } }\n  prune: true\n  strategy: plain\n  setup: { default: overwrite }\n";
    place.write("env.yaml", plain);
    let indexed = format!("{FIELDS}  indexes: {{ by-number: {{ fields: [number] }} }}\n");
    place.order("", &indexed);
    let said = place.run(&["plan"], 0);
    assert!(
        said.contains("RK302 reads all 100,000 rows, and everybody who writes waits meanwhile"),
        "{said}"
    );
    place.order("", &FIELDS.replace("precision: 12", "precision: 14").replace("integer", "bigint"));
    let said = place.run(&["plan"], 0);
    assert!(
        said.contains("RK301 writes all 100,000 rows again, and everybody else waits meanwhile"),
        "{said}"
    );
    // No row is read where only the limit of a text goes.
    place.order("", &FIELDS.replace("maxLength: 9", "maxLength: 99"));
    let said = place.run(&["plan"], 0);
    assert!(!said.contains("RK3"), "{said}");
}

#[test]
fn steps_outside_the_transaction_and_indexes_are_told_of() {
    let Some(place) = Place::new(FIELDS, MANY) else { return };
    place.order(
        "",
        &format!("{FIELDS}  indexes: {{ a: {{ fields: [number] }}, b: {{ fields: [number, note] }} }}\n"),
    );
    let said = place.run(&["plan"], 0);
    assert!(
        said.contains("RK602 runs alone, before the transaction: build index \"order_a_idx\" beside its writers; it is taken back, if the apply fails"),
        "{said}"
    );
    assert!(
        said.contains("RK502 an index on (number) is needless beside `order_b_idx`, which begins alike"),
        "{said}"
    );
    assert!(!said.contains("RK30"), "{said}");
    place.run(&["apply", "--yes"], 0);
    place.order("", FIELDS);
    let said = place.run(&["plan"], 0);
    assert!(
        said.contains(
            "RK501 drops the index on (number): what looks for rows by it reads all 100,000 rows instead"
        ),
        "{said}"
    );
    place.order("", &format!("{FIELDS}    parent: {{ type: lookup, entity: order }}\n  indexes: {{ a: {{ fields: [number] }}, b: {{ fields: [number, note] }} }}\n"));
    let said = place.run(&["plan"], 0);
    assert!(said.contains("RK503 no index is on (parent)"), "{said}");
}

#[test]
fn duplicates_under_a_key_in_its_own_words_are_counted() {
    let made =
        "INSERT INTO \"order\" (note, number) VALUES ('A', 1), ('a', 1), ('b', 1), ('B', NULL), (NULL, 1)";
    let Some(place) = Place::new(FIELDS, made) else { return };
    let key = |sql: &str| format!("{FIELDS}  keys: {{ by-note: {{ sql: \"{sql}\" }} }}\n");
    place.order("", &key("btree (lower(note)) WHERE (number = 1)"));
    place.refuses(
        &["RK207 must be unique, and 2 rows are alike by it"],
        "CREATE UNIQUE INDEX ON \"order\" (lower(note)) WHERE (number = 1)",
    );
    place.client().batch_execute("UPDATE \"order\" SET number = 2 WHERE note = 'a'").unwrap();
    place.run(&["apply", "--yes"], 0);
}

#[test]
fn rows_that_exclude_each_other_are_counted() {
    let made =
        "INSERT INTO \"order\" (note, number) VALUES ('A', 1), ('a', 3), ('b', 2), ('b', 9), (NULL, 1)";
    let Some(place) = Place::new(FIELDS, made) else { return };
    let key = |sql: &str| format!("{FIELDS}  keys: {{ apart: {{ sql: \"{sql}\" }} }}\n");
    let span = "int4range(number, number + 2) WITH &&";
    for (sql, n_rows) in [
        (format!("EXCLUDE USING gist ({span})"), 4),
        (format!("EXCLUDE USING gist ({span}) WHERE (note <> 'b')"), 0),
        (format!("EXCLUDE USING gist ({span}) WHERE (lower(note) = 'a' OR number = 2)"), 3),
        ("EXCLUDE USING hash (note WITH =)".to_owned(), 2),
    ] {
        place.order("", &key(&sql));
        match n_rows {
            0 => drop(place.run(&["apply", "--yes"], 0)),
            n => place.refuses(
                &[&format!("RK207 must be unique, and {n} rows are alike by it")],
                &format!("ALTER TABLE \"order\" ADD {sql}"),
            ),
        }
    }
}

/// An expression that stays as it is may make no sense any more once a column has another type.
#[test]
fn an_expression_that_another_type_does_not_take_is_refused() {
    let fields = |number: &str, note: &str| {
        format!(
            "  fields:\n    number: {{ {number} }}\n    note: {{ {note} }}\n  checks: {{ both: {{ sql: \"number > length(note)\" }} }}\n"
        )
    };
    let before = fields("type: integer, check: number >= 0", "type: text");
    let Some(place) = Place::new(&before, "INSERT INTO \"order\" (number, note) VALUES (5, 'a')") else {
        return;
    };
    place.order("", &fields("type: text, check: number >= 0", "type: text"));
    place.refuses(
        &["RK111 the target does not take it: operator does not exist: text >"],
        "ALTER TABLE \"order\" ALTER COLUMN number TYPE text",
    );
    place.order("", &fields("type: integer, check: number >= 0", "type: date"));
    place.refuses(
        &["RK111 the target does not take it: function length(date) does not exist"],
        "SELECT length(date 'today')",
    );
    place.order("", &fields("type: bigint, check: number >= 0", "type: text, maxLength: 9"));
    place.run(&["apply", "--yes"], 0);
    assert!(place.run(&["plan"], 0).contains("No changes."));
}

/// What only the type itself knows is tried on a copy.
#[test]
fn values_that_a_type_of_the_server_does_not_take_are_refused_at_plan() {
    let made = "ALTER TABLE \"order\" ADD tags text[], ADD place text; \
                INSERT INTO \"order\" (tags, place) VALUES ('{1,2}', '10.0.0.1'), ('{a}', '10.0.0.2'), (NULL, 'here')";
    let Some(place) = Place::new(FIELDS, made) else { return };
    let fields = |tags: &str, at: &str| {
        format!(
            "{FIELDS}    tags: {{ type: text, native: \"{tags}\" }}\n    place: {{ type: text, native: \"{at}\" }}\n"
        )
    };
    place.order("", &fields("text[]", "text"));
    place.run(&["apply", "--yes"], 0);
    place.order("", &fields("integer[]", "text"));
    place.refuses(
        &["invalid input syntax for type integer"],
        "ALTER TABLE \"order\" ALTER tags TYPE integer[] USING tags::integer[]",
    );
    place.order("", &fields("text[]", "inet"));
    place.refuses(
        &["invalid input syntax for type inet"],
        "ALTER TABLE \"order\" ALTER place TYPE inet USING place::inet",
    );
    place.client().batch_execute("UPDATE \"order\" SET place = NULL WHERE place = 'here'").unwrap();
    place.run(&["apply", "--yes", "--allow", "RK205"], 0);
}

#[test]
fn what_takes_too_long_to_measure_is_said_to_be_unknown() {
    let Some(mut place) = Place::new(
        FIELDS,
        "INSERT INTO \"order\" (number) SELECT n FROM generate_series(1, 20) n; ANALYZE \"order\"",
    ) else {
        return;
    };
    place.client().batch_execute("CREATE FUNCTION slow(integer) RETURNS boolean LANGUAGE sql AS 'SELECT pg_sleep(0.1) IS NOT NULL'").unwrap();
    place.order("", &format!("{FIELDS}  checks: {{ slow: {{ sql: \"slow(number)\" }} }}\n"));
    place.database.url.push_str(if place.database.url.contains('?') { "&" } else { "?" });
    place.database.url.push_str("options=-c%20statement_timeout%3D1000");
    let said = place.run(&["plan"], 0);
    assert!(
        said.contains(
            "RK212 could not be measured in time: it is not known whether RK209 holds for its rows"
        ),
        "{said}"
    );
    let said = place.run(&["apply", "--yes"], 12);
    assert!(said.contains("--allow RK212:entity/order/checks/slow"), "{said}");
    place.run(&["apply", "--yes", "--allow", "RK212"], 0);
}
