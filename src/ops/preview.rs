//! What a preview adds to plans: where each finding comes from, and how a branch's plan differs from the target's.
//! Never reads a file: the texts that were planned come in.

use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::diff::change::Change;
use crate::diff::decision::Verb;
use crate::manifest;
use crate::model::repository::{Remark, Repository};
use crate::model::resource::Resource;
use crate::model::state::{Desired, Origin, State};
use crate::plan::{Finding, Plan};
use crate::report::preview::{Apart, Place, Planned};
use crate::source::Files;
use crate::yaml::Part;

/// A plan with where it comes from. `folder` is where the files lie in their git repository, with `/`.
pub fn planned(
    plan: Plan,
    desired: &Desired,
    repository: &Repository,
    files: &Files,
    folder: &str,
) -> Planned {
    let environment = repository.environments.get(&plan.environment).map(|(_, origin)| origin);
    let remarks = plan.findings.iter().map(|finding| remark(finding, desired, repository, environment));
    let remarks: Vec<Option<Remark>> = remarks.collect();
    let known = remarks.iter().flatten().cloned().collect();
    let mut placed = manifest::place(known, files, environment).into_iter();
    let places =
        remarks.iter().map(|one| one.as_ref().and_then(|_| place(&placed.next()?, files, folder))).collect();
    let model: State =
        desired.resources.iter().map(|(address, one)| (address.clone(), one.resource.clone())).collect();
    Planned { plan, places, model }
}

/// The path of a file from the root of its git repository.
pub fn from_root(folder: &str, file: &str) -> String {
    if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") }
}

fn place(found: &Diagnostic, files: &Files, folder: &str) -> Option<Place> {
    let file = found.file.as_ref()?;
    let Some(span) = found.span else {
        let file = from_root(folder, file);
        return Some(Place { file, line: 1, column: 1, end_line: 1, end_column: 1 });
    };
    let text = files
        .text(file)
        .and_then(|text| text.get(span.start as usize..span.end as usize))
        .unwrap_or_default();
    // A whole block is pointed at by its first line.
    let first = text.lines().next().unwrap_or_default().trim_end();
    let end_column = span.column + first.chars().count() as u32;
    Some(Place {
        file: from_root(folder, file),
        line: span.line,
        column: span.column,
        end_line: span.line,
        end_column,
    })
}

/// A finding as a remark on the manifest that causes it; what is not declared any more is the environment's doing.
fn remark(
    finding: &Finding,
    desired: &Desired,
    repository: &Repository,
    environment: Option<&Origin>,
) -> Option<Remark> {
    let at = |origin: &Origin, path: Vec<String>, part: Part| Remark {
        origin: origin.clone(),
        path,
        part,
        diagnostic: Diagnostic::warning("RK000", ""),
    };
    let of = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
    let Some((address, resource)) = declared(desired, &finding.address) else {
        return environment.map(|origin| at(origin, of(&["spec", "prune"]), Part::Key));
    };
    let entry = repository.resources.get(address)?;
    let path = path(finding, resource);
    let origin = entry.customized.as_ref().unwrap_or(&entry.origin);
    Some(at(origin, path, Part::Key))
}

fn declared<'a>(desired: &'a Desired, address: &Address) -> Option<(&'a Address, &'a Resource)> {
    let bound = |name: &Option<String>| name.as_deref() == Some(address.name.as_str());
    desired
        .resources
        .iter()
        .find(|(known, one)| {
            *known == address
                || (known.kind == address.kind && (bound(&one.setup.as_name) || bound(&one.setup.target)))
        })
        .map(|(known, one)| (known, one.resource.as_ref()))
}

/// The path in the document of what a finding is about.
fn path(finding: &Finding, resource: &Resource) -> Vec<String> {
    let Some(path) = &finding.path else { return vec!["metadata".to_owned(), "name".to_owned()] };
    let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
    if path == "primaryKey" {
        return own(&["spec", "primaryKey"]);
    }
    if let Some(task) = path.strip_prefix("tasks/") {
        return own(&["setup", "tasks", task]);
    }
    if let Some((section @ ("keys" | "indexes" | "checks" | "relationships"), name)) = path.split_once('/') {
        return own(&["spec", section, name]);
    }
    let section = match resource {
        Resource::Entity(_) => "fields",
        Resource::Picklist(_) => "options",
    };
    let mut whole = own(&["spec", section, path]);
    let setting = match finding.code.as_str() {
        "RK205" | "RK210" => Some("type"),
        "RK206" => Some("required"),
        "RK207" => Some("unique"),
        "RK209" => Some("check"),
        "RK220" => Some("default"),
        _ => None,
    };
    whole.extend(setting.map(str::to_owned));
    whole
}

/// How what a branch changes differs from what would change in the target.
pub fn apart(branch: &Plan, target: &Plan) -> Apart {
    Apart {
        environment: target.environment.clone(),
        target: target.target.clone(),
        beside: beyond(&target.changes, &branch.changes),
        already: beyond(&branch.changes, &target.changes),
    }
}

/// The changes of one plan that another does not make.
fn beyond(these: &[Change], those: &[Change]) -> Vec<Change> {
    these
        .iter()
        .filter_map(|one| left(one, those.iter().find(|other| other.address == one.address)))
        .collect()
}

/// What is left of a change once what another makes as well is taken away.
fn left(one: &Change, other: Option<&Change>) -> Option<Change> {
    let Some(other) = other else {
        // That we begin to own it, or our record of it, is no change of the target.
        return one.touches_target().then(|| one.clone());
    };
    if one.verb == other.verb && matches!(one.verb, Verb::Delete | Verb::Release | Verb::Forget | Verb::Keep)
    {
        return None;
    }
    let same_setting = |a: &crate::diff::change::SettingChange, b: &crate::diff::change::SettingChange| {
        a.name == b.name && a.after == b.after
    };
    let mut rest = one.clone();
    rest.settings.retain(|s| !other.settings.iter().any(|o| same_setting(s, o)));
    rest.members.retain(|m| {
        m.verb != Verb::Keep
            && !other.members.iter().any(|o| {
                o.section == m.section
                    && o.name == m.name
                    && (o.verb == Verb::Delete) == (m.verb == Verb::Delete)
                    && m.settings
                        .iter()
                        .all(|s| m.verb == Verb::Delete || o.settings.iter().any(|t| same_setting(s, t)))
            })
    });
    let differs = !rest.settings.is_empty() || !rest.members.is_empty();
    (differs && (one.touches_target() || other.touches_target())).then_some(rest)
}
