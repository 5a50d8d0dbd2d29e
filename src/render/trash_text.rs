//! The trash as text: what is kept, how much, since and until when, and by which apply.
//! Never computes a time: the target noted them.

use super::page::{Page, counted, thousands};
use super::paint::{Paint, Role};
use super::table;
use crate::model::trash::Trashed;

const HEADS: [&str; 6] = ["NUMBER", "WHAT", "HOLDS", "SINCE", "UNTIL", "APPLY"];

/// Writes a table of what is kept.
pub fn list(kept: &[Trashed], paint: Paint) -> String {
    let mut page = Page::new(paint);
    if kept.is_empty() {
        page.line(0, Role::Plain, "The trash is empty.");
        return page.finish();
    }
    let rows: Vec<[String; 6]> = kept.iter().map(cells).collect();
    table::write(&mut page, &HEADS, &rows, |_, _| Role::Plain);
    page.finish()
}

/// Writes what was dropped for good.
pub fn purged(purged: &[Trashed], paint: Paint) -> String {
    let mut page = Page::new(paint);
    if purged.is_empty() {
        page.line(0, Role::Plain, "There was nothing to purge.");
        return page.finish();
    }
    page.line(0, Role::Destroy, &format!("Purged {} from the trash:", counted(purged.len(), "thing")));
    for one in purged {
        let head = format!("{} {}", one.moved.number, one.moved.describe());
        page.space(4).put(Role::Plain, &head).stop().put(Role::Forget, &holds(one)).end();
    }
    page.finish()
}

/// `3 rows`, `17 values`.
pub fn holds(one: &Trashed) -> String {
    let word = if one.moved.is_whole() { "row" } else { "value" };
    let rows = one.moved.rows.unwrap_or_default();
    format!("{} {word}{}", thousands(rows), if rows == 1 { "" } else { "s" })
}

fn cells(one: &Trashed) -> [String; 6] {
    [
        one.moved.number.to_string(),
        one.moved.describe(),
        holds(one),
        one.kept.clone(),
        one.until.clone(),
        one.entry.to_string(),
    ]
}
