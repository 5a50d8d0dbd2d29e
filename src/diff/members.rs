//! One resource path by path: its settings, its members and their settings, by the decision table.
//! Never names a kind: every resource is a `Shape` here.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde_json::Value;

use super::change::{MemberChange, Reason, SettingChange};
use super::decision::{Reach, Verb, decide};
use crate::model::entity::Besides;
use crate::model::setup::Action;
use crate::model::shape::{MemberId, Settings, Shape};

/// How far an action reaches at each level.
#[derive(Clone, Copy, Debug)]
pub struct Reaches {
    pub members: Reach,
    pub settings: Reach,
}

impl Reaches {
    /// Merge never removes a member, but brings a declared one to what is declared: a setting we own goes when
    /// it is not declared any more. Overwrite leaves only what is declared.
    pub fn of(action: Action) -> Reaches {
        match action {
            Action::Overwrite | Action::Update => Reaches { members: Reach::All, settings: Reach::All },
            Action::Merge | Action::Create | Action::Existing | Action::Skip | Action::Select => {
                Reaches { members: Reach::Nothing, settings: Reach::Owned }
            }
        }
    }
}

/// What one resource comes to.
#[derive(Debug, Default)]
pub struct Outcome {
    pub goal: Shape,
    pub settings: Vec<SettingChange>,
    pub members: Vec<MemberChange>,
    /// Members that nobody declares and that stay.
    pub kept: Vec<MemberId>,
}

/// The three views of one resource, and what must not be touched in it.
pub struct Views<'a> {
    pub declared: &'a Shape,
    pub found: &'a Shape,
    pub owned: Option<&'a Shape>,
    /// Renamed members: the new identity, and the old name.
    pub renamed: &'a BTreeMap<MemberId, String>,
    /// Members of an out-of-box definition: checked elsewhere, never changed.
    pub fixed: &'a BTreeSet<MemberId>,
}

/// Compares one resource that is both declared and found.
pub fn compare(views: &Views<'_>, reaches: Reaches, whole_is_fixed: bool) -> Outcome {
    let mut outcome = Outcome::default();
    let none = Settings::new();
    if whole_is_fixed {
        outcome.goal.settings = views.found.settings.clone();
    } else {
        let owned = views.owned.map_or(&none, |o| &o.settings);
        let (goal, changes) =
            settings(&views.declared.settings, &views.found.settings, owned, reaches.settings, false);
        outcome.goal.settings = goal;
        outcome.settings = changes;
    }
    for (id, declared) in &views.declared.members {
        one_declared(views, reaches, id, declared, &mut outcome);
    }
    let taken: BTreeSet<MemberId> =
        views.renamed.iter().map(|((section, _), old)| (section.clone(), old.clone())).collect();
    for (id, found) in &views.found.members {
        if !views.declared.members.contains_key(id) && !taken.contains(id) {
            one_undeclared(views, reaches, id, found, &mut outcome);
        }
    }
    for id in views.owned.into_iter().flat_map(|o| o.members.keys()) {
        let gone = !views.declared.members.contains_key(id) && !views.found.members.contains_key(id);
        if gone && !taken.contains(id) && !views.fixed.contains(id) {
            outcome.members.push(member(id, Verb::Forget, Reason::NotDeclared, None, Vec::new()));
        }
    }
    outcome
}

fn one_declared(views: &Views<'_>, reaches: Reaches, id: &MemberId, declared: &Settings, out: &mut Outcome) {
    let old_name = views.renamed.get(id);
    let old_id = old_name.map(|old| (id.0.clone(), old.clone()));
    let found_id = old_id.as_ref().unwrap_or(id);
    let found = views.found.members.get(found_id);
    let owned = views.owned.and_then(|o| o.members.get(found_id).or_else(|| o.members.get(id)));
    if let (true, Some(found)) = (views.fixed.contains(id), found) {
        out.goal.members.insert(id.clone(), found.clone());
        return;
    }
    let verb = decide(true, found.is_some(), owned.is_some(), reaches.members);
    let Some(found) = found else {
        let reason = if owned.is_some() { Reason::Vanished } else { Reason::Declared };
        out.goal.members.insert(id.clone(), declared.clone());
        out.members.push(member(id, Verb::Create, reason, None, all(declared, reason, Side::After)));
        return;
    };
    let none = Settings::new();
    // An index keeps the name that others gave it, until a manifest says another.
    let named;
    let declared = match (id.0.as_str(), declared.get("native"), found.get("native")) {
        ("keys" | "indexes", None, Some(native)) => {
            let mut kept = declared.clone();
            kept.insert("native".to_owned(), native.clone());
            named = kept;
            &named
        }
        (_, _, _) => declared,
    };
    // A check or a relationship of which its author says no more holds for all rows.
    let native = found.get("native").and_then(Value::as_str);
    let is_rule = matches!(id.0.as_str(), "checks" | "relationships");
    let is_loose = is_rule && Besides::of(native).is_not_valid;
    let (goal, changes) = settings(declared, found, owned.unwrap_or(&none), reaches.settings, is_loose);
    out.goal.members.insert(id.clone(), goal);
    if !changes.is_empty() || old_name.is_some() || verb == Verb::Adopt {
        let reason = match verb {
            Verb::Adopt => Reason::Adopted,
            _ if changes.iter().all(|c| c.reason == Reason::Drifted) && !changes.is_empty() => {
                Reason::Drifted
            }
            _ => Reason::Declared,
        };
        out.members.push(member(id, verb, reason, old_name.cloned(), changes));
    }
}

fn one_undeclared(views: &Views<'_>, reaches: Reaches, id: &MemberId, found: &Settings, out: &mut Outcome) {
    if views.fixed.contains(id) {
        out.goal.members.insert(id.clone(), found.clone());
        return;
    }
    let owned = views.owned.is_some_and(|o| o.members.contains_key(id));
    let reason = if owned { Reason::NotDeclared } else { Reason::Overwritten };
    let verb = decide(false, true, owned, reaches.members);
    match verb {
        Verb::Delete => out.members.push(member(id, verb, reason, None, all(found, reason, Side::Before))),
        Verb::Release => {
            out.goal.members.insert(id.clone(), found.clone());
            out.members.push(member(id, verb, reason, None, Vec::new()));
        }
        Verb::Keep => {
            out.goal.members.insert(id.clone(), found.clone());
            out.kept.push(id.clone());
        }
        Verb::Create | Verb::Adopt | Verb::Update | Verb::Forget => {
            unreachable!("BUG: the table answered {verb:?} for a found, undeclared member")
        }
    }
}

/// Compares settings. Returns those of the goal, and the differences.
fn settings(
    declared: &Settings,
    found: &Settings,
    owned: &Settings,
    reach: Reach,
    is_loose: bool,
) -> (Settings, Vec<SettingChange>) {
    let mut goal = Settings::new();
    let mut changes = Vec::new();
    let type_changes = declared.get("type").is_some_and(|ty| found.get("type") != Some(ty));
    let names: BTreeSet<&String> = declared.keys().chain(found.keys()).collect();
    for name in names {
        let (want, have, had) = (declared.get(name), found.get(name), owned.get(name));
        let change = |reason: Reason| SettingChange {
            name: name.clone(),
            reason,
            before: have.cloned(),
            after: want.cloned(),
        };
        // The target's own words for a column go with the type they spelled.
        let goes = name == "native" && (type_changes || is_loose);
        let reach = if goes { Reach::All } else { reach };
        match decide(want.is_some(), have.is_some(), had.is_some(), reach) {
            Verb::Create => {
                if *want.unwrap_or(&Value::Null) != Value::Bool(false) {
                    changes.push(change(reason(want, had)));
                }
            }
            Verb::Adopt | Verb::Update => {
                if want != have {
                    changes.push(change(reason(want, had)));
                }
            }
            Verb::Delete => {
                let reason = if had.is_some() { Reason::NotDeclared } else { Reason::Overwritten };
                if *have.unwrap_or(&Value::Null) != Value::Bool(false) {
                    changes.push(change(reason));
                }
                continue;
            }
            Verb::Release | Verb::Forget | Verb::Keep => {}
        }
        if let Some(value) = want.or(have) {
            goal.insert(name.clone(), value.clone());
        }
    }
    (goal, changes)
}

/// What was applied last and is still wanted must have moved in the target.
fn reason(want: Option<&Value>, had: Option<&Value>) -> Reason {
    if had.is_some() && had == want { Reason::Drifted } else { Reason::Declared }
}

enum Side {
    Before,
    After,
}

fn all(settings: &Settings, reason: Reason, side: Side) -> Vec<SettingChange> {
    let one = |(name, value): (&String, &Value)| {
        let (before, after) = match side {
            Side::Before => (Some(value.clone()), None),
            Side::After => (None, Some(value.clone())),
        };
        SettingChange { name: name.clone(), reason, before, after }
    };
    settings.iter().map(one).collect()
}

fn member(
    id: &MemberId,
    verb: Verb,
    reason: Reason,
    renamed_from: Option<String>,
    settings: Vec<SettingChange>,
) -> MemberChange {
    MemberChange { section: id.0.clone(), name: id.1.clone(), verb, reason, renamed_from, settings }
}

/// The members of a resource that is created or destroyed as a whole.
pub fn whole(members: &IndexMap<MemberId, Settings>, verb: Verb, reason: Reason) -> Vec<MemberChange> {
    let side = || if verb == Verb::Delete { Side::Before } else { Side::After };
    members
        .iter()
        .map(|(id, settings)| member(id, verb, reason, None, all(settings, reason, side())))
        .collect()
}
