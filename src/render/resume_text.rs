//! What `resume` finds, as text: how the last apply ended, and the next move.
//! Never says that something is left where nothing is.

use super::page::Page;
use super::paint::{Paint, Role};
use crate::journal::{Entry, Outcome};

/// Says what was tidied up, and how the last apply ended.
pub fn resumed(
    environment: &str,
    target: &str,
    tidied: &[String],
    last: Option<&Entry>,
    paint: Paint,
) -> String {
    let mut page = Page::new(paint);
    match tidied {
        [] => {
            page.line(0, Role::Create, &format!("Nothing to resume in environment {environment} ({target})."))
        }
        tidied => {
            let n_steps = tidied.len();
            let steps = if n_steps == 1 { "1 step".to_owned() } else { format!("{n_steps} steps") };
            let text = format!(
                "Tidied up {steps} of an apply that was cut off in environment {environment} ({target}):"
            );
            page.line(0, Role::Create, &text);
            for title in tidied {
                page.line(2, Role::Plain, title);
            }
            &mut page
        }
    };
    let Some(entry) = last else {
        page.line(2, Role::Plain, "Nothing was applied there yet.");
        return page.finish();
    };
    let n_parts = entry.steps.iter().map(|step| step.part).max().unwrap_or_default();
    let (role, ended) = match &entry.outcome {
        Outcome::Applied => (Role::Plain, "was applied".to_owned()),
        Outcome::Failed { step, message } => {
            let failed = entry.steps.iter().find(|one| Some(one.id) == *step);
            let holds = match failed.map(|step| step.part) {
                Some(part) if part > 1 => {
                    format!("failed in transaction {part} of {n_parts}, and those before it hold")
                }
                None if n_parts > 1 => {
                    format!("failed; of its {n_parts} transactions those with an entry of their own hold")
                }
                Some(_) | None => "failed, and nothing of it holds".to_owned(),
            };
            (Role::Error, format!("{holds}: {message}"))
        }
    };
    page.line(2, role, &format!("The last apply, journal entry {}, {ended}.", entry.id));
    let rest = match n_parts > 1 {
        true => {
            "Nothing of a transaction that is cut short holds: the next apply goes on from those that do."
        }
        false => "Nothing of an apply that is cut short holds: the next one takes it back, or takes it on.",
    };
    page.line(2, Role::Note, rest);
    if matches!(entry.outcome, Outcome::Failed { .. }) {
        page.line(2, Role::Note, &format!("help: apply again: reconcile apply -e {environment}"));
    }
    page.finish()
}
