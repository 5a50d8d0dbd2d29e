//! What `resume` finds, as text: how the last apply ended, and the next move.
//! Never says that something is left where an apply is all or nothing.

use super::page::Page;
use super::paint::{Paint, Role};
use crate::journal::{Entry, Outcome};

/// Says of a target that takes every apply whole or not at all that nothing is left to finish.
pub fn nothing(environment: &str, target: &str, last: Option<&Entry>, paint: Paint) -> String {
    let mut page = Page::new(paint);
    page.line(0, Role::Create, &format!("Nothing to resume in environment {environment} ({target})."));
    let Some(entry) = last else {
        page.line(2, Role::Plain, "Nothing was applied there yet.");
        return page.finish();
    };
    let (role, ended) = match &entry.outcome {
        Outcome::Applied => (Role::Plain, "was applied".to_owned()),
        Outcome::Failed { message, .. } => {
            (Role::Error, format!("failed, and nothing of it holds: {message}"))
        }
    };
    page.line(2, role, &format!("The last apply, journal entry {}, {ended}.", entry.id));
    page.line(2, Role::Note, "An apply that is cut short leaves nothing: it is all or nothing there.");
    if matches!(entry.outcome, Outcome::Failed { .. }) {
        page.line(2, Role::Note, &format!("help: apply again: reconcile apply -e {environment}"));
    }
    page.finish()
}
