//! The report of an apply as text: the verdict first, then every step's fate.
//! Never says an apply went well that the next plan would change again.

use super::page::{Page, counted};
use super::paint::{Paint, Role};
use super::trash_text::holds;
use crate::report::{Applied, Fate, Report, ResourceState};

/// Writes one report.
pub fn report(report: &Report, paint: Paint) -> String {
    let mut page = Page::new(paint);
    let (role, text) = verdict(report);
    page.line(0, role, &text);
    if let Some(message) = &report.message {
        page.line(4, Role::Error, message);
    }
    for address in &report.remaining {
        page.line(4, Role::Change, &address.to_string());
    }
    if !report.resources.is_empty() {
        page.end();
    }
    for resource in &report.resources {
        let (sign, role, state) = match resource.state {
            ResourceState::Applied => ("✓", Role::Create, "applied"),
            ResourceState::Unchanged => ("=", Role::Plain, "unchanged"),
            ResourceState::NotApplied => ("✗", Role::Error, "not applied"),
            ResourceState::NotStarted => ("·", Role::Forget, "not started"),
        };
        page.space(2).put(role, sign).space(1).put(Role::Plain, &resource.address.to_string());
        page.stop().put(role, &format!("{state}: {}", resource.why)).end();
        if let Some(next) = &resource.next {
            page.line(6, Role::Note, &format!("help: {next}"));
        }
    }
    // Where nothing began, that has been said of every resource.
    let steps = if report.outcome == Applied::Refused { &[][..] } else { &report.steps };
    if !steps.is_empty() {
        page.end();
    }
    for step in steps {
        let (sign, role, fate) = match &step.fate {
            Fate::Done => ("✓", Role::Create, "done".to_owned()),
            Fate::Failed { message } => ("✗", Role::Error, format!("failed: {message}")),
            Fate::Undone => ("↶", Role::Change, "undone".to_owned()),
            Fate::NotStarted => ("·", Role::Forget, "not started".to_owned()),
            Fate::Skipped => ("=", Role::Plain, "skipped: nothing was left to do".to_owned()),
        };
        page.space(2).put(role, sign).space(1).put(Role::Plain, &format!("{}. {}", step.id, step.title));
        page.stop().put(role, &fate).end();
    }
    if !report.purged.is_empty() {
        let text =
            format!("Purged from the trash: {} (kept long enough).", counted(report.purged.len(), "thing"));
        page.end().line(0, Role::Note, &text);
    }
    for one in &report.purged {
        let head = format!("{} {}", one.moved.number, one.moved.describe());
        page.space(4).put(Role::Plain, &head).stop().put(Role::Forget, &holds(one)).end();
    }
    if let Some(entry) = report.entry {
        let text = format!("Journal entry {entry}: reconcile show {entry} -e {}", report.environment);
        page.end().line(0, Role::Note, &text);
    }
    page.finish()
}

fn verdict(report: &Report) -> (Role, String) {
    let steps = counted(report.steps.len(), "step");
    let place = format!("environment {} ({})", report.environment, report.target);
    match report.outcome {
        Applied::Nothing => (Role::Create, format!("There was nothing to do in {place}.")),
        Applied::Done => (Role::Create, format!("Applied {steps} to {place}; a new plan is empty.")),
        Applied::RolledBack => {
            let failed = report.steps.iter().find(|step| matches!(step.fate, Fate::Failed { .. }));
            let what = match failed {
                Some(step) => format!("step {} failed", step.id),
                None if report.steps.iter().all(|step| step.fate == Fate::NotStarted) => {
                    "it stopped before the first step".to_owned()
                }
                None => "the steps could not be committed".to_owned(),
            };
            (Role::Error, format!("Nothing was changed: {what} and the transaction was rolled back."))
        }
        Applied::Unfinished => {
            let left = report.steps.iter().filter(|step| matches!(step.fate, Fate::Failed { .. })).count();
            let text = format!(
                "{} of environment {} left something behind in {}: `reconcile resume -e {}` tidies it up.",
                counted(left, "step"),
                report.environment,
                report.target,
                report.environment
            );
            (Role::Error, text)
        }
        Applied::Partial => {
            let held = report.steps.iter().filter(|step| step.fate == Fate::Done).count();
            let text = format!(
                "Applied in part: {} of {steps} hold in {place}; plan and apply again to go on.",
                counted(held, "step")
            );
            (Role::Error, text)
        }
        Applied::Refused => (Role::Error, "Nothing was changed: the plan is refused by policy.".to_owned()),
        Applied::NotConverged => {
            let still = counted(report.remaining.len(), "resource");
            let text = format!("Applied {steps} to {place}, but a new plan would still change {still}:");
            (Role::Error, text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::plan::Plan;
    use crate::report::FailedAt;

    fn plan() -> Plan {
        let mut plan = sample::of_the_design();
        plan.steps = vec![
            sample::step(1, "picklist/order-status", "create table \"order-status\"", &["…"]),
            sample::step(2, "entity/order", "rebuild table \"order\"", &["…"]),
            sample::step(3, "entity/old-order", "drop table \"old-order\"", &["…"]),
        ];
        plan
    }

    fn check(report: &Report, want: &str) {
        let got = super::report(report, Paint::plain());
        assert_eq!(got, want.trim_start_matches('\n'), "\n{got}");
    }

    #[test]
    fn a_good_apply_says_that_a_new_plan_is_empty() {
        check(
            &Report::done(&plan(), Some(7), vec![]),
            r#"
Applied 3 steps to environment staging (sqlite .reconcile/staging.db); a new plan is empty.

  ✓ 1. create table "order-status"          done
  ✓ 2. rebuild table "order"                done
  ✓ 3. drop table "old-order"               done

Journal entry 7: reconcile show 7 -e staging
"#,
        );
    }

    #[test]
    fn a_failed_apply_says_that_nothing_was_changed() {
        check(
            &Report::rolled_back(&plan(), FailedAt::Step(2), "no such column: \u{1b}x", None),
            r#"
Nothing was changed: step 2 failed and the transaction was rolled back.

  ↶ 1. create table "order-status"          undone
  ✗ 2. rebuild table "order"                failed: no such column: \u{1b}x
  · 3. drop table "old-order"               not started
"#,
        );
        let text =
            super::report(&Report::rolled_back(&plan(), FailedAt::Commit, "disk full", None), Paint::plain());
        assert!(text.starts_with("Nothing was changed: the steps could not be committed and"), "{text}");
        let text =
            super::report(&Report::rolled_back(&plan(), FailedAt::Start, "gone", None), Paint::plain());
        assert!(text.starts_with("Nothing was changed: it stopped before the first step and"), "{text}");
        assert!(text.contains("· 1. create table \"order-status\"          not started"), "{text}");
    }

    #[test]
    fn an_apply_that_does_not_converge_never_sounds_good() {
        let mut report = Report::done(&plan(), None, vec![sample::address("entity/order")]);
        report.steps.truncate(1);
        check(
            &report,
            r#"
Applied 1 step to environment staging (sqlite .reconcile/staging.db), but a new plan would still change 1 resource:
    entity/order

  ✓ 1. create table "order-status"          done
"#,
        );
        let nothing = Report::done(&sample::plan(vec![], vec![]), None, vec![]);
        check(&nothing, "There was nothing to do in environment staging (sqlite .reconcile/staging.db).\n");
    }
}
