//! The six questions: plan as written? statements as written? findings exactly those named? applies with rows kept?
//! equal to a fresh target? second plan empty? Never skips one because an earlier one failed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use reconcile::apply::{Impatient, Moment, Observer, Terms};
use reconcile::journal::Holder;
use reconcile::model::state::Desired;
use reconcile::ops;
use reconcile::plan::{Allowance, Level, Plan};
use reconcile::provider::open::{self, Mode};
use reconcile::render::paint::Paint;
use reconcile::render::plan_text::{self, Options};
use reconcile::report::{Applied, Report};
use reconcile::source::{self, Revision};
use rusqlite::Connection;
use rusqlite::types::Value;

use super::catalog;
use super::folder::{self, Folder};

/// What came of one case.
pub struct Outcome {
    pub name: String,
    pub faults: Vec<String>,
}

pub fn run_all() -> Vec<Outcome> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let update = std::env::var_os("UPDATE").is_some();
    assert!(
        !(update && std::env::var_os("CI").is_some()),
        "UPDATE=1 rewrites expectations, which CI refuses"
    );
    let only = std::env::var("CASE").unwrap_or_default();
    let folders = folder::all(&root).into_iter().filter(|f| f.name.contains(&only));
    folders
        .map(|folder| {
            let mut run = Run { folder: &folder, faults: Vec::new(), update };
            run.sqlite();
            Outcome { name: folder.name.clone(), faults: run.faults }
        })
        .collect()
}

struct Run<'a> {
    folder: &'a Folder,
    faults: Vec<String>,
    update: bool,
}

struct Nobody;

impl Observer for Nobody {
    fn at(&mut self, _: &Moment) -> Result<(), String> {
        Ok(())
    }
}

impl Run<'_> {
    fn sqlite(&mut self) {
        let case = &self.folder.case;
        assert!(case.why.ends_with('.'), "{}: `why` is one sentence", self.folder.name);
        assert!(case.targets.iter().any(|t| t == "sqlite"), "{}: no target", self.folder.name);
        let place = tempfile::tempdir().unwrap();
        let Some(before) = self.desired("before", &place.path().join("before")) else { return };
        let Some(after) = self.desired("after", &place.path().join("after")) else { return };
        let target = place.path().join("target");
        let has_past = self.past(&target);
        if !before.resources.is_empty() && self.apply(&before, &target, true).is_none() {
            return;
        }
        self.fill(&target);
        let kept = database(&target).map(|d| catalog::rows(&d)).unwrap_or_default();
        let Some(plan) = self.plan(&after, &target) else { return };
        self.expect("plan.txt", &text(&plan));
        self.expect("sqlite.sql", &statements(&plan));
        self.findings(&plan);
        if !case.refuses.is_empty() {
            return;
        }
        if self.apply(&after, &target, false).is_none() {
            return;
        }
        let database = database(&target).unwrap();
        self.rows(&kept, &plan, &database);
        let stays = self.folder.name.ends_with("standard-never-pruned");
        if case.action == "overwrite" && case.prune && !has_past && !stays {
            self.equals_fresh(&after, &database, &place.path().join("fresh"));
        }
        if let Some(again) = self.plan(&after, &target)
            && !again.is_empty()
        {
            self.faults.push(format!("the second plan is not empty:\n{}", text(&again)));
        }
    }

    /// The folder as an environment `test`.
    fn desired(&mut self, side: &str, place: &Path) -> Option<Desired> {
        fs::create_dir_all(place).unwrap();
        copy(&self.folder.path.join(side), place);
        let case = &self.folder.case;
        let environment = format!(
            "apiVersion: reconcile/v1\nkind: Environment\nmetadata: {{ name: test }}\nspec:\n  target: {{ sqlite: test.db }}\n  setup: {{ default: {} }}\n  prune: {}\n",
            case.action, case.prune
        );
        fs::write(place.join("environment-of-the-case.yaml"), environment).unwrap();
        let files = source::work_tree(place, &[]).unwrap();
        let limits = open::providers().iter().filter_map(|p| Some(((*p).to_owned(), open::name_limits(p)?)));
        let checked = ops::repository::check(&files, &limits.collect());
        if checked.has_errors() {
            let text =
                reconcile::render::diagnostics::diagnostics(&checked.diagnostics, Paint::plain(), &|p| {
                    files.text(p)
                });
            self.faults.push(format!("{side}/ is not valid:\n{text}"));
            return None;
        }
        checked.repository.desired("test", &BTreeMap::new())
    }

    fn plan(&mut self, desired: &Desired, target: &Path) -> Option<Plan> {
        let mut opened = open::open(&desired.environment.target, target, Mode::Read).unwrap();
        match ops::plan::plan(desired.clone(), opened.as_mut(), &Revision::default()) {
            Ok(plan) => Some(plan),
            Err(error) => {
                self.faults.push(format!("cannot plan: {error}"));
                None
            }
        }
    }

    fn apply(&mut self, desired: &Desired, target: &Path, is_setting_up: bool) -> Option<Report> {
        let plan = self.plan(desired, target)?;
        let mut opened = open::open(&desired.environment.target, target, Mode::Write).unwrap();
        let holder = Holder { actor: "case".to_owned(), since: "2026-01-01T00:00:00Z".to_owned() };
        let allow: Vec<Allowance> = self.folder.case.allow.iter().map(|a| a.parse().unwrap()).collect();
        let allow = if is_setting_up { Vec::new() } else { allow };
        let clock = || "2026-01-01T00:00:01Z".to_owned();
        let terms =
            Terms { holder: &holder, allow: &allow, signed_by: &[], clock: &clock, patience: &Impatient };
        match ops::apply::run(&plan, Some(desired.clone()), opened.as_mut(), &terms, &mut Nobody) {
            Ok(report) if matches!(report.outcome, Applied::Done | Applied::Nothing) => Some(report),
            Ok(report) => {
                self.faults.push(format!("was not applied: {report:#?}"));
                None
            }
            Err(error) => {
                self.faults.push(format!("was not applied: {error:?}"));
                None
            }
        }
    }

    /// What the target held before anybody applied to it.
    fn past(&mut self, target: &Path) -> bool {
        let Ok(sql) = fs::read_to_string(self.folder.path.join("before.sql")) else { return false };
        fs::create_dir_all(target).unwrap();
        let database = Connection::open(target.join("test.db")).unwrap();
        if let Err(error) = database.execute_batch(&sql) {
            self.faults.push(format!("before.sql: {error}"));
        }
        true
    }

    fn fill(&mut self, target: &Path) {
        if self.folder.rows.is_empty() {
            return;
        }
        fs::create_dir_all(target).unwrap();
        let database = Connection::open(target.join("test.db")).unwrap();
        database.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        for (table, rows) in &self.folder.rows {
            for row in rows {
                let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
                let names: Vec<String> = row.keys().map(|name| quote(name)).collect();
                let marks = vec!["?"; names.len()].join(", ");
                let sql = format!("INSERT INTO {} ({}) VALUES ({marks})", quote(table), names.join(", "));
                let values: Vec<Value> = row.values().map(sql_value).collect();
                if let Err(error) = database.execute(&sql, rusqlite::params_from_iter(values)) {
                    self.faults.push(format!("rows.yaml: `{sql}`: {error}"));
                }
            }
        }
    }

    fn findings(&mut self, plan: &Plan) {
        let place = |f: &reconcile::plan::Finding| match &f.path {
            Some(path) => format!("{}:{}/{path}", f.code, f.address),
            None => format!("{}:{}", f.code, f.address),
        };
        let of = |level: Level| -> BTreeSet<String> {
            plan.findings.iter().filter(|f| f.level == level).map(place).collect()
        };
        let want = |list: &[String]| -> BTreeSet<String> { list.iter().cloned().collect() };
        let case = &self.folder.case;
        if of(Level::Consent) != want(&case.allow) {
            self.faults.push(format!("findings to allow: {:?}, named: {:?}", of(Level::Consent), case.allow));
        }
        if of(Level::Refuse) != want(&case.refuses) {
            self.faults.push(format!(
                "findings that refuse: {:?}, named: {:?}",
                of(Level::Refuse),
                case.refuses
            ));
        }
    }

    /// Tables that stay keep their rows, and columns hold what the case says.
    fn rows(
        &mut self,
        before: &BTreeMap<String, Vec<BTreeMap<String, Value>>>,
        plan: &Plan,
        database: &Connection,
    ) {
        let now = catalog::rows(database);
        for change in plan.changes.iter().filter(|c| c.address.kind.as_str() == "entity") {
            let old = before.get(&change.address_before().name);
            if let (Some(old), Some(new)) = (old, now.get(&change.address.name))
                && old.len() != new.len()
            {
                self.faults.push(format!("{} had {} rows and has {}", change.address, old.len(), new.len()));
            }
        }
        for (table, columns) in &self.folder.case.keeps {
            for (column, want) in columns {
                let want: Vec<Value> = want.iter().map(sql_value).collect();
                let rows = now.get(table).map(Vec::as_slice).unwrap_or_default();
                let found: Vec<Value> =
                    rows.iter().map(|r| r.get(column).cloned().unwrap_or(Value::Null)).collect();
                if found != want {
                    self.faults.push(format!("{table}.{column} holds {found:?}, not {want:?}"));
                }
            }
        }
        let check: Vec<String> = database
            .prepare("SELECT \"table\" || ' row ' || coalesce(rowid, '?') FROM pragma_foreign_key_check")
            .unwrap()
            .query_map([], |r| r.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        if !check.is_empty() {
            self.faults.push(format!("foreign keys are broken: {check:?}"));
        }
    }

    fn equals_fresh(&mut self, after: &Desired, migrated: &Connection, place: &Path) {
        let Some(plan) = self.plan(after, place) else { return };
        if plan.is_empty() {
            return;
        }
        if self.apply(after, place, true).is_none() {
            return;
        }
        let fresh = database(place).unwrap();
        let (one, other) = (catalog::objects(migrated), catalog::objects(&fresh));
        if one != other {
            let show = |objects: &BTreeMap<String, Vec<String>>| format!("{objects:#?}");
            let (one, other) = (show(&one), show(&other));
            let diff = similar::TextDiff::from_lines(&other, &one);
            let text = diff.unified_diff().context_radius(2).header("fresh", "migrated").to_string();
            self.faults.push(format!("is not equal to a fresh target:\n{text}"));
        }
        let lists = |database: &Connection| -> BTreeMap<String, Vec<BTreeMap<String, Value>>> {
            let picklists: BTreeSet<String> = after
                .resources
                .keys()
                .filter(|a| a.kind.as_str() == "picklist")
                .map(|a| a.name.clone())
                .collect();
            catalog::rows(database).into_iter().filter(|(table, _)| picklists.contains(table)).collect()
        };
        if lists(migrated) != lists(&fresh) {
            self.faults.push(format!("options differ from a fresh target's: {:?}", lists(migrated)));
        }
    }

    /// Compares with a file of the case, or writes it under `UPDATE=1`.
    fn expect(&mut self, file: &str, found: &str) {
        let path = self.folder.path.join(file);
        let wanted = fs::read_to_string(&path).unwrap_or_default();
        if wanted == found {
            return;
        }
        if self.update {
            fs::write(path, found).unwrap();
            return;
        }
        let diff = similar::TextDiff::from_lines(wanted.as_str(), found);
        self.faults.push(diff.unified_diff().header(file, "found").to_string());
    }
}

fn database(place: &Path) -> Option<Connection> {
    let path: PathBuf = place.join("test.db");
    path.is_file().then(|| Connection::open(path).unwrap())
}

fn text(plan: &Plan) -> String {
    plan_text::plan(plan, &Options { paint: Paint::plain(), verbose: false })
}

fn statements(plan: &Plan) -> String {
    let step = |s: &reconcile::plan::Step| {
        let lines: String = s.statements.iter().map(|one| format!("{one};\n")).collect();
        format!("-- {}. {}\n{lines}", s.id, s.title)
    };
    plan.steps.iter().map(step).collect::<Vec<_>>().join("\n")
}

fn sql_value(value: &serde_yaml::Value) -> Value {
    match value {
        serde_yaml::Value::Null => Value::Null,
        serde_yaml::Value::Bool(yes) => Value::Integer(i64::from(*yes)),
        serde_yaml::Value::Number(number) => match number.as_i64() {
            Some(whole) => Value::Integer(whole),
            None => Value::Real(number.as_f64().unwrap()),
        },
        serde_yaml::Value::String(text) => Value::Text(text.clone()),
        other => panic!("a row holds {other:?}"),
    }
}

fn copy(from: &Path, to: &Path) {
    let Ok(entries) = fs::read_dir(from) else { return };
    fs::create_dir_all(to).unwrap();
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else if name != ".gitkeep" {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}
