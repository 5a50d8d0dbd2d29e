//! From a comparison to a plan: ordered, lowered, weighed against what the data says.
//! Never touches a target: it writes the questions, and somebody else asks them.

mod order;
mod risk;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::address::Address;
use crate::diff::change::Change;
use crate::diff::{Comparison, Obstacle, compare};
use crate::fingerprint::Fingerprint;
use crate::model::resource::Resource;
use crate::model::state::{Desired, Snapshot};
use crate::plan::{Allowance, Fact, Finding, Level, Plan, Policy, Step, Summary};
use crate::source::Revision;
use crate::target::{Answer, Broken, Cost, Dialect, Scene};
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
}

/// Compares, orders and writes the questions. `desired` is normalized.
pub fn draft<'a>(desired: &'a Desired, snapshot: &'a Snapshot, dialect: &'a dyn Dialect) -> Draft<'a> {
    let mut comparison = compare(desired, snapshot);
    comparison.changes = order::order(comparison.changes);
    let mut asked = Vec::new();
    for (index, change) in comparison.changes.iter().enumerate() {
        risk::ask(index, change, &mut asked);
    }
    let (none, renamed) = (BTreeMap::new(), renamed(&comparison.changes));
    let scene = Scene {
        before: &snapshot.state,
        after: &comparison.after,
        natives: &snapshot.natives,
        rows: &none,
        renamed: &renamed,
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
    Draft { desired, snapshot, dialect, comparison, asked, queries }
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
        risk::renames(&self.comparison.changes, &rows, &mut findings);
        risk::first_run(self.snapshot.initialized, &mut findings);
        risk::irreversible(&mut findings);
        risk::pointed_at(&self.comparison.changes, &self.snapshot.state, &rows, &mut findings);
        let mut steps = Vec::new();
        for change in &self.comparison.changes {
            for work in self.dialect.lower(change, &scene) {
                let n_rows = rows.get(&change.address).copied().unwrap_or_default();
                if work.cost == Cost::Rewrite {
                    findings.extend(risk::rewrite(change, n_rows));
                }
                steps.push(Step {
                    id: u32::try_from(steps.len() + 1).unwrap_or(u32::MAX),
                    address: change.address.clone(),
                    title: work.title,
                    statements: work.statements,
                });
            }
        }
        if self.comparison.changes.is_empty() {
            findings.retain(|f| f.level != Level::Notice);
        }
        allow(&mut findings, &self.desired.environment.allow);
        sort(&mut findings, &self.comparison.changes);
        let environment = &self.desired.environment;
        Plan {
            environment: environment.name.clone(),
            provider: self.dialect.name().to_owned(),
            target: target.to_owned(),
            revision: revision.clone(),
            promoted_from: None,
            base: self.snapshot.fingerprint(),
            goal: goal(self.desired),
            policy: Policy {
                prune: environment.prune,
                auto_apply: environment.auto_apply,
                max_destroy: environment.destroy_limit(),
            },
            summary: Summary::of(&self.comparison.changes),
            changes: self.comparison.changes,
            steps,
            findings,
            facts,
            kept: self.comparison.kept,
        }
    }

    fn rows(&self, answers: &[Answer]) -> BTreeMap<Address, u64> {
        let counted = self.asked.iter().filter(|one| one.counts_rows());
        let address = |one: &Asked| self.comparison.changes[one.change].address.clone();
        counted.map(|one| (address(one), answers[one.query].count)).collect()
    }
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
