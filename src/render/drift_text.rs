//! Drift as text: what moved in the target since the last apply, and what it holds that nobody declared.
//! Never says what to do about it: a plan does.

use super::finding::Findings;
use super::member;
use super::page::{Page, thousands};
use super::paint::{Paint, Role};
use super::row::{sign, write_rows};
use crate::diff::change::{Change, Reason};
use crate::diff::decision::Verb;

/// What one look at a target found.
#[derive(Clone, Copy, Debug, Default)]
pub struct DriftView<'a> {
    pub environment: &'a str,
    pub target: &'a str,
    /// From what was last applied (`before`) to what is found (`after`): `Update` has moved, `Delete` is gone,
    /// and a member with `Create` has appeared. Reasons are not read.
    pub moved: &'a [Change],
    /// What nobody declared: an address or path, and why it is left alone.
    pub unmanaged: &'a [(String, String)],
    /// Objects that the model has no words for: name and reason.
    pub foreign: &'a [(String, String)],
}

/// Writes the drift of one environment.
pub fn drift(view: &DriftView<'_>, paint: Paint) -> String {
    let mut page = Page::new(paint);
    let place = format!("environment {} ({})", view.environment, view.target);
    if !view.moved.is_empty() {
        let text = format!("In {place}, since the last apply:");
        page.line(0, Role::Plain, &text).end();
        for change in view.moved {
            write_moved(&mut page, change);
        }
        page.end();
    }
    write_list(&mut page, "Not declared by anybody, and left alone:", view.unmanaged);
    write_list(&mut page, "Not in words that reconcile has, and left alone:", view.foreign);
    if view.moved.is_empty() {
        page.line(0, Role::Create, &format!("No drift. In {place}, all is as it was last applied."));
        return page.finish();
    }
    let n_gone = view.moved.iter().filter(|change| change.verb == Verb::Delete).count();
    let text = format!(
        "Drift: {} moved, {} gone, {} not declared.",
        view.moved.len() - n_gone,
        n_gone,
        view.unmanaged.len() + view.foreign.len()
    );
    page.line(0, Role::Heading, &text);
    page.finish()
}

fn write_moved(page: &mut Page, change: &Change) {
    let (sign, role) = sign(change.verb);
    page.space(2).put(role, sign).space(1).put(Role::Heading, &change.address.to_string()).stop();
    page.put(Role::Note, found(change.verb)).end();
    // The reasons of a plan do not apply: here every path has moved, and its sign says which way.
    let mut plain = Change { reason: Reason::Declared, verb: change.verb, ..change.clone() };
    for setting in &mut plain.settings {
        setting.reason = Reason::Declared;
    }
    for member in &mut plain.members {
        member.reason = Reason::Declared;
        for setting in &mut member.settings {
            setting.reason = Reason::Declared;
        }
    }
    let mut rows = member::rows(&plain, &mut Findings::none());
    for row in &mut rows {
        let text = found(row.verb);
        if !text.is_empty() {
            row.notes.push(super::row::Note::of(Role::Note, text));
        }
    }
    write_rows(page, &rows);
}

fn found(verb: Verb) -> &'static str {
    match verb {
        Verb::Create => "(appeared in the target)",
        Verb::Delete => "(gone from the target)",
        Verb::Adopt | Verb::Update | Verb::Release | Verb::Forget | Verb::Keep => "",
    }
}

fn write_list(page: &mut Page, title: &str, things: &[(String, String)]) {
    if things.is_empty() {
        return;
    }
    page.line(0, Role::Heading, &format!("{title} ({})", thousands(things.len() as u64)));
    for (name, reason) in things {
        page.space(4).put(Role::Plain, name).stop().put(Role::Forget, reason).end();
    }
    page.end();
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample;
    use super::*;
    use crate::model::setup::Action;

    #[test]
    fn what_moved_is_shown_from_applied_to_found() {
        let order = sample::change(
            Verb::Update,
            Reason::Drifted,
            "entity/order",
            Action::Merge,
            vec![
                sample::member(
                    Verb::Update,
                    Reason::Drifted,
                    "fields/note",
                    json!({ "type": [{ "type": "text", "maxLength": 200 }, { "type": "text" }], "required": [true, null] }),
                ),
                sample::member(
                    Verb::Delete,
                    Reason::Drifted,
                    "fields/fax",
                    json!({ "type": [{ "type": "date" }, null] }),
                ),
                sample::member(
                    Verb::Create,
                    Reason::Drifted,
                    "fields/new",
                    json!({ "type": [null, { "type": "date" }] }),
                ),
            ],
        );
        let gone = sample::change(Verb::Delete, Reason::Vanished, "entity/lost", Action::Merge, vec![]);
        let view = DriftView {
            environment: "staging",
            target: "sqlite staging.db",
            moved: &[order, gone],
            unmanaged: &[("entity/legacy".to_owned(), "not ours".to_owned())],
            foreign: &[("view report".to_owned(), "a view".to_owned())],
        };
        let got = drift(&view, Paint::plain());
        let want = "\
In environment staging (sqlite staging.db), since the last apply:

  ~ entity/order
      ~ note      text 200 -> text, optional
      - fax       date                      (gone from the target)
      + new       date                      (appeared in the target)
  - entity/lost                             (gone from the target)

Not declared by anybody, and left alone: (1)
    entity/legacy                           not ours

Not in words that reconcile has, and left alone: (1)
    view report                             a view

Drift: 1 moved, 1 gone, 2 not declared.
";
        assert_eq!(got, want, "\n{got}");
    }

    #[test]
    fn nothing_moved_is_one_line() {
        let view = DriftView { environment: "staging", target: "sqlite staging.db", ..DriftView::default() };
        let want = "No drift. In environment staging (sqlite staging.db), all is as it was last applied.\n";
        assert_eq!(drift(&view, Paint::plain()), want);
    }
}
