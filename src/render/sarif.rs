//! A preview as SARIF 2.1.0: each finding and diagnostic at the line of YAML that causes it.
//! Never writes more than the hosts keep, and never the same result under two fingerprints.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::catalogue::says;
use super::finding::{flag, said};
use super::page::{counted, shorten, thousands};
use super::paint::{clean, clean_json};
use crate::diagnostic::{Diagnostic, Span};
use crate::fingerprint::Fingerprint;
use crate::plan::{Finding, Level, Plan};
use crate::report::preview::{Place, Planned, Preview, weight};

/// How many results a host keeps of one run: the worst are written.
const RESULTS: usize = 5_000;

/// How much of a message is written.
const MESSAGE: usize = 1_000;

/// One result, before it is written.
struct Remark<'a> {
    code: &'a str,
    /// 2 error, 1 warning, 0 note.
    weight: u8,
    message: String,
    help: Option<String>,
    place: Option<Place>,
    /// What makes it the same in the next run.
    identity: Fingerprint,
}

/// Writes a preview.
pub fn preview(preview: &Preview) -> String {
    let mut remarks: Vec<Remark<'_>> = preview.diagnostics.iter().map(diagnostic).collect();
    let planned = preview.deciding();
    remarks.extend(planned.flat_map(|one| {
        let places = one.places.iter().map(Option::as_ref).chain(std::iter::repeat(None));
        one.plan.findings.iter().zip(places).map(|(found, place)| finding(one, found, place))
    }));
    document(remarks)
}

/// Writes diagnostics alone.
pub fn diagnostics(found: &[Diagnostic]) -> String {
    document(found.iter().map(diagnostic).collect())
}

fn document(mut remarks: Vec<Remark<'_>>) -> String {
    let n_all = remarks.len();
    remarks.sort_by_key(|one| std::cmp::Reverse(one.weight));
    remarks.truncate(RESULTS);
    let mut rules: BTreeMap<&str, usize> = remarks.iter().map(|one| (one.code, 0)).collect();
    rules.values_mut().zip(0..).for_each(|(index, at)| *index = at);
    // The same remark at several places is told apart by its number.
    let mut seen: BTreeMap<Fingerprint, usize> = BTreeMap::new();
    let results: Vec<Value> = remarks
        .iter()
        .map(|one| {
            let number = seen.entry(one.identity).or_default();
            *number += 1;
            result(one, rules[one.code], *number)
        })
        .collect();
    let rules: Vec<Value> = rules.keys().map(|code| rule(code)).collect();
    let mut run = json!({
        "tool": { "driver": {
            "name": "reconcile",
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": rules,
        } },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": { "%SRCROOT%": { "description": { "text": "The root of the git repository." } } },
        "results": results,
    });
    if n_all > RESULTS {
        let text = format!(
            "{} more are left out: hosts keep {}.",
            counted(n_all - RESULTS, "result"),
            thousands(RESULTS as u64)
        );
        run["invocations"] = json!([{
            "executionSuccessful": true,
            "toolExecutionNotifications": [{ "level": "warning", "message": { "text": text } }],
        }]);
    }
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    });
    let Ok(text) = serde_json::to_string_pretty(&document) else {
        unreachable!("BUG: SARIF has no JSON form")
    };
    clean_json(&text) + "\n"
}

fn rule(code: &str) -> Value {
    let text = says(code).unwrap_or("a rule of the repository's own policy");
    json!({ "id": clean(code), "shortDescription": { "text": text }, "fullDescription": { "text": text } })
}

fn result(one: &Remark<'_>, rule: usize, number: usize) -> Value {
    let level = match one.weight {
        0 => "note",
        1 => "warning",
        _ => "error",
    };
    let help = one.help.as_ref().map(|help| format!("\n{}", clean(help))).unwrap_or_default();
    let mut result = json!({
        "ruleId": clean(one.code),
        "ruleIndex": rule,
        "level": level,
        "message": { "text": format!("{}{help}", clean(&shorten(&one.message, MESSAGE))) },
        "partialFingerprints": { "reconcile/v1": format!("{}:{number}", one.identity) },
    });
    if let Some(place) = &one.place {
        let mut region = json!({ "startLine": place.line, "startColumn": place.column });
        if (place.end_line, place.end_column) > (place.line, place.column) {
            region["endLine"] = place.end_line.into();
            region["endColumn"] = place.end_column.into();
        }
        result["locations"] = json!([{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&place.file), "uriBaseId": "%SRCROOT%" },
            "region": region,
        } }]);
    }
    result
}

fn finding<'a>(planned: &'a Planned, finding: &'a Finding, place: Option<&Place>) -> Remark<'a> {
    let Plan { environment, .. } = &planned.plan;
    let weight = match weight(finding) {
        Level::Notice => 0,
        Level::Consent => 1,
        Level::Refuse => 2,
    };
    let allow = (weight == 1).then(|| format!("allow it with {}", flag(finding)));
    Remark {
        code: &finding.code,
        weight,
        message: format!("{environment}: {} {}", finding.place(), said(finding)),
        help: finding.help.clone().or(allow),
        place: place.cloned(),
        identity: Fingerprint::of(&(&finding.code, environment, finding.place())),
    }
}

fn diagnostic(one: &Diagnostic) -> Remark<'_> {
    let place = one.file.as_ref().map(|file| {
        let span = one.span.unwrap_or(Span { line: 1, column: 1, ..Span::default() });
        let (line, column) = (span.line, span.column);
        Place { file: file.clone(), line, column, end_line: line, end_column: column }
    });
    Remark {
        code: one.code,
        weight: if one.is_error() { 2 } else { 1 },
        message: one.message.clone(),
        help: one.help.clone(),
        place,
        identity: Fingerprint::of(&(one.code, &one.file, &one.message)),
    }
}

/// A path as a relative reference.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'/') {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
