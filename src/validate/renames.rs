//! RV107 and RV113: `renamedFrom` that cannot be followed.
//! Never knows whether a target still holds the old name.

use std::collections::{HashMap, HashSet};

use super::survey::{Site, Survey};
use super::words::{circle, shown};
use crate::diagnostic::Diagnostic;
use crate::model::repository::Remark;
use crate::model::resource::{KINDS, Resource};
use crate::yaml::Part;

/// A declared name, the name it had before, and whether it is of an out-of-box definition.
type Named<'r> = (&'r str, Option<&'r str>, bool);

/// Checks the members of one resource.
pub fn check_members(site: &Site<'_>, found: &mut Vec<Remark>) {
    let mut section = |section: &str, what: &str, names: Vec<Named<'_>>| {
        for (name, standard, diagnostic) in faults(what, &names) {
            let path = ["spec", section, name, "renamedFrom"];
            found.push(site.member(standard, &path, Part::Value, diagnostic));
        }
    };
    match &*site.entry.resource {
        Resource::Entity(entity) => {
            let fields =
                entity.fields.iter().map(|(n, m)| (n.as_str(), m.renamed_from.as_deref(), m.standard));
            section("fields", "field", fields.collect());
            let keys = entity.keys.iter().map(|(n, m)| (n.as_str(), m.renamed_from.as_deref(), m.standard));
            section("keys", "key", keys.collect());
            let indexes =
                entity.indexes.iter().map(|(n, m)| (n.as_str(), m.renamed_from.as_deref(), m.standard));
            section("indexes", "index", indexes.collect());
        }
        Resource::Picklist(picklist) => {
            let options =
                picklist.options.iter().map(|(n, m)| (n.as_str(), m.renamed_from.as_deref(), false));
            section("options", "option", options.collect());
        }
    }
}

/// Checks the resources of every kind.
pub fn check_resources(survey: &Survey<'_>, found: &mut Vec<Remark>) {
    for kind in &KINDS {
        let kind = &kind.actions.kind;
        let sites: HashMap<&str, &Site<'_>> =
            survey.sites.iter().filter(|s| s.address.kind == *kind).map(|s| (s.name(), s)).collect();
        let of_kind = survey.sites.iter().filter(|site| site.address.kind == *kind);
        let names: Vec<Named<'_>> =
            of_kind.map(|site| (site.name(), site.entry.renamed_from.as_deref(), false)).collect();
        for (name, _, diagnostic) in faults(kind.as_str(), &names) {
            if let Some(site) = sites.get(name) {
                found.push(site.remark(&["metadata", "renamedFrom"], Part::Value, diagnostic));
            }
        }
    }
}

fn faults<'r>(what: &str, names: &[Named<'r>]) -> Vec<(&'r str, bool, Diagnostic)> {
    if names.iter().all(|(_, old, _)| old.is_none()) {
        return Vec::new();
    }
    let declared: HashMap<&str, Option<&str>> = names.iter().map(|(name, old, _)| (*name, *old)).collect();
    let mut taken: HashMap<&str, &str> = HashMap::new();
    let mut in_circles: HashSet<&str> = HashSet::new();
    let mut walked: HashSet<&str> = HashSet::new();
    let mut found = Vec::new();
    for (name, old, standard) in names {
        let Some(old) = *old else { continue };
        let called = shown(name);
        let diagnostic = if old == *name {
            wrong(format!("{what} `{called}` is renamed from its own name")).help("leave `renamedFrom` out")
        } else if let Some(first) = taken.get(old) {
            let (first, old) = (shown(first), shown(old));
            wrong(format!("{what} `{called}` is renamed from `{old}`, and so is `{first}`"))
                .help("only one of them can go on with what the old one holds")
        } else if let Some(names) = around(name, &declared, &mut walked) {
            in_circles.extend(&names);
            let message = format!("renames go in a circle: {}", circle(&names));
            Diagnostic::error("RV113", message).help("take them in two steps, by way of a name that is free")
        } else if declared.contains_key(old) && !in_circles.contains(name) {
            let old = shown(old);
            wrong(format!("{what} `{called}` is renamed from `{old}`, which is still declared"))
                .help(format!("drop `renamedFrom`, or remove `{old}`"))
        } else {
            taken.insert(old, name);
            continue;
        };
        taken.entry(old).or_insert(name);
        found.push((*name, *standard, diagnostic));
    }
    found
}

/// Follows the old names from `start`. Returns the circle that comes back to it, the first time it is walked.
fn around<'r>(
    start: &'r str,
    declared: &HashMap<&'r str, Option<&'r str>>,
    walked: &mut HashSet<&'r str>,
) -> Option<Vec<&'r str>> {
    let mut names = Vec::new();
    let mut at = start;
    while walked.insert(at) {
        names.push(at);
        at = (*declared.get(at)?)?;
    }
    // A walk may run into a circle that does not hold `start`: it begins where the walk meets itself.
    let first = names.iter().position(|name| *name == at)?;
    (names.len() - first > 1).then(|| names.split_off(first))
}

fn wrong(message: String) -> Diagnostic {
    Diagnostic::error("RV107", message)
}
