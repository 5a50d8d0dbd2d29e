//! The real program on targets of one provider: killed, twice at once, and from one environment to another.
//! Never calls the library for what the program does.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};

use serde_yaml::Value;
use tempfile::TempDir;

use super::place::{Place, Seen, written};

/// A repository with one environment for each place.
struct Repository {
    folder: TempDir,
}

/// How a run of the program ended.
#[derive(Debug)]
struct Run {
    /// None where a signal ended it.
    code: Option<i32>,
    out: String,
    /// For whoever reads a failure.
    #[allow(dead_code)]
    error: String,
}

impl Repository {
    fn new(environments: &[(&str, &Place)]) -> Repository {
        let repository = Repository { folder: tempfile::tempdir().unwrap() };
        for (name, place) in environments {
            let text = format!(
                "apiVersion: reconcile/v1\nkind: Environment\nmetadata: {{ name: {name} }}\nspec:\n  target: {}\n  \
                 setup: {{ default: overwrite }}\n  prune: true\n",
                place.stage.written()
            );
            fs::write(repository.folder.path().join(format!("{name}.yaml")), text).unwrap();
        }
        repository
    }

    fn declare(&self, manifests: &str) {
        fs::write(self.folder.path().join("all.yaml"), written(manifests)).unwrap();
    }

    fn command(&self, arguments: &[&str], fault: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reconcile"));
        command.args(arguments).current_dir(&self.folder).env_clear().env("RECONCILE_ACTOR", "ada");
        command.env("RECONCILE_FAULT", fault).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Run {
        self.command(arguments, "").output().unwrap().into()
    }

    /// Runs what must end well. Returns what it printed.
    fn does(&self, arguments: &[&str]) -> String {
        let run = self.run(arguments);
        assert_eq!(run.code, Some(0), "{arguments:?}: {run:#?}");
        run.out
    }

    fn is_done(&self, environment: &str) {
        self.does(&["plan", "-e", environment, "--detailed-exitcode"]);
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Run {
        Run {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            error: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

const BEFORE: &str = "
    Picklist status
    options: { draft: {}, open: {}, lost: {} }

    Entity customer
    fields: { name: { type: text, maxLength: 50 }, size: { type: text, maxLength: 9 } }

    Entity order
    fields: { status: { type: picklist, picklist: status }, by: { type: lookup, entity: customer } }
";
const AFTER: &str = "
    Picklist status
    options: { draft: {}, open: {}, gone: { renamedFrom: lost } }

    Entity client once customer
    fields: { name: { type: text, maxLength: 50, required: true }, size: { type: integer } }
    keys: { by-name: { fields: [name] } }

    Entity order
    fields:
      status: { type: picklist, picklist: status, default: draft, required: true, backfill: open }
      by: { type: lookup, entity: client }
      number: { type: autonumber, format: \"A-{seq:4}\" }
    indexes: { by-client: { fields: [by, status] } }

    Entity note
    fields: { about: { type: lookup, entity: order, onDelete: cascade } }
";

const ANN: &str = "00000000-0000-4000-8000-000000000001";
const BOB: &str = "00000000-0000-4000-8000-000000000002";

fn filled(place: &mut Place, repository: &Repository) {
    repository.declare(BEFORE);
    repository.does(&["apply", "-e", "test", "--yes"]);
    let customers: &[&[(&str, &str)]] =
        &[&[("id", ANN), ("name", "Ann"), ("size", "7")], &[("id", BOB), ("name", "Bob")]];
    place.insert("customer", customers);
    place.insert("order", &[&[("id", ANN), ("status", "lost"), ("by", BOB)], &[("id", BOB)]]);
    repository.declare(AFTER);
}

fn is_as_declared(place: &mut Place) {
    let texts = |values: &[&str]| values.iter().map(|text| Value::from(*text)).collect::<Vec<_>>();
    assert_eq!(place.column("client", "name"), texts(&["Ann", "Bob"]));
    assert_eq!(place.column("client", "size"), [7.into(), Value::Null]);
    assert_eq!(place.column("order", "status"), texts(&["gone", "open"]));
    assert_eq!(place.column("order", "by"), [BOB.into(), Value::Null]);
    assert_eq!(place.column("order", "number"), texts(&["A-0001", "A-0002"]));
}

/// As hard as by a signal from outside: nothing is dropped, nothing is flushed.
pub fn killed_at_any_moment_it_leaves_before_or_after(place: &mut Place) {
    let repository = Repository::new(&[("test", place)]);
    filled(place, &repository);
    let plan = repository.does(&["plan", "-e", "test", "--format", "json"]);
    let document = reconcile::wire::plan::from_json(&plan).unwrap();
    let steps: Vec<u32> = document.plans[0].steps.iter().map(|step| step.id).collect();
    let mut moments = vec!["locked".to_owned(), "checked".to_owned()];
    moments.extend(steps.iter().flat_map(|step| [format!("before:{step}"), format!("after:{step}")]));
    moments.extend(["recorded", "verified", "committed"].map(str::to_owned));
    let before = place.see();
    for moment in &moments {
        let ended = repository.command(&["apply", "-e", "test", "--yes"], &format!("kill:{moment}")).output();
        let ended = ended.unwrap();
        assert_eq!(ended.status.signal(), Some(6), "killed at {moment}: {:#?}", Run::from(ended));
        if moment != "committed" {
            assert_eq!(place.see(), before, "killed at {moment}");
        }
    }
    assert_ne!(place.see(), before);
    is_as_declared(place);
    repository.is_done("test");
    let entries = repository.does(&["history", "-e", "test", "--format", "json"]);
    let entries: serde_json::Value = serde_json::from_str(&entries).unwrap();
    assert_eq!(entries["entries"].as_array().map(Vec::len), Some(2), "{entries:#}");
}

pub fn of_two_at_once_exactly_one_changes_the_target(place: &mut Place) {
    let repository = Repository::new(&[("test", place)]);
    filled(place, &repository);
    let start = || repository.command(&["apply", "-e", "test", "--yes"], "").spawn().unwrap();
    let runs = [start(), start(), start()].map(|child| Run::from(child.wait_with_output().unwrap()));
    let n_done = runs.iter().filter(|run| run.code == Some(0) && run.out.contains("Applied ")).count();
    assert_eq!(n_done, 1, "{runs:#?}");
    for other in runs.iter().filter(|run| !run.out.contains("Applied ")) {
        let has_nothing = other.code == Some(0) && other.out.contains("No changes.");
        assert!(matches!(other.code, Some(10 | 11)) || has_nothing, "{other:#?}");
    }
    is_as_declared(place);
    repository.is_done("test");
}

pub fn a_saved_plan_is_the_plan_that_is_applied(place: &mut Place) {
    let repository = Repository::new(&[("test", place)]);
    filled(place, &repository);
    repository.does(&["plan", "-e", "test", "--out", "saved.zip"]);
    repository.does(&["plan", "-e", "test", "--out", "again.zip"]);
    let bytes = |file: &str| fs::read(repository.folder.path().join(file)).unwrap();
    assert!(bytes("saved.zip") == bytes("again.zip"), "the same plan is not the same package");
    repository.does(&["apply", "saved.zip", "-e", "test", "--yes"]);
    is_as_declared(place);
    repository.is_done("test");
    let before = place.see();
    let run = repository.run(&["apply", "again.zip", "-e", "test", "--yes"]);
    assert_eq!(run.code, Some(11), "{run:#?}");
    assert_eq!(place.see(), before);
}

/// Both are brought to the same, and the second has what the first has.
fn equal(one: &mut Place, other: &mut Place) {
    let (one, other) = (one.see(), other.see());
    assert_eq!((one.objects, one.base), (other.objects, other.base));
}

pub fn what_is_exported_is_imported_elsewhere(place: &mut Place) {
    let mut other = place.another();
    let repository = Repository::new(&[("test", place), ("other", &other)]);
    filled(place, &repository);
    repository.does(&["apply", "-e", "test", "--yes"]);
    repository.does(&["export", "-e", "test", "-o", "all.zip", "--all"]);
    repository.does(&["package", "verify", "all.zip"]);
    let nothing: Seen = other.see();
    repository.does(&["import", "all.zip", "-e", "other", "--plan"]);
    assert_eq!(other.see(), nothing);
    repository.does(&["import", "all.zip", "-e", "other", "--yes"]);
    equal(place, &mut other);
    repository.is_done("other");
    repository.does(&["export", "-e", "other", "-o", "back.zip", "--all"]);
    repository.does(&["import", "back.zip", "-e", "test", "--yes"]);
    is_as_declared(place);
}

pub fn what_is_promoted_is_what_was_applied(place: &mut Place) {
    let mut other = place.another();
    let repository = Repository::new(&[("test", place), ("other", &other)]);
    filled(place, &repository);
    repository.does(&["apply", "-e", "test", "--yes"]);
    // What is declared since is not what was applied.
    repository.declare(&format!("{AFTER}\n\n    Entity later\n    fields: {{ a: {{ type: text }} }}"));
    repository.does(&["promote", "test", "other", "--yes"]);
    equal(place, &mut other);
    let run = repository.run(&["plan", "-e", "other", "--detailed-exitcode"]);
    assert_eq!(run.code, Some(2), "{run:#?}");
}

pub fn what_exists_is_adopted_and_plans_nothing(place: &mut Place) {
    place.run(
        "CREATE TABLE country (code varchar(2) NOT NULL PRIMARY KEY, name varchar(40) NOT NULL DEFAULT 'none');
         CREATE TABLE city (id integer NOT NULL PRIMARY KEY, name text, country varchar(2) NOT NULL REFERENCES country (code),
                            size numeric(12, 2) CHECK (size >= 0), UNIQUE (country, name));
         CREATE INDEX city_size ON city (size);
         INSERT INTO country VALUES ('DE', 'Germany');
         INSERT INTO city VALUES (1, 'Kiel', 'DE', 2.5);",
    );
    let repository = Repository::new(&[("test", place)]);
    let (objects, rows) = (place.stage.objects(), place.stage.rows());
    repository.does(&["adopt", "-e", "test", "--yes"]);
    repository.is_done("test");
    assert_eq!((place.stage.objects(), place.stage.rows()), (objects, rows));
}
