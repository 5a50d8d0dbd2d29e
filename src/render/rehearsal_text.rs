//! A rehearsal as text and as Markdown: what came of each step, how long it took, what it locked and wrote anew.
//! Never says that a plan would go well: it says what ran.

use super::markdown::{code, prose};
use super::page::{Page, thousands};
use super::paint::{Paint, Role};
use crate::report::rehearsal::{CameOfIt, Place, Rehearsal, Rehearsed};

/// Writes one rehearsal.
pub fn rehearsal(rehearsal: &Rehearsal, paint: Paint) -> String {
    let mut page = Page::new(paint);
    page.line(0, Role::Heading, &head(rehearsal));
    for missing in missing(&rehearsal.place) {
        page.line(4, Role::Change, &format!("could not be made there: {missing}"));
    }
    page.end();
    for step in &rehearsal.steps {
        let (sign, role) = match &step.came_of_it {
            CameOfIt::Ran => ("✓", Role::Create),
            CameOfIt::Failed { .. } => ("✗", Role::Error),
            CameOfIt::Busy { .. } => ("!", Role::Change),
            CameOfIt::Skipped { .. } | CameOfIt::NotReached => ("·", Role::Forget),
        };
        page.space(2).put(role, sign).space(1).put(Role::Plain, &format!("{}. {}", step.id, step.title));
        page.stop().put(role, &came_of_it(step)).end();
        for line in details(step) {
            page.line(6, Role::Note, &line);
        }
    }
    page.finish()
}

/// Writes one rehearsal for `PLAN.md`.
pub fn markdown(rehearsal: &Rehearsal) -> String {
    let mut text = format!("\n## Rehearsal\n\n{}\n\n", prose(&head(rehearsal)));
    for missing in missing(&rehearsal.place) {
        text.push_str(&format!("Could not be made there: {}\n\n", code(missing)));
    }
    for step in &rehearsal.steps {
        text.push_str(&format!("{}. {}: {}\n", step.id, code(&step.title), code(&came_of_it(step))));
        for line in details(step) {
            text.push_str(&format!("   - {}\n", code(&line)));
        }
    }
    text
}

fn head(rehearsal: &Rehearsal) -> String {
    let environment = &rehearsal.environment;
    match &rehearsal.place {
        Place::Target => {
            format!("Rehearsed on environment {environment}, in a transaction that was rolled back.")
        }
        Place::Scratch { server, .. } => format!(
            "Rehearsed for environment {environment} on {server}, in a database of its definitions without rows, \
             which was dropped."
        ),
    }
}

fn missing(place: &Place) -> &[String] {
    match place {
        Place::Target => &[],
        Place::Scratch { missing, .. } => missing,
    }
}

fn came_of_it(step: &Rehearsed) -> String {
    match &step.came_of_it {
        CameOfIt::Ran => format!("{} ms", thousands(step.milliseconds)),
        CameOfIt::Skipped { because } => format!("skipped: {because}"),
        CameOfIt::Failed { message } => format!("failed: {message}"),
        CameOfIt::Busy { message } => format!("not told: {message}"),
        CameOfIt::NotReached => "not reached".to_owned(),
    }
}

fn details(step: &Rehearsed) -> Vec<String> {
    let mut lines: Vec<String> =
        step.locks.iter().map(|lock| format!("locks {} ({})", lock.table, lock.mode)).collect();
    if !step.rewritten.is_empty() {
        lines.push(format!("writes anew {}", step.rewritten.join(", ")));
    }
    lines
}
