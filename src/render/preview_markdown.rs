//! A preview as Markdown, for a comment or a job's summary: the verdict, the environments, what is lost and what must be
//! allowed, what to run next, and the details folded away.
//! Never lets a value out of its code span, fence or fold, and never grows beyond its limit.

use super::budget::{Item, Rank, Section, fit};
use super::diff_text::changes;
use super::finding::{flag, place, said, too_much};
use super::markdown::{cell, code, html, marker, prose};
use super::page::{counted, shorten, thousands};
use super::plan_markdown::{diff, sql};
use super::plan_text::{back, no_changes, revision, to_the_trash};
use super::power_text;
use super::rehearsal_text;
use super::remarks::{self, Remarks};
use crate::diagnostic::Diagnostic;
use crate::fingerprint::Fingerprint;
use crate::model::power::Power;
use crate::plan::{Finding, Level, Plan};
use crate::report::preview::{Apart, Planned, Preview, Unplanned};

/// What the hosts take in one comment, less a margin for what a host adds.
pub const COMMENT: usize = 65_536 - 1_536;

/// How much of one remark is shown.
const LINE: usize = 600;

/// What a host reads in a comment beside Markdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// HTML: a comment of it hides the marker, and folds hide the details.
    Html,
    /// No HTML at all, as on Bitbucket, which would show it.
    Plain,
}

/// Writes a preview in at most `limit` bytes; 0 sets no limit.
pub fn preview(preview: &Preview, limit: usize) -> String {
    comment(preview, limit, Dialect::Html)
}

/// Writes that there is nothing to do, in one line: for a comment that is there already.
pub fn nothing(preview: &Preview, dialect: Dialect) -> String {
    let verdict = remarks::verdict(preview);
    format!("{}**{}** {}\n", mark(preview, dialect), verdict.sign, prose(&verdict.text))
}

/// Writes a preview as the comment of a host, in at most `limit` bytes; 0 sets no limit.
pub fn comment(preview: &Preview, limit: usize, dialect: Dialect) -> String {
    let mut sections = vec![problems(&preview.diagnostics), unplanned(&preview.unplanned)];
    let main = |planned: &Planned| {
        let plan = &planned.plan;
        let remarks = Remarks::of(plan);
        let all =
            [impossible(plan, &remarks), destroyed(plan, &remarks), consents(plan, &remarks), locks(plan)];
        (all, next(planned))
    };
    let mut moves = Vec::new();
    for planned in preview.deciding() {
        let (all, next) = main(planned);
        sections.extend(all);
        moves.push(next);
    }
    sections.extend(moves);
    sections.extend(preview.power.as_ref().map(power));
    sections.extend(preview.apart.iter().map(apart));
    sections.extend(preview.deciding().map(|planned| others(&planned.plan)));
    for planned in &preview.planned {
        sections.extend(details(planned, dialect));
    }
    sections.extend(preview.rehearsals.iter().map(|one| {
        let (head, foot) = fold(dialect, &one.environment, None, "rehearsal");
        let items = vec![Item::Text(rehearsal_text::markdown(one))];
        Section {
            name: format!("the rehearsal of {}", one.environment),
            rank: Rank::Detail,
            head,
            items,
            foot,
        }
    }));
    sections.retain(|section| !section.items.is_empty());
    let full = "All of it: `reconcile plan --format markdown --max-bytes 0`, or PLAN.md in the package.";
    fit(&head(preview, limit, dialect), &sections, limit, full)
}

/// What the revision would change in power: a reviewer must not miss it.
fn power(power: &Power) -> Section {
    Section {
        name: "what grants power".to_owned(),
        rank: Rank::Main,
        head: String::new(),
        items: power_text::items(power).into_iter().map(Item::Text).collect(),
        foot: String::new(),
    }
}

/// The line by which a comment is found again: of what was asked for, whatever comes of it.
pub fn mark(preview: &Preview, dialect: Dialect) -> String {
    let subject = &preview.subject;
    let names: Vec<String> = subject.named.iter().map(|name| marker(name)).collect();
    let names = match names.join(",") {
        none if none.is_empty() => "all".to_owned(),
        long if long.len() > 400 => Fingerprint::of(&subject.named).short(),
        names => names,
    };
    let target = if subject.has_targets { Fingerprint::of(subject).short() } else { "none".to_owned() };
    let folder = match subject.folder.as_str() {
        "" => String::new(),
        folder => format!(" folder={}", marker(folder)),
    };
    let mark = format!("reconcile:plan env={names} target={target}{folder} v1");
    match dialect {
        Dialect::Html => format!("<!-- {mark} -->\n"),
        // A definition that nothing refers to shows nothing.
        Dialect::Plain => format!("[//]: # ({mark})\n\n"),
    }
}

/// The marker, the verdict and the table of environments, which takes at most half of `limit`.
fn head(preview: &Preview, limit: usize, dialect: Dialect) -> String {
    let verdict = remarks::verdict(preview);
    let mut text = format!("{}**{}** {}\n", mark(preview, dialect), verdict.sign, prose(&verdict.text));
    if !preview.planned.is_empty() {
        text.push_str("\n| environment | add | change | destroy | to allow | refused | drift | digest |\n");
        text.push_str("|---|--:|--:|--:|--:|--:|--:|---|\n");
    }
    let rows: Vec<String> = preview.planned.iter().map(row).collect();
    let room = if limit == 0 { usize::MAX } else { (limit / 2).saturating_sub(text.len()) };
    let mut taken = 0;
    for (at, row) in rows.iter().enumerate() {
        taken += row.len();
        if taken > room {
            text.push_str(&format!("| … and {} more | | | | | | | |\n", thousands((rows.len() - at) as u64)));
            break;
        }
        text.push_str(row);
    }
    let of = match &preview.revision.commit {
        Some(commit) if preview.revision.dirty => format!("commit {} with changes beside it", code(commit)),
        Some(commit) => format!("commit {}", code(commit)),
        None => revision(&preview.revision),
    };
    text.push_str(&format!("\nMade from {of}.\n"));
    for planned in preview.planned.iter().filter(|one| one.plan.compared.is_some()).take(1) {
        text.push_str(&format!("{}\n", offline(&planned.plan)));
    }
    text
}

/// One environment in the table.
fn row(planned: &Planned) -> String {
    let plan = &planned.plan;
    let remarks = Remarks::of(plan);
    let name = match &plan.compared {
        Some(compared) => format!("{} since {}", cell(&plan.environment), cell(&compared.base.label())),
        None => cell(&plan.environment),
    };
    let (digest, drift) = match &plan.compared {
        Some(_) => ("–".to_owned(), "–".to_owned()),
        None => (code(&plan.digest().short()), thousands(planned.n_drifted() as u64)),
    };
    let counts = [
        plan.summary.add,
        plan.summary.change,
        plan.summary.destroy,
        remarks.consents.len(),
        remarks.impossible.len() + remarks.limits.len(),
    ];
    let counts = counts.map(|count| thousands(count as u64)).join(" | ");
    format!("| {name} | {counts} | {drift} | {digest} |\n")
}

fn offline(plan: &Plan) -> String {
    let Some(compared) = &plan.compared else { return String::new() };
    format!(
        "Compared with {} at {}, not with any target: what rows are there is not known.",
        code(&compared.named),
        code(&compared.base.label())
    )
}

/// What stands before and behind details: a fold, where a host knows one. `since`: the base they are compared with.
fn fold(dialect: Dialect, environment: &str, since: Option<&str>, what: &str) -> (String, String) {
    let named = |value: &str| match dialect {
        Dialect::Html => format!("<code>{}</code>", html(value)),
        Dialect::Plain => code(value),
    };
    let since = since.map(|base| format!(" since {}", named(base))).unwrap_or_default();
    let title = format!("{}{since}: {what}", named(environment));
    match dialect {
        Dialect::Html => (format!("\n<details><summary>{title}</summary>\n\n"), "\n</details>\n".to_owned()),
        Dialect::Plain => (format!("\n### {title}\n\n"), String::new()),
    }
}

fn section(name: String, rank: Rank, head: String, items: Vec<String>) -> Section {
    let items = items.into_iter().map(Item::Text).collect();
    Section { name, rank, head, items, foot: String::new() }
}

fn problems(found: &[Diagnostic]) -> Section {
    let item = |one: &Diagnostic| {
        let at = match (&one.file, one.span) {
            (Some(file), Some(span)) => {
                format!("{}: ", code(&format!("{file}:{}:{}", span.line, span.column)))
            }
            (Some(file), None) => format!("{}: ", code(file)),
            (None, _) => String::new(),
        };
        let sign = if one.is_error() { "✗" } else { "!" };
        let help = one.help.as_ref().map(|help| format!("  - help: {}\n", line(help))).unwrap_or_default();
        format!("- {sign} {at}{} {}\n{help}", code(one.code), line(&one.message))
    };
    let head = "\n### In the manifests\n\n".to_owned();
    section("what is wrong in the manifests".to_owned(), Rank::Main, head, found.iter().map(item).collect())
}

fn unplanned(failed: &[Unplanned]) -> Section {
    let item = |one: &Unplanned| {
        let help = one.help.as_ref().map(|help| format!("  - help: {}\n", line(help))).unwrap_or_default();
        format!("- ✗ {}: {}\n{help}", code(&one.environment), line(&one.message))
    };
    let head = "\n### Not planned\n\n".to_owned();
    section("what could not be planned".to_owned(), Rank::Main, head, failed.iter().map(item).collect())
}

/// A remark in one code span.
fn line(text: &str) -> String {
    code(&shorten(text, LINE))
}

fn item(sign: &str, finding: &Finding) -> String {
    let at = code(&shorten(&format!("{}:{}", finding.code, place(finding)), LINE));
    let help = finding.help.as_ref().map(|help| format!("  - help: {}\n", line(help))).unwrap_or_default();
    format!("- {sign} {at} {}\n{help}", line(&said(finding)))
}

fn impossible(plan: &Plan, remarks: &Remarks<'_>) -> Section {
    let limits = remarks.limits.iter().map(|(destroyed, limit)| {
        format!("- ✗ {}\n", prose(&too_much(&plan.environment, *destroyed, *limit)))
    });
    let items = limits.chain(remarks.impossible.iter().map(|finding| item("✗", finding))).collect();
    let name = format!("what makes the plan of {} impossible", plan.environment);
    section(name, Rank::Main, format!("\n### In the way in {}\n\n", code(&plan.environment)), items)
}

fn destroyed(plan: &Plan, remarks: &Remarks<'_>) -> Section {
    let one = |gone: &remarks::Destroyed| {
        let place = code(&shorten(&gone.place, LINE));
        match gone.what.is_empty() {
            true => format!("- {place}\n"),
            false => format!("- {place} {}\n", line(&gone.what)),
        }
    };
    let items = remarks.destroyed.iter().map(one).collect();
    let name = format!("what is destroyed in {}", plan.environment);
    section(name, Rank::Main, format!("\n### Destroyed in {}\n\n", code(&plan.environment)), items)
}

fn consents(plan: &Plan, remarks: &Remarks<'_>) -> Section {
    let one = |finding: &&Finding| format!("{}  - {}\n", item("!", finding), code(&flag(finding)));
    let items = remarks.consents.iter().map(one).collect();
    let name = format!("what must be allowed in {}", plan.environment);
    let head = format!("\n### To be allowed in {}\n\n", code(&plan.environment));
    section(name, Rank::Main, head, items)
}

fn locks(plan: &Plan) -> Section {
    let mut lines = remarks::locks(plan).into_iter();
    let items = lines.next().map(|first| format!("- {}\n", prose(&first)));
    let trash = (!plan.trash.is_empty()).then(|| format!("- {}\n", line(&to_the_trash(plan))));
    let items =
        items.into_iter().chain(lines.map(|one| format!("- {}\n", line(&one)))).chain(trash).collect();
    let name = format!("what is locked in {}", plan.environment);
    section(name, Rank::Main, format!("\n### Run in {}\n\n", code(&plan.environment)), items)
}

fn next(planned: &Planned) -> Section {
    let environment = &planned.plan.environment;
    let (head, items) = match remarks::next(planned) {
        None => (String::new(), Vec::new()),
        Some((text, command)) => {
            let head = format!("\n### Next for {}\n\n{}\n\n", code(environment), prose(&text));
            (head, vec![Item::Fenced { language: "sh", text: command }])
        }
    };
    Section {
        name: format!("what to run next for {environment}"),
        rank: Rank::Main,
        head,
        items,
        foot: String::new(),
    }
}

fn apart(apart: &Apart) -> Section {
    let mut items = Vec::new();
    let both = [(&apart.beside, remarks::beside as fn(usize) -> String), (&apart.already, remarks::already)];
    for (all, words) in both.into_iter().filter(|(all, _)| !all.is_empty()) {
        items.push(Item::Text(format!("{}\n\n", words(all.len()))));
        items.push(Item::Fenced { language: "diff", text: changes(all) });
        items.push(Item::Text("\n".to_owned()));
    }
    let (name, head) = (code(&apart.environment), format!("the drift of {}", apart.environment));
    Section {
        name: head,
        rank: Rank::List,
        head: format!("\n### Drift in {name}\n\n"),
        items,
        foot: String::new(),
    }
}

fn others(plan: &Plan) -> Section {
    let remarks = Remarks::of(plan);
    let sign = |finding: &Finding| match (finding.level, &finding.allowed_by) {
        (Level::Consent, Some(_)) => "✓",
        (Level::Consent, None) | (Level::Notice | Level::Refuse, _) => "·",
    };
    let one = |finding: &&Finding| {
        let by = finding.allowed_by.as_ref().map(|by| format!("  - allowed by {}\n", code(by)));
        format!("{}{}", item(sign(finding), finding), by.unwrap_or_default())
    };
    let items = remarks.others.iter().map(one).collect();
    let name = format!("what is only shown of {}", plan.environment);
    section(name, Rank::List, format!("\n### Also in {}\n\n", code(&plan.environment)), items)
}

/// The changes and the statements of one plan, folded.
fn details(planned: &Planned, dialect: Dialect) -> Vec<Section> {
    let plan = &planned.plan;
    let since = plan.compared.as_ref().map(|compared| compared.base.label());
    let open = |what: &str| fold(dialect, &plan.environment, since.as_deref(), what);
    let mut about = format!("{}.\n", code(&remarks::held_against(plan)));
    if plan.compared.is_none() {
        about.push_str(&format!(
            "Base {}, goal {}, digest {}.\n",
            code(&plan.base.short()),
            code(&plan.goal.short()),
            code(&plan.digest().to_string())
        ));
    }
    if let Some(rollback) = &plan.rolled_back {
        about.push_str(&format!("This rolls {}.\n", prose(&back(rollback, &plan.revision))));
    }
    let changes = match plan.is_empty() {
        true => vec![Item::Text(format!("{about}\n{}\n", prose(&no_changes(plan))))],
        false => vec![Item::Text(format!("{about}\n")), Item::Fenced { language: "diff", text: diff(plan) }],
    };
    let name = format!("the changes of {}", plan.environment);
    let what = if plan.is_empty() { "no changes".to_owned() } else { counted(plan.changes.len(), "change") };
    let (head, foot) = open(&what);
    let changes = Section { name, rank: Rank::Detail, head, items: changes, foot };
    let kept = plan.kept.iter().map(|kept| {
        let place = match &kept.path {
            Some(path) => format!("{}/{path}", kept.address),
            None => kept.address.to_string(),
        };
        format!("- {} {}\n", code(&shorten(&place, LINE)), line(&kept.reason))
    });
    let (head, foot) =
        open(&format!("{} kept, because nobody declares them", thousands(plan.kept.len() as u64)));
    let kept = Section {
        head,
        foot,
        ..section(
            format!("what is kept in {}", plan.environment),
            Rank::Statements,
            String::new(),
            kept.collect(),
        )
    };
    let statements: Vec<String> = plan
        .steps
        .iter()
        .map(|step| format!("-- {}. {}\n{}\n", step.id, super::paint::clean(&step.title), sql(step)))
        .collect();
    let items = match statements.is_empty() {
        true => Vec::new(),
        false => vec![Item::Fenced { language: "sql", text: statements.join("\n") }],
    };
    let name = format!("the statements of {}", plan.environment);
    let as_if = if plan.compared.is_some() {
        ", as on a target that is at that revision and has few rows"
    } else {
        ""
    };
    let (head, foot) = open(&format!("{}{as_if}", counted(plan.steps.len(), "step")));
    vec![changes, kept, Section { name, rank: Rank::Statements, head, items, foot }]
}
