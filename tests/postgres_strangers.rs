//! Schemas as other programs make them on PostgreSQL: adopted, made again elsewhere, and turned into their next release.
//! Never names a rule by hand: the database's own catalog is compared.

mod postgres_server;
#[allow(dead_code)]
mod stage;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use stage::{PROVIDERS, Stage};
use tempfile::TempDir;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/strangers").join(name)
}

/// What lies in a folder and ends so, by name.
fn listed(folder: &Path, end: &str) -> Vec<PathBuf> {
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = all.filter(|path| path.to_string_lossy().ends_with(end)).collect();
    found.sort();
    assert!(!found.is_empty(), "{} holds nothing", folder.display());
    found
}

/// A target with what a file makes in it. None where there is no server, or none that is new enough for the file.
fn made(file: &Path) -> Option<Box<dyn Stage>> {
    let mut stage = fresh()?;
    let sql = fs::read_to_string(file).unwrap();
    if let Some(version) = sql.lines().next().and_then(|line| line.strip_prefix("-- from PostgreSQL "))
        && stage
            .run(&format!("SELECT 1 / (current_setting('server_version_num')::int / {version}0000)"))
            .is_err()
    {
        eprintln!("skipped: {} needs PostgreSQL {version}", file.display());
        return None;
    }
    stage.run(&sql).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    Some(stage)
}

fn fresh() -> Option<Box<dyn Stage>> {
    let provider = PROVIDERS.iter().find(|provider| provider.name == "postgres").expect("it is listed");
    (provider.fresh)()
}

/// A repository with one environment.
struct Repository(TempDir);

impl Repository {
    fn of(stage: &dyn Stage) -> Repository {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "apiVersion: reconcile/v1\nkind: Environment\nmetadata: {{ name: dev }}\nspec:\n  target: {}\n  \
             setup: {{ default: overwrite }}\n  prune: true\n",
            stage.written()
        );
        fs::write(folder.path().join("dev.yaml"), text).unwrap();
        Repository(folder)
    }

    /// Puts the resources of another one in the place of its own.
    fn take(&self, other: &Repository) {
        let (from, to) = (other.0.path().join("resources"), self.0.path().join("resources"));
        let _ = fs::remove_dir_all(&to);
        for kind in fs::read_dir(&from).unwrap().map(|entry| entry.unwrap().path()) {
            let place = to.join(kind.file_name().unwrap());
            fs::create_dir_all(&place).unwrap();
            for file in fs::read_dir(&kind).unwrap().map(|entry| entry.unwrap().path()) {
                fs::copy(&file, place.join(file.file_name().unwrap())).unwrap();
            }
        }
    }

    fn does(&self, what: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reconcile"));
        command.args(arguments).current_dir(&self.0).env_clear().env("RECONCILE_ACTOR", "ada");
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{what}: {arguments:?}\n{text}{said}");
        text
    }

    fn plans_nothing(&self, what: &str) {
        self.does(what, &["plan", "--detailed-exitcode"]);
    }
}

fn same(what: &str, one: &mut dyn Stage, other: &mut dyn Stage) {
    let (one, other) = (one.objects(), other.objects());
    let names = one.keys().chain(other.keys());
    for name in names {
        assert_eq!(one.get(name), other.get(name), "{what}: {name}");
    }
}

#[test]
fn what_others_made_is_adopted_plans_nothing_and_is_made_again() {
    for file in listed(&folder(""), ".sql") {
        let name = file.display().to_string();
        let (Some(mut stage), Some(mut another)) = (made(&file), fresh()) else { continue };
        let before = stage.objects();
        let repository = Repository::of(stage.as_ref());
        let said = repository.does(&name, &["adopt", "-e", "dev", "--yes"]);
        assert!(!said.contains("Left alone"), "{name}: {said}");
        repository.plans_nothing(&name);
        assert_eq!(stage.objects(), before, "{name}: adopting changes nothing");
        let elsewhere = Repository::of(another.as_ref());
        elsewhere.take(&repository);
        elsewhere.does(&name, &["apply", "--yes"]);
        elsewhere.plans_nothing(&name);
        same(&name, stage.as_mut(), another.as_mut());
    }
}

#[test]
fn one_release_of_others_is_turned_into_the_next_and_taken_back() {
    for first in listed(&folder("releases"), ".1.sql") {
        let second = PathBuf::from(first.to_string_lossy().replace(".1.sql", ".2.sql"));
        for (from, to) in [(&first, &second), (&second, &first)] {
            let name = format!("{} to {}", from.display(), to.display());
            let (Some(mut stage), Some(mut goal)) = (made(from), made(to)) else { continue };
            let (repository, next) = (Repository::of(stage.as_ref()), Repository::of(goal.as_ref()));
            repository.does(&name, &["adopt", "-e", "dev", "--yes"]);
            next.does(&name, &["adopt", "-e", "dev", "--yes"]);
            repository.take(&next);
            let (objects, rows) = (stage.objects(), stage.rows());
            repository.does(&name, &["apply", "--yes", "--allow", "RK203", "--allow", "RK201"]);
            repository.plans_nothing(&name);
            same(&name, stage.as_mut(), goal.as_mut());
            let left = stage.rows();
            for (table, rows) in rows.iter().filter(|(table, _)| left.contains_key(*table)) {
                assert_eq!(rows.len(), left[table].len(), "{name}: rows of {table}");
            }
            repository.does(&name, &["rollback", "1", "--yes", "--allow", "RK203", "--allow", "RK201"]);
            let back = stage.objects();
            for object in objects.keys().chain(back.keys()) {
                assert_eq!(back.get(object), objects.get(object), "{name}: back to {object}");
            }
            assert_eq!(stage.rows(), rows, "{name}: the rows come back");
        }
    }
}
