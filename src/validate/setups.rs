//! RV107 and RV118: setup actions that a resource's manifest asks for and cannot have.
//! Never looks at what an environment asks for: `environments` does.

use super::survey::Site;
use super::words::{listed, shown};
use crate::diagnostic::Diagnostic;
use crate::model::repository::Remark;
use crate::model::resource::kind_entry;
use crate::model::setup::{Action, KindActions, Setup};
use crate::yaml::Part;

pub fn check(site: &Site<'_>, found: &mut Vec<Remark>) {
    let setup = &site.entry.setup;
    let Some(kind) = kind_entry(&site.address.kind) else { return };
    // The customizations of a standard entity carry its setup, where it has any.
    let mut add = |path: &[&str], diagnostic| found.push(site.member(false, path, Part::Value, diagnostic));
    if let Some(action) = setup.action {
        if let Some(diagnostic) = unknown(action, &kind.actions) {
            add(&["setup", "action"], diagnostic);
        }
        // `select` is no choice of its own: it asks for one of the others.
        if !setup.allowed.is_empty() && action != Action::Select && !setup.allowed.contains(&action) {
            let message = format!("setup action `{action}` is not among those that `allowed` lists");
            let help = format!("add `{action}` to `allowed`, or choose one of {}", words(&setup.allowed));
            add(&["setup", "action"], Diagnostic::error("RV107", message).help(help));
        }
    }
    for (index, action) in setup.allowed.iter().enumerate() {
        if let Some(diagnostic) = unknown(*action, &kind.actions) {
            add(&["setup", "allowed", &index.to_string()], diagnostic);
        }
    }
    let names = [
        ("as", &setup.as_name, &[Action::Create][..]),
        ("target", &setup.target, &[Action::Existing, Action::Update]),
    ];
    for (key, name, actions) in names {
        let Some(name) = name else { continue };
        if !actions.iter().any(|action| may_be(setup, *action)) {
            let message = format!("`{key}: {}` needs the setup action {}", shown(name), either(actions));
            let help = format!("set `action`, or name one in `allowed`; or leave `{key}` out");
            add(&["setup", key], Diagnostic::error("RV107", message).help(help));
        }
    }
}

fn may_be(setup: &Setup, action: Action) -> bool {
    setup.action == Some(action) || setup.allowed.contains(&action)
}

/// The remark on an action that a kind does not know.
pub fn unknown(action: Action, kind: &KindActions) -> Option<Diagnostic> {
    if kind.actions.contains(&action) {
        return None;
    }
    let message = format!("{} resources have no setup action `{action}`", kind.kind);
    Some(Diagnostic::error("RV118", message).help(format!("choose one of {}", words(kind.actions))))
}

fn words(actions: &[Action]) -> String {
    listed(actions.iter().map(|action| action.as_str()))
}

fn either(actions: &[Action]) -> String {
    actions.iter().map(|action| format!("`{action}`")).collect::<Vec<_>>().join(" or ")
}
