//! The rules of a policy that hold in one environment, with their formulas read.
//! Never asks one: those who know what it speaks of do.

use crate::formula::Formula;
use crate::model::policy::{NAMES, Policy, Rule, applies};

/// What a rule is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Each finding of a plan.
    Findings,
    /// Each change of a plan.
    Changes,
    /// Each resource that is declared.
    Resources,
}

/// A rule that may be asked, or why it may not.
pub struct Asked<'p> {
    pub rule: &'p Rule,
    pub subject: Subject,
    pub formula: Result<Formula, String>,
}

/// The rules of one subject that hold in an environment.
pub fn rules<'p>(policy: &'p Policy, environment: &str, subject: Subject) -> Vec<Asked<'p>> {
    let here = policy.rules.iter().filter(|rule| applies(&rule.environments, environment));
    here.map(read).filter(|asked| asked.subject == subject).collect()
}

fn read(rule: &Rule) -> Asked<'_> {
    let formula = Formula::read(&rule.when, NAMES).map_err(|fault| fault.to_string());
    let subject = match &formula {
        Ok(formula) if formula.mentions("finding") => Subject::Findings,
        Ok(formula) if formula.mentions("change") => Subject::Changes,
        Ok(_) => Subject::Resources,
        // What cannot be read refuses a plan.
        Err(_) => Subject::Changes,
    };
    Asked { rule, subject, formula }
}
