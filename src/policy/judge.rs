//! The policy on a plan: how weighty its findings are, what rules say of its changes, and what waivers let pass.
//! Never makes a refusal less that stands because something cannot work; and without a day, no waiver counts.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::Value;

use super::rules::{Asked, Subject, rules};
use super::words;
use crate::address::Address;
use crate::model::environment::Environment;
use crate::model::policy::{Policy, Rule, Severity, Waiver};
use crate::model::state::Desired;
use crate::plan::{Finding, Judged, Level, Plan, Waived};

/// `RK801`: a rule of the policy speaks.
pub const RULE: &str = "RK801";
/// `RK802`: a rule has no answer.
pub const BROKEN_RULE: &str = "RK802";

/// What a plan is judged by.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// What is declared, with its labels and waivers, for an environment with its policy.
    pub desired: &'a Desired,
    /// How many rows each changed resource has; one that is not named was not counted.
    pub rows: &'a BTreeMap<Address, u64>,
}

/// Judges the findings and changes of a plan. Judging again changes nothing.
pub fn judge(plan: &mut Plan, case: Case<'_>) {
    let environment = &case.desired.environment;
    let waivers = |address: &Address| case.desired.resources.get(address).map(|one| one.waivers.as_slice());
    let has_waivers = plan.findings.iter().any(|one| waivers(&one.address).is_some_and(|w| !w.is_empty()));
    if environment.policy.is_empty() && !has_waivers {
        return;
    }
    plan.findings.retain(|finding| ![RULE, BROKEN_RULE].contains(&finding.code.as_str()));
    for finding in &mut plan.findings {
        weigh(finding, environment);
    }
    let told = asked(plan, case);
    plan.findings.extend(told);
    settle(plan, case.desired);
}

/// Weighs the findings of a plan again, where some came in since it was judged. The rules have spoken.
pub fn weigh_again(plan: &mut Plan, desired: &Desired) {
    let environment = &desired.environment;
    for finding in &mut plan.findings {
        weigh(finding, environment);
    }
    settle(plan, desired);
}

/// Lets pass what is allowed, and what waivers are for.
fn settle(plan: &mut Plan, desired: &Desired) {
    plan.allow(&desired.environment.allow);
    for finding in &mut plan.findings {
        let declared = desired.resources.get(&finding.address);
        let waivers = declared.map(|one| one.waivers.as_slice()).unwrap_or_default();
        waive(finding, waivers, &desired.environment, desired.today);
    }
    plan.sort_findings();
}

/// Gives a finding the level that the policy says.
fn weigh(finding: &mut Finding, environment: &Environment) {
    let own = finding.judged.take().and_then(|judged| judged.own_level).unwrap_or(finding.level);
    finding.level = own;
    let said = environment.policy.severity(&finding.code, &environment.name).map(level);
    if let Some(said) = said.filter(|said| own != Level::Refuse && *said != own) {
        finding.level = said;
        finding.judged = Some(Judged { own_level: Some(own), waiver: None });
    }
    if finding.level != Level::Consent {
        finding.allowed_by = None;
    }
}

fn level(severity: Severity) -> Level {
    match severity {
        Severity::Notice => Level::Notice,
        Severity::Consent => Level::Consent,
        Severity::Refuse => Level::Refuse,
    }
}

/// Asks every rule of every change or finding that it speaks of.
fn asked(plan: &Plan, case: Case<'_>) -> Vec<Finding> {
    let environment = &case.desired.environment;
    let policy = &environment.policy;
    if policy.rules.is_empty() {
        return Vec::new();
    }
    let of_changes = rules(policy, &environment.name, Subject::Changes);
    let of_findings = rules(policy, &environment.name, Subject::Findings);
    let here = words::environment(environment);
    let is_offline = plan.compared.is_some();
    let mut told = Vec::new();
    let mut values: BTreeMap<&Address, (Value, Value)> = BTreeMap::new();
    for change in &plan.changes {
        let declared = case.desired.resources.get(&change.address);
        let labels = declared.map(|one| &one.labels);
        let rows = case.rows.get(&change.address).copied();
        let resource =
            declared.map_or(Value::Null, |one| words::resource(&change.address, &one.resource, &one.labels));
        values.insert(&change.address, (words::change(change, labels, rows), resource));
    }
    let nothing = (Value::Null, Value::Null);
    for rule in &of_changes {
        for change in &plan.changes {
            let (value, resource) = values.get(&change.address).unwrap_or(&nothing);
            let known = [("change", value), ("resource", resource), ("environment", &here)];
            told.extend(answer(rule, &known, &change.address, None, is_offline));
        }
    }
    for rule in &of_findings {
        for finding in &plan.findings {
            let (change, resource) = values.get(&finding.address).unwrap_or(&nothing);
            let value = words::finding(finding);
            let known =
                [("finding", &value), ("change", change), ("resource", resource), ("environment", &here)];
            told.extend(answer(rule, &known, &finding.address, Some(finding), is_offline));
        }
    }
    // A rule speaks once of each resource, of however many findings it is true.
    told.sort_by(|a: &Finding, b| (&a.address, &a.path, &a.code).cmp(&(&b.address, &b.path, &b.code)));
    told.dedup_by(|a, b| (&a.address, &a.path, &a.code) == (&b.address, &b.path, &b.code));
    told
}

fn answer(
    asked: &Asked<'_>,
    values: &[(&str, &Value)],
    address: &Address,
    about: Option<&Finding>,
    is_offline: bool,
) -> Option<Finding> {
    let rule = asked.rule;
    let finding = |code: &str, level, message: String, help: Option<String>| Finding {
        code: code.to_owned(),
        level,
        address: address.clone(),
        path: Some(format!("rules/{}", rule.name)),
        message,
        rows: about.and_then(|one| one.rows),
        samples: Vec::new(),
        help,
        allowed_by: None,
        judged: None,
    };
    let formula = asked.formula.as_ref().map_err(Clone::clone);
    match formula.and_then(|formula| formula.holds(values).map_err(|why| why.to_string())) {
        Ok(false) => None,
        Ok(true) => {
            let about = about.map(|one| format!(" ({} {})", one.code, one.message)).unwrap_or_default();
            Some(finding(RULE, level(rule.severity), format!("{}{about}", rule.message), None))
        }
        Err(why) => {
            let help = "a rule that has no answer holds nothing back by itself, so the plan is refused: mend \
                        its `when`, with `has(…)` before what may be missing and `!= null` before what may be unknown";
            let message = format!("rule `{}` of the policy has no answer: {why}", rule.name);
            // Without a target, nobody knows how many rows there are.
            let (level, help) = match is_offline {
                true => (Level::Notice, "it is asked again of the plan against the target"),
                false => (Level::Refuse, help),
            };
            Some(finding(BROKEN_RULE, level, message, Some(help.to_owned())))
        }
    }
}

/// Lets a finding pass that a waiver is for, and says so where one is over.
fn waive(finding: &mut Finding, waivers: &[Waiver], environment: &Environment, today: Option<Date>) {
    let is_of_policy = finding.own_level().is_some() || finding.code == RULE;
    match finding.level {
        Level::Notice => return,
        Level::Refuse if !is_of_policy => return,
        Level::Consent | Level::Refuse => {}
    }
    if finding.allowed_by.is_some() || !is_waivable(finding, &environment.policy, &environment.name) {
        return;
    }
    let path = finding.path.as_deref();
    let mut own = waivers.iter().filter(|one| one.is_for(&finding.code, path, &environment.name));
    let Some(today) = today else { return };
    let counting = own.clone().find(|one| !one.is_over(today));
    match (counting, own.next()) {
        (Some(waiver), _) => {
            let own_level = finding.own_level().or((finding.level == Level::Refuse).then_some(Level::Refuse));
            finding.level = Level::Consent;
            finding.allowed_by = Some("waiver".to_owned());
            let waiver = Waived { reason: waiver.reason.clone(), expires: waiver.expires.to_string() };
            finding.judged = Some(Judged { own_level, waiver: Some(waiver) });
        }
        (None, Some(over)) => {
            let told = format!("its waiver is over since {}: {}", over.expires, over.reason);
            finding.help = Some(match finding.help.take() {
                Some(help) if help.contains(&told) => help,
                Some(help) => format!("{told}; {help}"),
                None => told,
            });
        }
        (None, None) => {}
    }
}

fn is_waivable(finding: &Finding, policy: &Policy, environment: &str) -> bool {
    let of_rule = |rule: &&Rule| finding.path.as_deref() == Some(&format!("rules/{}", rule.name));
    let rule = policy.rules.iter().find(of_rule).filter(|_| finding.code == RULE);
    policy.is_waivable(&finding.code, environment) && rule.is_none_or(|rule| rule.waivable)
}
