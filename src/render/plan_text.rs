//! The plan as text, in the grammar that people know: signs, reasons in brackets, a last line that never changes.
//! Never shows a second version of a plan: every change, finding and step is the plan's own.

use super::finding::{self, Findings};
use super::member;
use super::page::{Page, counted, thousands};
use super::paint::{Paint, Role};
use super::row::{sign, write_rows};
use super::task::{write_sql, write_tasks};
use crate::diff::change::{Change, Reason};
use crate::diff::decision::Verb;
use crate::model::trash::Moved;
use crate::plan::{Plan, Rollback, Summary};
use crate::source::Revision;

/// How a plan is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    pub paint: Paint,
    /// Also what is kept, and the statements of each step.
    pub verbose: bool,
}

/// Writes one plan.
pub fn plan(plan: &Plan, options: &Options) -> String {
    let mut page = Page::new(options.paint);
    write(&mut page, plan, options.verbose);
    page.finish()
}

/// Writes several plans with a blank line between them.
pub fn plans<'a>(several: impl IntoIterator<Item = &'a Plan>, options: &Options) -> String {
    let texts: Vec<String> = several.into_iter().map(|one| plan(one, options)).collect();
    texts.join("\n")
}

/// The last line of a plan that changes something. Programs read it, so its bytes are a promise.
pub fn last_line(summary: &Summary) -> String {
    let Summary { add, change, destroy, forget, destroyed: _ } = summary;
    let forget = if *forget > 0 { format!(", {forget} to forget") } else { String::new() };
    format!("Plan: {add} to add, {change} to change, {destroy} to destroy{forget}.")
}

/// `revision 4f2a91c`, or `the work tree`.
pub fn revision(revision: &Revision) -> String {
    match revision.commit {
        Some(_) => format!("revision {}", revision.label()),
        None => revision.label(),
    }
}

/// `back to before journal entry 3 (revision 4f2a91c), undoing 4 and 3`.
pub fn back(rollback: &Rollback, to: &Revision) -> String {
    let undone: Vec<String> = rollback.undone.iter().map(u64::to_string).collect();
    let undone = match undone.split_last() {
        Some((last, [])) => format!(", undoing {last}"),
        Some((last, others)) => format!(", undoing {} and {last}", others.join(", ")),
        None => String::new(),
    };
    let revision = to.commit.as_ref().map(|_| format!(" ({})", revision(to))).unwrap_or_default();
    format!("back to before journal entry {}{revision}{undone}", rollback.to_before)
}

/// What is moved aside, in one sentence.
pub fn to_the_trash(plan: &Plan) -> String {
    let moved: Vec<String> = plan.trash.iter().map(Moved::describe).collect();
    let days = counted(plan.policy.trash as usize, "day");
    format!("Kept in the trash for {days}, where `reconcile rollback` finds it: {}.", moved.join("; "))
}

/// The sentence of a plan that changes nothing.
pub fn no_changes(plan: &Plan) -> String {
    if let Some(compared) = &plan.compared {
        return format!(
            "No changes. Environment {} is declared as in {}.",
            plan.environment,
            revision(&compared.base)
        );
    }
    if let Some(rollback) = &plan.rolled_back {
        let to = rollback.to_before;
        return format!(
            "No changes. Environment {} is what it was before journal entry {to}.",
            plan.environment
        );
    }

    format!("No changes. Environment {} matches {}.", plan.environment, revision(&plan.revision))
}

/// Writes the changes alone, each with its rows and findings.
pub fn write_changes(page: &mut Page, plan: &Plan) {
    let mut findings = Findings::of(plan);
    for change in &plan.changes {
        write_change(page, change, plan, &mut findings);
    }
    for shown in findings.take_all() {
        let note = finding::mark_with_place(shown);
        page.line(2, note.role, &note.text);
    }
}

fn write(page: &mut Page, plan: &Plan, is_verbose: bool) {
    if plan.is_empty() {
        if !plan.findings.is_empty() {
            write_changes(page, plan);
            page.end();
            finding::write_refusals(page, plan);
        }
        write_kept(page, plan, is_verbose, Brief::Nothing);
        page.line(0, Role::Create, &no_changes(plan));
        return;
    }
    write_head(page, plan);
    write_changes(page, plan);
    page.end();
    write_kept(page, plan, is_verbose, Brief::Count);
    if !plan.trash.is_empty() {
        page.line(0, Role::Note, &to_the_trash(plan)).end();
    }
    if is_verbose {
        write_steps(page, plan);
    }
    finding::write_refusals(page, plan);
    if is_verbose && plan.compared.is_none() {
        page.line(0, Role::Note, &format!("Digest {}", plan.digest())).end();
    }
    page.line(0, Role::Heading, &last_line(&plan.summary));
}

fn write_head(page: &mut Page, plan: &Plan) {
    if let Some(compared) = &plan.compared {
        page.put(Role::Heading, "reconcile").put(Role::Plain, " would change environment ");
        page.put(Role::Heading, &plan.environment);
        let text = format!(" from {} to {}", revision(&compared.base), revision(&plan.revision));
        page.put(Role::Plain, &text).end();
        let text = format!(
            "(compared with {}, not with the target: what rows are there is not known)",
            compared.named
        );
        page.line(0, Role::Note, &text).end();
        return;
    }
    let verb =
        if plan.rolled_back.is_some() { " will roll environment " } else { " will change environment " };
    page.put(Role::Heading, "reconcile").put(Role::Plain, verb);
    page.put(Role::Heading, &plan.environment).put(Role::Plain, &format!(" ({})", plan.target));
    let goal = match &plan.rolled_back {
        Some(rollback) => format!(" {}", back(rollback, &plan.revision)),
        None => format!(" to {}", revision(&plan.revision)),
    };
    page.put(Role::Plain, &goal).end().end();
}

fn write_change(page: &mut Page, change: &Change, plan: &Plan, findings: &mut Findings<'_>) {
    let (sign, role) = sign(change.verb);
    page.space(2).put(role, sign).space(1).put(Role::Heading, &change.address.to_string()).stop();
    match change.verb {
        Verb::Create | Verb::Adopt | Verb::Update if change.reason != Reason::RolledBack => {
            page.put(Role::Plain, change.action.as_str()).space(2);
        }
        Verb::Create
        | Verb::Adopt
        | Verb::Update
        | Verb::Delete
        | Verb::Release
        | Verb::Forget
        | Verb::Keep => {}
    }
    for note in member::resource_notes(change) {
        page.put(note.role, &note.text).space(2);
    }
    page.end();
    for shown in findings.take(&change.address, None) {
        let note = finding::mark(shown);
        page.line(6, note.role, &note.text);
    }
    let options = member::listed_options(change);
    if !options.is_empty() {
        page.space(6).put(Role::Create, "+").space(1).list(8, options).end();
    }
    write_rows(page, &member::rows(change, findings));
    write_tasks(page, change, plan, findings);
    for shown in findings.take_rest(&change.address) {
        let note = finding::mark_with_place(shown);
        page.line(6, note.role, &note.text);
    }
}

/// What is said of kept things where they are not listed.
#[derive(Clone, Copy)]
enum Brief {
    Nothing,
    Count,
}

fn write_kept(page: &mut Page, plan: &Plan, is_verbose: bool, brief: Brief) {
    match (plan.kept.len(), is_verbose, brief) {
        (0, _, _) | (_, false, Brief::Nothing) => {}
        (1, false, Brief::Count) => {
            page.line(0, Role::Note, "1 thing that nobody declares is kept; -v shows it.").end();
        }
        (count, false, Brief::Count) => {
            let text =
                format!("{} things that nobody declares are kept; -v lists them.", thousands(count as u64));
            page.line(0, Role::Note, &text).end();
        }
        (_, true, _) => {
            page.line(0, Role::Heading, "Kept, because nobody declares them:");
            for kept in &plan.kept {
                let place = match &kept.path {
                    Some(path) => format!("{}/{path}", kept.address),
                    None => kept.address.to_string(),
                };
                page.space(4).put(Role::Plain, &place).stop().put(Role::Forget, &kept.reason).end();
            }
            page.end();
        }
    }
}

fn write_steps(page: &mut Page, plan: &Plan) {
    if plan.steps.is_empty() {
        return;
    }
    page.line(0, Role::Heading, "Steps:");
    for step in &plan.steps {
        let head = format!("{}. {}", step.id, step.title);
        page.space(2).put(Role::Heading, &head).stop().put(Role::Forget, &step.address.to_string()).end();
        write_sql(page, 6, step);
    }
    page.end();
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample;
    use super::*;
    use crate::diff::change::{Kept, MemberChange};
    use crate::model::setup::Action;
    use crate::plan::Level;

    fn check(plan: &Plan, want: &str) {
        let got = super::plan(plan, &Options::default());
        assert_eq!(got, want.strip_prefix('\n').unwrap_or(want), "\n{got}");
    }

    #[test]
    fn the_design_s_plan_reads_as_the_design_prints_it() {
        let mut plan = sample::of_the_design();
        plan.findings[1].allowed_by = Some("RK203".to_owned());
        check(
            &plan,
            "
reconcile will change environment staging (sqlite .reconcile/staging.db) to revision 4f2a91c

  + picklist/order-status                   merge
      + draft, open, shipped, lost (retired)
  ~ entity/order                            overwrite
      + status    picklist order-status, required, default draft      · RK105 1,204 rows get draft
      ~ note      text 200 -> text 500      (renamed from remark)
      - fax       text 40                   RK203 destroys 17 values (allowed by staging)
  - entity/old-order                        (because it is not declared any more)

Plan: 1 to add, 1 to change, 1 to destroy.
",
        );
    }

    #[test]
    fn what_must_be_allowed_and_what_cannot_be_is_said_before_the_last_line() {
        let mut plan = sample::of_the_design();
        plan.policy.max_destroy = Some(1);
        plan.revision.dirty = true;
        let mut refused =
            sample::finding(Level::Refuse, "RK301", "entity/order", Some("note"), "2 rows have no value");
        refused.samples = vec!["7".to_owned(), "9".to_owned()];
        refused.help = Some("give `note` a `backfill`".to_owned());
        plan.findings.push(refused);
        plan.findings.push(sample::finding(
            Level::Consent,
            "RK204",
            "entity/old-order",
            None,
            "destroys 3 rows",
        ));
        plan.findings.push(sample::finding(
            Level::Notice,
            "RK110",
            "entity/order",
            Some("fax"),
            "reads 17 rows",
        ));
        plan.findings.push(sample::finding(Level::Notice, "RK120", "entity/order", Some("x"), "is odd"));
        plan.changes.remove(0);
        let kept = |path: &str| Kept {
            address: sample::address("entity/order"),
            path: Some(path.to_owned()),
            reason: "not declared, not ours".to_owned(),
        };
        plan.kept = vec![kept("legacy"), kept("old")];
        plan.summary = Summary::of(&plan.changes);
        check(
            &plan,
            "
reconcile will change environment staging (sqlite .reconcile/staging.db) to revision 4f2a91c + changes

  ~ entity/order                            overwrite
      + status    picklist order-status, required, default draft      · RK105 1,204 rows get draft
      ~ note      text 200 -> text 500      (renamed from remark)  ✗ RK301 2 rows have no value, e.g. 7, 9
      - fax       text 40                   ! RK203 destroys 17 values
          · RK110 reads 17 rows
      · RK120 is odd, at entity/order/x
  - entity/old-order                        (because it is not declared any more)
      ! RK204 destroys 3 rows

2 things that nobody declares are kept; -v lists them.

2 findings must be allowed before apply:
    --allow RK203:entity/order/fax          destroys 17 values
    --allow RK204:entity/old-order          destroys 3 rows

1 finding makes this plan impossible:
    ✗ RK301 entity/order/note               2 rows have no value, e.g. 7, 9
        help: give `note` a `backfill`

This plan destroys 2 resources and members, more than the 1 that environment staging permits (maxDestroy).

Plan: 0 to add, 1 to change, 1 to destroy.
",
        );
    }

    #[test]
    fn every_section_and_reason_has_its_words() {
        let declared = Reason::Declared;
        let mut order = sample::change(
            Verb::Adopt,
            Reason::Adopted,
            "entity/order",
            Action::Merge,
            vec![
                sample::member(Verb::Adopt, Reason::Adopted, "fields/fax", json!({})),
                sample::member(
                    Verb::Adopt,
                    Reason::Adopted,
                    "fields/number",
                    json!({ "required": [null, true], "unique": [true, null], "default": ["a", "b"] }),
                ),
                sample::member(
                    Verb::Create,
                    Reason::Vanished,
                    "fields/at",
                    json!({ "type": [null, { "type": "date" }] }),
                ),
                sample::member(
                    Verb::Update,
                    Reason::Drifted,
                    "fields/total",
                    json!({ "check": ["total > 0", null], "displayName": ["Sum", { "de": "Summe", "en": "Total" }] }),
                ),
                sample::member(
                    Verb::Delete,
                    Reason::Overwritten,
                    "fields/x",
                    json!({ "type": [{ "type": "uuid" }, null] }),
                ),
                sample::member(
                    Verb::Create,
                    declared,
                    "keys/by-number",
                    json!({ "fields": [null, ["number"]] }),
                ),
                sample::member(
                    Verb::Update,
                    declared,
                    "indexes/by-customer",
                    json!({ "fields": [["customer"], ["customer", "status"]] }),
                ),
                sample::member(
                    Verb::Create,
                    declared,
                    "checks/total-positive",
                    json!({ "sql": [null, "total >= 0"] }),
                ),
                sample::member(
                    Verb::Create,
                    declared,
                    "relationships/owner",
                    json!({ "fields": [null, ["a", "b"]], "references": [null, { "entity": "account", "fields": ["c", "d"] }],
                            "onDelete": [null, "cascade"] }),
                ),
                sample::member(
                    Verb::Release,
                    Reason::NotDeclared,
                    "fields/old",
                    json!({ "type": [{ "type": "json" }, null] }),
                ),
            ],
        );
        order.settings = vec![
            sample::setting("displayName", &json!(["Order", "Orders"])),
            sample::setting("primaryKey", &json!([null, ["number"]])),
        ];
        order.renamed_from = Some(sample::address("entity/purchase"));
        let status = sample::change(
            Verb::Update,
            Reason::Drifted,
            "picklist/status",
            Action::Overwrite,
            vec![
                sample::member(
                    Verb::Create,
                    declared,
                    "options/lost",
                    json!({ "label": [null, "Lost"], "retired": [null, true] }),
                ),
                sample::member(
                    Verb::Update,
                    declared,
                    "options/open",
                    json!({ "color": ["#000000", null], "retired": [true, null] }),
                ),
            ],
        );
        let released =
            sample::change(Verb::Release, Reason::NotDeclared, "entity/left", Action::Merge, vec![]);
        let recorded = sample::change(Verb::Update, declared, "entity/same", Action::Merge, vec![]);
        let forgotten =
            sample::change(Verb::Forget, Reason::NotDeclared, "entity/gone", Action::Merge, vec![]);
        let mut plan = sample::plan(vec![order, status, recorded, released, forgotten], vec![]);
        plan.revision = Revision::default();
        check(
            &plan,
            r#"
reconcile will change environment staging (sqlite .reconcile/staging.db) to the work tree

  ~ entity/order                            merge  (renamed from entity/purchase)  (adopted: it exists already)
      ~ display name          "Order" -> "Orders"
      + primary key           (number)
      ~ fax                                 (adopted, unchanged)
      ~ number    default a -> b, required, not unique                (adopted)
      + at        date                      (vanished from the target)
      ~ total     no check (was total > 0), display name "Sum" -> de "Summe", en "Total"        (drifted in the target)
      - x         uuid                      (not declared, removed by overwrite)
      + key by-number         (number)
      ~ index by-customer     (customer) -> (customer, status)
      + check total-positive  total >= 0
      + relationship owner    (a, b) -> account (c, d), on delete cascade
      . old       json                      (kept, no longer managed)
  ~ picklist/status                         overwrite  (drifted in the target)
      + lost      "Lost", retired
      ~ open      no color (was #000000), not retired
  ~ entity/same                             merge  (only the record of what is declared changes)
  . entity/left                             (kept, no longer managed)
  . entity/gone                             (gone from the target, no longer recorded)

Plan: 0 to add, 3 to change, 0 to destroy, 2 to forget.
"#,
        );
    }

    #[test]
    fn nothing_to_do_is_one_line() {
        check(&sample::plan(vec![], vec![]), "No changes. Environment staging matches revision 4f2a91c.\n");
        let two = [sample::plan(vec![], vec![]), sample::plan(vec![], vec![])];
        assert_eq!(plans(&two, &Options::default()).lines().filter(|line| line.is_empty()).count(), 1);
    }

    #[test]
    fn a_verbose_plan_shows_what_is_kept_and_what_runs() {
        let mut plan = sample::of_the_design();
        plan.changes.truncate(1);
        plan.findings.clear();
        plan.summary = Summary::of(&plan.changes);
        let lost = sample::address("entity/lost");
        plan.kept = vec![Kept { address: lost, path: None, reason: "not ours".to_owned() }];
        plan.steps = vec![sample::step(
            1,
            "picklist/order-status",
            "create table \"order-status\"",
            &["CREATE TABLE a (\n\tb TEXT\n) STRICT"],
        )];
        let text = super::plan(&plan, &Options { verbose: true, ..Options::default() });
        let want = r#"
Kept, because nobody declares them:
    entity/lost                             not ours

Steps:
  1. create table "order-status"            picklist/order-status
      CREATE TABLE a (
          b TEXT
      ) STRICT

Digest {digest}

Plan: 1 to add, 0 to change, 0 to destroy.
"#;
        let want = want.replace("{digest}", &plan.digest().to_string());
        assert!(text.ends_with(&want), "\n{text}");
    }

    #[test]
    fn a_long_picklist_is_wrapped_and_colour_changes_no_word() {
        let option = |i: usize| {
            sample::member(Verb::Create, Reason::Declared, &format!("options/option-{i}"), json!({}))
        };
        let members: Vec<MemberChange> = (0..20).map(option).collect();
        let change = sample::change(Verb::Create, Reason::Declared, "picklist/p", Action::Merge, members);
        let plan = sample::plan(vec![change], vec![]);
        let text = super::plan(&plan, &Options::default());
        assert!(text.contains("option-8,\n        option-9, "), "\n{text}");
        let colored = super::plan(&plan, &Options { paint: Paint::new(true), verbose: false });
        assert_ne!(colored, text);
        assert_eq!(anstream::adapter::strip_str(&colored).to_string(), text);
    }
}
