//! A package held against a target, as text: every resource with its sign, action, choices and messages.
//! Never judges: the check says how much each remark stands in the way.

use super::page::{Page, counted, shorten, width};
use super::paint::{Paint, Role, clean};
use super::plan_text::revision;
use crate::wire::import::{ImportCheck, Remark, ResourceCheck, Weight};

/// Writes the whole check. `numbered` puts a number before each resource, for choosing.
pub fn check(check: &ImportCheck, numbered: bool, paint: Paint) -> String {
    let mut page = Page::new(paint);
    page.put(Role::Plain, "Package ").put(Role::Heading, &check.package);
    page.put(Role::Plain, &format!(" from {}", revision(&check.provenance)));
    page.put(Role::Plain, &format!(", into environment {} ({})", check.environment, check.target))
        .end()
        .end();
    write_resources(&mut page, &check.resources, numbered);
    page.end();
    if !check.missing.is_empty() {
        page.line(0, Role::Heading, "Missing in the package and in the target:");
        for missing in &check.missing {
            page.space(4).put(Role::Error, &missing.address.to_string()).stop();
            page.put(Role::Plain, &format!("needed by {}", missing.needed_by.join(", "))).end();
        }
        page.end();
    }
    for remark in &check.remarks {
        page.put(role(remark.weight), sign(remark.weight)).space(1);
        page.put(Role::Plain, &remark.message).end();
        write_help(&mut page, remark, 4);
    }
    if !check.remarks.is_empty() {
        page.end();
    }
    page.line(0, Role::Heading, &last_line(check));
    page.finish()
}

fn last_line(check: &ImportCheck) -> String {
    let count = |weight: Weight| check.resources.iter().filter(|r| r.state == weight).count();
    let (ready, warned, wrong) = (count(Weight::Ok), count(Weight::Warning), count(Weight::Error));
    let resources = counted(check.resources.len(), "resource");
    format!("Import: {resources}, {ready} ready, {warned} with a warning, {wrong} with an error.")
}

fn write_resources(page: &mut Page, resources: &[ResourceCheck], numbered: bool) {
    let actions = |resource: &ResourceCheck| {
        let words: Vec<&str> = resource.actions.iter().map(|action| action.as_str()).collect();
        words.join(", ")
    };
    let name = |resource: &ResourceCheck| match &resource.bound_to {
        Some(bound) => shorten(&format!("{} as {bound}", resource.address), 72),
        None => shorten(&resource.address.to_string(), 48),
    };
    let widest = |of: &dyn Fn(&ResourceCheck) -> String, head: &str| {
        resources.iter().map(|r| width(&clean(&of(r)))).max().unwrap_or_default().max(head.len()) + 2
    };
    let number = if numbered { resources.len().to_string().len() + 2 } else { 0 };
    let names = 4 + number;
    let chosen = names + widest(&name, "RESOURCE");
    let allowed = chosen + widest(&|r| r.action.to_string(), "ACTION");
    page.space(names).put(Role::Heading, "RESOURCE").tab(chosen).put(Role::Heading, "ACTION");
    page.tab(allowed).put(Role::Heading, "MAY BE").end();
    for (index, resource) in resources.iter().enumerate() {
        if numbered {
            let text = format!("{}.", index + 1);
            page.space(number - 1 - text.len()).put(Role::Note, &text).space(1);
        }
        page.space(2).put(role(resource.state), sign(resource.state)).space(1);
        page.put(Role::Plain, &name(resource)).tab(chosen).put(Role::Plain, resource.action.as_str());
        page.tab(allowed).put(Role::Forget, &actions(resource)).end();
        for task in &resource.tasks {
            let (role, left_out) =
                if task.left_out { (Role::Forget, ", left out") } else { (Role::Plain, "") };
            page.line(names + 2, role, &format!("task {} ({}){left_out}", task.name, task.when));
        }
        for remark in &resource.remarks {
            page.line(names + 2, role(remark.weight), &remark.message);
            write_help(page, remark, names + 4);
        }
    }
}

fn write_help(page: &mut Page, remark: &Remark, indent: usize) {
    if let Some(help) = &remark.help {
        page.line(indent, Role::Note, &format!("help: {help}"));
    }
}

fn sign(weight: Weight) -> &'static str {
    match weight {
        Weight::Ok => "✓",
        Weight::Warning => "⚠",
        Weight::Error => "✗",
    }
}

fn role(weight: Weight) -> Role {
    match weight {
        Weight::Ok => Role::Create,
        Weight::Warning => Role::Warn,
        Weight::Error => Role::Error,
    }
}
