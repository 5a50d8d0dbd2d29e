//! From a comparison to a plan: ordered, lowered, weighed against what the data says.
//! Never touches a target: it writes the questions, and somebody else asks them.

mod back;
pub mod offline;
mod order;
mod parts;
mod risk;
mod tasks;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::address::Address;
use crate::diff::change::{Change, TaskVerb};
use crate::diff::decision::Verb;
use crate::diff::tasks::Pending;
use crate::diff::{Comparison, Obstacle, compare};
use crate::fingerprint::Fingerprint;
use crate::journal::past::Past;
use crate::model::resource::Resource;
use crate::model::state::{Desired, Snapshot};
use crate::model::task::{Task, When};
use crate::model::trash::Moved;
use crate::model::unreviewed::Unreviewed;
use crate::plan::{Fact, Finding, Level, Plan, Policy, Rollback, Runs, Step, Summary};
use crate::source::Revision;
use crate::target::{
    Answer, Aside, Broken, Certainty, Cost, Dialect, Left, Misread, Question, Scene, Stage, Tried, Work,
};
use risk::Asked;

/// Brings every declared resource to the words in which this kind of target would report it back.
pub fn normalize(desired: &mut Desired, dialect: &dyn Dialect) {
    for declared in desired.resources.values_mut() {
        if !dialect.is_normal(&declared.resource) {
            dialect.normalize(Arc::make_mut(&mut declared.resource));
        }
    }
}

/// What is declared for one environment, as one value.
pub fn goal(desired: &Desired) -> Fingerprint {
    let resources: BTreeMap<String, (&Resource, &str)> = desired
        .resources
        .iter()
        .map(|(address, one)| (address.to_string(), (one.resource.as_ref(), one.action.as_str())))
        .collect();
    let tasks: BTreeMap<String, Vec<(&String, &Task)>> = desired
        .resources
        .iter()
        .filter(|(_, one)| !one.setup.tasks.is_empty())
        .map(|(address, one)| (address.to_string(), one.setup.tasks.iter().collect()))
        .collect();
    if tasks.is_empty() { Fingerprint::of(&resources) } else { Fingerprint::of(&(resources, tasks)) }
}

/// A plan whose questions are written and not yet answered.
pub struct Draft<'a> {
    desired: &'a Desired,
    snapshot: &'a Snapshot,
    dialect: &'a dyn Dialect,
    comparison: Comparison<'a>,
    asked: Vec<Asked>,
    queries: Vec<String>,
    pending: BTreeMap<Address, Pending>,
    unless: Vec<String>,
    aside: Aside,
    past: Option<&'a Past>,
}

/// Compares, orders and writes the questions. `desired` is normalized.
pub fn draft<'a>(desired: &'a Desired, snapshot: &'a Snapshot, dialect: &'a dyn Dialect) -> Draft<'a> {
    let mut comparison = compare(desired, snapshot);
    let pending = crate::diff::tasks::tasks(desired, snapshot, dialect.name());
    tasks::add_changes(&pending, snapshot, &mut comparison.changes);
    comparison.changes = order::order(comparison.changes);
    questions(desired, snapshot, dialect, comparison, pending, None)
}

/// As `draft`, for the way back to an earlier state. `desired` is what was declared then.
pub fn draft_back<'a>(
    past: &'a Past,
    desired: &'a Desired,
    snapshot: &'a Snapshot,
    dialect: &'a dyn Dialect,
) -> Draft<'a> {
    let mut comparison = back::compare(past, snapshot);
    comparison.changes = order::order_back(comparison.changes);
    questions(desired, snapshot, dialect, comparison, BTreeMap::new(), Some(past))
}

fn questions<'a>(
    desired: &'a Desired,
    snapshot: &'a Snapshot,
    dialect: &'a dyn Dialect,
    comparison: Comparison<'a>,
    pending: BTreeMap<Address, Pending>,
    past: Option<&'a Past>,
) -> Draft<'a> {
    let mut asked = Vec::new();
    for (index, change) in comparison.changes.iter().enumerate() {
        risk::ask(index, change, &mut asked);
    }
    let (none, renamed) = (BTreeMap::new(), renamed(&comparison.changes));
    let aside = aside(&comparison.changes, snapshot, past);
    let scene = Scene {
        before: &snapshot.state,
        after: &comparison.after,
        natives: &snapshot.natives,
        rows: &none,
        renamed: &renamed,
        aside: &aside,
        placed: &BTreeSet::new(),
        strategy: desired.environment.strategy,
    };
    let mut queries = Vec::new();
    asked.iter_mut().for_each(|one| one.point_at_keys(&comparison.after));
    asked.retain_mut(|one| match dialect.ask(&comparison.changes[one.change], &one.question, &scene) {
        Some(query) => {
            one.query = queries.len();
            queries.push(query);
            true
        }
        None => false,
    });
    let unless = tasks::queries(&pending);
    Draft { desired, snapshot, dialect, comparison, asked, queries, pending, unless, aside, past }
}

/// What a plan brings back, and the options whose names it changes.
fn aside(changes: &[Change], snapshot: &Snapshot, past: Option<&Past>) -> Aside {
    let lines = past.into_iter().flat_map(|past| &past.lines);
    let options = changes.iter().filter_map(|change| {
        let renames: Vec<(String, String)> =
            change.renames("options").map(|(new, old)| (new.to_owned(), old.to_owned())).collect();
        (!renames.is_empty()).then(|| (change.address_before().name.clone(), renames))
    });
    Aside {
        moved: BTreeMap::new(),
        lines: lines.map(|line| (line.address.clone(), line.clone())).collect(),
        options: options.collect(),
        alive: snapshot.trash.iter().map(|one| one.moved.number).collect(),
    }
}

impl Draft<'_> {
    /// The queries to ask the target, in order.
    pub fn queries(&self) -> &[String] {
        &self.queries
    }

    /// Asks nothing about these resources: the target does not take what they say.
    pub fn skip(&mut self, which: &[Misread]) {
        if which.is_empty() {
            return;
        }
        let queries = std::mem::take(&mut self.queries);
        let changes = &self.comparison.changes;
        self.asked.retain_mut(|one| {
            let is_asked = which.iter().all(|misread| misread.address != changes[one.change].address);
            if is_asked {
                let query = std::mem::replace(&mut one.query, self.queries.len());
                self.queries.push(queries[query].clone());
            }
            is_asked
        });
    }

    /// Which of `queries` the target must not be asked, because that would run unreviewed SQL: of the resource itself, or
    /// of one that it points to.
    pub fn withheld(&self, unreviewed: &Unreviewed) -> BTreeSet<usize> {
        let brings = |address: &Address| unreviewed.has_sql(address);
        let pointed_at =
            |one: &Asked| matches!(&one.question, Question::OrphansAfter { entity, .. } if brings(entity));
        let of_it = |one: &&Asked| {
            let change = &self.comparison.changes[one.change];
            !one.is_of_the_present() && (brings(&change.address) || pointed_at(one))
        };
        self.asked.iter().filter(of_it).map(|one| one.query).collect()
    }

    /// The tasks whose `unless` is asked, in the order of `unless`.
    pub fn unless_of(&self) -> Vec<(&Address, &str)> {
        tasks::asked(&self.pending)
    }

    /// The `unless` of tasks to ask the target, in order.
    pub fn unless(&self) -> &[String] {
        &self.unless
    }

    /// How many rows each changed resource has, as far as the answers to `queries` tell.
    pub fn counted(&self, answers: &[Answer]) -> BTreeMap<Address, u64> {
        let mut rows = BTreeMap::new();
        for (index, change) in self.comparison.changes.iter().enumerate() {
            let counts = |one: &&Asked| one.change == index && one.counts_rows();
            let asked = self.asked.iter().find(counts).map(|one| &answers[one.query]);
            match asked.map(|answer| (answer.certainty, answer.count)) {
                Some((Certainty::Counted | Certainty::Estimated, count)) => {
                    rows.insert(change.address.clone(), count);
                }
                Some((Certainty::Unknown | Certainty::Withheld | Certainty::NotAsked, _)) => {}
                None => {
                    rows.insert(change.address.clone(), 0);
                }
            }
        }
        rows
    }

    /// Makes the plan, given the answers to `queries` and to `unless` in order.
    pub fn plan(mut self, answers: &[Answer], left: &[Left], target: &str, revision: &Revision) -> Plan {
        assert_eq!(answers.len(), self.queries.len(), "BUG: a question went unanswered");
        assert_eq!(left.len(), self.unless.len(), "BUG: a task's `unless` went unanswered");
        let (rows, renamed) = (self.rows(answers), renamed(&self.comparison.changes));
        let scene = Scene {
            before: &self.snapshot.state,
            after: &self.comparison.after,
            natives: &self.snapshot.natives,
            rows: &rows,
            renamed: &renamed,
            aside: &self.aside,
            placed: &BTreeSet::new(),
            strategy: self.desired.environment.strategy,
        };
        let mut findings: Vec<Finding> = self.comparison.obstacles.iter().map(obstacle).collect();
        let mut facts = Vec::new();
        for one in &self.asked {
            let (answer, change) = (&answers[one.query], &self.comparison.changes[one.change]);
            // What took too long once would take too long again.
            if one.guards() && answer.certainty == Certainty::Counted {
                let query = self.queries[one.query].clone();
                facts.push(Fact { address: change.address.clone(), query, count: answer.count });
            }
            findings.extend(one.weigh(change, answer));
        }
        match self.past {
            None => {
                risk::renames(&self.comparison.changes, &rows, &mut findings);
                let follows = self.dialect.lookups_follow();
                let (changes, before) = (&self.comparison.changes, &self.snapshot.state);
                risk::pointed_at(changes, before, &rows, follows, &mut findings);
            }
            Some(past) => {
                risk::not_coming_back(past, &self.aside.alive, &mut findings);
                risk::tasks_stay(past, &mut findings);
            }
        }
        let mut changes = std::mem::take(&mut self.comparison.changes);
        let environment = &self.desired.environment;
        let (mut kept_steps, mut aside, mut trash) = (Vec::new(), self.aside.clone(), Vec::new());
        if environment.trash > 0 {
            let kept = keep(&changes, &scene, self.dialect, self.snapshot.last_trash);
            for (change, kept) in changes.iter().zip(kept) {
                match kept {
                    Kept::Nothing => {}
                    // Rows that came since would be changed without a copy.
                    Kept::NoRows => facts.extend(self.no_rows(&change.address, &changes)),
                    Kept::Moved(kept) => {
                        let (work, moved) = *kept;
                        kept_steps.push(step(change, work));
                        aside.moved.insert(change.address.clone(), moved.clone());
                        trash.push(moved);
                    }
                }
            }
        }
        tasks::settle(self.pending, left, &mut changes);
        risk::tasks(&changes, self.snapshot, &mut findings);
        let scene = Scene { aside: &aside, ..scene };
        let mut steps = ordered(kept_steps, &changes, self.dialect, &scene, &mut findings);
        if let Some(room) = self.snapshot.lock_room {
            findings.extend(parts::cut(&mut steps, self.dialect, room));
        }
        for (step, id) in steps.iter_mut().zip(1..) {
            step.id = id;
        }
        let mut remarks = self.dialect.remarks(&steps, &scene);
        // Who would not follow another key has been named already.
        remarks.retain(|one| {
            one.code != "RK405" || !findings.iter().any(|f| f.code == "RK112" && f.address == one.address)
        });
        // A target that knows whom its own locks keep waiting says it better.
        let is_said = |one: &Finding| {
            one.code == "RK301" && remarks.iter().any(|r| r.code == one.code && r.address == one.address)
        };
        findings.retain(|one| !is_said(one));
        findings.extend(remarks);
        findings.extend(risk::outside(&steps));
        let mut plan = Plan {
            environment: environment.name.clone(),
            provider: self.dialect.name().to_owned(),
            target: target.to_owned(),
            revision: revision.clone(),
            promoted_from: None,
            compared: None,
            rolled_back: self
                .past
                .map(|past| Rollback { to_before: past.to_before, undone: past.undone.clone() }),
            base: self.snapshot.fingerprint(),
            goal: goal(self.desired),
            policy: Policy {
                prune: environment.prune,
                auto_apply: environment.auto_apply,
                max_destroy: environment.destroy_limit(),
                trash: environment.trash,
            },
            summary: Summary::of(&changes),
            changes,
            steps,
            findings,
            facts,
            trash,
            kept: self.comparison.kept,
        };
        risk::kept_for_days(&mut plan);
        risk::first_run(self.snapshot.initialized, &mut plan.findings);
        risk::irreversible(&mut plan);
        if plan.changes.is_empty() {
            plan.findings.retain(|f| f.level != Level::Notice);
        }
        plan.allow(&environment.allow);
        plan.sort_findings();
        plan
    }

    /// The fact that a change has no rows.
    fn no_rows(&self, address: &Address, changes: &[Change]) -> Option<Fact> {
        let counts = |one: &&Asked| one.counts_rows() && changes[one.change].address == *address;
        let query = self.queries[self.asked.iter().find(counts)?.query].clone();
        Some(Fact { address: address.clone(), query, count: 0 })
    }

    fn rows(&self, answers: &[Answer]) -> BTreeMap<Address, u64> {
        let counted = self.asked.iter().filter(|one| one.counts_rows());
        let address = |one: &Asked| self.comparison.changes[one.change].address.clone();
        // Where nobody was asked there may well be rows.
        let count = |answer: &Answer| match answer.certainty {
            Certainty::NotAsked | Certainty::Withheld => 1,
            Certainty::Counted | Certainty::Estimated | Certainty::Unknown => answer.count,
        };
        counted.map(|one| (address(one), count(&answers[one.query]))).collect()
    }
}

/// The steps of a plan, by when they run.
#[derive(Default)]
struct Course {
    before: Vec<Step>,
    inside: Vec<Step>,
    late: Vec<Step>,
    after: Vec<Step>,
    placed: BTreeSet<Address>,
}

impl Course {
    fn lower(
        &mut self,
        change: &Change,
        dialect: &dyn Dialect,
        scene: &Scene<'_>,
        findings: &mut Vec<Finding>,
    ) {
        for work in dialect.lower(change, &Scene { placed: &self.placed, ..*scene }) {
            let n_rows = scene.rows.get(&change.address).copied().unwrap_or_default();
            if work.cost == Cost::Rewrite {
                findings.extend(risk::rewrite(change, n_rows));
            }
            let stage = match work.stage {
                Stage::Before { .. } => &mut self.before,
                Stage::Inside => &mut self.inside,
                Stage::Late => &mut self.late,
                Stage::After => &mut self.after,
            };
            stage.push(step(change, work));
        }
        self.placed.insert(change.address.clone());
    }
}

/// Everything that runs, in order: what runs before the transaction; in it, after what is kept, what is made and
/// changed with the tasks before it, all tasks that come after, and what is deleted at last; and what tidies up behind it.
fn ordered(
    kept: Vec<Step>,
    changes: &[Change],
    dialect: &dyn Dialect,
    scene: &Scene<'_>,
    findings: &mut Vec<Finding>,
) -> Vec<Step> {
    let mut course = Course { inside: kept, ..Course::default() };
    // What goes before others has a name that one of them gets.
    let n_others = changes.iter().rposition(|change| change.verb != Verb::Delete).map_or(0, |last| last + 1);
    let (others, deletes) = changes.split_at(n_others);
    for change in others {
        course.inside.extend(tasks::steps(change, When::Before, dialect.name()));
        course.lower(change, dialect, scene, findings);
    }
    course.inside.append(&mut course.late);
    for change in others {
        course.inside.extend(tasks::steps(change, When::After, dialect.name()));
    }
    deletes.iter().for_each(|change| course.lower(change, dialect, scene, findings));
    let Course { before, inside, after, .. } = course;
    before.into_iter().chain(inside).chain(after).collect()
}

/// A step that has no number yet.
fn step(change: &Change, work: Work) -> Step {
    let (address, title, statements) = (change.address.clone(), work.title, work.statements);
    let (runs, undo) = match work.stage {
        Stage::Before { undo } => (Runs::Before, undo),
        Stage::Inside | Stage::Late => (Runs::Inside, Vec::new()),
        Stage::After => (Runs::After, Vec::new()),
    };
    Step { id: 0, address, title, statements, task: None, runs, part: 0, undo }
}

/// What is moved aside of one change.
enum Kept {
    Nothing,
    /// Something would be, if there were rows.
    NoRows,
    Moved(Box<(Work, Moved)>),
}

/// Moves aside what each change destroys or changes; numbers go on from `last`.
fn keep(changes: &[Change], scene: &Scene<'_>, dialect: &dyn Dialect, last: u64) -> Vec<Kept> {
    let none = BTreeMap::new();
    let uncounted = Scene { rows: &none, ..*scene };
    let mut number = last + 1;
    let one = |change: &Change| match dialect.keep(change, scene, number) {
        Some((work, moved)) => {
            number += 1;
            Kept::Moved(Box::new((work, moved)))
        }
        None if dialect.keep(change, &uncounted, number).is_some() => Kept::NoRows,
        None => Kept::Nothing,
    };
    changes.iter().map(one).collect()
}

/// Adds to a plan the resources whose expressions the target does not take, where it changes them.
pub fn add_misread(plan: &mut Plan, misread: Vec<Misread>) {
    for one in misread {
        if plan.changes.iter().any(|change| change.address == one.address && change.touches_target()) {
            plan.findings.push(risk::misread(one));
        }
    }
    plan.sort_findings();
}

/// The answer to a question that is not asked because it would run unreviewed SQL.
pub fn unasked() -> Answer {
    risk::unasked()
}

/// Tells whether a plan would run SQL that nobody has reviewed, and says so of every change that brings some.
pub fn add_unreviewed(plan: &mut Plan, unreviewed: &Unreviewed) -> bool {
    let runs = |change: &Change| {
        let tasks = change.tasks.iter().filter(|task| task.verb == TaskVerb::Run);
        let mut tasks = tasks.filter(|task| unreviewed.has_task(&change.address, &task.name));
        (change.touches_target() && unreviewed.has_sql(&change.address)) || tasks.next().is_some()
    };
    let told: Vec<Finding> = plan
        .changes
        .iter()
        .filter(|change| runs(change))
        .map(|change| {
            risk::unreviewed(&change.address, &unreviewed.places(&change.address), &unreviewed.from)
        })
        .collect();
    let is_any = !told.is_empty();
    plan.findings.extend(told);
    is_any
}

/// Adds to a plan what a rehearsal of its steps found broken.
pub fn add_broken(plan: &mut Plan, broken: Vec<Broken>, allow_entries: &[String]) {
    for one in broken {
        plan.findings.extend(risk::broken(one, &plan.steps));
    }
    plan.allow(allow_entries);
    plan.sort_findings();
}

/// Adds to a plan what came of trying out its tasks.
pub fn add_tried(plan: &mut Plan, tried: Vec<Tried>, allow_entries: &[String]) {
    let mut broken = Vec::new();
    for one in tried {
        match one {
            Tried::Changed { step, rows, is_left } => {
                let Some(step) = plan.steps.iter().find(|one| one.id == step) else { continue };
                risk::measured(step, rows, &mut plan.findings);
                plan.findings.extend(risk::unfinished(step).filter(|_| is_left));
            }
            Tried::Failed(one) => broken.push(one),
        }
    }
    add_broken(plan, broken, allow_entries);
}

/// The present address of each renamed resource, by its address after the plan.
fn renamed(changes: &[Change]) -> BTreeMap<Address, Address> {
    let pair = |change: &Change| Some((change.address.clone(), change.renamed_from.clone()?));
    changes.iter().filter_map(pair).collect()
}

fn obstacle(obstacle: &Obstacle) -> Finding {
    Finding {
        code: obstacle.code.to_owned(),
        level: if obstacle.refuses { Level::Refuse } else { Level::Notice },
        address: obstacle.address.clone(),
        path: obstacle.path.clone(),
        message: obstacle.message.clone(),
        rows: None,
        samples: Vec::new(),
        help: obstacle.help.clone(),
        allowed_by: None,
        judged: None,
    }
}
