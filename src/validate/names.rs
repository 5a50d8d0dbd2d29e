//! RV105: names that nothing, or not this target, can hold. RV124: keys and indexes that a target cannot.
//! Never compares one name with another: `clashes` does.

use std::collections::BTreeMap;

use super::survey::{Site, Survey};
use super::words::{listed, shown};
use crate::diagnostic::Diagnostic;
use crate::model::name::{NameLimits, fault, fault_on, member_fault_on};
use crate::model::repository::Remark;
use crate::model::resource::Resource;
use crate::yaml::Part;

/// One provider that includes the resource, with the names of its environments.
type Limited<'r> = Vec<(&'r str, NameLimits, Vec<&'r str>)>;

pub fn check(survey: &Survey<'_>, site: &Site<'_>, found: &mut Vec<Remark>) {
    let limited = limited(survey, site);
    let what = site.address.kind.as_str();
    for message in faults(what, site.name(), &limited) {
        found.push(site.remark(&["metadata", "name"], Part::Value, wrong(message)));
    }
    if let Some(name) = &site.entry.setup.as_name {
        for message in faults("new name", name, &limited) {
            found.push(site.remark(&["setup", "as"], Part::Value, wrong(message)));
        }
    }
    let mut member = |section: &str, what: &str, name: &str, standard: bool, limited: &Limited<'_>| {
        for message in faults(what, name, limited) {
            found.push(site.member(standard, &["spec", section, name], Part::Key, wrong(message)));
        }
        if matches!(section, "keys" | "indexes") && name.contains('.') {
            let message = format!("{what} `{}` holds a `.`", shown(name));
            let help = "targets put the entity's name and a `.` before it; use `-` or `_` instead";
            let diagnostic = wrong(message).help(help);
            found.push(site.member(standard, &["spec", section, name], Part::Key, diagnostic));
        }
    };
    match site.resource {
        Resource::Entity(entity) => {
            for (name, field) in &entity.fields {
                member("fields", "field", name, field.standard, &limited);
            }
            entity.keys.iter().for_each(|(n, m)| member("keys", "key", n, m.standard, &limited));
            entity.indexes.iter().for_each(|(n, m)| member("indexes", "index", n, m.standard, &limited));
            entity.checks.iter().for_each(|(n, m)| member("checks", "check", n, m.standard, &limited));
            entity
                .relationships
                .iter()
                .for_each(|(n, m)| member("relationships", "relationship", n, m.standard, &limited));
            let keys = entity.keys.iter().map(|(name, key)| ("keys", name, &key.sql, key.standard));
            let indexes = entity.indexes.iter().map(|(name, one)| ("indexes", name, &one.sql, one.standard));
            for (section, name, sql, standard) in keys.chain(indexes) {
                let unable = limited.iter().filter(|(_, limits, _)| sql.is_some() && !limits.indexes_sql);
                for (provider, _, environments) in unable {
                    let environments = listed(environments.iter().copied());
                    let message = format!(
                        "`{}` has `sql`, which the `{provider}` target of {environments} does not take",
                        shown(name)
                    );
                    let diagnostic = Diagnostic::error("RV124", message)
                        .help("name `fields`, or patch it away for that environment");
                    found.push(site.member(
                        standard,
                        &["spec", section, name, "sql"],
                        Part::Value,
                        diagnostic,
                    ));
                }
            }
            for (name, field) in &entity.fields {
                for (column, _) in field.ty.polymorphic_columns(name) {
                    for message in unheld("column", &column, &limited) {
                        let path = ["spec", "fields", name, "entities"];
                        found.push(site.member(field.standard, &path, Part::Value, wrong(message)));
                    }
                }
            }
        }
        Resource::Picklist(picklist) => {
            // Options are values, which no target limits as it does names.
            picklist.options.keys().for_each(|n| member("options", "option", n, false, &Limited::new()));
        }
    }
}

fn limited<'r>(survey: &Survey<'r>, site: &Site<'r>) -> Limited<'r> {
    let mut by_provider: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for environment in &site.environments {
        by_provider.entry(&environment.target.provider).or_default().push(&environment.name);
    }
    let limits = |(provider, names)| Some((provider, *survey.targets.get(provider)?, names));
    by_provider.into_iter().filter_map(limits).collect()
}

fn faults(what: &str, name: &str, limited: &Limited<'_>) -> Vec<String> {
    match fault(name) {
        // A target's limits on a name that is none anywhere would say the same again.
        Some(fault) => vec![format!("{what} `{}` {fault}", shown(name))],
        None => unheld(what, name, limited),
    }
}

fn unheld(what: &str, name: &str, limited: &Limited<'_>) -> Vec<String> {
    let mut messages = Vec::new();
    for (provider, limits, environments) in limited {
        let fault = match what {
            "field" | "column" | "check" | "relationship" => member_fault_on(name, limits),
            _ => fault_on(name, limits),
        };
        if let Some(fault) = fault {
            let several = if environments.len() == 1 { "environment" } else { "environments" };
            let environments = listed(environments.iter().copied());
            messages.push(format!(
                "the `{provider}` target of {several} {environments} cannot hold {what} `{}`, which {fault}",
                shown(name)
            ));
        }
    }
    messages
}

fn wrong(message: String) -> Diagnostic {
    Diagnostic::error("RV105", message)
}
