//! The laws of the design's section 6, over generated repositories, edits and rows.
//! Never knows a case by name: a case that failed here gets a folder under `tests/cases`.

mod laws {
    pub mod bench;
    #[path = "../cases/catalog.rs"]
    #[allow(dead_code)]
    pub mod catalog;
    pub mod draw;
    pub mod judge;
    pub mod rows;
    pub mod strangers;
    pub mod world;
}

use laws::bench::{Bench, desired};
use laws::draw::{Draw, numbers};
use laws::judge;
use laws::strangers::Strangers;
use laws::world::World;
use laws::{catalog, rows};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use reconcile::apply::ApplyError;
use reconcile::model::state::Desired;
use reconcile::plan::{Level, Plan};
use reconcile::report::Applied;

/// As many cases as `PROPTEST_CASES` says, else few enough for every run.
fn some(cases: u32) -> ProptestConfig {
    let raised = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig {
        cases: raised.unwrap_or(cases),
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        max_shrink_iters: 400,
        ..ProptestConfig::default()
    }
}

/// A target brought to a world, with rows.
struct Stage {
    bench: Bench,
    before: World,
    after: World,
    goal: Desired,
}

/// Three lists of numbers: the world, its rows, and its edits.
type Numbers = (Vec<u16>, Vec<u16>, Vec<u16>);

fn three() -> impl Strategy<Value = Numbers> {
    (numbers(160), numbers(200), numbers(60))
}

fn valid(world: &World) -> Result<Desired, TestCaseError> {
    desired(&world.files(false)).map_err(|faults| TestCaseError::fail(format!("is not valid:\n{faults}")))
}

/// Makes the target of the first list, fills it from the second and edits the world by the third.
fn stage((world, filling, edits): Numbers) -> Result<Stage, TestCaseError> {
    let before = World::draw(&mut Draw::new(world));
    let bench = Bench::new();
    let start = valid(&before)?;
    let plan = bench.plan(&start);
    let report = bench.apply(&plan, &start).map_err(|e| TestCaseError::fail(format!("{e:?}\n{plan:#?}")))?;
    prop_assert_eq!(report.outcome, Applied::Done, "{:#?}\n{:#?}", report, sql(&plan));
    rows::fill(&before, &bench.database(), &mut Draw::new(filling));
    let again = bench.plan(&start);
    prop_assert!(again.is_empty(), "a second plan is not empty: {:#?}", again.changes);
    let after = before.edited(&mut Draw::new(edits));
    let goal = valid(&after)?;
    Ok(Stage { bench, before, after, goal })
}

fn sql(plan: &Plan) -> String {
    plan.steps.iter().flat_map(|step| &step.statements).map(|s| format!("{s};\n")).collect()
}

fn refusing(plan: &Plan) -> Vec<&str> {
    plan.findings.iter().filter(|f| f.level == Level::Refuse).map(|f| f.code.as_str()).collect()
}

proptest! {
    #![proptest_config(some(96))]

    /// Laws 1, 2, 4, 5, 6: what a plan without refusals does, and that one with refusals does nothing.
    #[test]
    fn a_change_keeps_every_law(numbers in three()) {
        let Stage { bench, before, after, goal } = stage(numbers)?;
        let found = bench.dump();
        let plan = bench.plan(&goal);
        let said = format!("{}\n{:#?}", sql(&plan), plan.findings);
        judge::destruction_is_counted(&before, &after, &found, &plan).map_err(|e| fail(e, &said))?;
        let forced = judge::forced(&bench, &plan);
        if !refusing(&plan).is_empty() {
            let refused = bench.apply(&plan, &goal);
            prop_assert!(matches!(refused, Err(ApplyError::Refused { .. })), "was not refused: {refused:?}");
            prop_assert_eq!(&bench.dump(), &found);
            judge::refusals_are_true(&before, &after, &found, &plan, forced).map_err(|e| fail(e, &said))?;
            return Ok(());
        }
        let report = bench.apply(&plan, &goal).map_err(|e| fail(format!("{e:?}"), &said))?;
        let is_good = matches!(report.outcome, Applied::Done | Applied::Nothing);
        prop_assert!(is_good, "was not applied: {report:#?}\n{said}");
        let again = bench.plan(&goal);
        prop_assert!(again.is_empty(), "a second plan is not empty: {:#?}\n{}", again.changes, said);
        let now = bench.dump();
        judge::rows_are_kept(&before, &after, &found, &now).map_err(|e| fail(e, &said))?;
        // What was run is what was planned: by the journal, and by running the plan's statements elsewhere.
        if !plan.is_empty() {
            let entry = bench.journal(&goal).into_iter().next().unwrap();
            prop_assert_eq!(&entry.steps, &plan.steps);
        }
        let forced = forced.map_err(|e| fail(e, &said))?;
        prop_assert_eq!(judge::schema(&forced), judge::schema(&now));
        if !after.merge && after.prune {
            let fresh = Bench::new();
            let made = fresh.plan(&goal);
            fresh.apply(&made, &goal).map_err(|e| fail(format!("{e:?}"), &sql(&made)))?;
            let (one, other) = (catalog::objects(&bench.database()), catalog::objects(&fresh.database()));
            prop_assert!(one == other, "is not as if made anew:\n{one:#?}\n{other:#?}\n{said}");
        }
    }

    /// Law 8: the same repository, read in any order, gives the same bytes.
    #[test]
    fn equal_inputs_give_equal_bytes(numbers in three()) {
        let Stage { bench, after, goal, .. } = stage(numbers)?;
        let turned = desired(&after.files(true)).map_err(TestCaseError::fail)?;
        let (one, other) = (bench.plan(&goal), bench.plan(&turned));
        prop_assert_eq!(reconcile::wire::plan::packaged_to_json(&one), reconcile::wire::plan::packaged_to_json(&other));
        let pack = |plan: &Plan, goal: &Desired| {
            let package = reconcile::ops::package::pack(plan, goal, String::new()).unwrap();
            reconcile::package::write(&package)
        };
        prop_assert_eq!(pack(&one, &goal), pack(&other, &turned));
    }

    /// Law 3: whatever moves between plan and apply, nothing is applied.
    #[test]
    fn a_target_that_moved_is_left_alone(numbers in three(), move_of in any::<u16>()) {
        let Stage { bench, before, goal, .. } = stage(numbers)?;
        let plan = bench.plan(&goal);
        if plan.is_empty() || !refusing(&plan).is_empty() {
            return Ok(());
        }
        let moved = judge::move_target(&bench, &before, move_of);
        let found = bench.dump();
        let outcome = bench.apply(&plan, &goal);
        prop_assert!(matches!(outcome, Err(ApplyError::Stale { .. })), "after `{moved}`: {outcome:?}");
        prop_assert_eq!(bench.dump(), found);
    }

    /// What nobody manages is not touched, and goes on working.
    #[test]
    fn strangers_are_left_alone(numbers in three(), chosen in numbers(40)) {
        let Stage { bench, before, after, goal } = stage(numbers)?;
        let strangers = Strangers::draw(&before, &bench, &mut Draw::new(chosen));
        let plan = bench.plan(&goal);
        if !refusing(&plan).is_empty() {
            return Ok(());
        }
        let said = format!("{}\n{:#?}", sql(&plan), plan.findings);
        let found = bench.dump();
        let report = bench.apply(&plan, &goal).map_err(|e| fail(format!("{e:?}"), &said))?;
        let is_good = matches!(report.outcome, Applied::Done | Applied::Nothing);
        prop_assert!(is_good, "was not applied: {report:#?}\n{said}");
        judge::rows_are_kept(&before, &after, &found, &bench.dump()).map_err(|e| fail(e, &said))?;
        strangers.are_as_they_were(&after, &plan, &found, &bench).map_err(|e| fail(e, &said))?;
        let again = bench.plan(&goal);
        prop_assert!(again.is_empty(), "a second plan is not empty: {:#?}\n{}", again.changes, said);
    }

    /// Law 7: a repository that is empty, or not all there, deletes nothing.
    #[test]
    fn an_empty_or_unfinished_repository_deletes_nothing(numbers in three(), is_empty in any::<bool>()) {
        let Stage { bench, mut after, .. } = stage(numbers)?;
        (after.merge, after.prune) = (false, true);
        let mut files = after.files(false);
        if is_empty {
            files.files.retain(|file| file.text.contains("kind: Environment"));
        } else {
            files.files.remove(0);
            files.files.insert(0, reconcile::source::File { path: "0.yaml".to_owned(), text: String::new() });
        }
        let found = bench.dump();
        let Ok(goal) = desired(&files) else { return Ok(()) };
        let plan = bench.plan(&goal);
        let deletes = plan.changes.iter().any(|c| c.verb == reconcile::diff::decision::Verb::Delete);
        let is_refused = !refusing(&plan).is_empty();
        prop_assert!(!(deletes || is_empty) || is_refused, "{:#?}", plan.findings);
        if is_refused {
            let refused = bench.apply(&plan, &goal);
            prop_assert!(matches!(refused, Err(ApplyError::Refused { .. })), "{refused:?}");
            prop_assert_eq!(bench.dump(), found);
        }
    }
}

fn fail(fault: String, said: &str) -> TestCaseError {
    TestCaseError::fail(format!("{fault}\n{said}"))
}
