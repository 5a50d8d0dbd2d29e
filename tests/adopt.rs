//! What others made becomes manifests: nothing moves, the next plan is empty, and a fresh target is the same.
//! Never downloads anything: where a file is absent, its test says that it was skipped.

// Shared with the cases, which need more of it.
#[path = "stage/catalog_sqlite.rs"]
#[allow(dead_code)]
mod catalog;
#[path = "corpora"]
mod corpora {
    // Shared with the tests of the corpora, which need more of it.
    #[allow(dead_code)]
    pub mod place;
}

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use corpora::place::{Place, check, shown, statements};
use reconcile::provider::open::{self, Mode};
use reconcile::target::Target;
use rusqlite::Connection;
use serde_json::Value;

/// Runs the program and returns what it printed, which must end well.
fn run(place: &Place, arguments: &[&str]) -> String {
    let output = place.reconcile(arguments);
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{arguments:?}: {out}{error}");
    out.into_owned()
}

fn target(place: &Place, environment: &str) -> Box<dyn Target> {
    open::open(&place.desired(environment).environment.target, place.root(), Mode::Read).unwrap()
}

/// The catalog in a form that does not say how a definition is spelled: what SQLite itself makes of it.
fn facts(database: &Connection, left: &BTreeSet<String>) -> BTreeMap<String, Vec<String>> {
    let plain = |line: &String| line.replace(['[', ']', '`'], "").replace(" (", "(");
    let is_left = |line: &String| left.iter().any(|name| line.contains(name.split_once(' ').unwrap().1));
    let table = |lines: Vec<String>| {
        let facts = lines.into_iter().filter(|line| !line.starts_with("part ") && !is_left(line));
        // SQLite numbers its own indexes by the order of the constraints.
        let mut facts: Vec<String> = facts
            .map(|line| match line.split_once("sqlite_autoindex_") {
                Some((head, tail)) => format!("{head}sqlite_autoindex_{}", tail.split_once("\")").unwrap().1),
                None => line,
            })
            // The number of a row is never null, whether its column says so or not.
            .map(|line| match line.ends_with("Null Integer(1) Integer(0)") {
                true => line.replace("Text(\"INTEGER\") Integer(1)", "Text(\"INTEGER\") Integer(0)"),
                false => line,
            })
            .collect();
        facts.sort();
        facts
    };
    let objects = catalog::objects(database).into_iter().filter(|(name, _)| !left.contains(name));
    objects
        .map(|(name, lines)| match name.starts_with("table ") {
            true => (name, table(lines)),
            false => (name, lines.iter().map(plain).collect()),
        })
        .collect()
}

/// Adopts all of `dev` and makes `fresh` from the manifests. `left` are the objects that no manifest can say.
fn round_trip(place: &Place, left: &[&str]) {
    let left: BTreeSet<String> = left.iter().map(|name| (*name).to_owned()).collect();
    let database = place.database("dev");
    let (made, rows) = (statements(&database), catalog::rows(&database));
    run(place, &["fmt"]);
    run(place, &["adopt", "-e", "dev", "--yes"]);
    assert_eq!(made, statements(&database), "a definition was touched");
    assert!(rows == catalog::rows(&database), "a row was touched");
    assert!(place.plan("dev").is_empty(), "{}", shown(&place.plan("dev")));
    assert!(place.drift("dev").is_empty());
    run(place, &["validate"]);
    run(place, &["fmt", "--check"]);
    let again = run(place, &["adopt", "-e", "dev", "--yes"]);
    assert!(again.contains("Nothing to adopt"), "{again}");

    run(place, &["apply", "-e", "fresh", "--yes"]);
    assert!(place.plan("fresh").is_empty(), "{}", shown(&place.plan("fresh")));
    let fresh = place.database("fresh");
    check(&fresh);
    let (here, there) = (facts(&database, &left), facts(&fresh, &BTreeSet::new()));
    let names = |facts: &BTreeMap<String, Vec<String>>| facts.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&here), names(&there));
    for (name, facts) in &here {
        assert_eq!(facts, &there[name], "{name} is another in a fresh target");
    }
    let (here, there) = (target(place, "dev").inspect().unwrap(), target(place, "fresh").inspect().unwrap());
    assert_eq!(here.inventory.keys().collect::<Vec<_>>(), there.inventory.keys().collect::<Vec<_>>());
    for (address, owned) in &here.inventory {
        assert_eq!(here.state[address], owned.declared, "{address} is not what its manifest says");
        assert_eq!(here.state[address], there.state[address], "{address} is another in a fresh target");
    }
}

#[test]
fn a_public_schema_is_adopted() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
    let folder = std::env::var_os("RECONCILE_CORPORA").map_or_else(beside, PathBuf::from);
    let Ok(schema) = std::fs::read_to_string(folder.join("sqlite/chinook.sql")) else {
        eprintln!("skipped: there is no `sqlite/chinook.sql` in the folder that RECONCILE_CORPORA names");
        return;
    };
    let place = Place::with(&["dev", "fresh"]);
    let rows = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpora/chinook/rows.sql");
    let database = place.database("dev");
    database.execute_batch(&schema).unwrap();
    database.execute_batch(&std::fs::read_to_string(rows).unwrap()).unwrap();
    assert!(catalog::rows(&database).values().all(|rows| !rows.is_empty()));
    round_trip(&place, &[]);
    let track = place.read("resources/entities/Track.yaml");
    assert!(
        track.contains("native: NVARCHAR(200)") && track.contains("native: index IFK_TrackAlbumId"),
        "{track}"
    );
    assert_eq!(place.drift("dev").unmanaged.len(), 0);
}

const STRANGE: &str = r#"
CREATE TABLE region (
  code TEXT COLLATE NOCASE NOT NULL PRIMARY KEY, -- the code
  name VARCHAR(40) NOT NULL DEFAULT 'no name', /* for people */ UNIQUE (name)
) WITHOUT ROWID;
CREATE TABLE "sales order" (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  "über ""name""" TEXT,
  parent INTEGER REFERENCES "sales order" (id) ON DELETE CASCADE,
  region TEXT REFERENCES region (code),
  net NUMERIC(10,2) NOT NULL DEFAULT (1 + 1),
  gross AS (net * 1.2) STORED,
  made DATETIME DEFAULT CURRENT_TIMESTAMP,
  kind TEXT UNIQUE,
  odd,
  later TEXT REFERENCES region (code) DEFERRABLE INITIALLY DEFERRED,
  CHECK (net >= 0), CONSTRAINT sane CHECK (made IS NOT NULL),
  UNIQUE (region, made), CONSTRAINT "two, at once" UNIQUE (kind, net)
);
CREATE TABLE line (a INTEGER, b INTEGER NOT NULL, note TEXT, PRIMARY KEY (a, b));
CREATE TABLE detail (
  id INTEGER PRIMARY KEY, la INTEGER, lb INTEGER,
  CONSTRAINT to_line FOREIGN KEY (la, lb) REFERENCES line (a, b) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE TABLE counters (id INTEGER PRIMARY KEY, n INTEGER DEFAULT -1, t TEXT DEFAULT 'it''s');
CREATE TABLE exact (id TEXT NOT NULL PRIMARY KEY, at TEXT DEFAULT (datetime('now')), n INT CHECK (n <> 3)) STRICT;
CREATE UNIQUE INDEX one_note ON line (note);
CREATE INDEX "by note/2. ""x""" ON line (note, b);
CREATE INDEX some ON line (note) WHERE a > 1;
CREATE INDEX loud ON line (upper(note));
CREATE VIEW "all orders" AS SELECT * FROM "sales order";
CREATE TRIGGER watch AFTER INSERT ON line BEGIN UPDATE counters SET n = n + 1; END;
CREATE VIRTUAL TABLE docs USING fts5 (body);
CREATE TABLE "a/b" (id INTEGER PRIMARY KEY);
CREATE TABLE points (id INTEGER PRIMARY KEY, at INTEGER REFERENCES "a/b" (id));
CREATE TABLE bare (x);
INSERT INTO region VALUES ('n', 'North'), ('s', 'South');
INSERT INTO "sales order" (region, net, kind, odd) VALUES ('n', 1.5, 'a', 1), ('N', 2, 'b', 'one');
UPDATE "sales order" SET parent = 1 WHERE id = 2;
INSERT INTO line VALUES (1, 1, 'x'), (2, 1, NULL);
INSERT INTO detail VALUES (1, 2, 1);
INSERT INTO exact (id) VALUES ('e');
"#;

const LEFT: [&str; 12] = [
    "index loud",
    "index some",
    "table a/b",
    "table docs",
    "table docs_config",
    "table docs_content",
    "table docs_data",
    "table docs_docsize",
    "table docs_idx",
    "table points",
    "trigger watch",
    "view all orders",
];

#[test]
fn what_others_make_is_adopted_in_their_own_words() {
    let place = Place::with(&["dev", "fresh"]);
    place.database("dev").execute_batch(STRANGE).unwrap();
    let shown = run(&place, &["adopt", "-e", "dev", "--plan"]);
    for reason in [
        "entity/points                           it ",
        "index some                              an index of `line` that is partial",
        "view all orders",
        "trigger watch",
        "table docs ",
    ] {
        assert!(shown.contains(reason), "{reason} is not in:\n{shown}");
    }
    assert!(!place.root().join("resources").exists(), "a preview writes nothing");
    round_trip(&place, &LEFT);
    let order = place.read("resources/entities/sales%20order.yaml");
    assert!(order.contains("native: TEXT UNIQUE") && order.contains("AUTOINCREMENT"), "{order}");
    let line = place.read("resources/entities/line.yaml");
    assert!(line.contains("native: index one_note"), "{line}");
    assert!(place.read("resources/entities/bare.yaml").contains("primaryKey: []"));
}

#[test]
fn what_no_manifest_says_is_listed_and_stays() {
    let place = Place::with(&["dev", "narrow"]);
    let sql = "CREATE TABLE t (a INTEGER, b TEXT, c TEXT, PRIMARY KEY (a DESC, b), UNIQUE (b, c) ON CONFLICT IGNORE,
                 FOREIGN KEY (b, c) REFERENCES t (b, c) DEFERRABLE INITIALLY DEFERRED);
               CREATE TABLE u (id INTEGER PRIMARY KEY, b TEXT);";
    place.database("dev").execute_batch(sql).unwrap();
    let made = statements(&place.database("dev"));
    let text = run(&place, &["adopt", "-e", "dev", "--yes"]);
    for part in ["PRIMARY KEY (a DESC, b)", "ON CONFLICT IGNORE", "DEFERRABLE INITIALLY DEFERRED"] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    assert!(place.plan("dev").is_empty(), "{}", shown(&place.plan("dev")));
    assert_eq!(made, statements(&place.database("dev")));

    // An environment owns only what it includes.
    place.write(
        "environments/narrow.yaml",
        "apiVersion: reconcile/v1\nkind: Environment\nmetadata: { name: narrow }\nspec:\n  target: { sqlite: narrow.db }\n  include: [entity/t]\n",
    );
    place.database("narrow").execute_batch("CREATE TABLE v (id INTEGER PRIMARY KEY)").unwrap();
    let text = run(&place, &["adopt", "-e", "narrow", "--yes"]);
    assert!(text.contains("environment narrow does not include it"), "{text}");
    assert!(!place.root().join("resources/entities/v.yaml").exists());
}

#[test]
fn an_adopted_table_goes_on_like_any_other() {
    let place = Place::with(&["dev", "fresh"]);
    place.database("dev").execute_batch(STRANGE).unwrap();
    run(&place, &["adopt", "-e", "dev", "--yes"]);
    let text = place.read("resources/entities/sales%20order.yaml");
    let changed = text.replace(
        "region: { type: lookup, entity: region",
        "region: { type: lookup, required: true, entity: region",
    );
    assert_ne!(text, changed);
    place.write("resources/entities/sales%20order.yaml", &changed);
    let line = place.read("resources/entities/line.yaml");
    let renamed = line.replace("native: index one_note", "native: index only_note");
    assert_ne!(line, renamed);
    place.write("resources/entities/line.yaml", &renamed);
    place.apply("dev", &[]);
    assert!(place.plan("dev").is_empty(), "{}", shown(&place.plan("dev")));
    let made = statements(&place.database("dev"));
    let order = &made["table sales order"].sql;
    for part in ["AUTOINCREMENT", "NUMERIC(10,2)", "DEFERRABLE INITIALLY DEFERRED", "two, at once"] {
        assert!(order.contains(part), "{part} is gone from {order}");
    }
    assert!(made.contains_key("index only_note") && !made.contains_key("index one_note"));
    assert!(made.contains_key("index some") && made.contains_key("trigger watch"));
}

#[test]
fn a_selection_brings_what_it_points_to_and_no_file_is_written_over() {
    let place = Place::with(&["dev"]);
    place.database("dev").execute_batch(STRANGE).unwrap();
    place.write("resources/entities/region.yaml", "# mine\n");
    let text = run(&place, &["adopt", "-e", "dev", "--yes", "--select", "entity/sales*", "--format", "json"]);
    let document: Value = serde_json::from_str(&text).unwrap();
    let adopted: Vec<&str> =
        document["adopted"].as_array().unwrap().iter().map(|one| one["file"].as_str().unwrap()).collect();
    assert_eq!(adopted, ["resources/entities/region-2.yaml", "resources/entities/sales%20order.yaml"]);
    assert_eq!(document["adopted"][0]["related"], "entity/sales order");
    assert_eq!(place.read("resources/entities/region.yaml"), "# mine\n");
    assert_eq!(place.history("dev")[0].steps.len(), 0);
    assert_eq!(document["entry"], 1);
    let nothing = place.reconcile(&["adopt", "-e", "dev", "--yes", "--select", "entity/none"]);
    assert_eq!(nothing.status.code(), Some(1));
    for out in ["../x", "/tmp"] {
        let refused = place.reconcile(&["adopt", "-e", "dev", "--yes", "--out", out]);
        assert_eq!(refused.status.code(), Some(1), "{out}");
    }
    // A folder that the repository does not read would leave what we own undeclared.
    place.write("reconcile.yaml", "folders: [environments, resources]\n");
    let unread = place.reconcile(&["adopt", "-e", "dev", "--yes", "--out", "elsewhere"]);
    assert_eq!(unread.status.code(), Some(1));
    assert_eq!(place.history("dev").len(), 1);
    assert!(std::fs::read_dir(place.root().join("elsewhere/entities")).unwrap().next().is_none());
}

#[test]
fn words_of_a_target_cannot_leave_their_place() {
    let place = Place::with(&["dev"]);
    let entity = |field: &str, more: &str| {
        format!(
            "apiVersion: reconcile/v1\nkind: Entity\nmetadata: {{ name: a }}\nspec:\n  fields:\n    b: {{ type: text, native: {field} }}\n{more}"
        )
    };
    for (field, more) in [
        ("\"TEXT, c TEXT\"", ""),
        ("\"TEXT); DROP TABLE x\"", ""),
        ("\"TEXT -- x\"", ""),
        ("\"TEXT DEFAULT 'x\"", ""),
        ("TEXT", "  native: \"STRICT; DROP TABLE x\"\n"),
        ("TEXT", "  indexes: { i: { fields: [b], native: constraint } }\n"),
        ("TEXT", "  keys: { k: { fields: [b], native: \"index _reconcile_meta\" } }\n"),
    ] {
        place.write("resources/a.yaml", &entity(field, more));
        let output = place.reconcile(&["validate"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && said.contains("RV112"), "{field} {more}: {said}");
    }
    // What is no SQL is refused by SQLite itself, before anything is changed.
    place.write("resources/a.yaml", &entity("\"TEXT NOT\"", ""));
    let output = place.reconcile(&["plan", "-e", "dev"]);
    assert_eq!(output.status.code(), Some(12), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn what_is_promoted_is_what_was_applied() {
    let place = Place::with(&["dev", "fresh"]);
    place.write(
        "resources/order.yaml",
        "apiVersion: reconcile/v1\nkind: Entity\nmetadata: { name: order }\nspec:\n  fields:\n    note: { type: text }\n",
    );
    let nothing = place.reconcile(&["promote", "dev", "fresh", "--yes"]);
    assert_eq!(nothing.status.code(), Some(1));
    run(&place, &["apply", "-e", "dev", "--yes"]);
    // What the files say now is nobody's business.
    place.write("resources/order.yaml", &place.read("resources/order.yaml").replace("note", "later"));
    run(&place, &["promote", "dev", "fresh", "--plan"]);
    assert!(place.history("fresh").is_empty());
    run(&place, &["promote", "dev", "fresh", "--yes"]);
    let (from, to) = (place.history("dev"), place.history("fresh"));
    assert_eq!(from[0].goal, to[0].goal);
    let promotion = to[0].promoted_from.clone().unwrap();
    assert_eq!((promotion.environment.as_str(), promotion.entry), ("dev", 1));
    let (dev, fresh) = (place.database("dev"), place.database("fresh"));
    assert_eq!(catalog::objects(&dev), catalog::objects(&fresh));
    let again = run(&place, &["promote", "dev", "fresh", "--yes"]);
    assert!(again.contains("No changes."), "{again}");
    dev.execute_batch("ALTER TABLE \"order\" ADD COLUMN extra TEXT; DROP TABLE \"order\"").unwrap();
    let drifted = place.reconcile(&["promote", "dev", "fresh", "--yes"]);
    assert_eq!(drifted.status.code(), Some(12));
    run(&place, &["promote", "dev", "fresh", "--yes", "--allow-drift"]);
}
