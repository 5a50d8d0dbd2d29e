//! Findings in words: beside what they concern, and at the end what must be allowed and what stands in the way.
//! Never shows a refusal without the next move.

use std::collections::BTreeMap;

use super::page::{Page, counted, thousands};
use super::paint::Role;
use super::row::Note;
use crate::address::Address;
use crate::plan::{Finding, Level, Plan, Refusal};

/// The findings of a plan by place, each taken once where it is shown.
pub struct Findings<'a> {
    /// By address, then by path; the resource itself is the empty path.
    by_place: BTreeMap<&'a Address, BTreeMap<&'a str, Vec<Shown<'a>>>>,
}

/// One finding, with the environment whose policy may allow it.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    pub finding: &'a Finding,
    pub environment: &'a str,
}

impl<'a> Findings<'a> {
    pub fn none() -> Findings<'a> {
        Findings { by_place: BTreeMap::new() }
    }

    pub fn of(plan: &'a Plan) -> Findings<'a> {
        let mut findings = Findings::none();
        for finding in &plan.findings {
            let places = findings.by_place.entry(&finding.address).or_default();
            let shown = Shown { finding, environment: &plan.environment };
            places.entry(finding.path.as_deref().unwrap_or_default()).or_default().push(shown);
        }
        findings
    }

    /// Takes the findings of one place, in plan order.
    pub fn take(
        &mut self,
        address: &Address,
        path: Option<&str>,
    ) -> impl Iterator<Item = Shown<'a>> + use<'a> {
        let places = self.by_place.get_mut(address);
        places.and_then(|places| places.remove(path.unwrap_or_default())).unwrap_or_default().into_iter()
    }

    /// Takes what is left of one resource: findings whose path has no row.
    pub fn take_rest(&mut self, address: &Address) -> impl Iterator<Item = Shown<'a>> + use<'a> {
        self.by_place.remove(address).unwrap_or_default().into_values().flatten()
    }

    /// Takes what is left of all.
    pub fn take_all(&mut self) -> impl Iterator<Item = Shown<'a>> + use<'a> {
        std::mem::take(&mut self.by_place).into_values().flat_map(BTreeMap::into_values).flatten()
    }
}

/// Writes a finding in one line: its sign, its code and what it says. `✗` refuses, `!` must be allowed, `·` is a
/// notice; one that is allowed already bears no sign.
pub fn mark(shown: Shown<'_>) -> Note {
    let Shown { finding, environment } = shown;
    let text = said(finding);
    match (finding.level, &finding.allowed_by) {
        (Level::Refuse, _) => Note::of(Role::Error, format!("✗ {} {text}", finding.code)),
        (Level::Consent, None) => Note::of(Role::Warn, format!("! {} {text}", finding.code)),
        (Level::Consent, Some(_)) if finding.waiver().is_some() => {
            Note::of(Role::Change, format!("{} {text}", finding.code))
        }
        (Level::Consent, Some(_)) => {
            Note::of(Role::Change, format!("{} {text} (allowed by {environment})", finding.code))
        }
        (Level::Notice, _) => Note::of(Role::Note, format!("· {} {text}", finding.code)),
    }
}

/// Writes a finding that stands apart from what it concerns.
pub fn mark_with_place(shown: Shown<'_>) -> Note {
    let Note { role, text } = mark(shown);
    Note { role, text: format!("{text}, at {}", place(shown.finding)) }
}

/// What the finding says, with its samples, and with what the policy makes of it.
pub fn said(finding: &Finding) -> String {
    let mut text = finding.message.clone();
    if !finding.samples.is_empty() {
        text.push_str(&format!(", e.g. {}", finding.samples.join(", ")));
    }
    match (finding.waiver(), finding.own_level(), finding.level) {
        (Some(waiver), _, _) => {
            text.push_str(&format!(" (waived until {}: {})", waiver.expires, waiver.reason));
        }
        (None, None, _) => {}
        (None, Some(_), Level::Notice) => text.push_str(" (only shown, by the policy)"),
        (None, Some(_), Level::Consent) => text.push_str(" (to be allowed, by the policy)"),
        (None, Some(_), Level::Refuse) => text.push_str(" (refused, by the policy)"),
    }
    text
}

/// The finding's address and path, as `--allow` writes them.
pub fn place(finding: &Finding) -> String {
    finding.place()
}

/// The flag that allows exactly this finding, ready for a shell.
pub fn flag(finding: &Finding) -> String {
    let value = finding.allowance();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | ':' | '-' | '_' | '.');
    if value.chars().all(is_plain) {
        return format!("--allow {value}");
    }
    format!("--allow '{}'", value.replace('\'', r"'\''"))
}

/// Writes what stands between this plan and an apply.
pub fn write_refusals(page: &mut Page, plan: &Plan) {
    let (mut consents, mut refused, mut limits) = (Vec::new(), Vec::new(), Vec::new());
    for refusal in plan.refusals(&[]) {
        match refusal {
            Refusal::NotAllowed(finding) => consents.push(finding),
            Refusal::Impossible(finding) => refused.push(finding),
            Refusal::DestroysTooMuch { destroyed, limit } => limits.push((destroyed, limit)),
        }
    }
    if !consents.is_empty() {
        let title = format!("{} must be allowed before apply:", counted(consents.len(), "finding"));
        page.line(0, Role::Warn, &title);
        for finding in consents {
            page.space(4).put(Role::Heading, &flag(finding)).stop().put(Role::Plain, &said(finding)).end();
            write_help(page, finding);
        }
        page.end();
    }
    if !refused.is_empty() {
        page.line(0, Role::Error, &impossible(refused.len()));
        for finding in refused {
            let head = format!("✗ {} {}", finding.code, place(finding));
            page.space(4).put(Role::Error, &head).stop().put(Role::Plain, &said(finding)).end();
            write_help(page, finding);
        }
        page.end();
    }
    for (destroyed, limit) in limits {
        page.line(0, Role::Error, &too_much(&plan.environment, destroyed, limit)).end();
    }
}

pub fn impossible(n_findings: usize) -> String {
    let verb = if n_findings == 1 { "makes" } else { "make" };
    format!("{} {verb} this plan impossible:", counted(n_findings, "finding"))
}

pub fn too_much(environment: &str, destroyed: usize, limit: usize) -> String {
    format!(
        "This plan destroys {} resources and members, more than the {} that environment {} permits (maxDestroy).",
        thousands(destroyed as u64),
        thousands(limit as u64),
        environment
    )
}

fn write_help(page: &mut Page, finding: &Finding) {
    if let Some(help) = &finding.help {
        page.line(8, Role::Note, &format!("help: {help}"));
    }
}
