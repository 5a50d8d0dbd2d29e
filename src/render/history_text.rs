//! The journal as text: a table of applies, and one apply in full.
//! Never computes a time: entries hold them as they were written.

use std::collections::BTreeMap;

use super::page::{Page, counted, thousands};
use super::paint::{Paint, Role};
use super::table;
use super::task::write_sql;
use crate::journal::{Entry, Outcome};
use crate::model::resource::Resource;
use crate::plan::Summary;

const HEADS: [&str; 6] = ["ID", "FINISHED", "OUTCOME", "REVISION", "ACTOR", "CHANGES"];

/// Writes a table of entries in the order given.
pub fn history(entries: &[Entry], paint: Paint) -> String {
    let mut page = Page::new(paint);
    if entries.is_empty() {
        page.line(0, Role::Plain, "No applies yet.");
        return page.finish();
    }
    let undone = undone(entries);
    let rows: Vec<[String; 6]> = entries
        .iter()
        .map(|entry| cells(entry, undone.get(&(entry.environment.as_str(), entry.id))))
        .collect();
    let role = |row: usize, column: usize| match column {
        2 => outcome_role(&entries[row].outcome),
        _ => Role::Plain,
    };
    table::write(&mut page, &HEADS, &rows, role);
    page.finish()
}

/// Writes one entry with its steps and what was there before.
pub fn entry(entry: &Entry, paint: Paint) -> String {
    let mut page = Page::new(paint);
    let head = format!("Journal entry {} of environment {}", entry.id, entry.environment);
    page.line(0, Role::Heading, &head).end();
    let mut detail = |name: &str, role: Role, text: &str| {
        page.space(2).put(Role::Forget, name).tab(14).put(role, text).end();
    };
    detail("outcome", outcome_role(&entry.outcome), &outcome_in_full(&entry.outcome));
    detail("started", Role::Plain, &entry.started);
    detail("finished", Role::Plain, &entry.finished);
    detail("actor", Role::Plain, &entry.actor);
    detail("revision", Role::Plain, &entry.revision.label());
    if let Some(commit) = &entry.revision.commit {
        detail("commit", Role::Plain, commit);
    }
    if let Some(repository) = &entry.revision.repository {
        detail("repository", Role::Plain, repository);
    }
    if let Some(promotion) = &entry.promoted_from {
        let text = format!("from environment {}, journal entry {}", promotion.environment, promotion.entry);
        detail("promoted", Role::Plain, &text);
    }
    for key in &entry.signed_by {
        detail("signed by", Role::Plain, &key.to_string());
    }
    if let Some(rollback) = &entry.rolled_back {
        let undone: Vec<String> = rollback.undone.iter().map(u64::to_string).collect();
        let text = format!("to before entry {}; undoes {}", rollback.to_before, undone.join(", "));
        detail("rolled back", Role::Plain, &text);
    }
    detail("changes", Role::Plain, &changes(&entry.summary));
    if !entry.allowed.is_empty() {
        detail("allowed", Role::Warn, &entry.allowed.join(", "));
    }
    if let Some(reason) = &entry.outside_window {
        detail("windows", Role::Warn, &format!("shut, and passed by: {reason}"));
    }
    detail("plan", Role::Plain, &entry.plan.short());
    detail("base", Role::Plain, &entry.base.short());
    detail("goal", Role::Plain, &entry.goal.short());
    detail("reconcile", Role::Plain, &entry.version);
    if !entry.steps.is_empty() {
        page.end().line(0, Role::Heading, "Steps:");
    }
    for step in &entry.steps {
        let head = format!("{}. {}", step.id, step.title);
        page.space(2).put(Role::Heading, &head).stop().put(Role::Forget, &step.address.to_string());
        if entry.skipped.contains(&step.id) {
            page.space(2).put(Role::Note, "(skipped: nothing was left to do)");
        }
        page.end();
        write_sql(&mut page, 6, step);
    }
    if !entry.trash.is_empty() {
        page.end().line(0, Role::Heading, "Moved to the trash:");
    }
    for moved in &entry.trash {
        let rows = moved.rows.map(thousands).unwrap_or_default();
        let word = if moved.is_whole() { "rows" } else { "values" };
        let head = format!("{} {}", moved.number, moved.describe());
        page.space(2).put(Role::Plain, &head).stop().put(Role::Forget, &format!("{rows} {word}")).end();
    }
    if !entry.before.is_empty() {
        page.end().line(0, Role::Heading, "Before:");
    }
    for (address, resource) in &entry.before {
        let text = resource.as_ref().map_or_else(|| "did not exist".to_owned(), in_short);
        page.space(2).put(Role::Plain, &address.to_string()).stop().put(Role::Forget, &text).end();
    }
    page.finish()
}

/// The entries that were taken back, each with the entry that did it.
fn undone(entries: &[Entry]) -> BTreeMap<(&str, u64), u64> {
    let mut undone = BTreeMap::new();
    let mut rollbacks: Vec<&Entry> =
        entries.iter().filter(|entry| entry.outcome == Outcome::Applied).collect();
    rollbacks.sort_by_key(|entry| entry.id);
    for entry in rollbacks {
        for id in entry.rolled_back.iter().flat_map(|rollback| &rollback.undone) {
            // What a rollback undid holds again when that one is undone itself.
            undone.retain(|_, by| by != id);
            undone.insert((entry.environment.as_str(), *id), entry.id);
        }
    }
    undone
}

fn cells(entry: &Entry, undone_by: Option<&u64>) -> [String; 6] {
    let outcome = match &entry.outcome {
        Outcome::Applied => "applied".to_owned(),
        Outcome::Failed { step: Some(step), .. } => format!("failed at step {step}"),
        Outcome::Failed { step: None, .. } => "failed".to_owned(),
    };
    [
        entry.id.to_string(),
        entry.finished.clone(),
        outcome,
        entry.revision.label(),
        entry.actor.clone(),
        notes(entry, undone_by),
    ]
}

/// The counts, and in brackets what is to be known beside them.
fn notes(entry: &Entry, undone_by: Option<&u64>) -> String {
    let promoted = entry.promoted_from.iter().map(|from| format!("promoted from {}", from.environment));
    let rolled_back = entry.rolled_back.iter().map(|back| format!("back to before {}", back.to_before));
    let signed = entry.signed_by.iter().map(|key| format!("signed by {}", key.short()));
    let undone = undone_by.map(|by| format!("undone by {by}"));
    let notes = promoted.chain(rolled_back).chain(signed).chain(undone).map(|note| format!(" ({note})"));
    changes(&entry.summary) + &notes.collect::<String>()
}

fn outcome_role(outcome: &Outcome) -> Role {
    match outcome {
        Outcome::Applied => Role::Create,
        Outcome::Failed { .. } => Role::Error,
    }
}

fn outcome_in_full(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Applied => "applied".to_owned(),
        Outcome::Failed { step: Some(step), message } => format!("failed at step {step}: {message}"),
        Outcome::Failed { step: None, message } => format!("failed: {message}"),
    }
}

/// The counts that are not zero, in words.
fn changes(summary: &Summary) -> String {
    let counts = [
        (summary.add, "added"),
        (summary.change, "changed"),
        (summary.destroy, "destroyed"),
        (summary.forget, "forgotten"),
    ];
    let texts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    if texts.is_empty() { "nothing".to_owned() } else { texts.join(", ") }
}

fn in_short(resource: &Resource) -> String {
    let parts = match resource {
        Resource::Entity(entity) => vec![
            (entity.fields.len(), "field"),
            (entity.keys.len(), "key"),
            (entity.checks.len(), "check"),
            (entity.relationships.len(), "relationship"),
        ],
        Resource::Picklist(picklist) => vec![(picklist.options.len(), "option")],
    };
    let texts: Vec<String> =
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| counted(count, word)).collect();
    if texts.is_empty() { "empty".to_owned() } else { texts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::journal::Holder;
    use crate::model::entity::Entity;
    use crate::model::field::{Field, FieldType};

    fn applied(id: u64) -> Entry {
        let mut plan = sample::of_the_design();
        plan.revision.commit = Some("4f2a91c".to_owned());
        plan.steps =
            vec![sample::step(1, "entity/order", "rebuild table \"order\"", &["SELECT 1;\nSELECT 2;"])];
        let holder = Holder { actor: "ada@laptop".to_owned(), since: "2026-11-21T13:45:00Z".to_owned() };
        let mut order = Entity::default();
        order.fields.insert("fax".to_owned(), Field::of(FieldType::Integer));
        let mut entry = Entry::open(&plan, &holder, &["RK203".to_owned()]);
        entry.before[1].1 = Some(Resource::Entity(order));
        Entry { id, finished: "2026-11-21T13:45:02Z".to_owned(), version: "0.1.0".to_owned(), ..entry }
    }

    #[test]
    fn applies_are_a_table() {
        let failed = Entry {
            outcome: Outcome::Failed { step: Some(2), message: "disk full".to_owned() },
            actor: "ci\u{1b}[2J".to_owned(),
            summary: Summary::default(),
            ..applied(10)
        };
        let got = history(&[failed, applied(9)], Paint::plain());
        let want = r"
ID  FINISHED              OUTCOME           REVISION  ACTOR        CHANGES
10  2026-11-21T13:45:02Z  failed at step 2  4f2a91c   ci\u{1b}[2J  nothing
9   2026-11-21T13:45:02Z  applied           4f2a91c   ada@laptop   1 added, 1 changed, 1 destroyed
";
        assert_eq!(got, want.trim_start(), "\n{got}");
        assert_eq!(history(&[], Paint::plain()), "No applies yet.\n");
    }

    #[test]
    fn one_apply_is_shown_in_full() {
        let entry = applied(7);
        let got = super::entry(&entry, Paint::plain());
        let (plan, base, goal) = (entry.plan.short(), entry.base.short(), entry.goal.short());
        let want = format!(
            r#"Journal entry 7 of environment staging

  outcome     applied
  started     2026-11-21T13:45:00Z
  finished    2026-11-21T13:45:02Z
  actor       ada@laptop
  revision    4f2a91c
  commit      4f2a91c
  changes     1 added, 1 changed, 1 destroyed
  allowed     RK203
  plan        {plan}
  base        {base}
  goal        {goal}
  reconcile   0.1.0

Steps:
  1. rebuild table "order"                  entity/order
      SELECT 1;
      SELECT 2;

Before:
  picklist/order-status                     did not exist
  entity/order                              1 field
  entity/old-order                          did not exist
"#
        );
        assert_eq!(got, want, "\n{got}");
    }
}
