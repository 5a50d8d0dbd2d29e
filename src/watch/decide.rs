//! What is done about a plan that nobody looks at: apply it, or leave it and say why.
//! Never lets anything through that policy, a suspension, a window, a rollback or a signature holds back.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::journal::suspension::Suspension;
use crate::journal::{Entry, Outcome};
use crate::model::environment::Environment;
use crate::model::window::{Gate, Hand, gate};
use crate::plan::{Plan, Refusal};
use crate::report::standing::Why;

/// All that a decision depends on.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    pub environment: &'a Environment,
    pub plan: &'a Plan,
    /// The newest entries of the target's journal, the newest first; at least one that applied, where there is one.
    pub journal: &'a [Entry],
    /// The entries that the newest apply took back, where it is a rollback.
    pub undone: &'a [Entry],
    /// When the commit was made, where there is one.
    pub made: Option<Timestamp>,
    pub now: Timestamp,
    pub suspended: Option<&'a Suspension>,
    /// The newest entry of the journal when nothing was left to do for this very revision; none where that never was.
    pub settled: Option<u64>,
    /// Whether what has moved may be brought back now.
    pub may_heal: bool,
}

/// What is done.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// The target is what it is meant to be.
    Nothing,
    Apply {
        /// Whether it only brings back what has moved in the target.
        heals: bool,
    },
    /// Nothing is ever applied here by itself.
    Report,
    /// The target has moved, and is left where it is.
    Drifted,
    /// The target has moved again and again after it was brought back.
    Fought,
    /// A person may apply it.
    Pending(Vec<Why>),
    /// Nobody may apply it as it is.
    Refused(Vec<Why>),
    /// What it wants was rolled back by this entry.
    Held {
        entry: u64,
    },
    Suspended(Suspension),
    /// The windows let nothing through now.
    Shut {
        until: Option<Timestamp>,
        why: String,
    },
}

/// Decides about one plan.
pub fn decide(case: &Case<'_>) -> Decision {
    let Case { environment, plan, .. } = case;
    if plan.is_empty() {
        return Decision::Nothing;
    }
    let heals = is_applied(case);
    let (impossible, consents) = reasons(plan);
    match environment.auto_apply {
        _ if !impossible.is_empty() => return Decision::Refused(impossible),
        false => return Decision::Report,
        true => {}
    }
    if let Some(entry) = rolled_back(case) {
        return Decision::Held { entry };
    }
    match (heals, environment.self_heal, case.may_heal) {
        (true, false, _) => return Decision::Drifted,
        (true, true, false) => return Decision::Fought,
        (true, true, true) | (false, _, _) => {}
    }
    if let Some(suspension) = case.suspended {
        return Decision::Suspended(suspension.clone());
    }
    if !environment.require_signed_by.is_empty() {
        let message = "only a signed package is applied here".to_owned();
        let unsigned = Why { code: None, place: None, message };
        return Decision::Pending(consents.into_iter().chain([unsigned]).collect());
    }
    if !consents.is_empty() {
        return Decision::Pending(consents);
    }
    match gate(&environment.windows, case.now, Hand::Automatic) {
        Gate::Open { .. } => Decision::Apply { heals },
        Gate::Shut { until, why } => Decision::Shut { until, why },
    }
}

/// What stands in the way: what nobody can allow, and what somebody can.
fn reasons(plan: &Plan) -> (Vec<Why>, Vec<Why>) {
    let (mut impossible, mut consents) = (Vec::new(), Vec::new());
    for refusal in plan.refusals(&[]) {
        match refusal {
            Refusal::Impossible(finding) => impossible.push(Why::of(finding)),
            Refusal::NotAllowed(finding) => consents.push(Why::of(finding)),
            Refusal::DestroysTooMuch { destroyed, limit } => {
                let message = format!("it destroys {destroyed}, and maxDestroy is {limit}");
                consents.push(Why { code: None, place: None, message });
            }
        }
    }
    (impossible, consents)
}

/// Tells whether what is declared is what was applied last, so that the target itself must have moved.
fn is_applied(case: &Case<'_>) -> bool {
    let wanted = &case.plan.revision;
    let is_same = |entry: &Entry| {
        let is_commit = wanted.commit.is_some() && !wanted.dirty && entry.revision == *wanted;
        is_commit || entry.goal == case.plan.goal
    };
    // Only the last one: whoever goes back to an older revision wants it again.
    case.settled.is_some() || newest(case).is_some_and(is_same)
}

/// The last apply that went well.
fn newest<'a>(case: &Case<'a>) -> Option<&'a Entry> {
    case.journal.iter().find(|entry| entry.outcome == Outcome::Applied)
}

/// Returns the rollback that a newer commit has to end.
fn rolled_back(case: &Case<'_>) -> Option<u64> {
    let newest = newest(case)?;
    newest.rolled_back.as_ref()?;
    let wanted = &case.plan.revision;
    let commits: BTreeSet<&str> =
        case.undone.iter().filter_map(|entry| entry.revision.commit.as_deref()).collect();
    let is_undone = wanted.commit.as_deref().is_some_and(|commit| commits.contains(commit)) && !wanted.dirty;
    // It was reached before, and then taken back.
    let was_reached = case.settled.is_some_and(|entry| entry < newest.id);
    // A commit that wants the same is no newer word, unless somebody made it after the rollback.
    let is_same = case.undone.iter().any(|entry| entry.goal == case.plan.goal);
    let rolled_back_at = newest.finished.parse::<Timestamp>().ok();
    let is_newer = matches!((case.made, rolled_back_at), (Some(made), Some(at)) if made > at);
    (is_undone || was_reached || is_same && !is_newer).then_some(newest.id)
}
