//! The difference of two sides as text, in the grammar of the plan.
//! Never says what to do about it: a plan does.

use super::finding::Findings;
use super::member;
use super::page::Page;
use super::paint::{Paint, Role};
use super::plan_markdown::sign_first;
use super::row::{sign, write_rows};
use crate::diff::change::{Change, Reason};
use crate::diff::decision::Verb;
use crate::wire::comparison::SidesDiffer;

/// Writes what leads from the first side to the second.
pub fn diff(difference: &SidesDiffer, paint: Paint) -> String {
    let mut page = Page::new(paint);
    let SidesDiffer { from, to, changes } = difference;
    if changes.is_empty() {
        page.line(0, Role::Create, &format!("No differences between {from} and {to}."));
        return page.finish();
    }
    page.line(0, Role::Plain, &format!("From {from}")).line(0, Role::Plain, &format!("to   {to}")).end();
    for change in changes {
        write_change(&mut page, change);
    }
    let count = |verb: Verb| changes.iter().filter(|change| change.verb == verb).count();
    let (added, gone) = (count(Verb::Create), count(Verb::Delete));
    let differ = changes.len() - added - gone;
    page.end().line(
        0,
        Role::Heading,
        &format!("Difference: {added} only in the second, {differ} not alike, {gone} only in the first."),
    );
    page.finish()
}

/// Writes changes alone, their signs at the start of the line.
pub fn changes(all: &[Change]) -> String {
    let mut page = Page::new(Paint::plain());
    write_changes(&mut page, all);
    page.finish().lines().map(|line| sign_first(line) + "\n").collect()
}

/// Writes changes alone.
pub fn write_changes(page: &mut Page, all: &[Change]) {
    all.iter().for_each(|change| write_change(page, change));
}

fn write_change(page: &mut Page, change: &Change) {
    let (sign, role) = sign(change.verb);
    page.space(2).put(role, sign).space(1).put(Role::Heading, &change.address.to_string()).end();
    let plain = without_reasons(change);
    let options = member::listed_options(&plain);
    if !options.is_empty() {
        page.space(6).put(Role::Create, "+").space(1).list(8, options).end();
    }
    write_rows(page, &member::rows(&plain, &mut Findings::none()));
}

/// Nothing is declared, drifted or owned here: one side has a path, or says it otherwise.
fn without_reasons(change: &Change) -> Change {
    let mut plain = Change { reason: Reason::Declared, ..change.clone() };
    plain.settings.iter_mut().for_each(|setting| setting.reason = Reason::Declared);
    for member in &mut plain.members {
        member.reason = Reason::Declared;
        member.settings.iter_mut().for_each(|setting| setting.reason = Reason::Declared);
    }
    plain
}
