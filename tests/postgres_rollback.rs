//! Applies taken back on a real PostgreSQL, and ways back taken back themselves.
//! Never asks the program what there was: it looked before.

mod postgres_server;

use std::fs;
use std::process::{Command, Stdio};

use postgres::{Client, NoTls};

struct Place {
    folder: tempfile::TempDir,
    database: postgres_server::Database,
}

impl Place {
    fn new() -> Option<Place> {
        let place = Place { folder: tempfile::tempdir().unwrap(), database: postgres_server::database()? };
        place.write(
            "env.yaml",
            "apiVersion: reconcile/v1\nkind: Environment\nmetadata: { name: here }\nspec:\n  target: { postgres: \
             { url: \"${env:HERE}\" } }\n  setup: { default: overwrite }\n  prune: true\n",
        );
        Some(place)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn sql(&self, sql: &str) {
        let mut client = self.client();
        if let Err(error) = client.batch_execute(sql) {
            panic!("{sql}\n{error:?}");
        }
    }

    fn client(&self) -> Client {
        Client::connect(&self.database.url, NoTls).unwrap()
    }

    #[track_caller]
    fn run(&self, arguments: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_reconcile"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("RECONCILE_ACTOR", "ada")
            .env("HERE", &self.database.url)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}\n{said}");
        said.into_owned()
    }

    #[track_caller]
    fn apply(&self, manifests: &str) {
        self.write("all.yaml", manifests);
        let allowed = ["RK201", "RK202", "RK203", "RK230", "RK301", "RK302", "RK710", "RK721"];
        let mut arguments = vec!["apply", "--yes"];
        allowed.iter().for_each(|code| arguments.extend(["--allow", code]));
        self.run(&arguments);
    }

    #[track_caller]
    fn back(&self, entry: u32) -> String {
        let entry = entry.to_string();
        let mut arguments = vec!["rollback", &entry, "--yes"];
        for code in ["RK201", "RK203", "RK721"] {
            arguments.extend(["--allow", code]);
        }
        self.run(&arguments)
    }

    /// All that there is but our own record, in no order of columns.
    fn seen(&self) -> String {
        let mut client = self.client();
        let mut all = Vec::new();
        for sql in [
            "SELECT 'column', concat_ws(' ', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, \
             coalesce(pg_get_expr(d.adbin, d.adrelid), '-'), a.attidentity, a.attgenerated, a.attcollation::regcollation, \
             coalesce(col_description(c.oid, a.attnum), '-')) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
             LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum WHERE c.relkind = 'r' \
             AND a.attnum > 0 AND NOT a.attisdropped AND c.relnamespace = 'public'::regnamespace",
            "SELECT 'constraint', conrelid::regclass::text || '.' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint \
             WHERE connamespace = 'public'::regnamespace AND contype <> 'n'",
            "SELECT 'index', indexdef FROM pg_indexes WHERE schemaname = 'public'",
            "SELECT 'comment', relname || ' ' || coalesce(obj_description(oid), '-') FROM pg_class WHERE relnamespace = 'public'::regnamespace",
            "SELECT 'numbering', sequencename || ' ' || coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = 'public'",
            "SELECT 'option', t.typname || ' ' || e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid \
             WHERE t.typnamespace = 'public'::regnamespace",
            "SELECT 'record', concat_ws(' ', address, state::jsonb, declared::jsonb, revision) FROM reconcile.resource",
        ] {
            let rows = client.query(sql, &[]).unwrap();
            let mut lines: Vec<String> = rows
                .iter()
                .map(|row| format!("{} {}", row.get::<_, String>(0), row.get::<_, String>(1)))
                .collect();
            lines.sort();
            all.extend(lines);
        }
        let tables = client.query("SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1", &[]).unwrap();
        for table in tables {
            let table: String = table.get(0);
            let sql = format!(
                "SELECT to_jsonb(t)::text FROM public.\"{}\" t ORDER BY 1",
                table.replace('"', "\"\"")
            );
            let rows = client.query(&sql, &[]).unwrap();
            all.extend(rows.iter().map(|row| format!("row {table} {}", row.get::<_, String>(0))));
        }
        all.join("\n")
    }

    /// Holds what lies in the trash against what the record says of it.
    #[track_caller]
    fn trash_is_in_order(&self) {
        let sql = "SELECT (SELECT coalesce(string_agg(relname, ' ' ORDER BY relname), '') FROM pg_class WHERE relkind = 'r' \
                   AND relnamespace = 'reconcile'::regnamespace AND relname LIKE 'trash\\_%'), \
                   (SELECT coalesce(string_agg(moved->>'table', ' ' ORDER BY moved->>'table'), '') FROM reconcile.trash)";
        let row = self.client().query_one(sql, &[]).unwrap();
        assert_eq!(row.get::<_, String>(0), row.get::<_, String>(1));
    }
}

#[track_caller]
fn is_same(then: &str, now: &str, what: &str) {
    let diff = similar::TextDiff::from_lines(then, now);
    let told = diff.unified_diff().context_radius(2).header("then", "now").to_string();
    assert!(then == now, "{what}\n{told}");
}

fn entity(name: &str, spec: &str) -> String {
    format!("apiVersion: reconcile/v1\nkind: Entity\nmetadata: {{ name: {name} }}\nspec:\n{spec}---\n")
}

fn picklist(name: &str, options: &str) -> String {
    format!("apiVersion: reconcile/v1\nkind: Picklist\nmetadata: {{ name: {name} }}\nspec:\n{options}---\n")
}

/// Applies both, one after the other, and takes the second back, that way back as well, and that one too.
#[track_caller]
fn there_and_back(before: &str, rows: &str, after: &str) {
    let Some(place) = Place::new() else { return };
    place.apply(before);
    place.sql(rows);
    let then = place.seen();
    place.apply(after);
    let changed = place.seen();
    assert_ne!(then, changed);
    let told = place.back(2);
    is_same(&then, &place.seen(), &format!("not brought back\n{told}"));
    place.trash_is_in_order();
    let told = place.back(3);
    is_same(&changed, &place.seen(), &format!("the way back is not taken back\n{told}"));
    let told = place.back(4);
    is_same(&then, &place.seen(), &format!("not brought back again\n{told}"));
    place.trash_is_in_order();
}

#[test]
fn dropped_fields_come_back_with_their_values() {
    let fields = |more: &str| {
        entity("customer", &format!("  primaryKey: [code]\n  fields:\n    code: {{ type: text }}\n{more}"))
    };
    there_and_back(
        &fields(
            "    fax: { type: text, maxLength: 9, default: none, description: The fax }\n    \"when, a\": { type: datetime }\n    \
             flags: { type: json }\n    total: { type: decimal, precision: 9, scale: 2, required: true, check: total > 0 }\n  \
             keys:\n    by-fax: { fields: [fax] }\n  indexes:\n    by-total: { fields: [total, fax] }\n",
        ),
        "INSERT INTO customer VALUES ('a', '030', '2026-01-01 12:00+02', '{\"a\": 1}', 1.50), ('b', NULL, NULL, NULL, 2)",
        &fields(""),
    );
}

#[test]
fn converted_values_come_back_as_they_were() {
    let fields = |ty: &str, other: &str, wide: &str| {
        entity(
            "t",
            &format!(
                "  primaryKey: [n]\n  fields:\n    n: {{ type: integer }}\n    v: {{ {ty} }}\n    w: {{ {other} }}\n    x: {{ {wide} }}\n"
            ),
        )
    };
    there_and_back(
        &fields("type: text, default: \"7\", unique: true", "type: datetime", "type: text, maxLength: 5"),
        "INSERT INTO t VALUES (1, ' 7 ', '2026-01-01 00:00Z', 'abc'), (2, '8.0', NULL, NULL), (3, NULL, '2025-01-01 00:00Z', 'x')",
        &fields("type: integer, default: 7, unique: true", "type: date", "type: text, maxLength: 50"),
    );
}

#[test]
fn entities_come_back_with_their_rows_and_what_hangs_on_them() {
    let customer = entity(
        "customer",
        "  fields:\n    name: { type: text }\n    number: { type: autonumber, format: \"C-{seq:3}\" }\n",
    );
    let order = entity(
        "order",
        "  description: Orders\n  fields:\n    customer: { type: lookup, entity: customer, onDelete: cascade }\n    \
         up: { type: lookup, entity: order }\n    about: { type: lookup, entities: [customer, order] }\n    \
         mood: { type: picklist, picklist: mood }\n    state: { type: picklist, picklist: state, default: open }\n    \
         counted: { type: integer, native: serial }\n    twice: { type: integer, native: \"integer GENERATED ALWAYS AS (counted * 2) STORED\" }\n  \
         checks:\n    no-self: { sql: \"up <> id\" }\n  indexes:\n    by-customer: { fields: [customer] }\n",
    );
    let lists = picklist("state", "  options: { open: { label: Open }, done: {} }\n")
        + &picklist("mood", "  storage: enum\n  options: { good: {}, bad: {} }\n");
    let rows = "INSERT INTO customer (name) VALUES ('ada'), ('bob'); \
        INSERT INTO \"order\" (customer, about_customer, mood) SELECT id, id, 'good' FROM customer; \
        INSERT INTO \"order\" (up, mood) SELECT min(id::text)::uuid, 'bad' FROM \"order\"";
    let before = format!("{customer}{order}{lists}");
    there_and_back(&before, rows, &format!("{customer}{lists}"));
    there_and_back(&before, rows, &lists);
    there_and_back(&before, rows, &picklist("other", "  options: { a: {} }\n"));
}

#[test]
fn names_are_given_back() {
    let lists = |old: &str, new: &str| {
        picklist("state", &format!("  options:\n    {new}: {{ renamedFrom: {old} }}\n    done: {{}}\n"))
    };
    let one = entity(
        "one",
        "  primaryKey: [n]\n  fields:\n    n: { type: integer }\n    a: { type: text, check: a <> 'x' }\n    b: { type: text, unique: true }\n    \
         state: { type: picklist, picklist: state }\n    numbered: { type: autonumber, format: \"{seq}\" }\n",
    ) + &entity("many", "  fields:\n    one: { type: lookup, entity: one }\n");
    let two = entity(
        "two",
        "  primaryKey: [n]\n  fields:\n    n: { type: integer }\n    c: { type: text, renamedFrom: b, unique: true }\n    \
         d: { type: text, renamedFrom: a, check: d <> 'x' }\n    mood: { type: picklist, picklist: state, renamedFrom: state }\n    \
         counted: { type: autonumber, format: \"{seq}\", renamedFrom: numbered }\n",
    )
    .replace("name: two }", "name: two, renamedFrom: one }")
        + &entity("many", "  fields:\n    one: { type: lookup, entity: two }\n");
    let before = one + &picklist("state", "  options: { open: {}, done: {} }\n");
    there_and_back(
        &before,
        "INSERT INTO one (n, a, b, state) VALUES (1, 'a1', 'b1', 'open'), (2, 'a2', 'b2', 'done'), (3, NULL, NULL, NULL); \
         INSERT INTO many (one) VALUES (1)",
        &(two + &lists("open", "opened")),
    );
}

#[test]
fn what_was_filled_in_is_empty_again() {
    let fields = |a: &str, b: &str, c: &str| {
        entity(
            "t",
            &format!(
                "  primaryKey: [n]\n  fields:\n    n: {{ type: integer }}\n    a: {{ type: text{a} }}\n    b: {{ type: uuid{b} }}\n    c: {{ type: datetime{c} }}\n"
            ),
        )
    };
    there_and_back(
        &fields("", "", ""),
        "INSERT INTO t VALUES (1, 'x', gen_random_uuid(), now()), (2, NULL, NULL, NULL)",
        &fields(
            ", required: true, backfill: none",
            ", required: true, backfill: generated",
            ", required: true, backfill: now",
        ),
    );
}

#[test]
fn a_key_of_another_kind_goes_and_comes_back() {
    let fields = "    code: { type: text, required: true }\n    v: { type: text }\n";
    let by_code = entity("t", &format!("  primaryKey: [code]\n  fields:\n{fields}"));
    let by_id = entity("t", &format!("  fields:\n{fields}"));
    let without = entity("t", "  fields:\n    v: { type: integer }\n");
    there_and_back(&by_code, "INSERT INTO t VALUES ('a', '1'), ('b', NULL)", &by_id);
    there_and_back(&by_code, "INSERT INTO t VALUES ('a', '1'), ('b', NULL)", &without);
    there_and_back(&by_id, "INSERT INTO t (code, v) VALUES ('a', '1'), ('b', NULL)", &by_code);
}

/// Applies one after the other, and takes all but the first back: at once, and that way back as well; then one by one.
#[track_caller]
fn all_the_way(rows: &str, states: &[String]) {
    let Some((place, seen)) = applied(rows, states) else { return };
    let told = place.back(2);
    is_same(&seen[0], &place.seen(), &format!("not brought back\n{told}"));
    place.trash_is_in_order();
    let told = place.back(u32::try_from(states.len()).unwrap() + 1);
    is_same(&seen[states.len() - 1], &place.seen(), &format!("the way back is not taken back\n{told}"));
    place.trash_is_in_order();
    let Some((place, seen)) = applied(rows, states) else { return };
    for (number, then) in seen.iter().enumerate().rev().skip(1) {
        let told = place.back(u32::try_from(number).unwrap() + 2);
        is_same(then, &place.seen(), &format!("not back before {}\n{told}", number + 2));
        place.trash_is_in_order();
    }
}

/// A place where all of these were applied, and what there was after each.
#[track_caller]
fn applied(rows: &str, states: &[String]) -> Option<(Place, Vec<String>)> {
    let place = Place::new()?;
    place.apply(&states[0]);
    place.sql(rows);
    let mut seen = vec![place.seen()];
    for state in &states[1..] {
        place.apply(state);
        seen.push(place.seen());
    }
    place.trash_is_in_order();
    Some((place, seen))
}

#[test]
fn several_applies_are_taken_back_at_once() {
    let t = |name: &str, fields: &str| {
        entity("t", &format!("  primaryKey: [n]\n  fields:\n    n: {{ type: integer }}\n{fields}"))
            .replace("name: t }", name)
    };
    all_the_way(
        "INSERT INTO t VALUES (1, 'one', '1.0'), (2, NULL, '2')",
        &[
            t("name: t }", "    a: { type: text }\n    b: { type: text, maxLength: 20 }\n"),
            t("name: t }", "    a: { type: text }\n    c: { type: integer, renamedFrom: b }\n"),
            t("name: u, renamedFrom: t }", "    c: { type: boolean, required: true, backfill: true }\n")
                .replace("boolean", "bigint")
                .replace("true }", "7 }")
                .replace("required: 7", "required: true"),
            t(
                "name: u }",
                "    c: { type: text, maxLength: 9, unique: true }\n    a: { type: uuid, required: true, default: generated }\n",
            ),
            picklist("other", "  options: { x: {} }\n"),
            // Another one under a name that was there before.
            t("name: t }", "    b: { type: json }\n"),
        ],
    );
}

#[test]
fn lookups_and_lists_are_pointed_back() {
    let customer =
        entity("customer", "  primaryKey: [code]\n  fields:\n    code: { type: text, maxLength: 9 }\n");
    let firm = entity("firm", "  primaryKey: [n]\n  fields:\n    n: { type: integer }\n");
    let lists = picklist("state", "  options: { open: {}, done: {} }\n")
        + &picklist("mood", "  options: { open: {}, good: {} }\n");
    let order = |fields: &str| {
        entity("order", &format!("  primaryKey: [n]\n  fields:\n    n: {{ type: integer }}\n{fields}"))
    };
    let with = |fields: &str| format!("{customer}{firm}{lists}{}", order(fields));
    all_the_way(
        "INSERT INTO customer VALUES ('1'), ('a'); INSERT INTO firm VALUES (1), (2); \
         INSERT INTO \"order\" (n, who, state) VALUES (1, '1', 'open'), (2, NULL, NULL), (3, '1', 'open')",
        &[
            with(
                "    who: { type: lookup, entity: customer, onDelete: set-null }\n    state: { type: picklist, picklist: state }\n",
            ),
            with(
                "    who: { type: lookup, entities: [customer, firm] }\n    state: { type: picklist, picklist: mood }\n",
            ),
            with("    who: { type: lookup, entity: customer }\n    state: { type: text }\n"),
            with(
                "    who: { type: lookup, entity: firm }\n    state: { type: text, maxLength: 4, required: true, backfill: open }\n",
            ),
            with("    who: { type: text }\n"),
        ],
    );
}

#[test]
fn rows_that_came_since_stay_and_values_changed_since_count() {
    let Some(place) = Place::new() else { return };
    let fields = |more: &str| {
        entity("t", &format!("  primaryKey: [n]\n  fields:\n    n: {{ type: integer }}\n{more}"))
    };
    place.apply(&fields("    v: { type: text }\n    w: { type: text, required: true, default: d }\n"));
    place.sql(
        "INSERT INTO t VALUES (1, '01', 'a'), (2, ' 2', 'b'), (3, '3', 'c')"
            .replace("'01'", "'1.0'")
            .as_str(),
    );
    place.apply(&fields("    v: { type: integer }\n"));
    place.sql("UPDATE t SET v = 20 WHERE n = 2; DELETE FROM t WHERE n = 3; INSERT INTO t VALUES (4, 40)");
    place.back(2);
    let mut client = place.client();
    let rows = client.query("SELECT n || '|' || v || '|' || w FROM t ORDER BY n", &[]).unwrap();
    let rows: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(rows, ["1|1.0|a", "2|20|b", "4|40|d"]);
}

#[test]
fn keys_of_another_type_go_back_with_what_points_to_them() {
    let three = |ty: &str| {
        let mutual = |name: &str, other: &str| {
            let fields =
                format!("    id: {{ type: {ty} }}\n    {other}: {{ type: lookup, entity: {other} }}\n");
            entity(name, &format!("  primaryKey: [id]\n  fields:\n{fields}"))
        };
        let third = "  fields:\n    a: { type: lookup, entity: a, required: true, onDelete: cascade }\n    n: { type: text }\n  \
                     indexes: { by-a: { fields: [a] } }\n";
        mutual("a", "b") + &mutual("b", "a") + &entity("c", third)
    };
    let rows = "INSERT INTO a VALUES (1), (2); INSERT INTO b VALUES (7, 2); UPDATE a SET b = 7 WHERE id = 1; \
                INSERT INTO c (a, n) VALUES (1, 'x'), (2, 'y')";
    there_and_back(&three("integer"), rows, &three("bigint"));
    there_and_back(&three("integer"), rows, &three("text"));
    let own = |ty: &str| {
        let fields = format!("    id: {{ type: {ty} }}\n    up: {{ type: lookup, entity: t }}\n");
        entity("t", &format!("  primaryKey: [id]\n  fields:\n{fields}"))
    };
    there_and_back(&own("integer"), "INSERT INTO t VALUES (1, NULL), (2, 1)", &own("text"));
}

/// The columns of a lookup to several entities are called after them, also after these were renamed.
#[test]
fn lookups_to_several_entities_go_under_the_names_of_today() {
    let state = |name: &str, former: &str, field: &str| {
        let renamed = if former.is_empty() { String::new() } else { format!(", renamedFrom: {former}") };
        entity("x", "  fields: { n: { type: integer } }\n")
            + &entity(
                "t",
                &format!(
                    "  primaryKey: [n]\n  fields:\n    n: {{ type: integer }}\n    from: {{ {field} }}\n"
                ),
            )
            .replace("name: t }", &format!("name: {name}{renamed} }}"))
    };
    let several = |name: &str| format!("type: lookup, entities: [{name}, x]");
    all_the_way(
        "INSERT INTO a VALUES (1, NULL), (2, NULL)",
        &[
            state("a", "", "type: float"),
            state("b", "a", &several("b")),
            state("c", "b", &several("c")),
            state("d", "c", "type: text"),
        ],
    );
}

/// What points into its own table is there again after the key that it points at, whatever the two are called.
#[test]
fn what_points_to_its_own_table_comes_back_after_the_key() {
    let boss = entity(
        "t",
        "  fields:\n    boss: { type: lookup, entity: t }\n    n: { type: integer, required: true }\n",
    );
    let other = entity("t", "  primaryKey: [n]\n  fields:\n    n: { type: integer }\n");
    let rows = "INSERT INTO t (n) VALUES (1), (2); UPDATE t SET boss = (SELECT id FROM t AS o WHERE o.n = 1)";
    there_and_back(&boss, rows, &other);
    for key in ["fields: [z]", "fields: [z], native: index t_z_uidx"] {
        let fields = "    n: { type: integer }\n    a: { type: integer }\n    z: { type: integer }\n";
        let relationship =
            "  relationships: { a-of: { fields: [a], references: { entity: t, fields: [z] } } }\n";
        let before =
            format!("  primaryKey: [n]\n  fields:\n{fields}  keys: {{ by-z: {{ {key} }} }}\n{relationship}");
        there_and_back(&entity("t", &before), "INSERT INTO t VALUES (1, 5, 5), (2, 5, 6)", &other);
    }
}

#[test]
fn values_that_made_room_for_those_of_the_trash_come_back() {
    let t = |name: &str| entity("t", &format!("  fields:\n    b: {{ type: text }}\n{name}"));
    let rows = "INSERT INTO t (name, b) VALUES ('13:45', 'x'), ('08:00', NULL)";
    let states = [t("    name: { type: time, required: true }\n"), t(""), t("    name: { type: text }\n")];
    all_the_way(rows, &states);
}
