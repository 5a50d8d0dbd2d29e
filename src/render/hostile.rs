//! Hostile values against every renderer: whatever git or a target holds, a terminal sees only text.
//! Never used outside tests.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::diagnostics::{diagnostics, diagnostics_json};
use super::diff_text::diff;
use super::drift_text::{DriftView, drift};
use super::paint::Paint;
use super::plan_text::{Options, last_line};
use super::{history_text, import_text, plan_markdown, plan_text, report_text, sample};
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Span};
use crate::diff::change::{
    Change, Kept, MemberChange, Reason, SettingChange, TaskChange, TaskReason, TaskVerb,
};
use crate::diff::decision::Verb;
use crate::journal::{Entry, Holder, Outcome};
use crate::model::entity;
use crate::model::name::is_unprintable;
use crate::model::setup::Action;
use crate::model::task::{Task, TaskSql, When};
use crate::plan::{Finding, Level, Plan, Runs, Step, Summary, TaskStep};
use crate::report::{FailedAt, Report};
use crate::wire::comparison::SidesDiffer;
use crate::wire::import::{ImportCheck, Missing, Remark, ResourceCheck, TaskCheck, Weight};

/// What stands before and behind every piece of a hostile text.
pub const SIGN: &str = "☠";

/// A text of what does harm: escapes, breaks, bidi, fences, our own words.
pub fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("](http://evil.example)![x](javascript:1)<http://evil.example>".to_owned()),
        Just("www.evil.example http://evil.example @team #123 a@evil.example :+1: $x$ [^1] ~~x~~".to_owned()),
        Just("|`|``|```|\\|`\\`| --- |".to_owned()),
        Just("\n\n~~~\n- [ ] task\n> quote\n    code\n<!-- x --> --> ]]> </summary>".to_owned()),
        Just("\" onload='x' ><script>alert(1)</script><img src=x></svg></style>&lt;&#60;".to_owned()),
        Just("\n::error file=a::b\n##[error]x%0A::warning::y,title=z:".to_owned()),
        Just("\u{1b}[2J\u{1b}]8;;http://x\u{7}".to_owned()),
        Just("\n\nPlan: 0 to add, 0 to change, 0 to destroy.\n".to_owned()),
        Just("\r\t\u{0}\u{9b}31m\u{202e}\u{200b}\u{feff}\u{2028}\u{e0001}".to_owned()),
        Just("\n```\n</details>\n# done\n".to_owned()),
        Just("数ä``<b>@team".to_owned()),
        any::<char>().prop_map(String::from),
        "[a-z ]{0,60}",
    ];
    // Each piece is told by its sign, wherever it turns up.
    prop::collection::vec(piece, 0..4).prop_map(|pieces| match pieces.is_empty() {
        true => String::new(),
        false => format!("{SIGN}{}{SIGN}", pieces.join(SIGN)),
    })
}

fn verb() -> impl Strategy<Value = Verb> {
    prop::sample::select(vec![
        Verb::Create,
        Verb::Adopt,
        Verb::Update,
        Verb::Delete,
        Verb::Release,
        Verb::Forget,
        Verb::Keep,
    ])
}

fn reason() -> impl Strategy<Value = Reason> {
    prop::sample::select(vec![
        Reason::Declared,
        Reason::Drifted,
        Reason::Vanished,
        Reason::NotDeclared,
        Reason::Adopted,
        Reason::Overwritten,
        Reason::RolledBack,
    ])
}

fn value() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        Just(None),
        any::<bool>().prop_map(|is| Some(json!(is))),
        hostile().prop_map(|text| Some(json!(text))),
        hostile().prop_map(|text| Some(json!([text]))),
        (hostile(), hostile()).prop_map(|(a, b)| Some(json!({ a: b, "entity": "x" }))),
        hostile().prop_map(|text| Some(json!({ "type": "picklist", "picklist": text }))),
    ]
}

fn setting() -> impl Strategy<Value = SettingChange> {
    let names =
        ["type", "required", "default", "sql", "fields", "references", "displayName", "label", "color"];
    let name = prop_oneof![prop::sample::select(names.to_vec()).prop_map(str::to_owned), hostile()];
    (name, reason(), value(), value()).prop_map(|(name, reason, before, after)| SettingChange {
        name,
        reason,
        before,
        after,
    })
}

fn member() -> impl Strategy<Value = MemberChange> {
    let sections = ["fields", "keys", "indexes", "checks", "relationships", "options"];
    let section = prop_oneof![prop::sample::select(sections.to_vec()).prop_map(str::to_owned), hostile()];
    let settings = prop::collection::vec(setting(), 0..4);
    (section, hostile(), verb(), reason(), prop::option::of(hostile()), settings).prop_map(
        |(section, name, verb, reason, renamed_from, settings)| MemberChange {
            section,
            name,
            verb,
            reason,
            renamed_from,
            settings,
        },
    )
}

fn address() -> impl Strategy<Value = Address> {
    hostile().prop_map(|name| Address::new(entity::KIND, name))
}

pub fn change() -> impl Strategy<Value = Change> {
    let members = prop::collection::vec(member(), 0..4);
    let tasks = prop::collection::vec(task(), 0..2);
    let settings = prop::collection::vec(setting(), 0..2);
    (address(), verb(), reason(), prop::option::of(address()), settings, (members, tasks)).prop_map(
        |(address, verb, reason, renamed_from, settings, (members, tasks))| Change {
            address,
            renamed_from,
            settings,
            tasks,
            ..sample::change(verb, reason, "entity/x", Action::Merge, members)
        },
    )
}

fn task() -> impl Strategy<Value = TaskChange> {
    hostile().prop_map(|text| TaskChange {
        name: text.clone(),
        verb: TaskVerb::Run,
        reason: TaskReason::New,
        place: 0,
        unasked: Some(text.clone()),
        task: Task {
            description: Some(text.clone()),
            when: When::After,
            sql: TaskSql::One(text.clone()),
            unless: None,
        },
    })
}

fn finding() -> impl Strategy<Value = Finding> {
    let level = prop::sample::select(vec![Level::Notice, Level::Consent, Level::Refuse]);
    (level, address(), prop::option::of(hostile()), hostile(), hostile(), prop::option::of(hostile()))
        .prop_map(|(level, address, path, message, sample, allowed_by)| Finding {
            address,
            path,
            samples: vec![sample.clone()],
            help: Some(sample),
            allowed_by,
            judged: None,
            ..sample::finding(level, "RK203", "entity/x", None, &message)
        })
}

pub fn plan() -> impl Strategy<Value = Plan> {
    let changes = prop::collection::vec(change(), 0..3);
    (changes, prop::collection::vec(finding(), 0..3), hostile(), hostile(), hostile()).prop_map(
        |(changes, mut findings, environment, target, text)| {
            // Some findings belong to a change that is there.
            for (finding, change) in findings.iter_mut().zip(&changes) {
                finding.address = change.address.clone();
                finding.path = change.members.first().map(MemberChange::path);
            }
            let mut plan = sample::plan(changes, findings);
            plan.kept = vec![Kept {
                address: Address::new(entity::KIND, text.as_str()),
                path: None,
                reason: text.clone(),
            }];
            let due = plan.changes.iter().find_map(|change| Some((change, change.tasks.first()?)));
            plan.steps = vec![Step {
                id: 1,
                address: due.map_or_else(
                    || Address::new(entity::KIND, text.as_str()),
                    |(change, _)| change.address.clone(),
                ),
                title: text.clone(),
                statements: vec![text.clone()],
                task: due.map(|(_, task)| TaskStep { name: task.name.clone(), unless: Some(text.clone()) }),
                runs: Runs::Inside,
                part: 0,
                undo: vec![text.clone()],
            }];
            plan.revision.commit = Some(text);
            Plan { environment, target, ..plan }
        },
    )
}

/// Tells what in `text` a terminal would obey. Our own colours are taken away first, where there may be some.
fn harm(text: &str, paint: Paint) -> Option<char> {
    let is_harm = |c: &char| is_unprintable(*c) && *c != '\n';
    if !paint.is_colored() {
        return text.chars().find(is_harm);
    }
    let mut rest = text.to_owned();
    for code in ["0", "1", "2", "31", "32", "33", "36", "91", "92", "93", "94", "96"] {
        rest = rest.replace(&format!("\u{1b}[{code}m"), "");
    }
    rest.chars().find(is_harm)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_plan_reaches_the_terminal_but_as_text(plan in plan(), is_colored: bool, verbose: bool) {
        let paint = Paint::new(is_colored);
        let text = plan_text::plan(&plan, &Options { paint, verbose });
        prop_assert_eq!(harm(&text, paint), None, "{:?}", text);
        let plain = plan_text::plan(&plan, &Options { paint: Paint::plain(), verbose });
        let last = plain.lines().last().unwrap_or_default();
        if plan.is_empty() {
            prop_assert!(last.starts_with("No changes. Environment "));
        } else {
            prop_assert_eq!(last, last_line(&Summary::of(&plan.changes)));
        }
        prop_assert!(!plain.lines().rev().skip(1).any(|line| line.starts_with("Plan: ")));
    }

    #[test]
    fn no_value_breaks_out_of_the_markdown(plan in plan()) {
        let text = plan_markdown::plan(&plan);
        prop_assert_eq!(harm(&text, Paint::plain()), None);
        // Outside its fences, what begins a line is ours.
        let mut fence: Option<&str> = None;
        let mut n_ends = 0;
        for line in text.lines() {
            let ticks = &line[..line.len() - line.trim_start_matches('`').len()];
            match fence {
                Some(open) if line == open => fence = None,
                Some(_) => {}
                None if ticks.len() >= 3 => fence = Some(ticks),
                None => {
                    prop_assert!(!line.starts_with("# done"), "{}", text);
                    n_ends += usize::from(line.trim_start().starts_with("</details>"));
                }
            }
        }
        prop_assert_eq!(n_ends, plan.steps.len(), "{}", text);
        prop_assert_eq!(fence, None);
    }

    #[test]
    fn no_report_entry_or_drift_reaches_the_terminal_but_as_text(plan in plan(), word in hostile(), is_colored: bool) {
        let paint = Paint::new(is_colored);
        let remaining = plan.changes.iter().map(|change| change.address.clone()).collect();
        let done = Report::done(&plan, Some(1), remaining);
        let failed = Report::rolled_back(&plan, FailedAt::Step(1), &word, None);
        let mut entry = Entry::open(&plan, &Holder { actor: word.clone(), since: word.clone() }, std::slice::from_ref(&word));
        entry.outcome = Outcome::Failed { step: None, message: word.clone() };
        let things = [(word.clone(), word.clone())];
        let view = DriftView { environment: &word, target: &word, moved: &plan.changes, unmanaged: &things, foreign: &things };
        for text in [
            report_text::report(&done, paint),
            report_text::report(&failed, paint),
            history_text::history(std::slice::from_ref(&entry), paint),
            history_text::entry(&entry, paint),
            drift(&view, paint),
        ] {
            prop_assert_eq!(harm(&text, paint), None, "{:?}", text);
        }
    }

    #[test]
    fn no_import_or_difference_reaches_the_terminal_but_as_text(plan in plan(), word in hostile(), is_colored: bool) {
        let paint = Paint::new(is_colored);
        let address = Address::new(entity::KIND, word.as_str());
        let remark = Remark { weight: Weight::Error, message: word.clone(), help: Some(word.clone()) };
        let resource = ResourceCheck {
            address: address.clone(),
            kind: word.clone(),
            state: Weight::Warning,
            action: Action::Merge,
            actions: vec![Action::Skip],
            bound_to: Some(address.clone()),
            tasks: vec![TaskCheck { name: word.clone(), when: When::After, left_out: true }],
            remarks: vec![remark.clone()],
        };
        let check = ImportCheck {
            package: word.clone(),
            environment: word.clone(),
            target: word.clone(),
            provenance: plan.revision.clone(),
            resources: vec![resource],
            missing: vec![Missing { address, needed_by: vec![word.clone()] }],
            remarks: vec![remark],
        };
        let imported = import_text::check(&check, is_colored, paint);
        prop_assert!(imported.lines().last().is_some_and(|line| is_colored || line.starts_with("Import: 1 resource,")));
        let difference = SidesDiffer { from: word.clone(), to: word.clone(), changes: plan.changes.clone() };
        let spoken_of: Vec<(Address, Action)> =
            plan.changes.iter().map(|change| (change.address.clone(), change.action)).collect();
        let report = Report::rolled_back(&plan, FailedAt::Step(1), &word, None).with_resources(&plan, &spoken_of);
        let difference = diff(&difference, paint);
        for text in [imported, difference, report_text::report(&report, paint)] {
            prop_assert_eq!(harm(&text, paint), None, "{:?}", text);
        }
    }

    #[test]
    fn no_diagnostic_reaches_the_terminal_but_as_text(
        file in hostile(),
        word in hostile(),
        spans in prop::collection::vec((0u32..200, 0u32..200, 0u32..20, 0u32..200), 1..4),
        is_colored: bool,
    ) {
        let paint = Paint::new(is_colored);
        let mut spans = spans.into_iter().map(|(start, end, line, column)| Span { start, end, line, column });
        let mut found = Diagnostic::error("RV104", word.as_str()).in_file(word.as_str()).help(word.as_str());
        found.span = spans.next();
        found.labels = spans.map(|span| (span, word.clone())).collect();
        let found = [found];
        let text = diagnostics(&found, paint, &|_| Some(file.as_str()));
        prop_assert_eq!(harm(&text, paint), None, "{:?}", text);
        prop_assert_eq!(harm(&diagnostics_json(&found), Paint::plain()), None);
    }
}
