//! Real input: a public model of standard business entities, and a public schema that nobody manages.
//! Never downloads anything: where a file is absent, its test says that it was skipped.

// Shared with the cases, which need more of it.
#[path = "stage/catalog_sqlite.rs"]
#[allow(dead_code)]
mod catalog;
#[path = "corpora"]
mod corpora {
    pub mod cdm;
    // Shared with the tests of adopting, which need more of it.
    #[allow(dead_code)]
    pub mod place;
    pub mod rows;
}

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use corpora::place::{Made, Place, check, shown, statements};
use corpora::{cdm, rows};
use reconcile::diff::decision::Verb;
use reconcile::model::resource::Resource;
use rusqlite::Connection;
use rusqlite::types::Value;

/// A file of the corpora: below `RECONCILE_CORPORA`, or next to the repository.
fn corpus(name: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
    let folder = std::env::var_os("RECONCILE_CORPORA").map_or_else(beside, PathBuf::from);
    let path = folder.join(name);
    if !path.is_file() {
        eprintln!("skipped: there is no `{name}` in the folder that RECONCILE_CORPORA names");
        return None;
    }
    Some(path)
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpora").join(path)
}

type Rows = BTreeMap<String, Vec<BTreeMap<String, Value>>>;

#[test]
fn twenty_changes_on_top_of_the_standard_entities() {
    let Some(path) = corpus("cdm-core.json") else { return };
    let model = cdm::Model::read(&path);
    let place = Place::with(&["dev", "fresh"]);
    for (path, text) in model.manifests() {
        place.write(&path, &text);
    }
    place.replace("resources", &here("cdm/before"));

    let first = place.apply("dev", &[]);
    assert_eq!(first.summary.add, model.entities.len() + model.picklists.len() + 9);
    assert!(place.plan("dev").is_empty());
    rows::fill(&place.database("dev"), &place.desired("dev"), |entity| match entity {
        "Account" => 60,
        "Contact" => 120,
        "Activity" | "Task" => 40,
        "Visit" => 80,
        _ => 9,
    });
    place.database("dev").execute_batch(&std::fs::read_to_string(here("cdm/rows.sql")).unwrap()).unwrap();
    let (made, before) = (statements(&place.database("dev")), catalog::rows(&place.database("dev")));
    assert!(before.values().map(Vec::len).sum::<usize>() > 700);

    place.replace("resources", &here("cdm/after"));
    place.apply("dev", &["RK203:entity/Account/oldCode", "RK201:entity/LegacyVisit"]);
    assert!(place.plan("dev").is_empty(), "{}", shown(&place.plan("dev")));

    let database = place.database("dev");
    check(&database);
    let now = statements(&database);
    let customized = ["Account", "Contact", "Task"];
    for entity in customized {
        let table = format!("table {entity}");
        same_standard_columns(&place, entity, &made[&table].sql, &now[&table].sql);
    }
    let ours = ["Visit", "SalesTeam", "LegacyVisit", "LegacyReason"];
    let stays = |made: &Made| !customized.iter().chain(&ours).any(|table| *table == made.table);
    for (name, made) in made.iter().filter(|(_, made)| stays(made)) {
        assert_eq!(Some(made), now.get(name), "{name} was touched");
    }
    same_rows(&goal(before), &catalog::rows(&database), &place);

    let drift = place.drift("dev");
    assert!(drift.is_empty(), "{:#?}", drift.moved);
    assert!(drift.unmanaged.is_empty() && drift.opaque.is_empty(), "{drift:#?}");
    let history = place.history("dev");
    assert_eq!(history.iter().map(|entry| entry.id).collect::<Vec<_>>(), [2, 1]);
    assert_eq!((history[0].summary.destroy, history[1].summary), (2, first.summary));

    let applied = place.reconcile(&["apply", "-e", "fresh", "--yes"]);
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
    let planned = place.reconcile(&["plan", "--detailed-exitcode"]);
    let text = String::from_utf8_lossy(&planned.stdout);
    assert!(planned.status.success(), "{text}{}", String::from_utf8_lossy(&planned.stderr));
    assert_eq!(text.matches("No changes.").count(), 2, "{text}");
    let fresh = place.database("fresh");
    same_objects(&database, &fresh);
    let picklists = |database: &Connection| -> Rows {
        let desired = place.desired("dev");
        let names: Vec<&str> = desired
            .resources
            .keys()
            .filter(|a| a.kind.as_str() == "picklist")
            .map(|a| a.name.as_str())
            .collect();
        catalog::rows(database).into_iter().filter(|(table, _)| names.contains(&table.as_str())).collect()
    };
    assert!(picklists(&database) == picklists(&fresh), "the options are not those of a fresh database");
}

/// What the twenty changes make of the rows.
fn goal(mut rows: Rows) -> Rows {
    let mut each = |table: &str, change: &dyn Fn(&mut BTreeMap<String, Value>)| {
        rows.get_mut(table).unwrap().iter_mut().for_each(change);
    };
    let text = |value: &str| Value::Text(value.to_owned());
    each("Account", &|row| {
        row.remove("oldCode").unwrap();
        let number = row.remove("vatNumber").unwrap();
        row.insert("taxNumber".to_owned(), number);
        row.insert("customerSince".to_owned(), Value::Null);
    });
    each("Contact", &|row| {
        let loyalty = row.get_mut("loyalty").unwrap();
        if *loyalty == Value::Null {
            *loyalty = text("bronze");
        }
    });
    each("Visit", &|row| {
        row.insert("about_Task".to_owned(), Value::Null);
        if row["note"] == Value::Null {
            row.insert("note".to_owned(), text("nothing was written"));
        }
        if row["purpose"] == text("training") {
            row.insert("purpose".to_owned(), text("workshop"));
        }
        if let Value::Text(minutes) = &row["minutes"] {
            let minutes = Value::Integer(minutes.parse().unwrap());
            row.insert("minutes".to_owned(), minutes);
        }
    });
    rows.remove("LegacyVisit").unwrap();
    let teams = rows.remove("SalesTeam").unwrap();
    rows.insert("FieldTeam".to_owned(), teams);
    rows.insert("VisitExpense".to_owned(), Vec::new());
    rows
}

/// Compares the rows of every entity, in any order of rows and columns.
fn same_rows(wanted: &Rows, found: &Rows, place: &Place) {
    let desired = place.desired("dev");
    for address in desired.resources.keys().filter(|a| a.kind.as_str() == "entity") {
        let sorted = |rows: &Rows| -> Vec<String> {
            let mut lines: Vec<String> = rows[&address.name].iter().map(|row| format!("{row:?}")).collect();
            lines.sort();
            lines
        };
        let (wanted, found) = (sorted(wanted), sorted(found));
        assert_eq!(wanted.len(), found.len(), "{address} has another number of rows");
        for (wanted, found) in wanted.iter().zip(&found) {
            assert_eq!(wanted, found, "a row of {address} is another");
        }
    }
}

/// A standard entity that we add to: what the vendor's columns and rules are is in the table's text as it was.
fn same_standard_columns(place: &Place, entity: &str, before: &str, after: &str) {
    let desired = place.desired("dev");
    let (_, declared) =
        desired.resources.iter().find(|(a, _)| a.to_string() == format!("entity/{entity}")).unwrap();
    let Resource::Entity(declared) = &*declared.resource else { panic!("{entity} is no entity") };
    let fields =
        declared.fields.iter().filter(|(_, field)| field.standard).map(|(name, _)| format!("\"{name}"));
    let fields: Vec<String> = fields.collect();
    assert!(fields.len() > 40);
    let standard = |sql: &str| -> Vec<String> {
        let mut lines: Vec<String> = sql
            .lines()
            .map(|line| line.trim().trim_end_matches(',').to_owned())
            .filter(|line| fields.iter().any(|field| line.contains(field.as_str())))
            .collect();
        lines.sort();
        lines
    };
    let (before, after) = (standard(before), standard(after));
    assert!(before.len() >= fields.len() && before == after, "{entity}: {before:#?} became {after:#?}");
}

fn same_objects(one: &Connection, fresh: &Connection) {
    let (one, fresh) = (catalog::objects(one), catalog::objects(fresh));
    let differing: Vec<&String> =
        one.keys().chain(fresh.keys()).filter(|name| one.get(*name) != fresh.get(*name)).collect();
    if let Some(first) = differing.first() {
        let text = |lines: Option<&Vec<String>>| lines.map(|lines| lines.join("\n")).unwrap_or_default();
        let (old, new) = (text(fresh.get(*first)), text(one.get(*first)));
        let diff = similar::TextDiff::from_lines(&old, &new);
        let diff = diff.unified_diff().context_radius(1).header("fresh", "migrated").to_string();
        panic!("{differing:?} are not as in a fresh database; {first}:\n{diff}");
    }
}

/// A database with the schema and a few rows in every table, that nobody manages.
fn chinook(place: &Place) -> Option<(BTreeMap<String, Made>, Rows)> {
    let schema = std::fs::read_to_string(corpus("sqlite/chinook.sql")?).unwrap();
    let database = place.database("dev");
    database.execute_batch(&schema).unwrap();
    database.execute_batch(&std::fs::read_to_string(here("chinook/rows.sql")).unwrap()).unwrap();
    let (made, rows) = (statements(&database), catalog::rows(&database));
    assert_eq!(rows.len(), 11);
    assert!(rows.values().all(|rows| !rows.is_empty()));
    Some((made, rows))
}

#[test]
fn what_nobody_manages_stays_as_it_is() {
    let place = Place::with(&["dev"]);
    let Some((made, rows)) = chinook(&place) else { return };
    place.replace("resources", &here("chinook/beside"));
    let plan = place.apply("dev", &[]);
    assert_eq!((plan.summary.add, plan.changes.len()), (2, 2), "{}", shown(&plan));
    assert_eq!(plan.kept.len(), 11, "{:?}", plan.kept);
    let database = place.database("dev");
    check(&database);
    let (made_now, mut rows_now) = (statements(&database), catalog::rows(&database));
    for (name, made) in &made {
        assert_eq!(Some(made), made_now.get(name), "{name} was touched");
    }
    assert!(rows_now.remove("Review").is_some() && rows_now.remove("Stars").is_some());
    assert_eq!(rows, rows_now);
    assert!(place.plan("dev").is_empty());
    assert_eq!(place.drift("dev").unmanaged.len(), 11);
    // Nothing of it is ours, so nothing of it is pruned.
    place.write("resources/review.yaml", "apiVersion: reconcile/v1\nkind: Picklist\nmetadata: { name: Stars }\nspec: { options: { one: {}, two: {} } }\n");
    let plan = place.apply("dev", &[]);
    assert_eq!(plan.summary.destroy, 1, "{}", shown(&plan));
    let made_now = statements(&place.database("dev"));
    assert!(made.iter().all(|(name, made)| made_now.get(name) == Some(made)));
}

#[test]
fn a_table_that_is_adopted_keeps_what_nobody_declares() {
    let place = Place::with(&["dev"]);
    let Some((made, mut rows)) = chinook(&place) else { return };
    place.replace("resources", &here("chinook/adopting"));
    let plan = place.apply("dev", &[]);
    assert_eq!(plan.changes.len(), 1, "{}", shown(&plan));
    assert_eq!(plan.changes[0].verb, Verb::Adopt);
    assert_eq!(plan.summary.destroyed, 0);
    assert!(place.plan("dev").is_empty(), "{}", shown(&place.plan("dev")));
    let database = place.database("dev");
    check(&database);
    let made_now = statements(&database);
    for (name, made) in made.iter().filter(|(_, made)| made.table != "Artist") {
        assert_eq!(Some(made), made_now.get(name), "{name} was touched");
    }
    for artist in rows.get_mut("Artist").unwrap() {
        artist.insert("Country".to_owned(), Value::Null);
    }
    assert_eq!(rows, catalog::rows(&database));
    let country: i64 = database
        .query_row("SELECT count(*) FROM pragma_table_info('Artist') WHERE name = 'Country'", [], |r| {
            r.get(0)
        })
        .unwrap();
    assert_eq!(country, 1);
    let refused = database.execute("INSERT INTO Album VALUES (9, 'of nobody', 99)", []);
    assert!(refused.is_err(), "albums do not point to artists any more");
    assert!(place.drift("dev").is_empty());
}
