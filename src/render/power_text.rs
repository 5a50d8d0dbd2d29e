//! What a revision would change in power, as text and as Markdown.
//! Never leaves out that it does not hold yet.

use super::markdown::code;
use super::page::Page;
use super::paint::{Paint, Role};
use crate::model::power::{Held, Power};

/// Writes what is held; nothing where nothing is.
pub fn power(power: &Power, paint: Paint) -> String {
    let mut page = Page::new(paint);
    if power.held.is_empty() {
        return String::new();
    }
    page.line(0, Role::Warn, &head(&power.from));
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
    items(power).concat()
}

/// The head and each thing that is held, as Markdown; nothing where nothing is.
pub fn items(power: &Power) -> Vec<String> {
    if power.held.is_empty() {
        return Vec::new();
    }
    let one = |Held { place, what, trusted, proposed }: &Held| {
        let (trusted, proposed) = (said(trusted.as_ref()), said(proposed.as_ref()));
        let line = format!("- {}: {}\n", code(place), code(what));
        format!("{line}  - holds: {}\n  - here: {}\n", code(&trusted), code(&proposed))
    };
    let head = format!("\n### Power\n\n{}\n\n", head(&code(&power.from)));
    std::iter::once(head).chain(power.held.iter().map(one)).collect()
}

/// What holds and what is here, each thing in one line.
pub fn lines(power: &Power) -> Vec<String> {
    let one = |Held { place, what, trusted, proposed }: &Held| {
        let (trusted, proposed) = (said(trusted.as_ref()), said(proposed.as_ref()));
        format!("{place}: {what}: holds {trusted}; here {proposed}")
    };
    power.held.iter().map(one).collect()
}

/// The sentence above all of them; `from` is the revision that is trusted, as it is to be written.
pub fn head(from: &str) -> String {
    format!(
        "This revision would change what grants power. That holds once it is on {from}; until then it is as {from} has it:"
    )
}

fn said(text: Option<&String>) -> String {
    text.cloned().unwrap_or_else(|| "nothing".to_owned())
}
