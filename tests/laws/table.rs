//! The table of the design's section 3, on a real target: what is declared, found and owned, and what comes of it.
//! Never calls `decide`: the program as a whole must follow the table.

use reconcile::source::{File, Files, Revision};
use rusqlite::Connection;

use super::bench::{Bench, desired};

/// Declared, found, owned; then what comes of a resource without and with prune, and of a member under merge and
/// under overwrite.
const TABLE: &str = "
    declared found owned | kept    pruned  merge   overwrite
    yes      no    no    | create  create  create  create
    yes      no    yes   | create  create  create  create
    yes      yes   no    | adopt   adopt   adopt   adopt
    yes      yes   yes   | update  update  update  update
    no       yes   yes   | release delete  release delete
    no       yes   no    | keep    keep    keep    delete
    no       no    yes   | forget  forget  forget  forget
    no       no    no    | keep    keep    keep    keep
";

fn files(action: &str, prune: bool, entities: &[(&str, &[&str])]) -> Files {
    let environment = format!(
        "apiVersion: reconcile/v1\nkind: Environment\nmetadata: {{ name: test }}\nspec:\n  \
         target: {{ sqlite: test.db }}\n  setup: {{ default: {action} }}\n  prune: {prune}\n"
    );
    let entity = |(name, fields): &(&str, &[&str])| {
        let fields: String = fields.iter().map(|field| format!("    {field}: {{ type: text }}\n")).collect();
        format!(
            "apiVersion: reconcile/v1\nkind: Entity\nmetadata: {{ name: {name} }}\nspec:\n  fields:\n{fields}"
        )
    };
    let texts = std::iter::once(environment).chain(entities.iter().map(entity));
    let files = texts.enumerate().map(|(n, text)| File { path: format!("{n}.yaml"), text });
    Files { revision: Revision::default(), files: files.collect(), notes: Vec::new() }
}

fn apply(bench: &Bench, files: &Files) -> reconcile::plan::Plan {
    let goal = desired(files).unwrap();
    let plan = bench.plan(&goal).unwrap();
    bench.apply(&plan, &goal).unwrap_or_else(|error| panic!("{error:?}: {plan:#?}"));
    assert!(bench.plan(&goal).unwrap().is_empty(), "a second plan is not empty");
    plan
}

fn columns(database: &Connection, table: &str) -> Vec<String> {
    let mut statement = database.prepare("SELECT name FROM pragma_table_info(?1)").unwrap();
    statement.query_map([table], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// What the record says of entity `name`: whether it is ours, and whether its field `field` is.
fn owned(database: &Connection, name: &str, field: &str) -> (bool, bool) {
    let sql = "SELECT declared FROM _reconcile_resource WHERE address = ?1";
    let found = database.query_row(sql, [format!("entity/{name}")], |row| row.get::<_, Option<String>>(0));
    let declared = found.ok().flatten();
    let is_owned = |text: &String| {
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        value["spec"]["fields"].get(field).is_some()
    };
    (declared.is_some(), declared.as_ref().is_some_and(is_owned))
}

/// Whether it is there after, and whether it is ours, where a verb was followed.
fn after(verb: &str, found: bool) -> (bool, bool) {
    match verb {
        "create" | "adopt" | "update" => (true, true),
        "release" => (true, false),
        "delete" | "forget" => (false, false),
        "keep" => (found, false),
        other => panic!("no verb {other}"),
    }
}

/// One row of the table for a resource `it`, beside another that is always declared.
fn resource([is_declared, is_found, is_owned]: [bool; 3], prune: bool, verb: &str) {
    let bench = Bench::new();
    let both: [(&str, &[&str]); 2] = [("beside", &["a"]), ("it", &["a"])];
    apply(&bench, &files("overwrite", prune, if is_owned { &both } else { &both[..1] }));
    match (is_found, is_owned) {
        (true, false) => {
            let sql = "CREATE TABLE it (id TEXT NOT NULL PRIMARY KEY, a TEXT) STRICT; INSERT INTO it VALUES ('1', 'x')";
            bench.database().execute_batch(sql).unwrap();
        }
        (false, true) => bench.database().execute_batch("DROP TABLE it").unwrap(),
        (true, true) => bench.database().execute_batch("INSERT INTO it (a) VALUES ('x')").unwrap(),
        (false, false) => {}
    }
    let plan = apply(&bench, &files("overwrite", prune, if is_declared { &both } else { &both[..1] }));
    let said =
        format!("a resource: declared {is_declared}, found {is_found}, owned {is_owned}, prune {prune}");
    let change = plan.changes.iter().find(|change| change.address.name == "it");
    match change {
        // Where nothing differs there is nothing to update, and what is left alone is no change.
        None => assert!(matches!(verb, "update" | "keep"), "{said}: nothing, not {verb}"),
        Some(change) => assert_eq!(format!("{:?}", change.verb).to_lowercase(), verb, "{said}"),
    }
    let database = bench.database();
    let now = (!columns(&database, "it").is_empty(), owned(&database, "it", "a").0);
    assert_eq!(now, after(verb, is_found), "{said}");
    if is_found && now.0 {
        let n_rows: i64 = database.query_row("SELECT count(*) FROM it", [], |row| row.get(0)).unwrap();
        assert_eq!(n_rows, 1, "{said}");
    }
}

/// One row of the table for a field `it` of an entity that is always declared.
fn member([is_declared, is_found, is_owned]: [bool; 3], action: &str, verb: &str) {
    let bench = Bench::new();
    let (with, without): (&[&str], &[&str]) = (&["a", "it"], &["a"]);
    apply(&bench, &files(action, true, &[("one", if is_owned { with } else { without })]));
    let database = bench.database();
    match (is_found, is_owned) {
        (true, false) => database.execute_batch("ALTER TABLE one ADD COLUMN it TEXT").unwrap(),
        (false, true) => database.execute_batch("ALTER TABLE one DROP COLUMN it").unwrap(),
        (true, true) | (false, false) => {}
    }
    database.execute_batch("INSERT INTO one (a) VALUES ('x')").unwrap();
    if is_found {
        database.execute_batch("UPDATE one SET it = 'y'").unwrap();
    }
    let plan = apply(&bench, &files(action, true, &[("one", if is_declared { with } else { without })]));
    let said = format!("a member: declared {is_declared}, found {is_found}, owned {is_owned}, {action}");
    let members = plan.changes.iter().flat_map(|change| &change.members);
    match members.into_iter().find(|member| member.name == "it") {
        None => assert!(matches!(verb, "update" | "keep"), "{said}: nothing, not {verb}"),
        Some(member) => assert_eq!(format!("{:?}", member.verb).to_lowercase(), verb, "{said}"),
    }
    let now = (columns(&database, "one").contains(&"it".to_owned()), owned(&database, "one", "it").1);
    assert_eq!(now, after(verb, is_found), "{said}");
    let announced =
        plan.findings.iter().filter(|finding| finding.code == "RK203").map(|f| f.rows).collect::<Vec<_>>();
    let destroys = verb == "delete" && is_found;
    assert_eq!(announced, if destroys { vec![Some(1)] } else { Vec::new() }, "{said}");
    if is_found && now.0 {
        let value: String = database.query_row("SELECT it FROM one", [], |row| row.get(0)).unwrap();
        assert_eq!(value, "y", "{said}");
    }
}

/// Follows every row of the table; returns how many there were.
pub fn follow() -> usize {
    let rows = TABLE.lines().map(str::trim).filter(|line| !line.is_empty()).skip(1);
    let mut n_rows = 0;
    for row in rows {
        let words: Vec<&str> = row.split_whitespace().filter(|word| *word != "|").collect();
        let place = [0, 1, 2].map(|at| words[at] == "yes");
        resource(place, false, words[3]);
        resource(place, true, words[4]);
        member(place, "merge", words[5]);
        member(place, "overwrite", words[6]);
        n_rows += 1;
    }
    n_rows
}
