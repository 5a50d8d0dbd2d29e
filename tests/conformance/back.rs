//! Generated applies taken back, at once and one by one, and ways back taken back themselves, on any provider.
//! Never asks the program what there was: it looked before.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use reconcile::model::state::Inventory;
use reconcile::ops;
use reconcile::ops::rollback::RollbackError;
use reconcile::plan::{Level, Plan};
use reconcile::provider::open::Mode;
use reconcile::report::{Applied, Fate, Report, StepReport};

use super::place::{Place, sql};
use super::worlds::{fill, valid};
use crate::laws::draw::{Draw, numbers};
use crate::laws::world::World;
use crate::stage::{Objects, Rows};

/// As many as `PROPTEST_CASES` says, else few enough for every run.
const CASES: u32 = 16;

/// What a way back must bring back.
#[derive(Clone, Debug, PartialEq)]
struct Then {
    objects: Objects,
    rows: Rows,
    owned: Inventory,
}

fn look(place: &mut Place) -> Then {
    let owned = place.snapshot().inventory;
    Then { objects: place.stage.objects(), rows: place.stage.rows(), owned }
}

pub fn any_applies_are_taken_back(place: &mut Place) {
    let raised = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    let config = Config {
        cases: raised.unwrap_or(CASES),
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        max_shrink_iters: 64,
        ..Config::default()
    };
    let provider = place.provider;
    let law = |(world, filling, edits): (Vec<u16>, Vec<u16>, Vec<Vec<u16>>)| {
        let before = World::draw(&mut Draw::new(world));
        let mut told = before.told();
        let mut place = Place::fresh(provider).expect("there was one before");
        one(&mut place, &before, &edits, &mut Draw::new(filling), &mut told)
            .map_err(|fault| TestCaseError::fail(format!("{fault}\n\n{told}")))
    };
    let mut runner = TestRunner::new(config);
    let drawn = (numbers(160), numbers(200), proptest::collection::vec(numbers(60), 1..4));
    runner.run(&drawn, law).unwrap_or_else(|fault| panic!("{fault}"));
}

fn one(
    place: &mut Place,
    before: &World,
    edits: &[Vec<u16>],
    draw: &mut Draw,
    told: &mut String,
) -> Result<(), String> {
    let start = valid(before)?;
    if applied(place, &place.plan(&start))?.outcome != Applied::Done {
        return Ok(());
    }
    fill(place, before, draw);
    let mut seen = Vec::new();
    let mut world = before.clone();
    for edit in edits {
        let next = world.edited(&mut Draw::new(edit.clone()));
        let Ok(goal) = valid(&next) else { continue };
        let plan = place.plan(&goal);
        let is_refused = plan.findings.iter().any(|finding| finding.level == Level::Refuse);
        if plan.is_empty() || is_refused {
            continue;
        }
        let then = look(place);
        let report = applied(place, &plan)?;
        let is_kept = |step: &StepReport| match &step.fate {
            Fate::Failed { .. } => !step.title.starts_with("keep "),
            Fate::Done | Fate::Undone | Fate::NotStarted | Fate::Skipped => true,
        };
        if !report.steps.iter().all(is_kept) {
            return Err(format!("nothing is kept: {report:#?}\n{}", sql(&plan)));
        }
        // That an apply goes through is another law.
        let (Applied::Done, Some(entry)) = (report.outcome, report.entry) else { return Ok(()) };
        told.push_str(&format!("\nAFTER\n{}\nSQL\n{}", next.told(), sql(&plan)));
        seen.push((entry, then));
        world = next;
    }
    let Some((first, then)) = seen.first() else { return Ok(()) };
    let last = look(place);
    let Some(back) = take_back(place, *first)? else { return Ok(()) };
    is_same(then, &look(place), "not brought back")?;
    let Some(_) = take_back(place, back)? else { return Ok(()) };
    is_same(&last, &look(place), "the way back is not taken back")
}

fn applied(place: &Place, plan: &Plan) -> Result<Report, String> {
    place.apply(plan, None).map_err(|error| format!("{error:?}\n{}", sql(plan)))
}

/// Takes back all since an entry. Returns the number of the entry that tells of it; none where
/// names stand in each other's way.
fn take_back(place: &Place, entry: u64) -> Result<Option<u64>, String> {
    let mut desired = valid(&World::default())?;
    desired.resources = BTreeMap::new();
    let planned = ops::rollback::plan(&desired.environment, entry, place.open(Mode::Read).as_mut());
    let back = match planned {
        Ok(back) => back,
        Err(RollbackError::NoPast { .. }) => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let said = || format!("rolling back {entry}:\n{}\n{:#?}", sql(&back.plan), back.plan.findings);
    let mut findings = back.plan.findings.iter();
    if findings.any(|one| one.level == Level::Refuse && one.message.contains("with this name")) {
        return Ok(None);
    }
    let report = place.apply(&back.plan, None).map_err(|error| format!("{error:?}\n{}", said()))?;
    let is_in_the_way = |step: &StepReport| match &step.fate {
        Fate::Failed { message } => message.contains("already exists"),
        _ => false,
    };
    if report.steps.iter().any(is_in_the_way) {
        return Ok(None);
    }
    match (report.outcome, report.entry) {
        (Applied::Done, Some(entry)) => Ok(Some(entry)),
        (_, _) => Err(format!("{report:#?}\n{}", said())),
    }
}

fn is_same(then: &Then, now: &Then, what: &str) -> Result<(), String> {
    if then == now {
        return Ok(());
    }
    let (one, other) = (format!("{then:#?}"), format!("{now:#?}"));
    let diff = similar::TextDiff::from_lines(&one, &other);
    Err(format!("{what}:\n{}", diff.unified_diff().context_radius(4).header("then", "now")))
}
