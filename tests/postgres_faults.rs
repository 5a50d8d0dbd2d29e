//! What stands in the way of a change on PostgreSQL: it is refused at plan, or applied, and never half done.
//! Never takes the program's word for what it left: the server is asked.

#[path = "postgres_online/place.rs"]
#[allow(dead_code)]
mod place;
mod postgres_server;

use std::time::Duration;

use place::Place;

/// What becomes of a plan.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// It names this finding.
    Refused(&'static str),
    Applied,
}

use End::{Applied, Refused};

/// Name, the entity's spec before, what somebody else does, the spec after, and the end.
type Fault = (&'static str, &'static str, &'static str, &'static str, End);

const A_TEXT: &str = "fields: { a: { type: text } }";
const A_NUMBER: &str = "fields: { a: { type: integer } }";
const A_KEY: &str = "fields: { a: { type: integer } }\n  keys: { k: { fields: [a] } }";
const A_CHECK: &str = "fields: { a: { type: integer } }\n  checks: { p: { sql: \"a > 0\" } }";
const A_UUID: &str = "fields: { a: { type: uuid } }";
const A_LOOKUP: &str = "fields: { a: { type: lookup, entity: far } }";

const FAULTS: [Fault; 20] = [
    (
        "nulls",
        A_NUMBER,
        "INSERT INTO one (a) VALUES (1), (NULL)",
        "fields: { a: { type: integer, required: true } }",
        Refused("RK206"),
    ),
    ("duplicates", A_NUMBER, "INSERT INTO one (a) VALUES (1), (1)", A_KEY, Refused("RK207")),
    (
        "long values",
        "fields: { a: { type: text, maxLength: 20 } }",
        "INSERT INTO one (a) VALUES ('abcdefgh')",
        "fields: { a: { type: text, maxLength: 5 } }",
        Refused("RK205"),
    ),
    (
        "a smaller scale",
        "fields: { a: { type: decimal, precision: 9, scale: 3 } }",
        "INSERT INTO one (a) VALUES (1.234)",
        "fields: { a: { type: decimal, precision: 9, scale: 2 } }",
        Refused("RK205"),
    ),
    ("no number", A_TEXT, "INSERT INTO one (a) VALUES ('x1')", A_NUMBER, Refused("RK205")),
    (
        "no date",
        A_TEXT,
        "INSERT INTO one (a) VALUES ('2024-02-30')",
        "fields: { a: { type: date } }",
        Refused("RK205"),
    ),
    (
        "no boolean",
        A_TEXT,
        "INSERT INTO one (a) VALUES ('true'), ('maybe')",
        "fields: { a: { type: boolean } }",
        Refused("RK205"),
    ),
    ("orphans", A_UUID, "INSERT INTO one (a) VALUES (gen_random_uuid())", A_LOOKUP, Refused("RK208")),
    ("a broken check", A_NUMBER, "INSERT INTO one (a) VALUES (-1)", A_CHECK, Refused("RK209")),
    (
        "a view on a type",
        A_TEXT,
        "INSERT INTO one (a) VALUES ('1'); CREATE VIEW v AS SELECT a FROM one",
        A_NUMBER,
        Refused("RK404"),
    ),
    (
        "a view on a column",
        "fields: { a: { type: integer }, b: { type: text } }",
        "INSERT INTO one (b) VALUES ('x'); CREATE VIEW v AS SELECT b FROM one",
        A_NUMBER,
        Refused("RK404"),
    ),
    (
        "a volatile default",
        A_NUMBER,
        "INSERT INTO one (a) SELECT i FROM generate_series(1, 3000) i",
        "fields: { a: { type: integer }, b: { type: uuid, default: generated, required: true } }",
        Applied,
    ),
    (
        "an invalid index, duplicates",
        A_NUMBER,
        "INSERT INTO one (a) VALUES (1), (1)|CREATE UNIQUE INDEX CONCURRENTLY one_k_key ON one (a)",
        A_KEY,
        Refused("RK207"),
    ),
    (
        "an invalid index for a key",
        A_NUMBER,
        "INSERT INTO one (a) VALUES (1), (1)|CREATE UNIQUE INDEX CONCURRENTLY one_k_key ON one (a)|DELETE FROM one WHERE ctid = '(0,1)'",
        A_KEY,
        Applied,
    ),
    (
        "an invalid index",
        A_NUMBER,
        "INSERT INTO one (a) VALUES (1), (1)|CREATE UNIQUE INDEX CONCURRENTLY one_i_idx ON one (a)",
        "fields: { a: { type: integer } }\n  indexes: { i: { fields: [a] } }",
        Applied,
    ),
    (
        "a check begun",
        A_NUMBER,
        "INSERT INTO one (a) VALUES (1); ALTER TABLE one ADD CONSTRAINT p CHECK (a > 0) NOT VALID",
        A_CHECK,
        Applied,
    ),
    (
        "a check begun that rows break",
        A_NUMBER,
        "INSERT INTO one (a) VALUES (-1); ALTER TABLE one ADD CONSTRAINT p CHECK (a > 0) NOT VALID",
        A_CHECK,
        Refused("RK209"),
    ),
    (
        "a reference begun",
        A_UUID,
        "INSERT INTO one (a) VALUES (NULL); ALTER TABLE one ADD CONSTRAINT one_a_fkey FOREIGN KEY (a) REFERENCES far (id) NOT VALID",
        A_LOOKUP,
        Applied,
    ),
    (
        "a reference begun with orphans",
        A_UUID,
        "INSERT INTO one (a) VALUES (gen_random_uuid()); ALTER TABLE one ADD CONSTRAINT one_a_fkey FOREIGN KEY (a) REFERENCES far (id) NOT VALID",
        A_LOOKUP,
        Refused("RK208"),
    ),
    (
        "a computed column over what goes",
        "fields: { a: { type: integer }, b: { type: integer } }",
        "INSERT INTO one (b) VALUES (2); ALTER TABLE one ADD COLUMN g integer GENERATED ALWAYS AS (b * 2) STORED",
        A_NUMBER,
        Refused("RK203"),
    ),
];

fn manifest(spec: &str) -> String {
    let one = |name: &str, spec: &str| {
        format!(
            "---\napiVersion: reconcile/v1\nkind: Entity\nmetadata: {{ name: {name} }}\nspec:\n  {spec}\n"
        )
    };
    one("one", spec) + &one("far", "fields: { n: { type: text } }")
}

const STRATEGIES: [&str; 3] = ["", "  strategy: online\n", "  strategy: plain\n"];

#[test]
fn what_stands_in_the_way_is_refused_or_applied() {
    for (name, before, others, after, end) in FAULTS {
        for strategy in STRATEGIES {
            let said = format!("{name}, {strategy:?}");
            let Some(place) = Place::new(strategy) else { return };
            place.declare(&manifest(before));
            place.does(&["apply", "--yes"]);
            // What builds an index beside others fails where it is to leave an invalid one.
            others.split('|').for_each(|sql| drop(place.client().batch_execute(sql)));
            let seen = place.see_table("one");
            place.declare(&manifest(after));
            let output = place.run(&["apply", "--yes"], "");
            let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
            match end {
                Refused(code) => {
                    assert_eq!(output.status.code(), Some(12), "{said}: {text}");
                    assert!(text.contains(code), "{said}: {text}");
                    assert_eq!(place.see_table("one"), seen, "{said}");
                }
                Applied => {
                    assert_eq!(output.status.code(), Some(0), "{said}: {text}");
                    place.is_at_goal("one");
                    assert_eq!(place.see_table("one").rows.len(), seen.rows.len(), "{said}");
                }
            }
        }
    }
}

/// One that reads for long is waited for, and nothing is left where it is not done at once.
#[test]
fn behind_a_long_reader_the_apply_succeeds_under_every_strategy() {
    for strategy in STRATEGIES {
        let Some(place) = Place::new(strategy) else { return };
        place.declare(&manifest(A_NUMBER));
        place.does(&["apply", "--yes"]);
        place.sql("INSERT INTO one (a) VALUES (1), (2)");
        place.declare(&manifest("fields: { a: { type: integer, required: true }, b: { type: text } }\n  keys: { k: { fields: [a] } }"));
        let mut reader = place.client();
        reader.batch_execute("BEGIN; SELECT * FROM one").unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                reader.batch_execute(&format!("SELECT pg_sleep({}); COMMIT", LONG.as_secs())).unwrap()
            });
            place.does(&["apply", "--yes"]);
        });
        place.is_at_goal("one");
    }
}

/// Longer than a statement waits for a lock.
const LONG: Duration = Duration::from_secs(4);
