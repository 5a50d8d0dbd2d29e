//! What a reader of a plan must know first: what is destroyed, what stands in the way, what is locked, what to run next.
//! Never says anything that the plan does not hold: every format takes its words from here.

use super::finding::{flag, place, said};
use super::page::{counted, thousands};
use super::plan_text::{last_line, no_changes, revision};
use super::power_text;
use super::setting::{Side, summary};
use crate::diff::change::Change;
use crate::diff::decision::Verb;
use crate::plan::{Finding, Level, Plan, Refusal, Runs, Summary};
use crate::report::preview::{Planned, Preview};

/// How many names are listed in one sentence.
const NAMES: usize = 8;

/// The one line that says how it stands.
pub struct Verdict {
    /// `✓` nothing to do, `~` changes, `!` somebody must allow something, `✗` it cannot be applied.
    pub sign: &'static str,
    pub text: String,
}

impl Verdict {
    /// Whether something stands in the way of an apply that nobody can just allow.
    pub fn is_failure(&self) -> bool {
        self.sign == "✗"
    }
}

/// Tells whether a preview has nothing to show: no plan does anything, and nothing stands in the way.
pub fn has_nothing_to_do(preview: &Preview) -> bool {
    verdict(preview).sign == "✓"
        && preview.apart.is_empty()
        && preview.power.as_ref().is_none_or(|power| power_text::items(power).is_empty())
        && preview.planned.iter().all(|one| one.plan.is_empty())
}

/// What is said of one plan.
pub struct Remarks<'a> {
    pub impossible: Vec<&'a Finding>,
    /// What the plan destroys, and the limit.
    pub limits: Vec<(usize, usize)>,
    pub consents: Vec<&'a Finding>,
    pub destroyed: Vec<Destroyed>,
    /// Shown, or allowed already.
    pub others: Vec<&'a Finding>,
}

/// Something that goes.
pub struct Destroyed {
    /// `entity/order/fax`.
    pub place: String,
    /// What it was, and what the data says: `text 40: destroys 17 values`.
    pub what: String,
}

impl<'a> Remarks<'a> {
    pub fn of(plan: &'a Plan) -> Remarks<'a> {
        let (mut impossible, mut limits, mut consents) = (Vec::new(), Vec::new(), Vec::new());
        for refusal in plan.refusals(&[]) {
            match refusal {
                Refusal::NotAllowed(finding) => consents.push(finding),
                Refusal::Impossible(finding) => impossible.push(finding),
                Refusal::DestroysTooMuch { destroyed, limit } => limits.push((destroyed, limit)),
            }
        }
        let is_other = |finding: &&Finding| match (finding.level, &finding.allowed_by) {
            (Level::Notice, _) | (Level::Consent, Some(_)) => true,
            (Level::Consent, None) | (Level::Refuse, _) => false,
        };
        let others = plan.findings.iter().filter(is_other).collect();
        Remarks { impossible, limits, consents, destroyed: destroyed(plan), others }
    }
}

/// Every resource and member that goes, with what the data says of it.
fn destroyed(plan: &Plan) -> Vec<Destroyed> {
    let of = |change: &Change, path: Option<&str>| {
        let is_here = |finding: &&Finding| {
            finding.address == change.address && finding.path.as_deref() == path && is_loss(finding)
        };
        plan.findings.iter().filter(is_here).map(said).collect::<Vec<_>>().join("; ")
    };
    let mut found = Vec::new();
    for change in &plan.changes {
        if change.verb == Verb::Delete {
            let n_members = change.members.len();
            let what = [counted(n_members, "member"), of(change, None)];
            found.push(Destroyed { place: change.address.to_string(), what: joined(what) });
            continue;
        }
        for member in change.members.iter().filter(|member| member.verb == Verb::Delete) {
            let path = member.path();
            let what = [summary(member, Side::Before), of(change, Some(&path))];
            found.push(Destroyed { place: format!("{}/{path}", change.address), what: joined(what) });
        }
    }
    found
}

fn is_loss(finding: &Finding) -> bool {
    matches!(finding.code.as_str(), "RK201" | "RK203" | "RK204")
}

fn joined(parts: [String; 2]) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
}

/// Says of all plans together how it stands.
pub fn verdict(preview: &Preview) -> Verdict {
    if preview.n_errors() > 0 {
        let text =
            format!("The repository has {}, so nothing was planned.", counted(preview.n_errors(), "error"));
        return Verdict { sign: "✗", text };
    }
    let plans: Vec<&Plan> = preview.deciding().map(|one| &one.plan).collect();
    let mut text = match plans.as_slice() {
        [] if preview.unplanned.is_empty() => "Nothing was planned.".to_owned(),
        [] => "Nothing could be planned.".to_owned(),
        [one] => counts(one),
        several => total(several),
    };
    let remarks: Vec<Remarks<'_>> = plans.iter().map(|plan| Remarks::of(plan)).collect();
    let sum = |count: fn(&Remarks<'_>) -> usize| remarks.iter().map(count).sum::<usize>();
    let impossible = sum(|one| one.impossible.len());
    let (limits, consents) = (sum(|one| one.limits.len()), sum(|one| one.consents.len()));
    if !plans.is_empty() && !preview.unplanned.is_empty() {
        text.push_str(&format!(" {} could not be planned.", counted(preview.unplanned.len(), "environment")));
    }
    // The counts are of resources; what is lost of those that stay must not look like nothing.
    let members = plans.iter().map(|plan| plan.summary.destroyed - plan.summary.destroy).sum::<usize>();
    match members {
        0 => {}
        1 => text.push_str(" 1 field or option is destroyed."),
        more => text.push_str(&format!(" {} fields or options are destroyed.", thousands(more as u64))),
    }
    if impossible > 0 {
        text.push_str(&format!(" {}", super::finding::impossible(impossible).replace(':', ".")));
    }
    if limits > 0 {
        text.push_str(" More is destroyed than is permitted.");
    }
    if consents > 0 {
        text.push_str(&format!(" {} must be allowed before apply.", counted(consents, "finding")));
    }
    let sign = match (impossible + limits + preview.unplanned.len(), consents) {
        (0, 0) if plans.iter().all(|plan| plan.is_empty()) => "✓",
        (0, 0) => "~",
        (0, _) => "!",
        (_, _) => "✗",
    };
    Verdict { sign, text }
}

/// The last line of one plan, or that nothing changes.
pub fn counts(plan: &Plan) -> String {
    match plan.is_empty() {
        true => no_changes(plan),
        false => last_line(&plan.summary),
    }
}

fn total(plans: &[&Plan]) -> String {
    let n = counted(plans.len(), "environment");
    if plans.iter().all(|plan| plan.is_empty()) {
        return format!("No changes in {n}.");
    }
    let all = plans.iter().fold(Summary::default(), |sum, plan| Summary {
        add: sum.add + plan.summary.add,
        change: sum.change + plan.summary.change,
        destroy: sum.destroy + plan.summary.destroy,
        forget: sum.forget + plan.summary.forget,
        destroyed: sum.destroyed + plan.summary.destroyed,
    });
    last_line(&all).replacen("Plan:", &format!("{n}:"), 1)
}

/// What a plan is held against, in one line.
pub fn held_against(plan: &Plan) -> String {
    match &plan.compared {
        Some(compared) => {
            format!("compared with {} ({}), not with the target", compared.named, revision(&compared.base))
        }
        None => plan.target.clone(),
    }
}

/// What runs how, and what is locked while it runs.
pub fn locks(plan: &Plan) -> Vec<String> {
    if plan.steps.is_empty() {
        return Vec::new();
    }
    let of = |runs: Runs| plan.steps.iter().filter(|step| step.runs == runs).count();
    let n_parts = plan.steps.iter().map(|step| step.part).max().unwrap_or_default().max(1) as usize;
    let mut text = match n_parts {
        1 => format!("{} in one transaction", counted(of(Runs::Inside), "step")),
        _ => format!("{} in {}", counted(of(Runs::Inside), "step"), counted(n_parts, "transaction")),
    };
    for (runs, when) in [(Runs::Before, "before it, alone"), (Runs::After, "after it, alone")] {
        if of(runs) > 0 {
            text.push_str(&format!(", {} {when}", thousands(of(runs) as u64)));
        }
    }
    let mut lines = vec![format!("{text}.")];
    let locked: Vec<String> = plan
        .changes
        .iter()
        .filter(|change| change.before.is_some() && change.touches_target())
        .map(|change| change.address_before().to_string())
        .collect();
    if !locked.is_empty() {
        lines.push(format!("Locked while that runs: {}.", names(&locked)));
    }
    let others = plan.findings.iter().filter(|f| f.code.starts_with("RK3") || f.code.starts_with("RK6"));
    lines.extend(others.map(|finding| format!("{} {}: {}", finding.code, place(finding), said(finding))));
    lines
}

fn names(all: &[String]) -> String {
    let shown = all.iter().take(NAMES).cloned().collect::<Vec<_>>().join(", ");
    match all.len().checked_sub(NAMES) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} and {} more", thousands(more as u64)),
    }
}

/// What to run next: a sentence, and a command where there is one.
pub fn next(planned: &Planned) -> Option<(String, String)> {
    let plan = &planned.plan;
    let (environment, remarks) = (&plan.environment, Remarks::of(plan));
    let again = format!("reconcile plan -e {environment}");
    if plan.compared.is_some() {
        let text = "Nobody has asked the target yet. With access to it:".to_owned();
        return (!plan.is_empty()).then_some((text, again));
    }
    if !remarks.impossible.is_empty() || !remarks.limits.is_empty() {
        return Some((
            "It cannot be applied as it is. Mend what stands in the way, and plan again:".to_owned(),
            again,
        ));
    }
    if plan.is_empty() {
        return None;
    }
    let mut command = format!("reconcile apply -e {environment} --expect {}", plan.digest());
    remarks.consents.iter().for_each(|finding| command.push_str(&format!(" \\\n  {}", flag(finding))));
    let text = match remarks.consents.len() {
        0 => "To apply exactly this:".to_owned(),
        n => format!("To apply exactly this, and allow {}:", counted(n, "finding")),
    };
    Some((text, command))
}

/// What is not of this branch, in one sentence.
pub fn beside(n_changes: usize) -> String {
    format!(
        "{} would change in the target as well, which this branch does not touch:",
        counted(n_changes, "resource")
    )
}

/// What is there already, in one sentence.
pub fn already(n_changes: usize) -> String {
    let verb = if n_changes == 1 { "needs" } else { "need" };
    format!(
        "{} that this branch changes {verb} no such change in the target:",
        counted(n_changes, "resource")
    )
}
