//! RV114: names that are two in a manifest and one in a target.
//! Never folds more than the case of ASCII letters: targets that ignore case do no more.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::survey::{Site, Survey};
use super::words::{listed, shown};
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::model::entity::GENERATED_KEY;
use crate::model::environment::Environment;
use crate::model::field::FieldType;
use crate::model::repository::Remark;
use crate::yaml::Part;

/// Checks resources against each other: all of them are tables, and share one space of names.
pub fn check_resources(survey: &Survey<'_>, found: &mut Vec<Remark>) {
    let mut exact: HashMap<&str, &Site<'_>> = HashMap::new();
    for site in &survey.sites {
        if let Some(first) = exact.insert(site.name(), site) {
            let message = format!("{} and {} would be one table", name(first), name(site));
            found.push(of_two(site, first, message));
        }
    }
    let mut folded: HashMap<(&str, String), &Site<'_>> = HashMap::new();
    let mut pairs: BTreeMap<&Address, (&Site<'_>, &Site<'_>, Vec<&str>)> = BTreeMap::new();
    for site in &survey.sites {
        for environment in ignoring_case(survey, site) {
            let key = (environment.name.as_str(), site.name().to_ascii_lowercase());
            let first = *folded.entry(key).or_insert(site);
            if first.name() != site.name() {
                let pair = pairs.entry(site.address).or_insert((site, first, Vec::new()));
                pair.2.push(&environment.name);
            }
        }
    }
    for (site, first, environments) in pairs.into_values() {
        let message =
            format!("{} and {} differ only in case{}", name(first), name(site), ignored(&environments));
        found.push(of_two(site, first, message));
    }
}

fn name(site: &Site<'_>) -> String {
    format!("{} `{}`", site.address.kind, shown(site.name()))
}

fn of_two(site: &Site<'_>, first: &Site<'_>, message: String) -> Remark {
    let help = format!("rename one of them; {} is declared in {}", name(first), shown(first.file()));
    site.remark(&["metadata", "name"], Part::Value, Diagnostic::error("RV114", message).help(help))
}

fn ignoring_case<'a, 'r>(
    survey: &'a Survey<'r>,
    site: &'a Site<'r>,
) -> impl Iterator<Item = &'r Environment> + 'a {
    let ignores = |provider: &str| survey.targets.get(provider).is_some_and(|limits| limits.ignores_case);
    site.environments.iter().copied().filter(move |environment| ignores(&environment.target.provider))
}

/// ` in environments `a`, `b``, cut where there are many.
fn ignored(environments: &[&str]) -> String {
    const MOST: usize = 3;
    let more = if environments.len() > MOST { " and others" } else { "" };
    let names = listed(environments.iter().copied().take(MOST));
    format!(", which the target of {names}{more} ignores")
}

/// Checks the members of one entity: its columns, and its keys with its indexes.
pub fn check_members(survey: &Survey<'_>, site: &Site<'_>, found: &mut Vec<Remark>) {
    let Some(entity) = site.entity() else { return };
    let environments: Vec<&str> = ignoring_case(survey, site).map(|one| one.name.as_str()).collect();
    let mut columns = Space { site, environments: &environments, taken: HashMap::new() };
    if entity.primary_key.is_none() {
        let key = Owner { what: "the generated key", section: "", member: GENERATED_KEY, standard: false };
        columns.taken.insert(GENERATED_KEY.into(), (GENERATED_KEY.into(), key));
    }
    let (lookups, plain): (Vec<_>, Vec<_>) = entity
        .fields
        .iter()
        .partition(|(_, field)| matches!(field.ty, FieldType::Lookup { entity: None, .. }));
    for (member, field) in plain {
        let owner = Owner { what: "field", section: "fields", member, standard: field.standard };
        columns.claim(member.into(), owner, found);
    }
    for (member, field) in lookups {
        let owner = Owner { what: "lookup", section: "fields", member, standard: field.standard };
        for (column, _) in field.ty.polymorphic_columns(member) {
            columns.claim(column.into(), owner, found);
        }
    }
    let mut indexes = Space { site, environments: &environments, taken: HashMap::new() };
    for (member, key) in &entity.keys {
        let owner = Owner { what: "key", section: "keys", member, standard: key.standard };
        indexes.claim(member.into(), owner, found);
    }
    for (member, index) in &entity.indexes {
        let owner = Owner { what: "index", section: "indexes", member, standard: index.standard };
        indexes.claim(member.into(), owner, found);
    }
}

/// The member that takes a name in a target: its own, or that of one of its columns.
#[derive(Clone, Copy, PartialEq)]
struct Owner<'r> {
    /// What messages call it.
    what: &'static str,
    section: &'static str,
    member: &'r str,
    standard: bool,
}

impl Owner<'_> {
    fn describe(&self, name: &str) -> String {
        match name == self.member {
            true => format!("{} `{}`", self.what, shown(name)),
            false => format!("the column `{}` of {} `{}`", shown(name), self.what, shown(self.member)),
        }
    }
}

/// Names of one entity that must differ in a target, with their owners, by their folded form.
struct Space<'a, 'r> {
    site: &'a Site<'r>,
    /// Those whose targets ignore case.
    environments: &'a [&'r str],
    taken: HashMap<Cow<'r, str>, (Cow<'r, str>, Owner<'r>)>,
}

impl<'r> Space<'_, 'r> {
    fn claim(&mut self, name: Cow<'r, str>, owner: Owner<'r>, found: &mut Vec<Remark>) {
        let is_folded = !self.environments.is_empty() && name.bytes().any(|b| b.is_ascii_uppercase());
        let key = if is_folded { name.to_ascii_lowercase().into() } else { name.clone() };
        let Some((first_name, first)) = self.taken.get(&key) else {
            self.taken.insert(key, (name, owner));
            return;
        };
        if *first == owner {
            // A lookup that lists an entity twice, which has been said.
            return;
        }
        let (one, other) = (first.describe(first_name), owner.describe(&name));
        let message = match *first_name == name {
            true => format!("{one} and {other} would be one in a target"),
            false => format!("{one} and {other} differ only in case{}", ignored(self.environments)),
        };
        let help = match first.section.is_empty() {
            true => format!("name it in `primaryKey: [{}]`, or give it another name", shown(&name)),
            false => "rename one of them".to_owned(),
        };
        let diagnostic = Diagnostic::error("RV114", message).help(help);
        let remark = match name == owner.member {
            true => self.site.member(
                owner.standard,
                &["spec", owner.section, owner.member],
                Part::Key,
                diagnostic,
            ),
            false => {
                let path = ["spec", owner.section, owner.member, "entities"];
                self.site.member(owner.standard, &path, Part::Value, diagnostic)
            }
        };
        found.push(remark);
    }
}
