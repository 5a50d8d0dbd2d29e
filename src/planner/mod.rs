//! From a comparison to a plan: ordered, lowered, weighed against what the data says.
//! Never touches a target: it writes the questions, and somebody else asks them.

mod back;
mod order;
mod risk;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::address::Address;
use crate::diff::change::Change;
use crate::diff::{Comparison, Obstacle, compare};
use crate::fingerprint::Fingerprint;
use crate::journal::past::Past;
use crate::model::resource::Resource;
use crate::model::state::{Desired, Snapshot};
use crate::model::trash::Moved;
use crate::plan::{Allowance, Fact, Finding, Level, Plan, Policy, Rollback, Step, Summary};
use crate::source::Revision;
use crate::target::{Answer, Aside, Broken, Cost, Dialect, Scene, Work};
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
    Fingerprint::of(&resources)
}

/// A plan whose questions are written and not yet answered.
pub struct Draft<'a> {
    desired: &'a Desired,
    snapshot: &'a Snapshot,
    dialect: &'a dyn Dialect,
    comparison: Comparison<'a>,
    asked: Vec<Asked>,
    queries: Vec<String>,
    aside: Aside,
    past: Option<&'a Past>,
}

/// Compares, orders and writes the questions. `desired` is normalized.
pub fn draft<'a>(desired: &'a Desired, snapshot: &'a Snapshot, dialect: &'a dyn Dialect) -> Draft<'a> {
    let mut comparison = compare(desired, snapshot);
    comparison.changes = order::order(comparison.changes);
    questions(desired, snapshot, dialect, comparison, None)
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
    questions(desired, snapshot, dialect, comparison, Some(past))
}

fn questions<'a>(
    desired: &'a Desired,
    snapshot: &'a Snapshot,
    dialect: &'a dyn Dialect,
    comparison: Comparison<'a>,
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
    Draft { desired, snapshot, dialect, comparison, asked, queries, aside, past }
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

    /// Makes the plan, given the answers to `queries` in order.
    pub fn plan(self, answers: &[Answer], target: &str, revision: &Revision) -> Plan {
        assert_eq!(answers.len(), self.queries.len(), "BUG: a question went unanswered");
        let (rows, renamed) = (self.rows(answers), renamed(&self.comparison.changes));
        let scene = Scene {
            before: &self.snapshot.state,
            after: &self.comparison.after,
            natives: &self.snapshot.natives,
            rows: &rows,
            renamed: &renamed,
            aside: &self.aside,
        };
        let mut findings: Vec<Finding> = self.comparison.obstacles.iter().map(obstacle).collect();
        let mut facts = Vec::new();
        for one in &self.asked {
            let (answer, change) = (&answers[one.query], &self.comparison.changes[one.change]);
            if one.guards() {
                let query = self.queries[one.query].clone();
                facts.push(Fact { address: change.address.clone(), query, count: answer.count });
            }
            findings.extend(one.weigh(change, answer));
        }
        match self.past {
            None => {
                risk::renames(&self.comparison.changes, &rows, &mut findings);
                risk::pointed_at(&self.comparison.changes, &self.snapshot.state, &rows, &mut findings);
            }
            Some(past) => risk::not_coming_back(past, &self.aside.alive, &mut findings),
        }
        let mut steps = Steps::default();
        let environment = &self.desired.environment;
        let kept = match environment.trash {
            0 => Vec::new(),
            _ => keep(&self.comparison.changes, &scene, self.dialect, self.snapshot.last_trash),
        };
        let mut aside = self.aside.clone();
        let mut trash = Vec::new();
        for (change, kept) in self.comparison.changes.iter().zip(kept) {
            match kept {
                Kept::Nothing => {}
                // Rows that came since would be changed without a copy.
                Kept::NoRows => facts.extend(self.no_rows(change)),
                Kept::Moved(kept) => {
                    let (work, moved) = *kept;
                    steps.add(change, work);
                    aside.moved.insert(change.address.clone(), moved.clone());
                    trash.push(moved);
                }
            }
        }
        let scene = Scene { aside: &aside, ..scene };
        for change in &self.comparison.changes {
            for work in self.dialect.lower(change, &scene) {
                let n_rows = rows.get(&change.address).copied().unwrap_or_default();
                if work.cost == Cost::Rewrite {
                    findings.extend(risk::rewrite(change, n_rows));
                }
                steps.add(change, work);
            }
        }
        let Steps(steps) = steps;
        let mut plan = Plan {
            environment: environment.name.clone(),
            provider: self.dialect.name().to_owned(),
            target: target.to_owned(),
            revision: revision.clone(),
            promoted_from: None,
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
            summary: Summary::of(&self.comparison.changes),
            changes: self.comparison.changes,
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
        allow(&mut plan.findings, &environment.allow);
        sort(&mut plan.findings, &plan.changes);
        plan
    }

    /// The fact that a change has no rows.
    fn no_rows(&self, change: &Change) -> Option<Fact> {
        let counts =
            |one: &&Asked| one.counts_rows() && self.comparison.changes[one.change].address == change.address;
        let query = self.queries[self.asked.iter().find(counts)?.query].clone();
        Some(Fact { address: change.address.clone(), query, count: 0 })
    }

    fn rows(&self, answers: &[Answer]) -> BTreeMap<Address, u64> {
        let counted = self.asked.iter().filter(|one| one.counts_rows());
        let address = |one: &Asked| self.comparison.changes[one.change].address.clone();
        counted.map(|one| (address(one), answers[one.query].count)).collect()
    }
}

/// The steps of a plan as they are numbered.
#[derive(Default)]
struct Steps(Vec<Step>);

impl Steps {
    fn add(&mut self, change: &Change, work: Work) {
        self.0.push(Step {
            id: u32::try_from(self.0.len() + 1).unwrap_or(u32::MAX),
            address: change.address.clone(),
            title: work.title,
            statements: work.statements,
        });
    }
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

/// Adds to a plan what a rehearsal of its steps found broken.
pub fn add_broken(plan: &mut Plan, broken: Vec<Broken>, allow_entries: &[String]) {
    for one in broken {
        plan.findings.extend(risk::broken(one, &plan.steps));
    }
    allow(&mut plan.findings, allow_entries);
    sort(&mut plan.findings, &plan.changes);
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
    }
}

fn allow(findings: &mut [Finding], entries: &[String]) {
    let allowances: Vec<Allowance> = entries.iter().filter_map(|e| e.parse().ok()).collect();
    for finding in findings.iter_mut().filter(|f| f.level == Level::Consent) {
        finding.allowed_by = allowances.iter().find(|a| a.covers(finding)).map(|a| a.as_str().to_owned());
    }
}

fn sort(findings: &mut [Finding], changes: &[Change]) {
    let place: BTreeMap<&Address, usize> = changes.iter().enumerate().map(|(i, c)| (&c.address, i)).collect();
    findings.sort_by_cached_key(|f| {
        (place.get(&f.address).copied(), f.path.clone(), f.code.clone(), f.message.clone())
    });
}
