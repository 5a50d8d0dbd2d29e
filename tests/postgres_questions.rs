//! Questions about rows on a real PostgreSQL, asked of hostile values.
//! Never trusts the SQL's look: it is run.

mod postgres_server;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use postgres::Client;
use reconcile::address::Address;
use reconcile::diff::change::{Change, MemberChange, Reason};
use reconcile::diff::decision::Verb;
use reconcile::model::entity::{self, Entity};
use reconcile::model::field::DefaultValue;
use reconcile::model::picklist::{self, Picklist};
use reconcile::model::resource::Resource;
use reconcile::model::setup::Action;
use reconcile::model::state::{Native, State};
use reconcile::provider::postgres::ask;
use reconcile::target::{Aside, Question, Scene};
use serde_json::{Value, json};

/// A database with tables, and what a plan would make of them.
struct World {
    client: Client,
    _database: postgres_server::Database,
    before: State,
    after: State,
    renamed: BTreeMap<Address, Address>,
    aside: Aside,
    changes: BTreeMap<String, Change>,
}

impl World {
    fn new(sql: &str) -> Option<World> {
        let database = postgres_server::database()?;
        let mut client = database.connect("public");
        client.batch_execute("SET TimeZone = 'UTC'; SET default_transaction_read_only = off").unwrap();
        client.batch_execute(sql).unwrap();
        Some(World {
            client,
            _database: database,
            before: State::new(),
            after: State::new(),
            renamed: BTreeMap::new(),
            aside: Aside::default(),
            changes: BTreeMap::new(),
        })
    }

    fn entity(self, name: &str, before: Value, after: Value) -> World {
        self.renamed_entity(name, name, &[], before, after)
    }

    /// An entity with its former name and the new names of fields with the old ones. `null`: it is not there.
    fn renamed_entity(
        mut self,
        old: &str,
        name: &str,
        fields: &[(&str, &str)],
        before: Value,
        after: Value,
    ) -> World {
        let read = |value: Value| {
            (!value.is_null()).then(|| Resource::Entity(serde_json::from_value::<Entity>(value).unwrap()))
        };
        let (was, address) = (Address::new(entity::KIND, old), Address::new(entity::KIND, name));
        let (before, after) = (read(before), read(after));
        self.before.extend(before.clone().map(|one| (was.clone(), Arc::new(one))));
        self.after.extend(after.clone().map(|one| (address.clone(), Arc::new(one))));
        let renamed_from = (old != name).then_some(was);
        self.renamed.extend(renamed_from.clone().map(|was| (address.clone(), was)));
        let member = |(new, old): &(&str, &str)| MemberChange {
            section: "fields".to_owned(),
            name: (*new).to_owned(),
            verb: Verb::Update,
            reason: Reason::Declared,
            renamed_from: Some((*old).to_owned()),
            settings: Vec::new(),
        };
        let change = Change {
            members: fields.iter().map(member).collect(),
            ..change(address, renamed_from, before, after)
        };
        self.changes.insert(name.to_owned(), change);
        self
    }

    fn picklist(mut self, name: &str, before: &[&str], after: &[&str]) -> World {
        let read = |options: &[&str]| {
            let options: serde_json::Map<String, Value> =
                options.iter().map(|option| ((*option).to_owned(), json!({}))).collect();
            let list: Picklist = serde_json::from_value(json!({ "options": options })).unwrap();
            Arc::new(Resource::Picklist(list))
        };
        let address = Address::new(picklist::KIND, name);
        self.before.insert(address.clone(), read(before));
        self.after.insert(address.clone(), read(after));
        let resource = |state: &State| state.get(&address).map(|one| one.as_ref().clone());
        let change = change(address.clone(), None, resource(&self.before), resource(&self.after));
        self.changes.insert(name.to_owned(), change);
        self
    }

    fn backfill(mut self, name: &str, field: &str, value: Value) -> World {
        let value: DefaultValue = serde_json::from_value(value).unwrap();
        self.changes.get_mut(name).unwrap().backfill.insert(field.to_owned(), value);
        self
    }

    /// Asks a question; none where the target's shape alone answers it.
    fn answer(&mut self, name: &str, question: &Question) -> Option<(i64, String)> {
        let natives = natives(&mut self.client);
        let rows = BTreeMap::new();
        let scene = scene(self, &natives, &rows);
        let sql = ask::query(&self.changes[name], question, &scene)?;
        // As a plan asks: nothing may be written.
        let mut transaction = self.client.build_transaction().read_only(true).start().unwrap();
        let row = transaction.query_one(&sql, &[]).unwrap_or_else(|error| {
            let said = error.as_db_error().map(ToString::to_string);
            panic!("{question:?} says {}\n{sql}", said.unwrap_or_else(|| error.to_string()))
        });
        let samples: Vec<String> = serde_json::from_str(&row.get::<_, String>(1)).unwrap();
        Some((row.get(0), samples.join(" ")))
    }

    #[track_caller]
    fn says(&mut self, name: &str, question: &Question, count: i64, samples: &str) {
        let found = self.answer(name, question);
        assert_eq!(found, Some((count, samples.to_owned())), "{question:?}");
    }
}

static NONE: BTreeSet<Address> = BTreeSet::new();

fn scene<'a>(world: &'a World, natives: &'a [Native], rows: &'a BTreeMap<Address, u64>) -> Scene<'a> {
    Scene {
        before: &world.before,
        after: &world.after,
        natives,
        rows,
        renamed: &world.renamed,
        aside: &world.aside,
        placed: &NONE,
        strategy: None,
    }
}

fn change(
    address: Address,
    renamed_from: Option<Address>,
    before: Option<Resource>,
    after: Option<Resource>,
) -> Change {
    Change {
        address,
        action: Action::Overwrite,
        verb: Verb::Update,
        reason: Reason::Declared,
        renamed_from,
        declared: after.clone(),
        before,
        after,
        backfill: BTreeMap::new(),
        settings: Vec::new(),
        members: Vec::new(),
        tasks: Vec::new(),
        restored: None,
    }
}

/// The tables as an inspection reports them, as far as questions look at them.
fn natives(client: &mut Client) -> Vec<Native> {
    let sql = "SELECT c.relname::text, jsonb_build_object('name', c.relname, 'columns', (SELECT jsonb_agg(\
               jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum) \
               FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), 'constraints', \
               coalesce((SELECT jsonb_agg(jsonb_build_object('name', k.conname, 'rule', 'primary-key', 'columns', \
               (SELECT jsonb_agg(a.attname ORDER BY n) FROM unnest(k.conkey) WITH ORDINALITY AS u(num, n) \
               JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.num))) FROM pg_constraint k \
               WHERE k.conrelid = c.oid AND k.contype = 'p'), '[]'))::text FROM pg_class c \
               WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace";
    let native = |row: &postgres::Row| {
        let (name, definition): (String, String) = (row.get(0), row.get(1));
        Native { kind: "table".to_owned(), table: name.clone(), name, definition }
    };
    client.query(sql, &[]).unwrap().iter().map(native).collect()
}

fn nulls(field: &str) -> Question {
    Question::NullsAfter { field: field.to_owned() }
}

fn unfit(field: &str) -> Question {
    Question::UnfitAfter { before: field.to_owned(), after: field.to_owned() }
}

fn duplicates(fields: &[&str]) -> Question {
    Question::DuplicatesAfter { fields: fields.iter().map(|field| (*field).to_owned()).collect() }
}

fn orphans(fields: &[&str], entity: &str, to: &[&str]) -> Question {
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Question::OrphansAfter { fields: list(fields), entity: Address::new(entity::KIND, entity), to: list(to) }
}

fn violations(sql: &str) -> Question {
    Question::ViolationsAfter { sql: sql.to_owned() }
}

/// The words of an entity whose key is the integer `n`.
fn numbered(fields: Value) -> Value {
    let mut all = json!({ "n": { "type": "integer" } });
    all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json!({ "primaryKey": ["n"], "fields": all })
}

#[test]
fn rows_and_values_are_counted_whatever_their_names() {
    let made = "CREATE TABLE \"we\"\"ird na'me\" (\"a\"\"b\" int, \"c d\" text, \"Sel_a\" uuid, \"Sel_b\" uuid, \
                PRIMARY KEY (\"c d\", \"a\"\"b\")); \
                INSERT INTO \"we\"\"ird na'me\" VALUES (2, 'ä\"\\', NULL, gen_random_uuid()), (1, 'x', NULL, NULL)";
    let words = json!({ "primaryKey": ["c d", "a\"b"], "fields": { "a\"b": { "type": "integer" }, "c d": { "type": "text" },
        "Sel": { "type": "lookup", "entities": ["a", "b"] }, "gone": { "type": "text" } } });
    let Some(world) = World::new(made) else { return };
    let mut world = world.entity("we\"ird na'me", words.clone(), words);
    let name = "we\"ird na'me";
    world.says(name, &Question::Rows, 2, "");
    let values = |field: &str| Question::Values { field: field.to_owned() };
    world.says(name, &values("a\"b"), 2, "x, 1 ä\"\\, 2");
    world.says(name, &values("Sel"), 1, "ä\"\\, 2");
    assert_eq!(world.answer(name, &values("gone")), None);
}

#[test]
fn a_value_that_is_lost_is_not_missing_too() {
    let made = "CREATE TABLE t (n int PRIMARY KEY, v text); \
                INSERT INTO t VALUES (1, '7'), (2, NULL), (3, 'seven'), (4, ''), (5, ' 7'), (6, '007'), (7, '7.0')";
    let Some(world) = World::new(made) else { return };
    let (before, after) =
        (json!({ "v": { "type": "text" } }), json!({ "v": { "type": "integer", "required": true } }));
    let mut world = world.entity("t", numbered(before), numbered(after));
    world.says("t", &unfit("v"), 3, "3 4 6");
    world.says("t", &nulls("v"), 1, "2");
    world.says("t", &duplicates(&["v"]), 3, "1 5 7");
    let mut world = world.backfill("t", "v", json!(8));
    world.says("t", &nulls("v"), 0, "");
    world.says("t", &violations("v = 7"), 4, "2 3 4 6");
}

#[test]
fn a_new_column_is_seen_with_what_its_rows_get() {
    let made = "CREATE SEQUENCE s; CREATE TABLE t (n int PRIMARY KEY, old text); INSERT INTO t VALUES (1, 'a'), (2, NULL)";
    let Some(world) = World::new(made) else { return };
    let before = json!({ "old": { "type": "text" } });
    let after = json!({
        "new": { "type": "text", "maxLength": 9 },
        "counted": { "type": "integer", "default": { "sql": "nextval('s')" } },
        "numbered": { "type": "autonumber", "format": "A-{seq}" },
        "made": { "type": "uuid", "default": "generated" },
        "same": { "type": "decimal", "precision": 4, "scale": 2, "default": 1.5 },
        "filled": { "type": "text", "required": true },
        "computed": { "type": "text", "native": "text GENERATED ALWAYS AS (new || filled) STORED" },
        "counts": { "type": "integer", "native": "serial" },
        "many": { "type": "lookup", "entities": ["t", "other"] },
    });
    let world = world.renamed_entity("t", "t", &[("new", "old")], numbered(before), numbered(after));
    let mut world = world.backfill("t", "filled", json!("it's"));
    world.says("t", &nulls("new"), 1, "2");
    world.says("t", &nulls("filled"), 0, "");
    world.says("t", &nulls("many"), 2, "1 2");
    world.says("t", &nulls("computed"), 1, "2");
    world.says("t", &violations("computed <> 'ait''s' AND counts > 0"), 1, "1");
    for unique in ["counted", "numbered", "made", "counts"] {
        world.says("t", &nulls(unique), 0, "");
        world.says("t", &duplicates(&[unique]), 0, "");
    }
    world.says("t", &duplicates(&["same"]), 2, "1 2");
    world.says("t", &duplicates(&["same", "new"]), 0, "");
    world.says("t", &violations("same / 3 = 0.5 AND \"t\".filled = 'it''s' AND t.new = 'a'"), 0, "");
}

#[test]
fn a_check_is_asked_of_rows_as_they_will_be() {
    let made = "CREATE TABLE \"old order\" (n int PRIMARY KEY, total text, beside int); \
                INSERT INTO \"old order\" VALUES (1, '5', 1), (2, '-5', 1), (3, NULL, 1), (4, 'x', 1), (5, '7', NULL)";
    let Some(world) = World::new(made) else { return };
    let before = json!({ "total": { "type": "text" } });
    let after = json!({ "sum": { "type": "integer" } });
    let mut world =
        world.renamed_entity("old order", "order", &[("sum", "total")], numbered(before), numbered(after));
    // Whole numbers are divided as such; what no manifest knows can be read all the same; NULL passes.
    world.says("order", &violations("sum / 2 = 2 OR sum / 2 = 3"), 1, "2");
    world.says("order", &violations("\"order\".sum > 0 AND beside > 0"), 1, "2");
    world.says("order", &violations("coalesce(sum, 1) > 0"), 1, "2");
}

#[test]
fn a_reference_is_followed_across_types_and_names() {
    let one = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
    let made = format!(
        "CREATE TABLE customer (id uuid PRIMARY KEY); INSERT INTO customer VALUES ('{one}'); \
         CREATE TABLE region (code text, land text, PRIMARY KEY (code, land)); INSERT INTO region VALUES ('n', 'de'), ('s', 'de'); \
         CREATE TABLE t (n int PRIMARY KEY, customer text, up int, code text, land text, old_customer uuid, old_region uuid); \
         INSERT INTO t VALUES (1, '{one}', NULL, 'n', 'de', '{one}', NULL), (2, upper('{one}'), 1, 'n', NULL, NULL, NULL), \
         (3, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12', 9, 'n', 'fr', gen_random_uuid(), NULL), (4, 'nobody', 3, NULL, NULL, NULL, NULL), (5, NULL, 5, 's', 'de', NULL, NULL)"
    );
    let Some(world) = World::new(&made) else { return };
    let text = json!({ "type": "text" });
    let before = json!({ "customer": text, "up": { "type": "integer" }, "code": text, "land": text,
        "old": { "type": "lookup", "entities": ["customer", "region"] } });
    let after = json!({ "customer": { "type": "lookup", "entity": "client" }, "up": { "type": "lookup", "entity": "t" },
        "code": text, "land": text, "old": { "type": "lookup", "entities": ["client", "fresh"] },
        "fresh": { "type": "lookup", "entity": "fresh", "onDelete": "cascade" } });
    let fields = json!({ "code": text, "land": text });
    let region = json!({ "primaryKey": ["code", "land"], "fields": fields });
    let world = world
        .entity("t", numbered(before), numbered(after))
        .renamed_entity("customer", "client", &[], json!({}), json!({}))
        .entity("region", region.clone(), region)
        .entity("fresh", Value::Null, json!({}));
    let mut world = world.backfill("t", "fresh", json!(one));
    world.says("t", &unfit("customer"), 1, "4");
    world.says("t", &orphans(&["customer"], "client", &["id"]), 1, "3");
    world.says("t", &orphans(&["up"], "t", &["n"]), 1, "3");
    world.says("t", &orphans(&["code", "land"], "region", &["code", "land"]), 1, "3");
    // One of several: each column has a far end of its own, under its present name.
    world.says("t", &orphans(&["old"], "client", &["id"]), 1, "3");
    // What is made by the plan holds nothing yet.
    world.says("t", &orphans(&["fresh"], "fresh", &["id"]), 5, "1 2 3 4 5");
}

#[test]
fn an_option_is_looked_for_under_its_name_to_be() {
    let made = "CREATE TYPE mood AS ENUM ('good', 'it''s'); CREATE TABLE t (n int PRIMARY KEY, v text, e mood); \
                INSERT INTO t VALUES (1, 'a', 'good'), (2, 'b', 'it''s'), (3, NULL, NULL), (4, 'A', 'good')";
    let Some(world) = World::new(made) else { return };
    let (one, other) = (
        json!({ "type": "picklist", "picklist": "one" }),
        json!({ "type": "picklist", "picklist": "other" }),
    );
    let mut world = world
        .picklist("one", &["a", "b"], &["a", "b"])
        .picklist("other", &["a", "bee"], &["a", "bee"])
        .picklist("mood", &["good", "it's"], &["good"])
        .entity(
            "t",
            numbered(json!({ "v": one, "e": { "type": "picklist", "picklist": "mood" } })),
            numbered(json!({ "v": other, "e": other })),
        );
    let none = |field: &str| Question::NoOptionAfter {
        field: field.to_owned(),
        picklist: Address::new(picklist::KIND, "other"),
    };
    let held = |option: &str| Question::OptionUse { option: option.to_owned() };
    world.says("t", &none("v"), 2, "2 4");
    world.says("t", &none("e"), 3, "1 2 4");
    world.says("one", &held("b"), 1, "t 2");
    world.says("mood", &held("it's"), 1, "t 2");
    world.says("mood", &held("bad"), 0, "");
    world.aside.options.insert("one".to_owned(), vec![("bee".to_owned(), "b".to_owned())]);
    world.says("t", &none("v"), 1, "4");
}

#[test]
fn hostile_values_are_answered_for_every_type() {
    let values = "'', ' ', '\\', '''', '\"', '{', '[', '[[[[', '1e999', 'NaN', '-', '99999999999999999999999999', \
                  '2026-02-30', '0000-01-01', '24:00', '\\x', E'\\n', '😀', 'infinity', '12:60', '1/0', '{\"a\":1,\"a\":2}', \
                  '\"\\ud800\"', '\"\\u0000\"', '1_000', '0x10', 'true', repeat('9', 400), repeat('[', 2000), repeat('[', 2000) || repeat(']', 2000)";
    let made = format!(
        "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false); \
         CREATE TABLE t (v text COLLATE loose, n serial); INSERT INTO t (v) SELECT unnest(ARRAY[{values}])"
    );
    let Some(mut world) = World::new(&made) else { return };
    let natives = natives(&mut world.client);
    assert_eq!(natives.len(), 1);
    for ty in [
        json!({ "type": "text", "maxLength": 1 }),
        json!({ "type": "integer" }),
        json!({ "type": "bigint" }),
        json!({ "type": "decimal", "precision": 38, "scale": 10 }),
        json!({ "type": "money" }),
        json!({ "type": "float" }),
        json!({ "type": "boolean" }),
        json!({ "type": "date" }),
        json!({ "type": "time" }),
        json!({ "type": "datetime" }),
        json!({ "type": "uuid" }),
        json!({ "type": "json" }),
        json!({ "type": "binary", "maxLength": 2 }),
        json!({ "type": "lookup", "entity": "t" }),
    ] {
        let after = json!({ "fields": { "v": ty } });
        let before = json!({ "primaryKey": [], "fields": { "v": { "type": "text" } } });
        world = world.entity("t", before, after);
        let (count, samples) = world.answer("t", &unfit("v")).unwrap();
        assert!(count > 0 && !samples.is_empty(), "{ty}");
        world.answer("t", &nulls("v"));
        world.answer("t", &duplicates(&["v"]));
        world.answer("t", &violations("v IS NOT NULL"));
    }
}
