//! What a revision would change in power, as text and as Markdown.
//! Never leaves out that it does not hold yet.

use super::markdown::{code, html};
use super::page::Page;
use super::paint::{Paint, Role};
use crate::model::power::{Held, Power};

/// Writes what is held; nothing where nothing is.
pub fn power(power: &Power, paint: Paint) -> String {
    let mut page = Page::new(paint);
    if power.held.is_empty() {
        return String::new();
    }
    page.line(0, Role::Warn, &head(power));
    page.end();
    for one in &power.held {
        let line = format!("{}: {}", one.place, one.what);
        page.space(2).put(Role::Warn, "!").space(1).put(Role::Plain, &line).end();
        page.line(6, Role::Note, &format!("holds:  {}", said(one.trusted.as_ref())));
        page.line(6, Role::Note, &format!("here:   {}", said(one.proposed.as_ref())));
    }
    page.finish()
}

/// Writes what is held for `PLAN.md`; nothing where nothing is.
pub fn markdown(power: &Power) -> String {
    if power.held.is_empty() {
        return String::new();
    }
    let mut text = format!("\n## Power\n\n{}\n\n", html(&head(power)));
    for Held { place, what, trusted, proposed } in &power.held {
        let (trusted, proposed) = (said(trusted.as_ref()), said(proposed.as_ref()));
        text.push_str(&format!("- {}: {}\n", code(place), code(what)));
        text.push_str(&format!("  - holds: {}\n  - here: {}\n", code(&trusted), code(&proposed)));
    }
    text
}

fn head(power: &Power) -> String {
    format!(
        "This revision would change what grants power. That holds once it is on {from}; until then it is as {from} has it:",
        from = power.from
    )
}

fn said(text: Option<&String>) -> String {
    text.cloned().unwrap_or_else(|| "nothing".to_owned())
}
