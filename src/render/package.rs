//! Packages as text: what one holds, that it is verified, and how two differ.
//! Never opens a package: manifest, plan and differences come in.

use std::collections::BTreeSet;
use std::time::Duration;

use similar::{ChangeTag, TextDiff};

use super::page::{Page, counted, shorten, thousands, width};
use super::paint::{Paint, Role, clean};
use super::plan_text::{last_line, no_changes, revision};
use crate::address::Address;
use crate::fingerprint::Fingerprint;
use crate::model::setup::Setup;
use crate::plan::Plan;
use crate::signature::PublicKey;
use crate::wire::package::{EntryDiff, Inspection, ManifestResource, Trust};

/// How many unchanged lines are shown around a changed one.
const CONTEXT: usize = 3;

/// How long the search for the shortest difference of one entry may take; then a longer one is good enough.
const PATIENCE: Duration = Duration::from_millis(500);

/// What `package inspect` shows.
pub fn inspect(
    inspection: &Inspection,
    fingerprint: &Fingerprint,
    plan: Option<&Plan>,
    paint: Paint,
) -> String {
    let mut page = Page::new(paint);
    let manifest = &inspection.manifest;
    page.put(Role::Plain, "Package ").put(Role::Heading, &manifest.name).end();
    for line in manifest.description.iter().flat_map(|text| text.lines()) {
        page.line(2, Role::Plain, line);
    }
    page.end();
    let mut say = |word: &str, text: &str| {
        page.space(2).put(Role::Plain, word).tab(17).put(Role::Plain, text).end();
    };
    say("made from", &revision(&manifest.provenance));
    if let Some(repository) = &manifest.provenance.repository {
        say("repository", repository);
    }
    if let Some(environment) = &manifest.source_environment {
        say("exported from", &format!("environment {environment}"));
    }
    match &manifest.environment {
        Some(environment) => say("planned for", &format!("environment {environment}")),
        None => say("planned for", "no environment yet; importing it makes the plan"),
    }
    say("made with", &format!("reconcile {}", manifest.tool_version));
    say("fingerprint", &fingerprint.to_string());
    for signature in &inspection.signatures {
        say("signed by", &format!("{} ({})", signature.key, trust(signature.trust)));
    }
    page.end();
    write_resources(&mut page, &manifest.resources);
    if let Some(plan) = plan {
        page.end();
        match plan.is_empty() {
            true => page.line(0, Role::Create, &no_changes(plan)),
            false => page.line(0, Role::Heading, &last_line(&plan.summary)),
        };
    }
    page.finish()
}

/// What `package verify` shows of a package that is as it was made.
pub fn verified(inspection: &Inspection, fingerprint: &Fingerprint, paint: Paint) -> String {
    let mut page = Page::new(paint);
    let manifest = &inspection.manifest;
    let entries = match manifest.files.len() {
        1 => "1 entry".to_owned(),
        n_entries => format!("{} entries", thousands(n_entries as u64)),
    };
    let text = format!(" is as it was made: {entries}, {}", counted(manifest.resources.len(), "resource"));
    page.put(Role::Create, "✓ ").put(Role::Heading, &manifest.name).put(Role::Plain, &text).end();
    page.line(2, Role::Plain, &format!("fingerprint {fingerprint}"));
    for signature in &inspection.signatures {
        page.line(2, Role::Plain, &format!("signed by {} ({})", signature.key, trust(signature.trust)));
    }
    page.finish()
}

/// What `package sign` shows.
pub fn signed(file: &str, key: &PublicKey, paint: Paint) -> String {
    let mut page = Page::new(paint);
    page.put(Role::Create, "✓ ")
        .put(Role::Heading, file)
        .put(Role::Plain, &format!(" is signed by {key}"))
        .end();
    page.finish()
}

fn trust(trust: Trust) -> &'static str {
    match trust {
        Trust::NotChecked => "not checked: give --key",
        Trust::Known => "a key that was given",
        Trust::Unknown => "none of the keys that were given",
    }
}

/// What `package diff` shows: a unified difference of every entry, changed words emphasised where colour is on.
pub fn diff(differences: &[EntryDiff], paint: Paint) -> String {
    let mut page = Page::new(paint);
    if differences.is_empty() {
        page.line(0, Role::Create, "No differences. The packages hold the same.");
    }
    for entry in differences {
        write_entry(&mut page, entry);
    }
    page.finish()
}

fn write_resources(page: &mut Page, resources: &[ManifestResource]) {
    let packed: BTreeSet<&Address> = resources.iter().map(|resource| &resource.address).collect();
    let head = ["RESOURCE", "ACTION", "ALLOWED", "DEPENDS ON"].map(str::to_owned);
    let mut rows = vec![head];
    rows.extend(resources.iter().map(|resource| {
        let name = shorten(&resource.address.to_string(), 48);
        [name, resource.action.to_string(), allowed(&resource.setup), depends_on(resource, &packed)]
    }));
    let widest = |column: usize| rows.iter().map(|row| width(&clean(&row[column]))).max().unwrap_or_default();
    let stops = [2, 4 + widest(0), 6 + widest(0) + widest(1), 8 + widest(0) + widest(1) + widest(2)];
    for (index, row) in rows.iter().enumerate() {
        let role = if index == 0 { Role::Heading } else { Role::Plain };
        for (cell, stop) in row.iter().zip(stops) {
            page.tab(stop).put(role, cell);
        }
        page.end();
        if let Some(because) = index.checked_sub(1).and_then(|at| resources[at].related_because.as_ref()) {
            page.line(4, Role::Note, &format!("included because {because}"));
        }
        for (name, task) in index.checked_sub(1).iter().flat_map(|at| &resources[*at].setup.tasks) {
            page.line(4, Role::Note, &format!("task {name} ({})", task.when));
        }
    }
    page.end();
    let related = resources.iter().filter(|resource| resource.related_because.is_some()).count();
    let undecided = resources.iter().filter(|resource| resource.action.as_str() == "select").count();
    let mut text = counted(resources.len(), "resource");
    if related > 0 {
        text.push_str(&format!(", {} of them related", thousands(related as u64)));
    }
    if undecided > 0 {
        text.push_str(&format!(", {} to decide at import", thousands(undecided as u64)));
    }
    page.line(0, Role::Plain, &format!("{text}."));
}

fn allowed(setup: &Setup) -> String {
    match setup.allowed.as_slice() {
        [] => "any".to_owned(),
        actions => actions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

fn depends_on(resource: &ManifestResource, packed: &BTreeSet<&Address>) -> String {
    let say = |to: &Address| match packed.contains(to) {
        true => to.to_string(),
        false => format!("{to} (not in the package)"),
    };
    resource.depends_on.iter().map(say).collect::<Vec<_>>().join(", ")
}

fn write_entry(page: &mut Page, entry: &EntryDiff) {
    let (before, after) =
        (entry.before.as_deref().unwrap_or_default(), entry.after.as_deref().unwrap_or_default());
    let side = |letter: char, text: &Option<String>| match text {
        Some(_) => format!("{letter}/{}", entry.path),
        None => "/dev/null".to_owned(),
    };
    page.line(0, Role::Heading, &format!("--- {}", side('a', &entry.before)));
    page.line(0, Role::Heading, &format!("+++ {}", side('b', &entry.after)));
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(before, after);
    for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
        page.line(0, Role::Note, &hunk.header().to_string());
        for change in hunk.ops().iter().flat_map(|op| diff.iter_inline_changes(op)) {
            let (sign, role, strong) = match change.tag() {
                ChangeTag::Delete => ("-", Role::Destroy, Role::Error),
                ChangeTag::Insert => ("+", Role::Create, Role::Heading),
                ChangeTag::Equal => ("", Role::Plain, Role::Plain),
            };
            page.put(role, sign).space(1 - sign.len());
            for (is_emphasised, text) in change.iter_strings_lossy() {
                page.put(if is_emphasised { strong } else { role }, text.trim_end_matches('\n'));
            }
            page.end();
            if change.missing_newline() {
                page.line(0, Role::Note, "\\ No newline at end of file");
            }
        }
    }
}
