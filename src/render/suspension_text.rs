//! A suspension as text: who, since when and why, and how to go on.
//! Never says that something was suspended now which was before.

use super::page::Page;
use super::paint::{Paint, Role};
use crate::journal::suspension::Suspension;

/// Says that an environment is suspended: from now on, or already.
pub fn suspended(
    environment: &str,
    target: &str,
    suspension: &Suspension,
    is_new: bool,
    paint: Paint,
) -> String {
    let mut page = Page::new(paint);
    let (role, word) =
        if is_new { (Role::Warn, "is suspended") } else { (Role::Note, "was suspended already") };
    page.line(0, role, &format!("Environment {environment} ({target}) {word} {suspension}"));
    page.line(2, Role::Note, &format!("help: go on with: reconcile resume -e {environment}"));
    page.finish()
}

/// Says that a suspension was lifted.
pub fn lifted(environment: &str, target: &str, suspension: &Suspension, paint: Paint) -> String {
    let mut page = Page::new(paint);
    let text = format!("Environment {environment} ({target}) is no longer suspended; it was {suspension}");
    page.line(0, Role::Create, &text);
    page.finish()
}
