//! An adoption as text: each resource with its file, what is left alone and why, and the count.
//! Never shows a manifest: it is a file that people open.

use super::page::{Page, counted, thousands, width};
use super::paint::{Paint, Role, clean};
use crate::wire::adoption::Adoption;

/// Writes what an environment would begin to own, or has begun to where it has an entry in the journal.
pub fn adoption(adoption: &Adoption, paint: Paint) -> String {
    let mut page = Page::new(paint);
    let place = format!("environment {} ({})", adoption.environment, adoption.target);
    if !adoption.adopted.is_empty() {
        let word = if adoption.entry.is_some() { "now owns" } else { "will begin to own" };
        let text = format!("reconcile {word} what exists in {place}:");
        page.line(0, Role::Plain, &text).end();
    }
    let widest = |texts: &mut dyn Iterator<Item = String>| {
        texts.map(|text| width(&clean(&text))).max().unwrap_or_default()
    };
    let addresses = widest(&mut adoption.adopted.iter().map(|one| one.address.to_string()));
    let files = widest(&mut adoption.adopted.iter().map(|one| one.file.clone()));
    for one in &adoption.adopted {
        page.space(2).put(Role::Create, "+").space(1).put(Role::Heading, &one.address.to_string());
        page.tab(4 + addresses + 2).put(Role::Plain, &one.file);
        page.tab(4 + addresses + 2 + files + 2).put(Role::Forget, &one.holds);
        if let Some(related) = &one.related {
            page.space(2).put(Role::Note, &format!("({related} points to it)"));
        }
        page.end();
    }
    if !adoption.adopted.is_empty() {
        page.end();
    }
    if !adoption.left.is_empty() {
        let n_left = thousands(adoption.left.len() as u64);
        page.line(0, Role::Heading, &format!("Left alone, and in no manifest: ({n_left})"));
        for one in &adoption.left {
            page.space(4).put(Role::Plain, &one.name).stop().put(Role::Forget, &one.reason).end();
        }
        page.end();
    }
    let text = match adoption.adopted.len() {
        0 => format!("Nothing to adopt in {place}."),
        n => format!("Adopt: {}, {} left alone.", counted(n, "resource"), adoption.left.len()),
    };
    page.line(0, Role::Heading, &text);
    if let Some(entry) = adoption.entry {
        let text = format!("Journal entry {entry}: reconcile show {entry} -e {}", adoption.environment);
        page.end().line(0, Role::Note, &text);
    }
    page.finish()
}
