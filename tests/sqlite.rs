//! The SQLite target through its contract: what is declared is made, kept through every change, and read back.
//! Never goes around the contract but to play the part of somebody else's program.

mod generated;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use reconcile::address::Address;
use reconcile::diff::change::{Change, MemberChange, Reason};
use reconcile::diff::decision::Verb;
use reconcile::fingerprint::Fingerprint;
use reconcile::journal::{Entry, Holder, Outcome};
use reconcile::model::environment::TargetConfig;
use reconcile::model::field::{DefaultValue, FieldType};
use reconcile::model::picklist::{Choice, Picklist};
use reconcile::model::resource::Resource;
use reconcile::model::setup::Action;
use reconcile::model::state::{Snapshot, State};
use reconcile::plan::{Runs, Step, Summary, TaskStep};
use reconcile::provider::open::{Mode, dialect, open};
use reconcile::source::Revision;
use reconcile::target::{Answer, Aside, Broken, Dialect, Left, Purge, Question, Scene, Target, TargetError};
use rusqlite::Connection;
use serde_json::{Value, json};

mod bench {
    use super::*;

    /// One database file, and the words to play with it.
    pub struct Bench {
        pub folder: tempfile::TempDir,
        pub target: Box<dyn Target>,
    }

    pub fn config(path: &str) -> TargetConfig {
        TargetConfig {
            provider: "sqlite".to_owned(),
            settings: BTreeMap::from([(String::new(), path.into())]),
        }
    }

    pub fn holder(actor: &str) -> Holder {
        Holder { actor: actor.to_owned(), since: "2026-11-21T13:45:00Z".to_owned() }
    }

    pub fn dialect_of() -> &'static dyn Dialect {
        dialect("sqlite").unwrap()
    }

    pub fn entity(spec: Value) -> Resource {
        let mut resource = serde_json::from_value(json!({ "kind": "entity", "spec": spec })).unwrap();
        dialect_of().normalize(&mut resource);
        resource
    }

    pub fn picklist(options: &[&str]) -> Resource {
        let options = options.iter().map(|name| ((*name).to_owned(), Choice::default()));
        Resource::Picklist(Picklist { options: options.collect(), ..Picklist::default() })
    }

    pub fn address(text: &str) -> Address {
        text.parse().unwrap()
    }

    /// A change of one resource, as the diff would make it.
    pub fn change(at: &str, before: Option<&Resource>, after: Option<&Resource>) -> Change {
        let (verb, reason) = match (before, after) {
            (None, _) => (Verb::Create, Reason::Declared),
            (Some(_), None) => (Verb::Delete, Reason::NotDeclared),
            (Some(_), Some(_)) => (Verb::Update, Reason::Declared),
        };
        Change {
            address: address(at),
            action: Action::Overwrite,
            verb,
            reason,
            renamed_from: None,
            before: before.cloned(),
            after: after.cloned(),
            declared: after.cloned(),
            backfill: BTreeMap::new(),
            settings: Vec::new(),
            members: Vec::new(),
            tasks: Vec::new(),
            restored: None,
        }
    }

    pub fn renamed(mut change: Change, section: &str, new: &str, old: &str) -> Change {
        change.members.push(MemberChange {
            section: section.to_owned(),
            name: new.to_owned(),
            verb: Verb::Update,
            reason: Reason::Declared,
            renamed_from: Some(old.to_owned()),
            settings: Vec::new(),
        });
        change
    }

    pub fn backfilled(mut change: Change, field: &str, value: Value) -> Change {
        change.backfill.insert(field.to_owned(), DefaultValue::Value(value));
        change
    }

    pub fn entry() -> Entry {
        let print = Fingerprint::of_bytes(b"");
        Entry {
            id: 0,
            started: String::new(),
            finished: String::new(),
            actor: "ada".to_owned(),
            version: String::new(),
            environment: "dev".to_owned(),
            revision: Revision::default(),
            promoted_from: None,
            plan: print,
            base: print,
            goal: print,
            outcome: Outcome::Applied,
            summary: Summary::default(),
            steps: Vec::new(),
            skipped: Vec::new(),
            signed_by: Vec::new(),
            outside_window: None,
            allowed: Vec::new(),
            before: Vec::new(),
            rolled_back: None,
            touched: None,
            trash: Vec::new(),
            restored: Vec::new(),
            trash_until: None,
            lost: Vec::new(),
        }
    }

    impl Bench {
        pub fn new() -> Bench {
            let folder = tempfile::tempdir().unwrap();
            let target = open(&config("sub/a.db"), folder.path(), Mode::Write).unwrap();
            Bench { folder, target }
        }

        /// A database that somebody else made.
        pub fn with(sql: &str) -> Bench {
            let bench = Bench::new();
            std::fs::create_dir_all(bench.folder.path().join("sub")).unwrap();
            bench.sql(sql);
            bench
        }

        pub fn path(&self) -> PathBuf {
            self.folder.path().join("sub/a.db")
        }

        pub fn raw(&self) -> Connection {
            Connection::open(self.path()).unwrap()
        }

        pub fn sql(&self, sql: &str) {
            self.raw().execute_batch(sql).unwrap();
        }

        /// The rows of a query, values joined by `|`, rows by a blank.
        pub fn rows(&self, sql: &str) -> String {
            let connection = self.raw();
            let mut statement = connection.prepare(sql).unwrap();
            let n_columns = statement.column_count();
            let rows = statement.query_map([], |row| {
                let cell = |i: usize| {
                    Ok(match row.get::<_, rusqlite::types::Value>(i)? {
                        rusqlite::types::Value::Null => "-".to_owned(),
                        rusqlite::types::Value::Integer(n) => n.to_string(),
                        rusqlite::types::Value::Real(n) => n.to_string(),
                        rusqlite::types::Value::Text(text) => text,
                        rusqlite::types::Value::Blob(bytes) => format!("{bytes:?}"),
                    })
                };
                (0..n_columns).map(cell).collect::<rusqlite::Result<Vec<_>>>().map(|cells| cells.join("|"))
            });
            rows.unwrap().collect::<rusqlite::Result<Vec<_>>>().unwrap().join(" ")
        }

        pub fn inspect(&mut self) -> Snapshot {
            self.target.inspect().unwrap()
        }

        pub fn get(&mut self, at: &str) -> Resource {
            let snapshot = self.inspect();
            let found = snapshot.state.get(&address(at)).cloned();
            (*found.unwrap_or_else(|| panic!("no {at}: {:?}", snapshot.opaque))).clone()
        }

        /// The steps of some changes.
        pub fn steps(&mut self, changes: &[Change]) -> Vec<Step> {
            let snapshot = self.inspect();
            let (after, renamed) = after(&snapshot.state, changes);
            let (rows, aside) = (BTreeMap::new(), Aside::default());
            let scene = Scene {
                before: &snapshot.state,
                after: &after,
                natives: &snapshot.natives,
                rows: &rows,
                renamed: &renamed,
                aside: &aside,
                placed: &BTreeSet::new(),
                strategy: None,
            };
            let mut steps = Vec::new();
            for change in changes {
                for work in dialect_of().lower(change, &scene) {
                    let id = u32::try_from(steps.len()).unwrap() + 1;
                    steps.push(Step {
                        id,
                        address: change.address.clone(),
                        title: work.title,
                        statements: work.statements,
                        task: None,
                        runs: Runs::Inside,
                        part: 0,
                        undo: Vec::new(),
                    });
                }
            }
            steps
        }

        /// Applies changes; returns the titles of the steps.
        pub fn apply(&mut self, changes: &[Change]) -> String {
            self.try_apply(changes).unwrap()
        }

        pub fn try_apply(&mut self, changes: &[Change]) -> Result<String, TargetError> {
            let steps = self.steps(changes);
            let broken = self.target.rehearse(&steps).unwrap();
            assert_eq!(broken, [], "{steps:#?}");
            let mut session = self.target.lock(&holder("ada"))?;
            for step in &steps {
                session.run(step)?;
            }
            for change in changes {
                session.record(change, Some("r1"))?;
            }
            session.commit(&entry())?;
            let titles: Vec<String> = steps.into_iter().map(|step| step.title).collect();
            Ok(titles.join("; "))
        }

        /// Brings one resource from what it is to `after`, and holds that it is then read back as that.
        pub fn bring(&mut self, at: &str, after: &Resource) -> String {
            self.bring_by(at, after, |change| change)
        }

        pub fn bring_by(&mut self, at: &str, after: &Resource, by: impl FnOnce(Change) -> Change) -> String {
            let before = self.inspect().state.get(&address(at)).cloned();
            let title = self.apply(&[by(change(at, before.as_deref(), Some(after)))]);
            assert_eq!(self.get(at), *after, "{at} is not what was applied");
            self.is_like_fresh(at);
            title
        }

        /// Holds that a migrated table is what a fresh target would have.
        pub fn is_like_fresh(&mut self, at: &str) {
            let state = self.inspect().state;
            let mut fresh = Bench::new();
            let changes: Vec<Change> =
                state.iter().map(|(at, after)| change(&at.to_string(), None, Some(after))).collect();
            fresh.apply(&changes);
            assert_eq!(fresh.inspect().state, state);
            let name = address(at).name;
            assert_eq!(
                catalog(&self.raw(), &name),
                catalog(&fresh.raw(), &name),
                "{at} migrated, then fresh"
            );
        }

        pub fn ask(&mut self, change: &Change, question: &Question) -> Answer {
            let snapshot = self.inspect();
            let (after, renamed) = after(&snapshot.state, std::slice::from_ref(change));
            let (rows, aside) = (BTreeMap::new(), Aside::default());
            let scene = Scene {
                before: &snapshot.state,
                after: &after,
                natives: &snapshot.natives,
                rows: &rows,
                renamed: &renamed,
                aside: &aside,
                placed: &BTreeSet::new(),
                strategy: None,
            };
            match dialect_of().ask(change, question, &scene) {
                Some(query) => self.target.measure(&[query]).unwrap().remove(0),
                None => Answer::default(),
            }
        }
    }

    fn after(before: &State, changes: &[Change]) -> (State, BTreeMap<Address, Address>) {
        let mut state = before.clone();
        let mut renamed = BTreeMap::new();
        for change in changes {
            state.remove(change.address_before());
            if let Some(old) = &change.renamed_from {
                renamed.insert(change.address.clone(), old.clone());
            }
        }
        for change in changes {
            if let Some(after) = &change.after {
                state.insert(change.address.clone(), after.clone().into());
            }
        }
        (state, renamed)
    }

    /// What the database's own catalog says of a table, in an order of its own.
    fn catalog(connection: &Connection, table: &str) -> Vec<String> {
        let mut found = Vec::new();
        for sql in [
            "SELECT name || ' ' || type || ' ' || \"notnull\" || ' ' || coalesce(dflt_value, '-') || ' ' || pk || ' ' || hidden FROM pragma_table_xinfo(?1)",
            "SELECT f.\"from\" || ' ' || f.\"table\" || ' ' || coalesce(f.\"to\", '') || ' ' || f.on_update || f.on_delete FROM pragma_foreign_key_list(?1) f",
            "SELECT l.\"unique\" || l.partial || (SELECT group_concat(i.name) FROM pragma_index_info(l.name) i) || CASE l.origin WHEN 'c' THEN l.name ELSE '' END FROM pragma_index_list(?1) l",
            "SELECT type || ' ' || name FROM sqlite_schema WHERE tbl_name = ?1 AND (type <> 'trigger' OR name LIKE '_reconcile_%') AND name NOT LIKE 'sqlite_%'",
        ] {
            let mut statement = connection.prepare(sql).unwrap();
            let rows = statement.query_map([table], |row| row.get::<_, String>(0)).unwrap();
            found.extend(rows.map(Result::unwrap));
        }
        found.sort();
        found
    }
}

use bench::*;

fn order() -> Value {
    json!({
        "displayName": { "en": "Order", "de": "Auftrag" },
        "fields": {
            "number": { "type": "text", "maxLength": 20, "required": true, "unique": true },
            "total": { "type": "decimal", "precision": 12, "scale": 2, "default": 0 },
            "note": { "type": "text", "maxLength": 10, "format": "multiline", "description": "What they said" },
        },
        "keys": { "by-number-total": { "fields": ["number", "total"] } },
        "indexes": { "by-note": { "fields": ["note"] } },
        "checks": { "total-positive": { "sql": "total >= 0" } },
    })
}

fn with(mut spec: Value, path: &str, value: Value) -> Value {
    *spec.pointer_mut(path).unwrap() = value;
    spec
}

fn plus(mut spec: Value, section: &str, name: &str, value: Value) -> Value {
    if spec.get(section).is_none() {
        spec[section] = json!({});
    }
    spec[section][name] = value;
    spec
}

fn minus(mut spec: Value, section: &str, name: &str) -> Value {
    spec[section].as_object_mut().unwrap().remove(name);
    spec
}

fn every_type() -> Value {
    json!({
        "fields": {
            "a text": { "type": "text" },
            "short": { "type": "text", "maxLength": 5, "default": "it's" },
            "whole": { "type": "integer", "default": -5 },
            "big": { "type": "bigint" },
            "price": { "type": "decimal", "precision": 10, "scale": 2 },
            "money": { "type": "money" },
            "float": { "type": "float", "default": 0.5 },
            "flag": { "type": "boolean", "default": true, "required": true },
            "day": { "type": "date", "default": "now" },
            "hour": { "type": "time", "default": "now" },
            "moment": { "type": "datetime", "default": "now" },
            "code": { "type": "uuid", "default": "generated" },
            "data": { "type": "json", "default": { "a": [1] } },
            "bytes": { "type": "binary", "maxLength": 4 },
            "blob": { "type": "binary" },
            "status": { "type": "picklist", "picklist": "status", "default": "open" },
            "parent": { "type": "lookup", "entity": "thing" },
            "other": { "type": "lookup", "entity": "counted", "onDelete": "set-null" },
            "owner": { "type": "lookup", "entities": ["thing", "counted"], "onDelete": "cascade", "required": true },
            "number": { "type": "autonumber", "format": "T-{seq:4}" },
            "checked": { "type": "bigint", "check": "checked > whole", "required": true, "unique": true },
            "computed": { "type": "text", "default": { "sql": "upper('x')" } },
        },
        "keys": { "by-code": { "fields": ["code", "day"] } },
        "indexes": { "by-owner": { "fields": ["owner", "status"] } },
        "checks": { "big-enough": { "sql": "big > 0 OR big IS NULL" } },
        "relationships": { "to-pair": { "fields": ["whole", "big"], "references": { "entity": "pair", "fields": ["a", "b"] }, "onUpdate": "cascade" } },
    })
}

fn world() -> Vec<(&'static str, Resource)> {
    vec![
        ("picklist/status", picklist(&["open", "shut"])),
        (
            "entity/counted",
            entity(
                json!({ "primaryKey": ["n"], "fields": { "n": { "type": "bigint" }, "word": { "type": "text" } } }),
            ),
        ),
        (
            "entity/pair",
            entity(
                json!({ "primaryKey": ["a", "b"], "fields": { "a": { "type": "bigint" }, "b": { "type": "bigint" } } }),
            ),
        ),
        ("entity/thing", entity(every_type())),
    ]
}

fn create_all(bench: &mut Bench, resources: &[(&str, Resource)]) {
    let changes: Vec<_> = resources.iter().map(|(at, after)| change(at, None, Some(after))).collect();
    bench.apply(&changes);
}

#[test]
fn what_is_created_is_read_back() {
    let mut bench = Bench::new();
    assert!(!bench.inspect().initialized && !bench.path().exists());
    create_all(&mut bench, &world());
    let snapshot = bench.inspect();
    assert!(snapshot.initialized && snapshot.opaque.is_empty());
    for (at, wanted) in world() {
        assert_eq!(*snapshot.state[&address(at)], wanted, "{at}");
        assert_eq!(*snapshot.inventory[&address(at)].declared, wanted);
        assert_eq!(snapshot.inventory[&address(at)].revision.as_deref(), Some("r1"));
    }
    bench.sql("INSERT INTO pair VALUES (-5, 1); INSERT INTO counted VALUES (1, 'a'), (2, 'b')");
    bench.sql("INSERT INTO thing (big, owner_counted, checked) VALUES (1, 1, 7), (1, 2, 8)");
    let sql = "SELECT number, length(id), length(code), data, flag, short, computed, status FROM thing";
    let common = "36|36|{\"a\":[1]}|1|it's|X|open";
    assert_eq!(bench.rows(sql), format!("T-0001|{common} T-0002|{common}"));
}

#[test]
fn every_type_is_read_back_without_a_record() {
    let mut bench = Bench::new();
    create_all(&mut bench, &world());
    bench.sql("DELETE FROM _reconcile_resource");
    let snapshot = bench.inspect();
    assert!(snapshot.inventory.is_empty());
    for (at, wanted) in world() {
        assert_eq!(*snapshot.state[&address(at)], wanted, "{at}");
    }
}

#[test]
fn a_nullable_field_is_added_in_place() {
    let mut bench = Bench::new();
    create_all(&mut bench, &[("entity/order", entity(order()))]);
    bench.sql("INSERT INTO \"order\" (number) VALUES ('1')");
    let more = plus(order(), "fields", "rate", json!({ "type": "float", "default": 2.5, "required": true }));
    assert_eq!(bench.bring("entity/order", &entity(more.clone())), "add column \"rate\" on table \"order\"");
    let more = plus(more, "fields", "zip", json!({ "type": "text", "maxLength": 3 }));
    let more = plus(more, "indexes", "by-zip", json!({ "fields": ["zip"] }));
    assert_eq!(bench.bring("entity/order", &entity(more.clone())), "add column \"zip\" on table \"order\"");
    assert_eq!(bench.rows("SELECT number, total, rate, zip FROM \"order\""), "1|0|2.5|-");
    let fewer = minus(minus(more, "fields", "zip"), "indexes", "by-zip");
    assert_eq!(bench.bring("entity/order", &entity(fewer.clone())), "drop column \"zip\" on table \"order\"");
    let fewer = minus(fewer, "indexes", "by-note");
    let title = bench.bring("entity/order", &entity(fewer));
    assert_eq!(title, "drop index \"order.by-note\" on table \"order\"");
}

#[test]
fn words_alone_touch_no_table() {
    let mut bench = Bench::new();
    create_all(&mut bench, &[("entity/order", entity(order()))]);
    let words = with(order(), "/fields/note/description", json!("Remarks"));
    let words = with(words, "/fields/note/format", json!("markdown"));
    assert_eq!(bench.bring("entity/order", &entity(with(words, "/displayName", json!("Sale")))), "");
}

#[test]
fn a_rebuild_keeps_rows_and_what_others_hung_on_the_table() {
    let mut bench = Bench::with(
        "CREATE TABLE log (what TEXT UNIQUE);
         CREATE TABLE \"order\" (
           [id] INTEGER PRIMARY KEY AUTOINCREMENT, -- counted
           name NVARCHAR(160) COLLATE NOCASE NOT NULL DEFAULT 'x' CHECK (name <> ''),
           price NUMERIC(10,2), loud AS (upper(name)) STORED, odd,
           rest TEXT REFERENCES log (what) DEFERRABLE INITIALLY DEFERRED,
           CHECK (price IS NULL OR price > 0), UNIQUE (name, price) ON CONFLICT IGNORE);
         INSERT INTO \"order\" (name, price) VALUES ('a', 1.5), ('b', NULL), ('c', 3);
         DELETE FROM \"order\" WHERE name = 'c';
         CREATE VIEW names AS SELECT name, price FROM \"order\";
         CREATE INDEX partial ON \"order\" (name) WHERE price > 1;
         CREATE INDEX plain_one ON \"order\" (price);
         CREATE TRIGGER watch AFTER UPDATE OF name ON \"order\" BEGIN INSERT INTO log VALUES (new.name); END;",
    );
    let Resource::Entity(found) = bench.get("entity/order") else { panic!() };
    assert_eq!(
        found.fields["name"].native.as_deref(),
        Some("NVARCHAR(160) COLLATE NOCASE CHECK (name <> '')")
    );
    assert_eq!(found.fields["name"].ty.describe(), "text 160");
    assert_eq!(found.fields["price"].ty.describe(), "decimal 10,2");
    assert!(found.fields["loud"].native.is_some() && found.indexes.contains_key("plain_one"));
    let mut after = found.clone();
    after.fields.get_mut("odd").unwrap().native = None;
    after.fields.get_mut("odd").unwrap().required = Some(true);
    let before = Resource::Entity(found);
    let after = Resource::Entity(after);
    let change = backfilled(change("entity/order", Some(&before), Some(&after)), "odd", json!("?"));
    assert_eq!(bench.apply(&[change]), "rebuild table \"order\"");
    assert_eq!(bench.get("entity/order"), after);
    bench.sql(
        "UPDATE \"order\" SET name = 'd' WHERE name = 'A'; INSERT INTO \"order\" (name, odd) VALUES ('e', 1)",
    );
    assert_eq!(
        bench.rows("SELECT id, name, price, loud, odd FROM \"order\""),
        "1|d|1.5|D|? 2|b|-|B|? 4|e|-|E|1"
    );
    assert_eq!(bench.rows("SELECT * FROM log"), "d");
    assert_eq!(bench.rows("SELECT name FROM names ORDER BY name"), "b d e");
    let sql = bench.rows("SELECT sql FROM sqlite_schema WHERE name = 'order'");
    for part in [
        "AUTOINCREMENT",
        "CHECK (name <> '')",
        "AS (upper(name)) STORED",
        "DEFERRABLE INITIALLY DEFERRED",
        "CHECK (price IS NULL OR price > 0)",
        "UNIQUE (name, price) ON CONFLICT IGNORE",
    ] {
        assert!(sql.contains(part), "{part} is gone from {sql}");
    }
    let names =
        "SELECT name FROM sqlite_schema WHERE tbl_name = 'order' AND name NOT LIKE 'sqlite%' ORDER BY 1";
    assert_eq!(bench.rows(names), "order partial plain_one watch");
}

#[test]
fn names_change_and_rows_views_and_triggers_follow() {
    let mut bench = Bench::new();
    create_all(&mut bench, &world());
    create_all(&mut bench, &[("entity/order", entity(order()))]);
    bench.sql(
        "INSERT INTO \"order\" (number, note, total) VALUES ('1', 'hi', 5);
         CREATE TABLE log (what TEXT);
         CREATE VIEW seen AS SELECT o.note FROM \"order\" o;
         CREATE TRIGGER watch AFTER INSERT ON \"order\" BEGIN INSERT INTO log VALUES (new.note); END;",
    );
    // A rename and a change of type at once: a rename first, then a rebuild from there.
    let spec = plus(
        minus(order(), "fields", "note"),
        "fields",
        "remark",
        json!({ "type": "text", "maxLength": 20, "format": "multiline" }),
    );
    let spec = with(spec, "/indexes/by-note/fields", json!(["remark"]));
    let title =
        bench.bring_by("entity/order", &entity(spec.clone()), |c| renamed(c, "fields", "remark", "note"));
    assert_eq!(title, "rename a column of table \"order\", then rebuild table \"order\"");
    bench.sql("INSERT INTO \"order\" (number, remark) VALUES ('2', 'ho')");
    assert_eq!(bench.rows("SELECT * FROM seen"), "hi ho");
    assert_eq!(bench.rows("SELECT * FROM log"), "ho");
    // A field alone, with the check that speaks of it.
    let spec = plus(
        minus(spec, "fields", "total"),
        "fields",
        "amount",
        json!({ "type": "decimal", "precision": 12, "scale": 2, "default": 0 }),
    );
    let spec = with(spec, "/keys/by-number-total/fields", json!(["number", "amount"]));
    let spec = with(spec, "/checks/total-positive/sql", json!("amount >= 0"));
    let title =
        bench.bring_by("entity/order", &entity(spec.clone()), |c| renamed(c, "fields", "amount", "total"));
    assert_eq!(title, "rename a column of table \"order\"");
    // Two fields trade their names.
    let spec = with(
        spec,
        "/fields/amount",
        json!({ "type": "text", "maxLength": 20, "required": true, "unique": true }),
    );
    let spec =
        with(spec, "/fields/number", json!({ "type": "decimal", "precision": 12, "scale": 2, "default": 0 }));
    let spec = with(spec, "/keys/by-number-total/fields", json!(["amount", "number"]));
    let spec = with(spec, "/checks/total-positive/sql", json!("number >= 0"));
    bench.bring_by("entity/order", &entity(spec.clone()), |c| {
        renamed(renamed(c, "fields", "amount", "number"), "fields", "number", "amount")
    });
    assert_eq!(bench.rows("SELECT number, amount FROM \"order\""), "5|1 0|2");
    // The entity itself, a key and an index.
    let before = bench.get("entity/order");
    let mut change = change("entity/Order", Some(&before), Some(&before));
    change.renamed_from = Some(address("entity/order"));
    bench.apply(&[change.clone()]);
    let names =
        "SELECT name FROM sqlite_schema WHERE tbl_name = 'Order' AND name NOT LIKE 'sqlite%' ORDER BY 1";
    assert_eq!(bench.rows(names), "Order Order.amount.unique Order.by-note Order.by-number-total watch");
    assert!(!bench.inspect().state.contains_key(&address("entity/order")));
    bench.is_like_fresh("entity/Order");
    let mut spec = spec;
    let key = spec["keys"]["by-number-total"].take();
    let spec = plus(minus(spec, "keys", "by-number-total"), "keys", "main", key);
    bench.bring_by("entity/Order", &entity(spec), |c| renamed(c, "keys", "main", "by-number-total"));
}

#[test]
fn an_entity_s_name_changes_and_references_follow() {
    let mut bench = Bench::new();
    create_all(&mut bench, &world());
    bench.sql("INSERT INTO counted VALUES (1, 'a')");
    let before = bench.get("entity/thing");
    let mut spec = every_type();
    spec["fields"]["parent"]["entity"] = json!("item");
    spec["fields"]["owner"]["entities"] = json!(["item", "counted"]);
    let after = entity(spec);
    let mut renaming = change("entity/item", Some(&before), Some(&after));
    renaming.renamed_from = Some(address("entity/thing"));
    bench.sql("INSERT INTO thing (checked, owner_counted) VALUES (1, 1)");
    bench.apply(&[renaming]);
    assert_eq!(bench.get("entity/item"), after);
    bench.sql("INSERT INTO item (checked, owner_item) SELECT 2, id FROM item");
    assert_eq!(bench.rows("SELECT number FROM item"), "T-0001 T-0002");
    bench.is_like_fresh("entity/item");
    let gone = change("entity/item", Some(&after), None);
    assert_eq!(bench.apply(&[gone]), "drop table \"item\"");
    assert_eq!(bench.rows("SELECT count(*) FROM _reconcile_sequence"), "0");
}

#[test]
fn options_change_by_row_and_rows_that_hold_them_follow() {
    let mut bench = Bench::new();
    create_all(&mut bench, &world());
    bench.sql("INSERT INTO counted VALUES (1, 'a'); INSERT INTO thing (checked, owner_counted, status) VALUES (1, 1, 'shut')");
    bench.bring("picklist/status", &picklist(&["open", "shut", "lost"]));
    bench.bring("picklist/status", &picklist(&["lost", "new", "open", "shut"]));
    bench.bring_by("picklist/status", &picklist(&["lost", "new", "open", "closed"]), |c| {
        renamed(c, "options", "closed", "shut")
    });
    assert_eq!(bench.rows("SELECT status FROM thing"), "closed");
    bench.bring_by("picklist/status", &picklist(&["lost", "new", "closed", "open"]), |c| {
        renamed(renamed(c, "options", "closed", "open"), "options", "open", "closed")
    });
    assert_eq!(bench.rows("SELECT status FROM thing"), "open");
    bench.bring("picklist/status", &picklist(&["closed", "open"]));
    // By hand: a label, an option more, another order. The record adds what rows cannot say.
    bench.sql(
        "UPDATE status SET label = 'Offen' WHERE name = 'open';
         INSERT INTO status VALUES ('by-hand', 'by-hand', 0, '#ffffff', 1)",
    );
    let Resource::Picklist(found) = bench.get("picklist/status") else { panic!() };
    assert_eq!(found.options.keys().collect::<Vec<_>>(), ["by-hand", "closed", "open"]);
    assert_eq!(found.options["open"].label, Some("Offen".into()));
    assert!(found.options["by-hand"].is_retired());
    let before = bench.get("picklist/status");
    let mut renaming = change("picklist/state", Some(&before), Some(&before));
    renaming.renamed_from = Some(address("picklist/status"));
    bench.apply(&[renaming]);
    assert_eq!(bench.get("picklist/state"), before);
    assert!(
        matches!(bench.get("entity/thing"), Resource::Entity(e) if e.fields["status"].ty.describe() == "picklist state")
    );
}

#[test]
fn values_are_converted_or_counted() {
    let cases = [
        ("bigint", json!({ "type": "text" }), "7|12", "", 0),
        ("text", json!({ "type": "bigint" }), "'7'|' 12 '|'007'|'x'|'9007199254740993'|'1.5'", "7 12", 3),
        (
            "text",
            json!({ "type": "decimal", "precision": 5, "scale": 2 }),
            "'7.25'|'1.125'|'9999'|'1x'",
            "7.25",
            3,
        ),
        ("text", json!({ "type": "boolean" }), "'true'|'0'|'yes'", "1 0", 1),
        ("text", json!({ "type": "date" }), "'2026-02-28'|'2026-02-30'|'now'", "2026-02-28", 2),
        ("text", json!({ "type": "time" }), "'13:45:00'|'25:00'|'now'", "13:45:00", 2),
        (
            "text",
            json!({ "type": "datetime" }),
            "'2026-02-28T10:00:00Z'|'2026-02-30 10:00'|'12'",
            "2026-02-28T10:00:00Z",
            2,
        ),
        (
            "text",
            json!({ "type": "uuid" }),
            "'0f8fad5b-d9cb-469f-a165-70867728950e'|'0f8fad5b'",
            "0f8fad5b-d9cb-469f-a165-70867728950e",
            1,
        ),
        ("text", json!({ "type": "json" }), "'[1]'|'['", "[1]", 1),
        ("text", json!({ "type": "text", "maxLength": 2 }), "'ab'|'abc'", "ab", 1),
        ("float", json!({ "type": "integer" }), "1.0|1.5|3000000000.0", "1", 2),
        ("bigint", json!({ "type": "boolean" }), "0|1|2", "0 1", 1),
        (
            "datetime",
            json!({ "type": "date" }),
            "'2026-02-28T00:00:00Z'|'2026-02-28T10:00:00Z'",
            "2026-02-28",
            1,
        ),
        ("date", json!({ "type": "datetime" }), "'2026-02-28'", "2026-02-28T00:00:00Z", 0),
        ("integer", json!({ "type": "money" }), "5", "5", 0),
        ("json", json!({ "type": "text" }), "'{}'", "{}", 0),
    ];
    for (from, to, values, kept, n_unfit) in cases {
        let mut bench = Bench::new();
        create_all(
            &mut bench,
            &[(
                "entity/t",
                entity(
                    json!({ "primaryKey": ["k"], "fields": { "k": { "type": "bigint" }, "c": { "type": from } } }),
                ),
            )],
        );
        for value in values.split('|') {
            bench.sql(&format!("INSERT INTO t (c) VALUES ({value})"));
        }
        bench.sql("INSERT INTO t (c) VALUES (NULL)");
        let before = bench.get("entity/t");
        let after = entity(json!({ "primaryKey": ["k"], "fields": { "k": { "type": "bigint" }, "c": to } }));
        let change = change("entity/t", Some(&before), Some(&after));
        let unfit = Question::UnfitAfter { before: "c".to_owned(), after: "c".to_owned() };
        let answer = bench.ask(&change, &unfit);
        assert_eq!(answer.count, n_unfit, "{from} to {to}: {answer:?}");
        if n_unfit == 0 {
            bench.bring("entity/t", &after);
        } else {
            let error = bench.try_apply(std::slice::from_ref(&change)).unwrap_err().to_string();
            assert!(error.contains("run step 1"), "{error}");
            let keys = answer.samples.join(", ");
            bench.sql(&format!("DELETE FROM t WHERE k IN ({keys})"));
            assert_eq!(bench.ask(&change, &unfit), Answer::default());
            if !kept.contains("7 12") {
                bench.bring("entity/t", &after);
                assert_eq!(bench.rows("SELECT c FROM t WHERE c IS NOT NULL"), kept, "{from} to {to}");
            }
        }
    }
}

#[test]
fn every_question_is_answered_with_a_count_and_keys() {
    let mut bench = Bench::new();
    create_all(&mut bench, &world());
    let spec = json!({
        "primaryKey": ["k"],
        "fields": {
            "k": { "type": "bigint" },
            "a": { "type": "text" },
            "b": { "type": "text" },
            "far": { "type": "bigint" },
            "status": { "type": "picklist", "picklist": "status" },
        },
    });
    create_all(&mut bench, &[("entity/q", entity(spec.clone()))]);
    bench.sql(
        "INSERT INTO counted VALUES (1, 'x');
         INSERT INTO q (k, a, b, far, status) VALUES (1, 'x', 'x', 1, 'open'), (2, 'x', 'x', 2, 'open'),
           (3, NULL, 'x', 3, NULL), (4, 'shut', NULL, NULL, 'shut'), (5, NULL, NULL, NULL, NULL)",
    );
    let before = bench.get("entity/q");
    let mut spec = spec;
    let b = spec["fields"]["b"].take();
    let spec = plus(minus(spec, "fields", "b"), "fields", "c", b);
    let spec = with(spec, "/fields/far", json!({ "type": "lookup", "entity": "counted" }));
    let spec = with(spec, "/fields/a", json!({ "type": "picklist", "picklist": "status" }));
    let spec = plus(spec, "fields", "new", json!({ "type": "lookup", "entity": "fresh" }));
    let spec = plus(spec, "fields", "must", json!({ "type": "text", "required": true }));
    let after = entity(spec);
    let mut asked = renamed(change("entity/q", Some(&before), Some(&after)), "fields", "c", "b");
    asked = backfilled(asked, "new", json!("somewhere"));
    let field = |name: &str| name.to_owned();
    let orphans = |name: &str, to: &str, key: &str| Question::OrphansAfter {
        fields: vec![field(name)],
        entity: address(to),
        to: vec![field(key)],
    };
    for (question, count, samples) in [
        (Question::Rows, 5, ""),
        (Question::Values { field: field("b") }, 3, "1 2 3"),
        (Question::NullsAfter { field: field("c") }, 2, "4 5"),
        (Question::NullsAfter { field: field("must") }, 5, "1 2 3 4 5"),
        (Question::NullsAfter { field: field("new") }, 0, ""),
        (Question::DuplicatesAfter { fields: vec![field("a"), field("c")] }, 2, "1 2"),
        (orphans("far", "entity/counted", "n"), 2, "2 3"),
        (orphans("new", "entity/fresh", "id"), 5, "1 2 3 4 5"),
        (orphans("c", "entity/q", "a"), 0, ""),
        (Question::NoOptionAfter { field: field("a"), picklist: address("picklist/status") }, 2, "1 2"),
        (Question::ViolationsAfter { sql: "c = 'y'".to_owned() }, 3, "1 2 3"),
        (Question::UnfitAfter { before: field("far"), after: field("far") }, 0, ""),
    ] {
        let answer = bench.ask(&asked, &question);
        assert_eq!((answer.count, answer.samples.join(" ").as_str()), (count, samples), "{question:?}");
    }
    let list = bench.get("picklist/status");
    let asked = change("picklist/status", Some(&list), Some(&picklist(&["shut"])));
    let answer = bench.ask(&asked, &Question::OptionUse { option: "open".to_owned() });
    assert_eq!((answer.count, answer.samples), (2, vec!["q 1".to_owned(), "q 2".to_owned()]));
    let asked = change("entity/nowhere", None, Some(&after));
    assert_eq!(bench.ask(&asked, &Question::Rows), Answer::default());
}

#[test]
fn a_rehearsal_finds_what_would_break_and_leaves_no_trace() {
    let mut bench = Bench::new();
    create_all(&mut bench, &[("entity/order", entity(order()))]);
    bench.sql(
        "CREATE TABLE log (what TEXT);
         CREATE VIEW fine AS SELECT number FROM \"order\";
         CREATE VIEW ill AS SELECT nil FROM nowhere;
         CREATE VIEW notes AS SELECT note FROM \"order\";
         CREATE TRIGGER watch AFTER UPDATE ON \"order\" BEGIN INSERT INTO log VALUES (new.note); END;
         CREATE TRIGGER calm AFTER UPDATE ON \"order\" BEGIN INSERT INTO log VALUES (new.number); END;",
    );
    let before = bench.get("entity/order");
    let after = entity(minus(minus(order(), "fields", "note"), "indexes", "by-note"));
    let steps = bench.steps(&[change("entity/order", Some(&before), Some(&after))]);
    let broken = bench.target.rehearse(&steps).unwrap();
    let names: Vec<String> = broken
        .iter()
        .map(|broken| match broken {
            Broken::Object { kind, name, .. } => format!("{kind} {name}"),
            Broken::Step { message, .. } => message.clone(),
        })
        .collect();
    assert_eq!(names, ["trigger watch", "view notes"]);
    assert_eq!(bench.get("entity/order"), before);
    let step = Step {
        id: 3,
        address: address("entity/x"),
        title: String::new(),
        statements: vec!["nonsense".to_owned()],
        task: None,
        runs: Runs::Inside,
        part: 0,
        undo: Vec::new(),
    };
    let broken = bench.target.rehearse(&[step]).unwrap();
    assert!(matches!(&broken[..], [Broken::Step { step: 3, message }] if message.contains("nonsense")));
}

#[test]
fn one_applies_at_a_time_and_a_dead_one_is_taken_over() {
    let mut bench = Bench::new();
    create_all(&mut bench, &[("entity/order", entity(order()))]);
    let mut other = open(&config("sub/a.db"), bench.folder.path(), Mode::Write).unwrap();
    let mut reader = open(&config("sub/a.db"), bench.folder.path(), Mode::Read).unwrap();
    let mut session = bench.target.lock(&holder("ada")).unwrap();
    session
        .run(&Step {
            id: 1,
            address: address("entity/x"),
            title: String::new(),
            statements: vec!["CREATE TABLE x (a)".to_owned()],
            task: None,
            runs: Runs::Inside,
            part: 0,
            undo: Vec::new(),
        })
        .unwrap();
    let error = other.lock(&holder("bob")).err().unwrap();
    assert!(
        matches!(&error, TargetError::Locked { holder, since, .. } if holder == "ada" && since.starts_with("2026")),
        "{error}"
    );
    assert!(!reader.inspect().unwrap().state.contains_key(&address("entity/x")));
    drop(session);
    assert_eq!(bench.rows("SELECT count(*) FROM _reconcile_lock"), "0");
    assert!(reader.lock(&holder("eve")).is_err());
    // A row that a killed process left behind stops nobody.
    bench.sql("INSERT INTO _reconcile_lock VALUES (1, 'dead', 'long ago', 'x')");
    let session = other.lock(&holder("bob")).unwrap();
    drop(session);
    assert!(!bench.inspect().state.contains_key(&address("entity/x")));
    let id = other.journal_failure(&entry()).unwrap();
    assert_eq!(bench.target.entry(id).unwrap().map(|entry| entry.id), Some(id));
    let ids: Vec<u64> = bench.target.history(10).unwrap().into_iter().map(|entry| entry.id).collect();
    assert_eq!(ids, [2, 1]);
    assert_eq!(bench.target.entry(99).unwrap(), None);
}

#[test]
fn a_reference_that_would_point_nowhere_stops_the_commit() {
    let mut bench = Bench::new();
    create_all(&mut bench, &world());
    bench.sql(
        "PRAGMA foreign_keys = OFF; INSERT INTO pair VALUES (1, 1); INSERT INTO counted VALUES (1, 'a');
               INSERT INTO thing (checked, whole, big, owner_counted) VALUES (9, 5, 6, 1)",
    );
    // That one was there before and is nobody's fault; this one is new.
    let before = bench.get("entity/counted");
    let mut spec = serde_json::to_value(&before).unwrap()["spec"].take();
    spec["fields"]["word"]["required"] = json!(true);
    bench.bring("entity/counted", &entity(spec));
    let list = bench.get("picklist/status");
    let error =
        bench.try_apply(&[change("picklist/status", Some(&list), Some(&picklist(&["shut"])))]).unwrap_err();
    assert!(error.to_string().contains("row 1 of `thing` points to no row of `status`"), "{error}");
    assert_eq!(bench.get("picklist/status"), list);
}

#[test]
fn hostile_names_are_only_names() {
    for name in
        ["se\"lect", "order by", "Größe", "x'y", "a.b", "[k]", "`t`", "drop table t; --", "%", "group"]
    {
        let mut bench = Bench::new();
        let spec = json!({
            "fields": {
                name: { "type": "text", "maxLength": 3, "unique": true, "default": "';--" },
                "n": { "type": "autonumber", "format": "';\"{seq}" },
                "s": { "type": "picklist", "picklist": format!("p {name}") },
                "me": { "type": "lookup", "entity": name },
                "any": { "type": "lookup", "entities": [name, format!("q {name}")] },
            },
            "indexes": { "i": { "fields": [name, "s"] } },
            "relationships": {},
        });
        let list = format!("picklist/p {name}");
        let at = format!("entity/{name}");
        let other = format!("entity/q {name}");
        create_all(
            &mut bench,
            &[
                (&list, picklist(&[name, "'"])),
                (&at, entity(spec.clone())),
                (&other, entity(json!({ "fields": {} }))),
            ],
        );
        assert_eq!(bench.get(&at), entity(spec.clone()), "{name}");
        let wider = with(spec, &format!("/fields/{}/maxLength", name.replace('~', "~0")), json!(9));
        bench.bring(&at, &entity(wider.clone()));
        let mut moved = wider;
        let field = moved["fields"][name].take();
        let moved = plus(minus(moved, "fields", name), "fields", "new 'name'", field);
        let moved = with(moved, "/indexes/i/fields", json!(["new 'name'", "s"]));
        bench.bring_by(&at, &entity(moved.clone()), |c| renamed(c, "fields", "new 'name'", name));
        let before = bench.get(&list);
        let rename =
            renamed(change(&list, Some(&before), Some(&picklist(&["\"", "'"]))), "options", "\"", name);
        bench.apply(&[rename]);
        bench.sql("DELETE FROM _reconcile_resource");
        assert_eq!(bench.get(&at), entity(moved), "{name}");
    }
}

#[test]
fn every_member_comes_and_goes() {
    let a = order();
    let b = json!({
        "primaryKey": ["number", "day"],
        "fields": {
            "number": { "type": "text", "maxLength": 30 },
            "day": { "type": "date" },
            "total": { "type": "decimal", "precision": 12, "scale": 2, "unique": true },
            "note": { "type": "text", "required": true, "default": "?", "check": "note <> 'x'" },
            "owner": { "type": "lookup", "entities": ["left", "right"], "required": true },
        },
        "keys": { "by-note": { "fields": ["note", "total"] } },
        "indexes": { "by-note-2": { "fields": ["note", "owner"] } },
        "checks": { "total-positive": { "sql": "total > 1" } },
        "relationships": { "self": { "fields": ["number", "day"], "references": { "entity": "order", "fields": ["number", "day"] } } },
    });
    let c = json!({
        "primaryKey": ["number"],
        "fields": {
            "number": { "type": "bigint" },
            "owner": { "type": "lookup", "entity": "left", "onDelete": "cascade", "required": true },
            "seq": { "type": "autonumber", "format": "{seq}" },
        },
    });
    let d = json!({ "fields": {} });
    let all = [a, b, c, d];
    for from in &all {
        for to in &all {
            let mut bench = Bench::new();
            let empty = entity(json!({ "fields": {} }));
            create_all(
                &mut bench,
                &[
                    ("entity/left", empty.clone()),
                    ("entity/right", empty.clone()),
                    ("entity/order", entity(from.clone())),
                ],
            );
            let title = bench.bring("entity/order", &entity(to.clone()));
            assert_eq!(title.is_empty(), from == to, "{title}");
            bench.bring("entity/order", &entity(from.clone()));
        }
    }
}

#[test]
fn what_somebody_else_made_is_read_and_left_alone() {
    let mut bench = Bench::with(
        "CREATE TABLE [Artist] ([ArtistId] INTEGER NOT NULL, [Name] NVARCHAR(120), CONSTRAINT [PK_Artist] PRIMARY KEY ([ArtistId]));
         CREATE TABLE [Album] ([AlbumId] INTEGER NOT NULL, [Title] NVARCHAR(160) NOT NULL, [ArtistId] INTEGER NOT NULL,
           [Made] DATETIME, CONSTRAINT [PK_Album] PRIMARY KEY ([AlbumId]),
           FOREIGN KEY ([ArtistId]) REFERENCES [Artist] ([ArtistId]) ON DELETE NO ACTION ON UPDATE NO ACTION);
         CREATE UNIQUE INDEX [IPK] ON [Album]([AlbumId]); CREATE INDEX [IFK_Artist] ON [Album] ([ArtistId]);
         CREATE TABLE plain (a INTEGER, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
         CREATE TABLE loose (id INTEGER PRIMARY KEY, up INTEGER REFERENCES loose, name TEXT UNIQUE, flag BOOLEAN);
         CREATE VIRTUAL TABLE docs USING fts5(body); CREATE TABLE \"a/b\" (x); CREATE TABLE none (x);
         PRAGMA foreign_keys = OFF; CREATE TABLE ill (a REFERENCES none (x)); INSERT INTO ill VALUES (1);",
    );
    let snapshot = bench.inspect();
    let get = |name: &str| serde_json::to_value(&snapshot.state[&address(name)]).unwrap()["spec"].clone();
    let album = get("entity/Album");
    assert_eq!(album["primaryKey"], json!(["AlbumId"]));
    assert_eq!(
        album["fields"]["ArtistId"],
        json!({ "type": "lookup", "entity": "Artist", "required": true })
    );
    assert_eq!(album["fields"]["Title"]["native"], "NVARCHAR(160)");
    assert_eq!(album["fields"]["Title"]["required"], true);
    assert_eq!(album["keys"]["IPK"], json!({ "fields": ["AlbumId"], "native": "index IPK" }));
    assert_eq!(album["fields"]["Made"]["type"], "datetime");
    assert_eq!(album["indexes"]["IFK_Artist"]["fields"], json!(["ArtistId"]));
    assert_eq!(get("entity/plain")["native"], "WITHOUT ROWID");
    let loose = get("entity/loose");
    assert_eq!(loose["fields"]["id"], json!({ "type": "bigint" }));
    assert_eq!(loose["fields"]["up"], json!({ "type": "lookup", "entity": "loose" }));
    assert_eq!(loose["fields"]["name"], json!({ "type": "text", "native": "TEXT UNIQUE", "unique": true }));
    assert_eq!(get("entity/none")["primaryKey"], json!([]));
    let opaque: Vec<&String> = snapshot.opaque.keys().filter(|name| !name.starts_with("docs_")).collect();
    assert_eq!(opaque, ["a/b", "docs"]);
    // Begin to own all of it: nothing is touched, and it stays what it is.
    let changes: Vec<Change> = snapshot
        .state
        .iter()
        .map(|(at, found)| Change { verb: Verb::Adopt, ..change(&at.to_string(), Some(found), Some(found)) })
        .collect();
    assert_eq!(bench.apply(&changes), "");
    assert_eq!(bench.inspect().state, snapshot.state);
    let mut more = album;
    more["fields"]["Title"]["maxLength"] = json!(200);
    more["fields"]["Title"].as_object_mut().unwrap().remove("native");
    // Its indexes keep the names they have, so it is like no fresh target.
    let mut bring = |after: Resource| {
        let before = bench.get("entity/Album");
        let title = bench.apply(&[change("entity/Album", Some(&before), Some(&after))]);
        assert_eq!(bench.get("entity/Album"), after);
        title
    };
    assert_eq!(bring(entity(more.clone())), "rebuild table \"Album\"");
    more["fields"]["Rate"] = json!({ "type": "float" });
    assert_eq!(bring(entity(more)), "add column \"Rate\" on table \"Album\"");
}

#[test]
fn what_moved_by_hand_is_seen() {
    let mut bench = Bench::new();
    create_all(&mut bench, &[("entity/order", entity(order()))]);
    bench.sql("ALTER TABLE \"order\" ADD COLUMN extra TEXT; DROP INDEX \"order.by-note\"; DROP INDEX \"order.number.unique\"");
    let Resource::Entity(found) = bench.get("entity/order") else { panic!() };
    assert!(found.fields.contains_key("extra") && found.indexes.is_empty());
    assert_eq!(found.fields["number"].unique, None);
    assert_eq!(found.fields["note"].description, Some("What they said".into()));
    assert_eq!(bench.bring("entity/order", &entity(order())), "drop column \"extra\" on table \"order\"");
    bench.sql("DROP TABLE \"order\"");
    let snapshot = bench.inspect();
    assert!(snapshot.state.is_empty() && snapshot.inventory.contains_key(&address("entity/order")));
}

#[test]
fn a_target_is_a_plain_file_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    for path in ["", " ", ":memory:", "file:a.db", "a\0b"] {
        assert!(
            matches!(open(&config(path), folder.path(), Mode::Write), Err(TargetError::Open { .. })),
            "{path}"
        );
    }
    std::fs::write(
        folder.path().join("text"),
        "this is no database at all, but a text that is long enough to be read as one. ".repeat(20),
    )
    .unwrap();
    for path in ["text", "."] {
        let error = open(&config(path), folder.path(), Mode::Read).unwrap().inspect().unwrap_err();
        assert!(matches!(error, TargetError::Open { .. }), "{error}");
    }
    let mut empty = open(&config("new/a.db"), folder.path(), Mode::Read).unwrap();
    let snapshot = empty.inspect().unwrap();
    assert!(snapshot.state.is_empty() && snapshot.server.starts_with("SQLite 3."));
    assert!(!folder.path().join("new").exists());
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/nowhere/at/all", folder.path().join("link")).unwrap();
        let mut target = open(&config("link"), folder.path(), Mode::Write).unwrap();
        assert!(matches!(target.lock(&holder("ada")).err(), Some(TargetError::Open { .. })));
    }
    let mut bench = Bench::new();
    create_all(&mut bench, &[]);
    bench.sql("UPDATE _reconcile_meta SET value = '99'");
    assert!(matches!(bench.target.inspect(), Err(TargetError::Newer { found: 99, .. })));
    assert!(matches!(bench.target.lock(&holder("ada")).err(), Some(TargetError::Newer { .. })));
}

#[test]
fn a_task_of_a_forged_plan_does_not_end_the_transaction() {
    let mut bench = Bench::new();
    create_all(&mut bench, &[("entity/order", entity(order()))]);
    let step = |sql: &str| Step {
        id: 1,
        address: address("entity/order"),
        title: "task fill (after)".to_owned(),
        statements: vec![sql.to_owned()],
        task: Some(TaskStep { name: "fill".to_owned(), unless: None }),
        runs: Runs::Inside,
        part: 0,
        undo: Vec::new(),
    };
    let n_rows = "SELECT count(*) FROM \"order\"";
    let found = bench.rows(n_rows);
    for sql in
        ["DELETE FROM \"order\"; COMMIT", "PRAGMA writable_schema = ON", "DELETE FROM _reconcile_resource"]
    {
        let mut session = bench.target.lock(&holder("ada")).unwrap();
        let error = session.run(&step(sql)).unwrap_err().to_string();
        assert!(error.contains("its SQL"), "{error}");
        assert_eq!(session.left("COMMIT").unwrap(), Left::Unknown("it is no query".to_owned()));
        session.run(&step("INSERT INTO \"order\" DEFAULT VALUES")).ok();
        drop(session);
        assert_eq!(bench.rows(n_rows), found);
    }
    assert_eq!(bench.rows("SELECT count(*) FROM _reconcile_resource"), "1");
}

#[test]
fn an_older_record_is_read_and_brought_along_by_the_next_apply() {
    let mut bench = Bench::new();
    create_all(&mut bench, &[("entity/order", entity(order()))]);
    let known = bench.rows("SELECT value FROM _reconcile_meta WHERE key = 'catalog'");
    bench.sql("DROP TABLE _reconcile_task; DROP TABLE _reconcile_trash; UPDATE _reconcile_meta SET value = '1' WHERE key = 'catalog'");
    let n_tables = "SELECT count(*) FROM sqlite_schema WHERE name = '_reconcile_task'";
    assert!(bench.inspect().inventory.contains_key(&address("entity/order")));
    drop(bench.target.lock(&holder("ada")).unwrap());
    assert_eq!(bench.rows("SELECT value FROM _reconcile_meta WHERE key = 'catalog'"), "1");
    assert_eq!(bench.rows(n_tables), "0");
    bench.target.lock(&holder("ada")).unwrap().commit(&entry()).unwrap();
    assert_eq!(bench.rows("SELECT value FROM _reconcile_meta WHERE key = 'catalog'"), known);
    assert_eq!(bench.rows(n_tables), "1");
}

#[test]
fn a_target_of_the_first_version_is_read_and_gets_a_trash_with_its_next_apply() {
    let mut bench = Bench::new();
    create_all(&mut bench, &[("entity/order", entity(order()))]);
    let before = bench.inspect();
    bench.sql("DROP TABLE _reconcile_trash; UPDATE _reconcile_meta SET value = '1'");
    let found = bench.inspect();
    assert_eq!((&found.state, &found.inventory), (&before.state, &before.inventory));
    assert!(found.trash.is_empty() && found.last_trash == 0);
    let nothing = Purge::Expired("2999-01-01T00:00:00Z".to_owned());
    assert!(bench.target.purge(&holder("ada"), &nothing).unwrap().is_empty());
    bench.target.lock(&holder("ada")).unwrap().commit(&entry()).unwrap();
    bench.sql("INSERT INTO _reconcile_trash VALUES (7, 1, '', '', '{}'); DELETE FROM _reconcile_trash");
    assert_eq!(bench.inspect().last_trash, 7);
}

#[test]
fn a_killed_apply_is_rolled_back_by_the_next_reader() {
    let mut bench = Bench::new();
    create_all(&mut bench, &[("entity/order", entity(order()))]);
    let before = bench.inspect();
    let folder = tempfile::tempdir().unwrap();
    {
        let writer = bench.raw();
        writer.execute_batch("PRAGMA cache_size = 5; BEGIN; CREATE TABLE half (a)").unwrap();
        writer
            .execute_batch(
                "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
                 INSERT INTO \"order\" (number) SELECT i FROM n",
            )
            .unwrap();
        // As a process that is killed here leaves the two files behind.
        std::fs::copy(bench.path(), folder.path().join("a.db")).unwrap();
        std::fs::copy(bench.path().with_extension("db-journal"), folder.path().join("a.db-journal")).unwrap();
    }
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let reader = Connection::open_with_flags(folder.path().join("a.db"), flags).unwrap();
    assert!(reader.prepare("SELECT 1 FROM sqlite_schema").is_err(), "there is nothing to roll back");
    let mut target = open(&config("a.db"), folder.path(), Mode::Read).unwrap();
    let after = target.inspect().unwrap();
    assert_eq!(after.fingerprint(), before.fingerprint());
}

/// The questions that a planner asks, as far as their answers stand in the way.
fn objections(bench: &mut Bench, change: &Change) -> Vec<String> {
    let (Some(Resource::Entity(before)), Some(Resource::Entity(after))) = (&change.before, &change.after)
    else {
        return Vec::new();
    };
    let mut questions = Vec::new();
    let key = after.primary_key.clone().unwrap_or_default();
    for (name, field) in &after.fields {
        let is_numbered = matches!(field.ty, FieldType::Autonumber { .. });
        if (field.is_required() || key.contains(name)) && !is_numbered {
            questions.push(Question::NullsAfter { field: name.clone() });
        }
        if field.is_unique() || is_numbered {
            questions.push(Question::DuplicatesAfter { fields: vec![name.clone()] });
        }
        let was = before.fields.get(name).map(|was| &was.ty);
        if was == Some(&field.ty) {
            continue;
        }
        // Values that have no place in the new columns are lost and stand in nobody's way.
        let is_single = |ty: &FieldType| ty.polymorphic_columns(name).is_empty();
        if was.is_some_and(is_single) && is_single(&field.ty) {
            questions.push(Question::UnfitAfter { before: name.clone(), after: name.clone() });
        }
        match &field.ty {
            FieldType::Picklist { picklist } => questions.push(Question::NoOptionAfter {
                field: name.clone(),
                picklist: address(&format!("picklist/{picklist}")),
            }),
            ty => questions.extend(ty.lookup_targets().into_iter().map(|to| Question::OrphansAfter {
                fields: vec![name.clone()],
                entity: address(&format!("entity/{to}")),
                to: vec![if to == "counted" { "n".to_owned() } else { after_key(to, after) }],
            })),
        }
    }
    questions.extend(after.checks.values().map(|check| Question::ViolationsAfter { sql: check.sql.clone() }));
    questions.extend(after.keys.values().map(|key| Question::DuplicatesAfter { fields: key.fields.clone() }));
    if !key.is_empty() {
        questions.push(Question::DuplicatesAfter { fields: key });
    }
    let mut found = Vec::new();
    for question in questions {
        let answer = bench.ask(change, &question);
        if answer.count > 0 {
            found.push(format!("{question:?}: {answer:?}"));
        }
    }
    found
}

fn after_key(to: &str, after: &reconcile::model::entity::Entity) -> String {
    if to == "t" { after.key_fields()[0].to_owned() } else { "id".to_owned() }
}

#[test]
fn any_table_becomes_any_other() {
    let types = [
        json!({ "type": "text" }),
        json!({ "type": "text", "maxLength": 9 }),
        json!({ "type": "bigint" }),
        json!({ "type": "decimal", "precision": 6, "scale": 2 }),
        json!({ "type": "boolean", "default": true }),
        json!({ "type": "date", "default": "now" }),
        json!({ "type": "json", "default": [1] }),
        json!({ "type": "binary" }),
        json!({ "type": "picklist", "picklist": "status" }),
        json!({ "type": "lookup", "entity": "counted" }),
        json!({ "type": "lookup", "entities": ["thing", "counted"] }),
        json!({ "type": "lookup", "entity": "t", "onDelete": "cascade" }),
        json!({ "type": "autonumber", "format": "A{seq:3}" }),
        json!({ "type": "uuid", "default": "generated" }),
        json!({ "type": "text", "default": { "sql": "upper('a')" } }),
        json!({ "type": "integer", "check": "1 > 0" }),
    ];
    let mut seed: u64 = 4711;
    let mut pick = move |n: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % n
    };
    let mut spec = move || {
        let names = ["a", "b", "c", "d", "e f"];
        let mut spec = json!({ "fields": {} });
        let chosen: Vec<&str> = names.into_iter().filter(|_| pick(3) > 0).collect();
        for name in &chosen {
            let mut field = types[pick(types.len())].clone();
            if pick(4) == 0 && field["type"] != "autonumber" {
                field["required"] = json!(true);
            }
            if pick(4) == 0 && field["type"] != "autonumber" {
                field["unique"] = json!(true);
            }
            spec["fields"][*name] = field;
        }
        if let Some(first) = chosen.first().filter(|first| {
            pick(4) == 0
                && spec["fields"][**first].get("entities").is_none()
                && spec["fields"][**first]["type"] != "autonumber"
        }) {
            spec["primaryKey"] = json!([first]);
        }
        if chosen.len() > 2 {
            spec["indexes"] = json!({ "i": { "fields": chosen[..2] } });
            spec["keys"] = json!({ "k": { "fields": chosen[1..] } });
            spec["checks"] = json!({ "ok": { "sql": format!("\"{}\" IS NOT 'never'", if spec["fields"][chosen[0]].get("entities").is_some() { "id" } else { chosen[0] }) } });
        }
        if spec.get("primaryKey").is_some() && spec["checks"]["ok"]["sql"] == json!("\"id\" IS NOT 'never'") {
            spec.as_object_mut().unwrap().remove("checks");
        }
        spec
    };
    let mut bench = Bench::new();
    create_all(&mut bench, &world());
    create_all(&mut bench, &[("entity/t", entity(json!({ "fields": {} })))]);
    let (mut n_kept, mut n_refused) = (0, 0);
    for _ in 0..25 {
        let wanted = entity(spec());
        // Some rows, where the table takes them as they are.
        let raw = bench.raw();
        raw.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        for _ in 0..3 {
            let _ = raw.execute_batch("INSERT OR IGNORE INTO t DEFAULT VALUES");
        }
        // What points nowhere already is no matter of the change.
        let ill = "DELETE FROM t WHERE rowid IN (SELECT rowid FROM pragma_foreign_key_check('t'))";
        raw.execute_batch(ill).unwrap();
        drop(raw);
        let (before, n_rows) = (bench.get("entity/t"), bench.rows("SELECT count(*) FROM t"));
        let change_now = change("entity/t", Some(&before), Some(&wanted));
        let in_the_way = objections(&mut bench, &change_now);
        match bench.try_apply(&[change_now]) {
            Ok(_) => {
                n_kept += usize::from(n_rows != "0");
                assert_eq!(in_the_way, Vec::<String>::new(), "was applied all the same");
            }
            Err(error) => {
                n_refused += 1;
                assert_eq!(bench.get("entity/t"), before);
                assert_ne!(in_the_way, Vec::<String>::new(), "no question foresaw: {error}");
            }
        }
        assert_eq!(bench.rows("SELECT count(*) FROM t"), n_rows);
        if bench.get("entity/t") != wanted {
            bench.sql("DELETE FROM t");
            bench.bring("entity/t", &wanted);
        }
        let again = bench.get("entity/t");
        assert!(bench.steps(&[change("entity/t", Some(&again), Some(&wanted))]).is_empty());
        bench.is_like_fresh("entity/t");
    }
    assert!(n_kept > 1 && n_refused > 3, "{n_kept} changes kept rows, {n_refused} were refused");
}

#[test]
fn a_rename_reaches_those_who_point_there_in_either_order() {
    for first in [0, 1] {
        for is_rebuilt in [false, true] {
            let mut bench = Bench::new();
            let child = |to: &str| {
                json!({ "fields": {
                    "up": { "type": "lookup", "entity": to },
                    "any": { "type": "lookup", "entities": [to, "child"] },
                } })
            };
            create_all(
                &mut bench,
                &[("entity/old", entity(json!({ "fields": {} }))), ("entity/child", entity(child("old")))],
            );
            bench.sql("INSERT INTO old VALUES ('o'); INSERT INTO child (up, any_old) VALUES ('o', 'o')");
            let (old, before) = (bench.get("entity/old"), bench.get("entity/child"));
            let more = plus(child("new"), "fields", "more", json!({ "type": "text" }));
            let more = if is_rebuilt {
                with(more, "/fields/up", json!({ "type": "lookup", "entity": "new", "onDelete": "cascade" }))
            } else {
                more
            };
            let after = entity(more);
            let mut renaming = change("entity/new", Some(&old), Some(&old));
            renaming.renamed_from = Some(address("entity/old"));
            let mut changes = vec![renaming, change("entity/child", Some(&before), Some(&after))];
            changes.rotate_left(first);
            let title = bench.apply(&changes);
            assert_eq!(title.contains("rebuild"), is_rebuilt || !title.contains("add column"), "{title}");
            assert_eq!(bench.get("entity/child"), after);
            assert_eq!(bench.rows("SELECT up, any_new, any_child FROM child"), "o|o|-");
            bench.is_like_fresh("entity/child");
        }
    }
}

#[test]
fn a_question_may_be_asked_of_a_table_of_any_name() {
    for name in ["after", "found", "there", "order"] {
        let mut bench = Bench::new();
        let spec = json!({ "primaryKey": ["k"], "fields": { "k": { "type": "bigint" }, "up": { "type": "bigint" } } });
        let at = format!("entity/{name}");
        create_all(&mut bench, &[(&at, entity(spec.clone()))]);
        bench.sql(&format!("INSERT INTO \"{name}\" VALUES (1, 1), (2, 9)"));
        let before = bench.get(&at);
        let after = entity(with(spec, "/fields/up", json!({ "type": "lookup", "entity": name })));
        let asked = change(&at, Some(&before), Some(&after));
        let question = Question::OrphansAfter {
            fields: vec!["up".to_owned()],
            entity: address(&at),
            to: vec!["k".to_owned()],
        };
        assert_eq!(
            bench.ask(&asked, &question),
            Answer { count: 1, samples: vec!["2".to_owned()], ..Answer::default() },
            "{name}"
        );
        let question = Question::ViolationsAfter { sql: format!("\"{name}\".up > 1") };
        assert_eq!(bench.ask(&asked, &question).count, 1, "{name}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2048))]

    #[test]
    fn what_is_said_to_be_normal_is_left_as_it_is(resource in generated::resource()) {
        let dialect = bench::dialect_of();
        let (mut once, said) = (resource.clone(), dialect.is_normal(&resource));
        dialect.normalize(&mut once);
        proptest::prop_assert!(!said || once == resource);
        let mut twice = once.clone();
        dialect.normalize(&mut twice);
        proptest::prop_assert_eq!(twice, once);
    }
}
