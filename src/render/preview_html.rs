//! A preview as one page that needs nothing else: no script, no font, no picture from elsewhere.
//! Never lets a value be read as markup: all text is escaped where it is put down.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::diagram::diagram;
use super::diff_text::changes;
use super::finding::{flag, place, said, too_much};
use super::page::{counted, thousands};
use super::paint::{Paint, clean, clean_lines};
use super::plan_markdown::{diff, sql};
use super::plan_text::{no_changes, revision, to_the_trash};
use super::power_text;
use super::rehearsal_text;
use super::remarks::{self, Remarks};
use crate::plan::{Finding, Level, Plan};
use crate::report::preview::{Apart, Planned, Preview};

const STYLE: &str = include_str!("preview.css");

/// Nothing is loaded, run or sent.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Writes a preview.
pub fn preview(preview: &Preview) -> String {
    let verdict = remarks::verdict(preview);
    let class = match verdict.sign {
        "✓" => "good",
        "~" => "changes",
        "!" => "consent",
        _ => "refused",
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { "reconcile: " (clean(&verdict.text)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 class=(class) { span.sign { (verdict.sign) } " " (clean(&verdict.text)) }
                    p { "Made from " (clean(&revision(&preview.revision)))
                        @if let Some(commit) = &preview.revision.commit { " (" code { (clean(commit)) } ")" } "." }
                }
                main {
                    @if !preview.planned.is_empty() { (table(preview)) }
                    (problems(preview))
                    (held(preview))
                    @for planned in &preview.planned { (environment(planned, preview)) }
                }
            }
        }
    };
    page.into_string() + "\n"
}

fn table(preview: &Preview) -> Markup {
    html! {
        div.scroll { table {
            thead { tr {
                @for head in ["environment", "add", "change", "destroy", "to allow", "refused", "drift", "digest"] { th { (head) } }
            } }
            tbody { @for planned in &preview.planned {
                @let plan = &planned.plan;
                @let remarks = Remarks::of(plan);
                tr {
                    th { a href=(format!("#{}", anchor(planned))) { (title(plan)) } }
                    td.add { (thousands(plan.summary.add as u64)) }
                    td.change { (thousands(plan.summary.change as u64)) }
                    td.destroy { (thousands(plan.summary.destroy as u64)) }
                    td { (thousands(remarks.consents.len() as u64)) }
                    td { (thousands((remarks.impossible.len() + remarks.limits.len()) as u64)) }
                    @if plan.compared.is_some() { td { "–" } td { "–" } }
                    @else { td { (thousands(planned.n_drifted() as u64)) } td { code { (plan.digest().short()) } } }
                }
            } }
        } }
    }
}

fn title(plan: &Plan) -> String {
    match &plan.compared {
        Some(compared) => {
            clean(&format!("{} since {}", plan.environment, compared.base.label())).into_owned()
        }
        None => clean(&plan.environment).into_owned(),
    }
}

/// Of letters and digits alone.
fn anchor(planned: &Planned) -> String {
    let name: String = planned.plan.environment.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{}{name}", if planned.plan.compared.is_some() { "b" } else { "e" })
}

/// What the revision would change in power.
fn held(preview: &Preview) -> Markup {
    let power = preview.power.as_ref().filter(|power| !power.held.is_empty());
    html! {
        @if let Some(power) = power {
            section {
                h2 { "Power" }
                p { (clean(&power_text::head(&power.from))) }
                ul { @for line in power_text::lines(power) { li { (clean(&line)) } } }
            }
        }
    }
}

fn problems(preview: &Preview) -> Markup {
    html! {
        @if !preview.diagnostics.is_empty() { section {
            h2 { "In the manifests" }
            ul { @for one in &preview.diagnostics { li class=(if one.is_error() { "refused" } else { "consent" }) {
                code { (one.code) } " "
                @if let Some(file) = &one.file { code { (clean(file)) @if let Some(span) = one.span { ":" (span.line) ":" (span.column) } } " " }
                (clean(&one.message))
                @if let Some(help) = &one.help { p.help { "help: " (clean(help)) } }
            } } }
        } }
        @if !preview.unplanned.is_empty() { section {
            h2 { "Not planned" }
            ul { @for one in &preview.unplanned { li.refused {
                strong { (clean(&one.environment)) } ": " (clean_lines(&one.message))
                @if let Some(help) = &one.help { p.help { "help: " (clean_lines(help)) } }
            } } }
        } }
    }
}

fn environment(planned: &Planned, preview: &Preview) -> Markup {
    let plan = &planned.plan;
    let remarks = Remarks::of(plan);
    let locks = remarks::locks(plan);
    let apart =
        preview.apart.iter().filter(|one| plan.compared.is_none() && one.environment == plan.environment);
    html! {
        section id=(anchor(planned)) {
            h2 { (title(plan)) }
            p.against { (clean(&remarks::held_against(plan))) }
            @if plan.compared.is_none() { p { "Digest " code.digest { (plan.digest()) } } }
            p.counts { (clean(&remarks::counts(plan))) }
            @if !remarks.limits.is_empty() || !remarks.impossible.is_empty() {
                h3 { "In the way" }
                ul {
                    @for (destroyed, limit) in &remarks.limits { li.refused { (clean(&too_much(&plan.environment, *destroyed, *limit))) } }
                    @for one in &remarks.impossible { (finding("refused", "✗", one)) }
                }
            }
            @if !remarks.destroyed.is_empty() {
                h3 { "Destroyed" }
                ul { @for one in &remarks.destroyed { li.destroyed { code { (clean(&one.place)) } " " (clean(&one.what)) } } }
                @if !plan.trash.is_empty() { p { (clean(&to_the_trash(plan).replacen("`reconcile rollback`", "reconcile rollback", 1))) } }
            }
            @if !remarks.consents.is_empty() {
                h3 { "To be allowed" }
                ul { @for one in &remarks.consents { (finding("consent", "!", one)) } }
            }
            @if !locks.is_empty() { h3 { "Run" } ul { @for line in &locks { li { (clean(line)) } } } }
            @if let Some((text, command)) = remarks::next(planned) {
                h3 { "Next" }
                p { (text) }
                pre.command { (clean_lines(&command)) }
            }
            @for one in apart { (drift(one)) }
            @if let Some(drawing) = diagram(planned) { h3 { "Entities" } (drawing) }
            @if !plan.is_empty() { h3 { "Changes" } (signed(&diff(plan))) }
            @else { p { (clean(&no_changes(plan))) } }
            @if !remarks.others.is_empty() {
                details { summary { (counted(remarks.others.len(), "remark")) }
                    ul { @for one in &remarks.others { (finding("notice", if one.level == Level::Consent { "✓" } else { "·" }, one)) } } }
            }
            @if !plan.kept.is_empty() {
                details { summary { (thousands(plan.kept.len() as u64)) " kept, because nobody declares them" }
                    ul { @for kept in &plan.kept { li {
                        code { (clean(&kept.address.to_string())) @if let Some(path) = &kept.path { "/" (clean(path)) } } " " (clean(&kept.reason))
                    } } } }
            }
            @if !plan.steps.is_empty() {
                details { summary { (counted(plan.steps.len(), "step"))
                        @if plan.compared.is_some() { ", as on a target that is at that revision and has few rows" } }
                    @for step in &plan.steps { p { (step.id) ". " (clean(&step.title)) } pre { (clean_lines(&sql(step))) } } }
            }
            @for one in preview.rehearsals.iter().filter(|one| one.environment == plan.environment && plan.compared.is_none()) {
                details { summary { "Rehearsal" } pre { (rehearsal_text::rehearsal(one, Paint::plain())) } }
            }
        }
    }
}

fn finding(class: &str, sign: &str, one: &Finding) -> Markup {
    html! {
        li class=(class) {
            span.sign { (sign) } " " code { (clean(&one.code)) " " (clean(&place(one))) } " " (clean(&said(one)))
            @if let Some(by) = &one.allowed_by { " (allowed by " code { (clean(by)) } ")" }
            @if let Some(help) = &one.help { p.help { "help: " (clean(help)) } }
            @if class == "consent" { pre.command { (clean(&flag(one))) } }
        }
    }
}

fn drift(apart: &Apart) -> Markup {
    html! {
        h3 { "Drift" }
        @if !apart.beside.is_empty() { p { (remarks::beside(apart.beside.len())) } (signed(&changes(&apart.beside))) }
        @if !apart.already.is_empty() { p { (remarks::already(apart.already.len())) } (signed(&changes(&apart.already))) }
    }
}

/// A diff whose lines bear their sign's colour.
fn signed(text: &str) -> Markup {
    let class = |line: &str| match line.as_bytes().first() {
        Some(b'+') => "add",
        Some(b'~') => "change",
        Some(b'-') => "destroy",
        Some(_) | None => "same",
    };
    html! { pre.diff { @for line in text.lines() { span class=(class(line)) { (line) } "\n" } } }
}
