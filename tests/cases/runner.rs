//! The seven questions: plan as written? statements as written? findings exactly those named? applies with rows kept?
//! equal to a fresh target? second plan empty? the same without a target? Never skips one because an earlier one failed.

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use reconcile::apply::{Impatient, Moment, Observer, Terms};
use reconcile::journal::Holder;
use reconcile::model::state::Desired;
use reconcile::ops;
use reconcile::plan::{Allowance, Compared, Finding, Level, Plan};
use reconcile::provider::open::{self, Mode};
use reconcile::render::paint::Paint;
use reconcile::render::plan_text::{self, Options};
use reconcile::report::{Applied, Report};
use reconcile::source::Revision;

use super::declared;
use super::folder::{self, Expected, Folder};
use crate::stage::{Objects, PROVIDERS, Provider, Rows, Stage};

/// What came of one case.
pub struct Outcome {
    pub name: String,
    pub faults: Vec<String>,
}

/// Runs every case that names a provider. None where there is no server for it.
pub fn run_all(provider: &Provider) -> Option<Vec<Outcome>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let update = std::env::var_os("UPDATE").is_some();
    assert!(
        !(update && std::env::var_os("CI").is_some()),
        "UPDATE=1 rewrites expectations, which CI refuses"
    );
    (provider.fresh)()?;
    let only = std::env::var("CASE").unwrap_or_default();
    let is_meant = |folder: &Folder| {
        folder.name.contains(&only) && folder.case.targets.iter().any(|name| name == provider.name)
    };
    let folders: Vec<Folder> = folder::all(&root).into_iter().filter(is_meant).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut outcomes = Vec::new();
        while let Some(folder) = folders.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut run = Run { folder, provider, faults: Vec::new(), update };
            run.ask();
            outcomes.push(Outcome { name: folder.name.clone(), faults: run.faults });
        }
        outcomes
    };
    // No case knows of another.
    let n_workers = std::thread::available_parallelism().map_or(1, NonZero::get);
    let mut outcomes: Vec<Outcome> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..n_workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a case panicked")).collect()
    });
    outcomes.sort_by(|one, other| one.name.cmp(&other.name));
    Some(outcomes)
}

struct Run<'a> {
    folder: &'a Folder,
    provider: &'a Provider,
    faults: Vec<String>,
    update: bool,
}

struct Nobody;

impl Observer for Nobody {
    fn at(&mut self, _: &Moment) -> Result<(), String> {
        Ok(())
    }
}

impl<'a> Run<'a> {
    fn ask(&mut self) {
        let case = &self.folder.case;
        assert!(case.why.ends_with('.'), "{}: `why` is one sentence", self.folder.name);
        let is_known = |name: &String| PROVIDERS.iter().any(|provider| provider.name == *name);
        assert!(case.targets.iter().all(is_known), "{}: there is no such provider", self.folder.name);
        for (name, difference) in &case.differs {
            let says_why = difference.because.ends_with('.');
            assert!(case.targets.contains(name) && says_why, "{}: differs on `{name}`", self.folder.name);
        }
        let mut stage = self.fresh();
        let Some(before) = self.desired("before") else { return };
        let Some(after) = self.desired("after") else { return };
        let has_past = self.past(stage.as_mut());
        if !before.resources.is_empty() && self.apply(&before, stage.as_ref(), true).is_none() {
            return;
        }
        if !self.folder.rows.is_empty() {
            let refused = stage.insert(&self.folder.rows);
            self.faults.extend(refused.into_iter().map(|what| format!("rows.yaml: {what}")));
        }
        let kept = stage.rows();
        let Some(plan) = self.plan(&after, stage.as_ref()) else { return };
        self.expect_plan(&text(&plan));
        self.expect(&format!("{}.sql", self.provider.name), &statements(&plan));
        self.findings(&plan);
        if !has_past {
            self.offline(before, after.clone(), &plan);
        }
        if !self.expected().refuses.is_empty() {
            return;
        }
        if self.apply(&after, stage.as_ref(), false).is_none() {
            return;
        }
        self.rows(&kept, &plan, stage.as_mut());
        let stays = self.folder.name.ends_with("standard-never-pruned");
        if case.action == "overwrite" && case.prune && !has_past && !stays {
            self.equals_fresh(&after, stage.as_mut());
        }
        if let Some(again) = self.plan(&after, stage.as_ref())
            && !again.is_empty()
        {
            self.faults.push(format!("the second plan is not empty:\n{}", text(&again)));
        }
    }

    fn fresh(&self) -> Box<dyn Stage> {
        (self.provider.fresh)().expect("there was one at the beginning")
    }

    fn expected(&self) -> Expected<'a> {
        self.folder.case.on(self.provider.name)
    }

    fn desired(&mut self, side: &str) -> Option<Desired> {
        let declared = declared::side(self.folder, side, self.provider);
        declared.map_err(|fault| self.faults.push(fault)).ok()
    }

    fn plan(&mut self, desired: &Desired, stage: &dyn Stage) -> Option<Plan> {
        let opened = open::open(&stage.config(), stage.root(), Mode::Read);
        let planned = opened.map_err(|error| error.to_string()).and_then(|mut opened| {
            let planned = ops::plan::plan(desired.clone(), opened.as_mut(), &Revision::default());
            planned.map_err(|error| error.to_string())
        });
        match planned {
            Ok(plan) => Some(plan),
            Err(error) => {
                self.faults.push(format!("cannot plan: {error}"));
                None
            }
        }
    }

    fn apply(&mut self, desired: &Desired, stage: &dyn Stage, is_setting_up: bool) -> Option<Report> {
        let plan = self.plan(desired, stage)?;
        let mut opened = open::open(&stage.config(), stage.root(), Mode::Write).unwrap();
        let holder = Holder { actor: "case".to_owned(), since: "2026-01-01T00:00:00Z".to_owned() };
        let allow: Vec<Allowance> = self.expected().allow.iter().map(|a| a.parse().unwrap()).collect();
        let allow = if is_setting_up { Vec::new() } else { allow };
        let clock = || "2026-01-01T00:00:01Z".to_owned();
        let terms = Terms {
            holder: &holder,
            allow: &allow,
            signed_by: &[],
            clock: &clock,
            outside_window: None,
            patience: &Impatient,
        };
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

    /// What the target held before anybody applied to it, in this provider's own words where there are such.
    fn past(&mut self, stage: &mut dyn Stage) -> bool {
        let read = |file: &str| fs::read_to_string(self.folder.path.join(file));
        let own = read(&format!("before.{}.sql", self.provider.name));
        let Ok(sql) = own.or_else(|_| read("before.sql")) else { return false };
        if let Err(error) = stage.run(&sql) {
            self.faults.push(format!("before.sql: {error}"));
        }
        true
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
        let named = self.expected();
        if of(Level::Consent) != want(named.allow) {
            self.faults.push(format!(
                "findings to allow: {:?}, named: {:?}",
                of(Level::Consent),
                named.allow
            ));
        }
        if of(Level::Refuse) != want(named.refuses) {
            self.faults.push(format!(
                "findings that refuse: {:?}, named: {:?}",
                of(Level::Refuse),
                named.refuses
            ));
        }
    }

    /// Tables that stay keep their rows, and columns hold what the case says.
    /// What a branch changes, planned without a target, is what changes in a target that is at its base; and what only
    /// rows can say is told of, if not how much.
    fn offline(&mut self, before: Desired, after: Desired, plan: &Plan) {
        let dialect = open::dialect(self.provider.name).expect("the list names it");
        let compared = Compared { named: "main".to_owned(), base: Revision::default() };
        let branch = ops::plan::offline(before, after, dialect, &Revision::default(), &compared);
        let apart = ops::preview::apart(&branch, plan);
        if !apart.is_empty() {
            self.faults.push(format!("without a target it is another plan:\n{}\n{apart:#?}", text(&branch)));
        }
        let is_of_rows = |f: &&Finding| f.code.starts_with("RK20") || f.code == "RK401";
        let is_told =
            |f: &Finding| branch.findings.iter().any(|b| (&b.code, b.place()) == (&f.code, f.place()));
        let untold = plan.findings.iter().filter(is_of_rows).filter(|f| !is_told(f));
        self.faults.extend(untold.map(|f| format!("without a target nobody tells of {}", f.allowance())));
    }

    fn rows(&mut self, before: &Rows, plan: &Plan, stage: &mut dyn Stage) {
        let now = stage.rows();
        for change in plan.changes.iter().filter(|c| c.address.kind.as_str() == "entity") {
            let old = before.get(&change.address_before().name);
            if let (Some(old), Some(new)) = (old, now.get(&change.address.name))
                && old.len() != new.len()
            {
                self.faults.push(format!("{} had {} rows and has {}", change.address, old.len(), new.len()));
            }
        }
        for (table, columns) in self.expected().keeps {
            for (column, want) in columns {
                let rows = now.get(table).map(Vec::as_slice).unwrap_or_default();
                let found: Vec<_> = rows.iter().map(|r| r.get(column).cloned().unwrap_or_default()).collect();
                if found != *want {
                    self.faults.push(format!("{table}.{column} holds {found:?}, not {want:?}"));
                }
            }
        }
        let broken = stage.broken();
        if !broken.is_empty() {
            self.faults.push(format!("references are broken, or not finished: {broken:?}"));
        }
    }

    fn equals_fresh(&mut self, after: &Desired, migrated: &mut dyn Stage) {
        let mut fresh = self.fresh();
        let Some(plan) = self.plan(after, fresh.as_ref()) else { return };
        if plan.is_empty() {
            return;
        }
        if self.apply(after, fresh.as_ref(), true).is_none() {
            return;
        }
        let (one, other) = (migrated.objects(), fresh.objects());
        if one != other {
            let show = |objects: &Objects| format!("{objects:#?}");
            let (one, other) = (show(&one), show(&other));
            let diff = similar::TextDiff::from_lines(&other, &one);
            let text = diff.unified_diff().context_radius(2).header("fresh", "migrated").to_string();
            self.faults.push(format!("is not equal to a fresh target:\n{text}"));
        }
        let picklists: BTreeSet<&str> = after
            .resources
            .keys()
            .filter(|a| a.kind.as_str() == "picklist")
            .map(|a| a.name.as_str())
            .collect();
        let lists = |rows: Rows| -> Rows {
            rows.into_iter().filter(|(table, _)| picklists.contains(table.as_str())).collect()
        };
        let (one, other) = (lists(migrated.rows()), lists(fresh.rows()));
        if one != other {
            self.faults.push(format!("options differ from a fresh target's: {one:?}, {other:?}"));
        }
    }

    /// A plan reads the same on every provider, or else this one has a file of its own.
    fn expect_plan(&mut self, found: &str) {
        const SHARED: &str = "plan.txt";
        let own = format!("plan.{}.txt", self.provider.name);
        let is_first = self.folder.case.targets.first().is_some_and(|name| name == self.provider.name);
        let shared = fs::read_to_string(self.folder.path.join(SHARED)).unwrap_or_default();
        let has_own = self.folder.path.join(&own).is_file();
        if is_first {
            self.expect(SHARED, found);
        } else if found != shared && (has_own || self.update) {
            self.expect(&own, found);
        } else if found != shared {
            self.expect(SHARED, found);
        } else if has_own && self.update {
            fs::remove_file(self.folder.path.join(&own)).unwrap();
        } else if has_own {
            self.faults.push(format!("{own} is not needed: the plan is that of {SHARED}"));
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

/// What a target calls itself is no part of a case.
fn text(plan: &Plan) -> String {
    let plan = Plan { target: "target".to_owned(), ..plan.clone() };
    plan_text::plan(&plan, &Options { paint: Paint::plain(), verbose: false })
}

fn statements(plan: &Plan) -> String {
    let step = |s: &reconcile::plan::Step| {
        let lines: String = s.statements.iter().map(|one| format!("{one};\n")).collect();
        format!("-- {}. {}\n{lines}", s.id, s.title)
    };
    plan.steps.iter().map(step).collect::<Vec<_>>().join("\n")
}
