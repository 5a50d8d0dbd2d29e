//! A preview as text: its plans, where a branch and the target differ, and rehearsals.
//! Never says anything of a plan that `plan_text` does not say.

use super::diff_text::write_changes;
use super::page::Page;
use super::paint::Role;
use super::plan_text::{self, Options};
use super::power_text;
use super::rehearsal_text;
use super::remarks;
use crate::report::preview::{Apart, Preview};

/// Writes a preview.
pub fn preview(preview: &Preview, options: &Options) -> String {
    let mut text = plan_text::plans(preview.planned.iter().map(|one| &one.plan), options);
    for one in preview.apart.iter().filter(|one| !one.is_empty()) {
        text.push_str(&format!("\n{}", apart(one, options)));
    }
    for rehearsal in &preview.rehearsals {
        text.push_str(&format!("\n{}", rehearsal_text::rehearsal(rehearsal, options.paint)));
    }
    if let Some(power) = preview.power.as_ref().filter(|power| !power.held.is_empty()) {
        text.push_str(&format!("\n{}", power_text::power(power, options.paint)));
    }
    text
}

fn apart(apart: &Apart, options: &Options) -> String {
    let mut page = Page::new(options.paint);
    let head = format!("Drift in environment {} ({}):", apart.environment, apart.target);
    page.line(0, Role::Heading, &head);
    let both = [(&apart.beside, remarks::beside as fn(usize) -> String), (&apart.already, remarks::already)];
    for (all, words) in both.into_iter().filter(|(all, _)| !all.is_empty()) {
        page.end().line(0, Role::Plain, &words(all.len())).end();
        write_changes(&mut page, all);
    }
    page.finish()
}
