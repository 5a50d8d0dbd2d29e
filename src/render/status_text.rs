//! How environments stand, as a table, with what is to be known of each below it.
//! Never says "synced" of an environment that nobody could look at.

use super::page::{Page, counted};
use super::paint::{Paint, Role};
use super::table;
use crate::journal::Outcome;
use crate::report::standing::{Health, LastApply, Standing, Windows};

const HEADS: [&str; 7] = ["ENVIRONMENT", "HEALTH", "REVISION", "APPLIED", "CHANGES", "MOVED", "LAST APPLY"];

/// Writes a row for each environment, and the notes.
pub fn status(standings: &[Standing], paint: Paint) -> String {
    let mut page = Page::new(paint);
    let rows: Vec<[String; 7]> = standings.iter().map(cells).collect();
    let role = |row: usize, column: usize| match column {
        1 => health_role(&standings[row].health),
        _ => Role::Plain,
    };
    table::write(&mut page, &HEADS, &rows, role);
    for standing in standings {
        let notes = notes(standing);
        if notes.is_empty() {
            continue;
        }
        let head = match standing.target.is_empty() {
            true => standing.environment.clone(),
            false => format!("{} ({})", standing.environment, standing.target),
        };
        page.end().line(0, Role::Heading, &head);
        for (role, name, text) in notes {
            page.space(2).put(Role::Forget, name).tab(17).put(role, &text).end();
        }
    }
    page.finish()
}

fn cells(standing: &Standing) -> [String; 7] {
    let is_known = standing.health != Health::Unknown;
    let label = |revision: &Option<crate::source::Revision>| match revision {
        Some(revision) => revision.label(),
        None => "-".to_owned(),
    };
    let count = |number: usize| if is_known { number.to_string() } else { "?".to_owned() };
    [
        standing.environment.clone(),
        standing.health.word().to_owned(),
        label(&standing.revision),
        label(&standing.applied),
        count(standing.changes),
        count(standing.drift),
        standing.last.as_ref().map_or_else(|| "-".to_owned(), last),
    ]
}

fn last(last: &LastApply) -> String {
    match &last.outcome {
        Outcome::Applied => format!("{} by {}", last.finished, last.actor),
        Outcome::Failed { .. } => format!("{} by {}, failed", last.finished, last.actor),
    }
}

fn health_role(health: &Health) -> Role {
    match health {
        Health::Synced => Role::Create,
        Health::OutOfSync | Health::Pending | Health::Held => Role::Change,
        Health::Failed { .. } => Role::Error,
        Health::Suspended | Health::WindowShut { .. } | Health::Fighting | Health::Unknown => Role::Warn,
        Health::Standby => Role::Forget,
    }
}

/// What is to be known of an environment beside its row.
fn notes(standing: &Standing) -> Vec<(Role, &'static str, String)> {
    let mut notes = Vec::new();
    let is_said_below = matches!(standing.health, Health::WindowShut { .. }) && standing.windows.is_some();
    if let Some(message) = standing.message.as_ref().filter(|_| !is_said_below) {
        notes.push((health_role(&standing.health), "because", message.clone()));
    }
    if let Some(suspension) = &standing.suspended {
        let text = format!("{suspension}; go on: reconcile resume -e {}", standing.environment);
        notes.push((Role::Warn, "suspended", text));
    }
    match &standing.windows {
        Some(Windows { open: true, until, .. }) => {
            let until = until.as_ref().map(|until| format!(" until {until}")).unwrap_or_default();
            notes.push((Role::Plain, "windows", format!("open{until}")));
        }
        Some(Windows { open: false, until, why }) => {
            let until = until.as_ref().map(|until| format!(" until {until}")).unwrap_or_default();
            let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            notes.push((Role::Warn, "windows", format!("shut{until}{why}")));
        }
        None => {}
    }
    for why in standing.pending.iter().flat_map(|pending| &pending.why) {
        let parts = [why.code.as_deref(), why.place.as_deref(), Some(why.message.as_str())];
        let text: Vec<&str> = parts.into_iter().flatten().collect();
        notes.push((Role::Change, "needs consent", text.join(" ")));
    }
    if let Some(package) = standing.pending.as_ref().and_then(|pending| pending.package.as_ref()) {
        notes.push((Role::Note, "package", format!("to apply exactly this: reconcile apply {package}")));
    }
    for path in &standing.moved {
        notes.push((Role::Warn, "moved", path.clone()));
    }
    let rest = standing.drift.saturating_sub(standing.moved.len());
    if rest > 0 && !standing.moved.is_empty() {
        notes.push((Role::Warn, "moved", format!("and {} more", counted(rest, "path"))));
    }
    if let Some(watcher) = &standing.watcher {
        notes.push((Role::Plain, "watched by", watcher.holder.clone()));
    }
    notes
}
