//! The laws of the design's section 6, over generated repositories, edits and rows.
//! Never knows a case by name: a case that failed here gets a folder under `tests/cases`.

mod laws {
    pub mod back;
    pub mod bench;
    #[path = "../stage/catalog_sqlite.rs"]
    #[allow(dead_code)]
    pub mod catalog;
    pub mod chores;
    pub mod draw;
    pub mod imports;
    pub mod judge;
    pub mod rows;
    pub mod strangers;
    pub mod table;
    pub mod world;
}

use laws::bench::{Bench, desired, quote};
use laws::draw::{Draw, numbers};
use laws::imports;
use laws::judge;
use laws::strangers::Strangers;
use laws::world::World;
use laws::{back, catalog, chores, rows, table};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use reconcile::apply::ApplyError;
use reconcile::diff::decision::Verb;
use reconcile::model::setup::Action;
use reconcile::model::state::Desired;
use reconcile::plan::{Level, Plan};
use reconcile::report::{Applied, Report};

/// As many cases as `PROPTEST_CASES` says, else few enough for every run.
fn some(cases: u32) -> ProptestConfig {
    let raised = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig {
        cases: raised.unwrap_or(cases),
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        max_shrink_iters: 00,
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

fn valid(world: &World) -> Result<Desired, String> {
    desired(&world.files(false)).map_err(|faults| format!("is not valid:\n{faults}\n{}", world.told()))
}

/// Makes the target of the first list, fills it from the second and edits the world by the third.
fn stage((world, filling, edits): Numbers) -> Result<Stage, String> {
    let before = World::draw(&mut Draw::new(world));
    let bench = Bench::new();
    let start = valid(&before)?;
    let plan = bench.plan(&start)?;
    let report =
        bench.apply(&plan, &start).map_err(|e| format!("{e:?}\n{}\n{}", before.told(), sql(&plan)))?;
    if report.outcome != Applied::Done {
        return Err(format!("{report:#?}\n{}\n{}", before.told(), sql(&plan)));
    }
    rows::fill(&before, &bench.database(), &mut Draw::new(filling));
    let again = bench.plan(&start)?;
    if !again.is_empty() {
        return Err(format!("a second plan is not empty: {:#?}\n{}", again.changes, before.told()));
    }
    let after = before.edited(&mut Draw::new(edits));
    let goal = valid(&after)?;
    Ok(Stage { bench, before, after, goal })
}

/// Holds a law on a stage; what breaks it is told with both repositories and the rows.
fn hold(numbers: Numbers, law: impl FnOnce(&mut Stage) -> Result<(), String>) -> Result<(), TestCaseError> {
    let mut stage = stage(numbers).map_err(TestCaseError::fail)?;
    let rows = stage.bench.dump().rows;
    law(&mut stage).map_err(|fault| {
        let Stage { before, after, .. } = &stage;
        let rows: String = rows
            .iter()
            .filter(|(t, _)| !t.starts_with("_reconcile"))
            .map(|(t, r)| format!("{t}: {r:?}\n"))
            .collect();
        let text = format!("{fault}\n\nBEFORE\n{}\nROWS\n{rows}\nAFTER\n{}", before.told(), after.told());
        TestCaseError::fail(text)
    })
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
        hold(numbers, change)?;
    }

    /// Law 8: the same repository, read in any order, gives the same bytes.
    #[test]
    fn equal_inputs_give_equal_bytes(numbers in three()) {
        hold(numbers, bytes)?;
    }

    /// Law 3: whatever moves between plan and apply, nothing is applied.
    #[test]
    fn a_target_that_moved_is_left_alone(numbers in three(), chosen in any::<u16>()) {
        hold(numbers, |stage| moved(stage, chosen))?;
    }

    /// What nobody manages is not touched, and goes on working.
    #[test]
    fn strangers_are_left_alone(numbers in three(), chosen in numbers(40)) {
        hold(numbers, |stage| strangers(stage, chosen))?;
    }

    /// Laws 2 and 4, of tasks: each runs as often as it says, however often it is applied.
    #[test]
    fn tasks_run_as_often_as_they_say(numbers in numbers(60)) {
        chores::run_as_often_as_they_say(numbers).map_err(TestCaseError::fail)?;
    }

    /// Law 7: a repository that is empty, or not all there, deletes nothing.
    #[test]
    fn an_empty_or_unfinished_repository_deletes_nothing(numbers in three(), is_empty in any::<bool>()) {
        hold(numbers, |stage| unfinished(stage, is_empty))?;
    }
}

proptest! {
    #![proptest_config(some(64))]

    /// Section 3: everything of one target imported into another, under merge and under overwrite.
    #[test]
    fn an_import_is_what_the_tables_say((mut from, to) in (three(), three()), are_kin in any::<bool>(), is_merge in any::<bool>()) {
        if are_kin {
            from.0 = to.0.clone();
        }
        let stray = to.2.clone();
        let action = if is_merge { Action::Merge } else { Action::Overwrite };
        let source = grown(stage(from).map_err(TestCaseError::fail)?);
        hold(to, |stage| {
            strays(&stage.bench, &stage.before, &mut Draw::new(stray));
            imports::import(&source.bench, &stage.bench, &stage.goal, action)
                .map(drop)
                .map_err(|fault| format!("{fault}\n\nFROM\n{}\n{}", source.before.told(), source.after.told()))
        })?;
    }
}

/// The same over fixed lists, to see that imports of every fate are among them.
#[test]
fn imports_come_to_every_end() {
    let numbers = |seed: u16, n: usize| {
        let next = |last: &mut u16| {
            *last = last.wrapping_mul(25173).wrapping_add(13849);
            Some(*last)
        };
        std::iter::repeat_n((), n).scan(seed, |last, ()| next(last)).collect::<Vec<u16>>()
    };
    let mut fates = std::collections::BTreeMap::new();
    for seed in 0..24_u16 {
        let first = numbers(seed, 160);
        let one = (first.clone(), numbers(seed + 100, 200), numbers(seed + 200, 60));
        let other = if seed % 2 == 0 { first } else { numbers(seed + 300, 160) };
        let other = (other, numbers(seed + 400, 200), numbers(seed + 500, 60));
        let action = if seed % 4 < 2 { Action::Merge } else { Action::Overwrite };
        let (from, to) = (grown(stage(one).unwrap()), stage(other).unwrap());
        let fate = imports::import(&from.bench, &to.bench, &to.goal, action);
        *fates.entry(fate.unwrap_or_else(|fault| panic!("seed {seed}: {fault}"))).or_insert(0) += 1;
    }
    println!("{fates:?}");
    assert!(fates.get(&imports::Fate::Done).is_some_and(|n| *n >= 5), "{fates:?}");
    assert!(fates.contains_key(&imports::Fate::Refused), "{fates:?}");
}

/// Applies the edits too, where they can be: then something was released, renamed and forgotten.
fn grown(stage: Stage) -> Stage {
    if let Ok(plan) = stage.bench.plan(&stage.goal)
        && refusing(&plan).is_empty()
    {
        stage.bench.apply(&plan, &stage.goal).ok();
    }
    stage
}

/// Columns that somebody added by hand to what is managed.
fn strays(bench: &Bench, world: &World, draw: &mut Draw) {
    for name in world.entities.keys().filter(|_| draw.one_in(2)) {
        let sql = format!("ALTER TABLE {0} ADD COLUMN stray TEXT; UPDATE {0} SET stray = 'x'", quote(name));
        bench.database().execute_batch(&sql).ok();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 0, ..some(32) })]

    /// Ten applies rolled back one by one lead back to the first definitions and the first rows, byte for byte.
    #[test]
    fn ten_applies_rolled_back_one_by_one_lead_back(
        numbers in three(),
        edits in proptest::collection::vec(numbers(40), 10),
    ) {
        hold(numbers, |stage| one_by_one(stage, &edits))?;
    }

    #[test]
    fn a_way_back_is_taken_back_like_any_apply(
        numbers in three(),
        edits in proptest::collection::vec(numbers(40), 4),
    ) {
        hold(numbers, |stage| back_again(stage, &edits))?;
    }

    #[test]
    fn several_applies_rolled_back_at_once_lead_back(
        numbers in three(),
        edits in proptest::collection::vec(numbers(40), 3),
    ) {
        hold(numbers, |stage| at_once(stage, &edits))?;
    }
}

fn one_by_one(stage: &mut Stage, edits: &[Vec<u16>]) -> Result<(), String> {
    let Stage { bench, before, goal, .. } = stage;
    let applied = back::applies(bench, before, edits)?;
    for (id, then, told) in applied.iter().rev() {
        back::take_back(bench, goal, *id).map_err(|e| format!("{e}\n{told}"))?;
        back::is_as_then(bench, then).map_err(|e| format!("entry {id} {e}\n{told}"))?;
    }
    Ok(())
}

/// What was taken back is taken back itself, the last first: everything is there again.
fn back_again(stage: &mut Stage, edits: &[Vec<u16>]) -> Result<(), String> {
    let Stage { bench, before, goal, .. } = stage;
    let applied = back::applies(bench, before, edits)?;
    let mut then = Vec::new();
    for (id, _, told) in applied.iter().rev() {
        then.push((back::Seen::of(bench), told));
        back::take_back(bench, goal, *id).map_err(|e| format!("{e}\n{told}"))?;
    }
    let newest = bench.journal(goal).first().map_or(0, |entry| entry.id);
    for (id, (then, told)) in (0..=newest).rev().zip(then.iter().rev()) {
        back::take_back(bench, goal, id).map_err(|e| format!("{e}\n{told}"))?;
        back::is_as_then(bench, then).map_err(|e| format!("rollback {id} {e}\n{told}"))?;
    }
    Ok(())
}

/// All applies are taken back by one plan, or that is refused and changes nothing.
fn at_once(stage: &mut Stage, edits: &[Vec<u16>]) -> Result<(), String> {
    let Stage { bench, before, goal, .. } = stage;
    let applied = back::applies(bench, before, edits)?;
    let Some((first, then, _)) = applied.first() else { return Ok(()) };
    let told: String = applied.iter().map(|(_, _, told)| told.as_str()).collect();
    let Ok(back) = bench.plan_back(goal, *first) else { return Ok(()) };
    if !refusing(&back.plan).is_empty() {
        return Ok(());
    }
    back::take_back(bench, goal, *first).map_err(|e| format!("{e}\n{told}"))?;
    back::is_as_then(bench, then).map_err(|e| format!("entry {first} {e}\n{told}"))
}

/// Section 3: declared, found and owned, at resources and at members.
#[test]
fn what_comes_of_a_path_is_what_the_table_says() {
    assert_eq!(table::follow(), 8);
}

/// Tells `fault` unless `truth` holds.
fn must(truth: bool, fault: impl FnOnce() -> String) -> Result<(), String> {
    if truth { Ok(()) } else { Err(fault()) }
}

fn is_good(report: &Report) -> bool {
    matches!(report.outcome, Applied::Done | Applied::Nothing)
}

fn change(stage: &mut Stage) -> Result<(), String> {
    let Stage { bench, before, after, goal } = stage;
    let found = bench.dump();
    let plan = bench.plan(goal)?;
    let said = || format!("{}\n{:#?}", sql(&plan), plan.findings);
    judge::destruction_is_counted(before, after, &found, &plan).map_err(|e| e + "\n" + &said())?;
    let forced = judge::forced(bench, &plan);
    if !refusing(&plan).is_empty() {
        let refused = bench.apply(&plan, goal);
        must(matches!(refused, Err(ApplyError::Refused { .. })), || format!("was not refused: {refused:?}"))?;
        must(bench.dump() == found, || "a refused plan changed the target".to_owned())?;
        return judge::refusals_are_true(before, after, &found, &plan, forced)
            .map_err(|e| e + "\n" + &said());
    }
    let report = bench.apply(&plan, goal).map_err(|e| format!("{e:?}\n{}", said()))?;
    must(is_good(&report), || format!("was not applied: {report:#?}\n{}", said()))?;
    let again = bench.plan(goal)?;
    must(again.is_empty(), || format!("a second plan is not empty: {:#?}\n{}", again.changes, said()))?;
    let now = bench.dump();
    judge::rows_are_kept(before, after, &found, &now).map_err(|e| e + "\n" + &said())?;
    // What was run is what was planned: by the journal, and by running the plan's statements elsewhere.
    if !plan.is_empty() {
        let kept = bench.journal(goal).into_iter().next().map(|entry| entry.steps);
        must(kept.as_ref() == Some(&plan.steps), || format!("the journal has {kept:#?}"))?;
    }
    let forced = forced.map_err(|e| e + "\n" + &said())?;
    let (planned, made) = (judge::schema(&forced), judge::schema(&now));
    must(planned == made, || format!("was not what was planned: {planned:#?}\n{made:#?}"))?;
    if !after.merge && after.prune {
        let fresh = Bench::new();
        let plan = fresh.plan(goal)?;
        fresh.apply(&plan, goal).map_err(|e| format!("{e:?}\n{}", sql(&plan)))?;
        let (one, other) = (catalog::objects(&bench.database()), catalog::objects(&fresh.database()));
        must(one == other, || {
            let (one, other) = (format!("{one:#?}"), format!("{other:#?}"));
            let diff = similar::TextDiff::from_lines(&other, &one);
            let diff = diff.unified_diff().context_radius(2).header("fresh", "migrated").to_string();
            format!("is not as if made anew:\n{diff}\n{}", said())
        })?;
    }
    Ok(())
}

fn bytes(stage: &mut Stage) -> Result<(), String> {
    let turned = desired(&stage.after.files(true))?;
    let (one, other) = (stage.bench.plan(&stage.goal)?, stage.bench.plan(&turned)?);
    let json = reconcile::wire::plan::packaged_to_json;
    must(json(&one) == json(&other), || format!("{}\n{}", json(&one), json(&other)))?;
    let pack = |plan: &Plan, goal: &Desired| {
        let package = reconcile::ops::package::pack(plan, goal, String::new()).map_err(|e| e.to_string())?;
        Ok::<Vec<u8>, String>(reconcile::package::write(&package))
    };
    must(pack(&one, &stage.goal)? == pack(&other, &turned)?, || "two packages differ".to_owned())
}

fn moved(stage: &mut Stage, chosen: u16) -> Result<(), String> {
    let Stage { bench, before, goal, .. } = stage;
    let plan = bench.plan(goal)?;
    if plan.is_empty() || !refusing(&plan).is_empty() {
        return Ok(());
    }
    let moved = judge::move_target(bench, before, chosen);
    let found = bench.dump();
    let outcome = bench.apply(&plan, goal);
    must(matches!(outcome, Err(ApplyError::Stale { .. })), || format!("after `{moved}`: {outcome:?}"))?;
    must(bench.dump() == found, || format!("after `{moved}`: a stale plan changed the target"))
}

fn strangers(stage: &mut Stage, chosen: Vec<u16>) -> Result<(), String> {
    let Stage { bench, before, after, goal } = stage;
    let strangers = Strangers::draw(before, bench, &mut Draw::new(chosen));
    let plan = bench.plan(goal)?;
    if !refusing(&plan).is_empty() {
        return Ok(());
    }
    let found = bench.dump();
    let said = || format!("{}\n{}\n{:#?}", strangers.told(), sql(&plan), plan.findings);
    let report = bench.apply(&plan, goal).map_err(|e| format!("{e:?}\n{}", said()))?;
    must(is_good(&report), || format!("was not applied: {report:#?}\n{}", said()))?;
    judge::rows_are_kept(before, after, &found, &bench.dump()).map_err(|e| e + "\n" + &said())?;
    strangers.are_as_they_were(after, &plan, &found, bench).map_err(|e| e + "\n" + &said())?;
    let again = bench.plan(goal)?;
    must(again.is_empty(), || format!("a second plan is not empty: {:#?}\n{}", again.changes, said()))
}

fn unfinished(stage: &mut Stage, is_empty: bool) -> Result<(), String> {
    (stage.after.merge, stage.after.prune) = (false, true);
    let mut files = stage.after.files(false);
    if is_empty {
        files.files.retain(|file| file.text.contains("kind: Environment"));
    } else {
        files.files[0].text.clear();
    }
    let found = stage.bench.dump();
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    for file in &files.files {
        std::fs::write(folder.path().join(&file.path), &file.text).map_err(|e| e.to_string())?;
    }
    let files = reconcile::source::work_tree(folder.path(), &[]).map_err(|e| e.to_string())?;
    // What is left may point at what is not there, and then nothing is planned at all.
    let Ok(goal) = desired(&files) else { return Ok(()) };
    let plan = stage.bench.plan(&goal)?;
    let deletes = plan.changes.iter().any(|change| change.verb == Verb::Delete);
    let is_refused = !refusing(&plan).is_empty();
    must(is_refused || !(deletes || is_empty), || format!("is not refused: {:#?}", plan.findings))?;
    if is_refused {
        let refused = stage.bench.apply(&plan, &goal);
        must(matches!(refused, Err(ApplyError::Refused { .. })), || format!("was not refused: {refused:?}"))?;
    }
    must(!is_refused || stage.bench.dump() == found, || "a refused plan changed the target".to_owned())
}
