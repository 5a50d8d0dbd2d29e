//! How long each part takes with 100, 1,000 and 5,000 entities of twelve fields, and how much memory a plan needs.
//! Never fails by a clock: it prints, and a person judges. `cargo bench --bench bench -- 100 1000` takes other sizes.
//!
//! What it should stay within: a plan of 1,000 unchanged entities takes 0.25 s and 60 MiB, and 5,000 take at most
//! 5.5 times as long.

mod generate;
mod table;

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use reconcile::apply::{Impatient, Moment, Observer, Terms};
use reconcile::journal::Holder;
use reconcile::manifest;
use reconcile::model::name::NameLimits;
use reconcile::model::repository::Repository;
use reconcile::model::state::Desired;
use reconcile::ops;
use reconcile::plan::Plan;
use reconcile::planner;
use reconcile::provider::open::{self, Mode};
use reconcile::report::Applied;
use reconcile::source::{self, Files, Revision};
use reconcile::target::Target;
use reconcile::validate::validate;
use table::{Times, table};

/// How many entities are changed for the plan and apply of changes.
const CHANGED: usize = 10;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    if let [flag, folder] = arguments.as_slice()
        && flag == "--memory"
    {
        return memory_of_a_plan(Path::new(folder));
    }
    let mut sizes: Vec<usize> = arguments.iter().map(|a| a.parse().expect("a number of entities")).collect();
    if sizes.is_empty() {
        sizes = vec![100, 1000, 5000];
    }
    let mut measured = Vec::new();
    for size in sizes {
        let place = tempfile::tempdir().expect("a temporary folder");
        generate::repository(place.path(), size);
        let runs = if size > 2000 { 5 } else { 9 };
        let mut parts = making(place.path(), if size > 2000 { 1 } else { 3 });
        parts.extend(unchanged(place.path(), runs));
        println!("{size} entities: the plan of no change needs {} MiB", memory(place.path()));
        parts.extend(changes(place.path(), size, runs.min(3)));
        measured.push((size, parts));
    }
    println!("\n{}", table(&measured));
}

/// From nothing: the plan and its apply.
fn making(root: &Path, runs: usize) -> Vec<(&'static str, Times)> {
    let (mut planning, mut applying) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        drop(fs::remove_file(root.join("bench.db")));
        let (plan, time) = timed(|| plan(root));
        planning.push(time);
        applying.push(apply(root, &plan));
    }
    vec![("plan, from nothing", Times::of(planning)), ("apply, from nothing", Times::of(applying))]
}

/// Each part of a plan that finds nothing to do, and all of it.
fn unchanged(root: &Path, runs: usize) -> Vec<(&'static str, Times)> {
    let mut times: Vec<(&'static str, Vec<Duration>)> = Vec::new();
    let mut took = |part: &'static str, time: Duration| match times.iter_mut().find(|(name, _)| *name == part)
    {
        Some((_, runs)) => runs.push(time),
        None => times.push((part, vec![time])),
    };
    for _ in 0..runs {
        let (files, time) = timed(|| read(root));
        took("read", time);
        let ((repository, _), time) = timed(|| manifest::load(&files));
        took("parse", time);
        let limits = limits();
        took("validate", timed(|| validate(&repository, &repository.views()[0], &limits)).1);
        let (mut desired, time) = timed(|| desired(&repository));
        took("choose the environment", time);
        let mut target = target(root, &desired, Mode::Read);
        let dialect = target.dialect();
        let (snapshot, time) = timed(|| target.inspect().expect("the target can be inspected"));
        took("inspect", time);
        took("normalize", timed(|| planner::normalize(&mut desired, dialect)).1);
        let (draft, time) = timed(|| planner::draft(&desired, &snapshot, dialect));
        took("diff", time);
        let (plan, time) = timed(|| draft.plan(&[], &[], &target.describe(), &Revision::default()));
        assert!(plan.is_empty(), "an unchanged repository has a plan");
        took("plan out of it", time);
        let (_, time) = timed(|| {
            drop(black_box((plan, snapshot, desired)));
        });
        took("let go", time);
    }
    for _ in 0..runs {
        let (plan, time) = timed(|| plan(root));
        assert!(plan.is_empty(), "an unchanged repository has a plan");
        took("all of a plan, unchanged", time);
    }
    times.into_iter().map(|(part, runs)| (part, Times::of(runs))).collect()
}

/// One change in each of some entities.
fn changes(root: &Path, size: usize, runs: usize) -> Vec<(&'static str, Times)> {
    generate::change(root, size, CHANGED.min(size));
    let (database, kept) = (root.join("bench.db"), root.join("kept.db"));
    fs::rename(&database, &kept).expect("the database can be kept");
    let (mut planning, mut applying) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        fs::copy(&kept, &database).expect("the database can be copied");
        let (plan, time) = timed(|| plan(root));
        assert_eq!(plan.changes.len(), CHANGED.min(size), "other entities change than were meant to");
        planning.push(time);
        applying.push(apply(root, &plan));
    }
    vec![("all of a plan, 10 changes", Times::of(planning)), ("apply, 10 changes", Times::of(applying))]
}

struct Nobody;

impl Observer for Nobody {
    fn at(&mut self, _: &Moment) -> Result<(), String> {
        Ok(())
    }
}

fn read(root: &Path) -> Files {
    source::work_tree(root, &[]).expect("the repository can be read")
}

fn limits() -> BTreeMap<String, NameLimits> {
    let known = open::providers().iter();
    known.filter_map(|name| Some(((*name).to_owned(), open::name_limits(name)?))).collect()
}

fn desired(repository: &Repository) -> Desired {
    repository.desired("bench", &BTreeMap::new()).expect("the environment is there")
}

fn target(root: &Path, desired: &Desired, mode: Mode) -> Box<dyn Target> {
    open::open(&desired.environment.target, root, mode).expect("the target can be opened")
}

/// From files to a plan, as `reconcile plan` goes.
fn plan(root: &Path) -> Plan {
    let checked = ops::repository::check(&read(root), &limits());
    assert!(!checked.has_errors(), "{:?}", checked.diagnostics);
    let desired = desired(&checked.repository);
    let mut target = target(root, &desired, Mode::Read);
    ops::plan::plan(desired, target.as_mut(), &Revision::default()).expect("a plan")
}

/// Applies, plans again and finds nothing, as `reconcile apply` does with a plan that was agreed to.
fn apply(root: &Path, plan: &Plan) -> Duration {
    let desired = desired(&ops::repository::check(&read(root), &limits()).repository);
    let mut target = target(root, &desired, Mode::Write);
    let holder = Holder { actor: "bench".to_owned(), since: "2026-01-01T00:00:00Z".to_owned() };
    let clock = || "2026-01-01T00:00:01Z".to_owned();
    let terms = Terms {
        holder: &holder,
        allow: &[],
        signed_by: &[],
        clock: &clock,
        outside_window: None,
        patience: &Impatient,
    };
    let run = || ops::apply::run(plan, Some(desired), target.as_mut(), &terms, &mut Nobody);
    let (report, time) = timed(run);
    let report = report.expect("a report");
    assert!(matches!(report.outcome, Applied::Done), "{report:#?}");
    time
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = black_box(work());
    (result, start.elapsed())
}

/// The most memory that one process held for one plan, in MiB; `?` where the system does not tell.
fn memory(root: &Path) -> String {
    let Ok(program) = std::env::current_exe() else { return "?".to_owned() };
    match Command::new(program).arg("--memory").arg(root).output() {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        Ok(_) | Err(_) => "?".to_owned(),
    }
}

fn memory_of_a_plan(root: &Path) {
    black_box(plan(root));
    let status = fs::read_to_string("/proc/self/status").expect("the system tells");
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the system tells");
    let kib: f64 = most.trim().trim_end_matches("kB").trim().parse().expect("a number");
    println!("{:.1}", kib / 1024.0);
}
