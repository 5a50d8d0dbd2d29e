//! The policy on manifests: names, what resources must say, rules over resources, and waivers that are over.
//! Never judges what a vendor owns: standard definitions have the names that they have.

use std::collections::BTreeMap;

use jiff::civil::Date;
use regex::Regex;
use serde_json::Value;

use super::rules::{Subject, rules};
use super::words;
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Severity as Weight};
use crate::model::environment::Environment;
use crate::model::policy::{Gravity, Look, Naming, Policy, Required, Severity, pattern, speaks_of};
use crate::model::repository::{Entry, Remark, Repository, View};
use crate::model::resource::Resource;
use crate::model::text::Text;
use crate::yaml::Part;

/// A name that does not look as the policy has it.
const NAMING: &str = "RV161";
/// Something that the policy wants said is missing.
const REQUIRED: &str = "RV162";
/// A rule of the policy over resources.
const RESOURCE_RULE: &str = "RV163";
/// A waiver that does not count.
const WAIVER: &str = "RV164";

/// Tells whether the policy says it, and not what manifests are.
pub fn is_of_policy(diagnostic: &Diagnostic) -> bool {
    [NAMING, REQUIRED, RESOURCE_RULE, WAIVER].contains(&diagnostic.code)
}

/// Checks the resources of one view. `today` tells which waivers are over.
pub fn check(repository: &Repository, view: &View, policy: &Policy, today: Option<Date>) -> Vec<Remark> {
    let mut found = Vec::new();
    let looks: Vec<(&Naming, Option<Regex>)> = policy.naming.iter().map(|one| (one, regex(one))).collect();
    let first = view.environments.first();
    for (address, entry) in &repository.resources {
        let resource = match first {
            Some(environment) => entry.resource_in(environment),
            None => &entry.resource,
        };
        let mut out = Out { entry, found: &mut found };
        for (naming, regex) in looks.iter().filter(|(naming, _)| speaks_of(&naming.resources, address)) {
            if let Some(regex) = regex {
                name(naming, regex, address, resource, &mut out);
            }
        }
        for required in policy.required.iter().filter(|one| speaks_of(&one.resources, address)) {
            says(required, address, resource, &mut out);
        }
        waivers(today, &mut out);
    }
    let environments = view.environments.iter().filter_map(|name| repository.environments.get(name));
    for (environment, _) in environments {
        own_rules(repository, environment, policy, &mut found);
    }
    // A rule may hold in several environments, and speaks once of each resource.
    found.sort_by(|a, b| key(a).cmp(&key(b)));
    found.dedup_by(|a, b| key(a) == key(b));
    found
}

fn key(remark: &Remark) -> (&str, usize, &[String], &str, &str) {
    let Remark { origin, path, diagnostic, .. } = remark;
    (&origin.file, origin.document, path, diagnostic.code, &diagnostic.message)
}

fn regex(naming: &Naming) -> Option<Regex> {
    match &naming.look {
        Look::Style(style) => pattern(style.pattern()).ok(),
        Look::Pattern(text) => pattern(text).ok(),
    }
}

/// Takes the remarks on one resource.
struct Out<'a> {
    entry: &'a Entry,
    found: &'a mut Vec<Remark>,
}

impl Out<'_> {
    fn say(&mut self, path: &[&str], part: Part, diagnostic: Diagnostic) {
        self.found.push(Remark {
            origin: self.entry.customized.clone().unwrap_or_else(|| self.entry.origin.clone()),
            path: path.iter().map(|part| (*part).to_owned()).collect(),
            part,
            diagnostic,
        });
    }
}

fn diagnostic(code: &'static str, gravity: Gravity, message: String) -> Diagnostic {
    match gravity {
        Gravity::Error => Diagnostic::error(code, message),
        Gravity::Warning => Diagnostic::warning(code, message),
    }
}

/// The members of one section, but for those that a vendor owns.
fn members<'r>(resource: &'r Resource, section: &str) -> Vec<&'r str> {
    let names = |all: &mut dyn Iterator<Item = (&'r String, bool)>| -> Vec<&'r str> {
        all.filter(|(_, standard)| !standard).map(|(name, _)| name.as_str()).collect()
    };
    match (resource, section) {
        (Resource::Entity(entity), "fields") => {
            names(&mut entity.fields.iter().map(|(name, one)| (name, one.standard)))
        }
        (Resource::Entity(entity), "keys") => {
            names(&mut entity.keys.iter().map(|(name, one)| (name, one.standard)))
        }
        (Resource::Entity(entity), "indexes") => {
            names(&mut entity.indexes.iter().map(|(name, one)| (name, one.standard)))
        }
        (Resource::Entity(entity), "checks") => {
            names(&mut entity.checks.iter().map(|(name, one)| (name, one.standard)))
        }
        (Resource::Entity(entity), "relationships") => {
            names(&mut entity.relationships.iter().map(|(name, one)| (name, one.standard)))
        }
        (Resource::Picklist(picklist), "options") => {
            names(&mut picklist.options.keys().map(|name| (name, false)))
        }
        (Resource::Entity(_) | Resource::Picklist(_), _) => Vec::new(),
    }
}

fn name(naming: &Naming, regex: &Regex, address: &Address, resource: &Resource, out: &mut Out<'_>) {
    let help = match &naming.look {
        Look::Style(style) => {
            format!("names are in {} style here, such as `{}`", style.word(), style.example())
        }
        Look::Pattern(pattern) => format!("names fit `{pattern}` here"),
    };
    let told = |what: &str, name: &str| {
        let why = naming.message.as_deref().unwrap_or("does not look as names do here");
        diagnostic(NAMING, naming.gravity, format!("{what} `{name}`: {why}")).help(help.clone())
    };
    let Some(section) = naming.member.as_deref() else {
        if !resource.is_standard() && !regex.is_match(&address.name) {
            out.say(&["metadata", "name"], Part::Value, told(address.kind.as_str(), &address.name));
        }
        return;
    };
    for member in members(resource, section) {
        if !regex.is_match(member) {
            out.say(&["spec", section, member], Part::Key, told(one_of(section), member));
        }
    }
}

/// One member of a section, for messages.
fn one_of(section: &str) -> &'static str {
    match section {
        "fields" => "field",
        "keys" => "key",
        "indexes" => "index",
        "checks" => "check",
        "relationships" => "relationship",
        "options" => "option",
        _ => "member",
    }
}

fn says(required: &Required, address: &Address, resource: &Resource, out: &mut Out<'_>) {
    let missing = |what: &str, wanted: &str| {
        let help = "the repository's policy asks for it: `required` in reconcile.yaml";
        diagnostic(REQUIRED, required.gravity, format!("{what} needs {wanted}")).help(help)
    };
    let is_said = |text: Option<&Text>| text.is_some_and(|text| !text.first().trim().is_empty());
    match (required.member.as_deref(), resource) {
        (None, _) if resource.is_standard() => {}
        (None, _) => {
            let what = format!("{} `{}`", address.kind, address.name);
            for label in &required.labels {
                if out.entry.labels.get(label).is_none_or(|text| text.trim().is_empty()) {
                    let wanted = format!("the label `{label}`");
                    out.say(&["metadata", "name"], Part::Value, missing(&what, &wanted));
                }
            }
            let (display_name, description) = match resource {
                Resource::Entity(entity) => (&entity.display_name, &entity.description),
                Resource::Picklist(picklist) => (&picklist.display_name, &picklist.description),
            };
            if required.description && !is_said(description.as_ref()) {
                out.say(&["metadata", "name"], Part::Value, missing(&what, "a `description`"));
            }
            if required.display_name && !is_said(display_name.as_ref()) {
                out.say(&["metadata", "name"], Part::Value, missing(&what, "a `displayName`"));
            }
        }
        (Some("fields"), Resource::Entity(entity)) => {
            for (name, field) in entity.fields.iter().filter(|(_, field)| !field.standard) {
                let what = format!("field `{name}`");
                if required.description && !is_said(field.description.as_ref()) {
                    out.say(&["spec", "fields", name], Part::Key, missing(&what, "a `description`"));
                }
                if required.display_name && !is_said(field.display_name.as_ref()) {
                    out.say(&["spec", "fields", name], Part::Key, missing(&what, "a `displayName`"));
                }
            }
        }
        (Some("options"), Resource::Picklist(picklist)) => {
            for (name, option) in &picklist.options {
                let what = format!("option `{name}`");
                if required.description && !is_said(option.description.as_ref()) {
                    out.say(&["spec", "options", name], Part::Key, missing(&what, "a `description`"));
                }
                if required.display_name && !is_said(option.label.as_ref()) {
                    out.say(&["spec", "options", name], Part::Key, missing(&what, "a `label`"));
                }
            }
        }
        (Some(_), Resource::Entity(_) | Resource::Picklist(_)) => {}
    }
}

fn waivers(today: Option<Date>, out: &mut Out<'_>) {
    for (index, waiver) in out.entry.waivers.iter().enumerate() {
        if today.is_some_and(|today| waiver.is_over(today)) {
            let message = format!("the waiver of {} is over since {}", waiver.code, waiver.expires);
            let help = "it lets nothing pass any more: take it out, or say anew why and until when";
            let index = index.to_string();
            let told = Diagnostic::warning(WAIVER, message).help(help);
            out.found.push(Remark {
                // Waivers of a standard definition stand with the definition.
                origin: out.entry.origin.clone(),
                path: ["metadata", "waivers", &index, "expires"].map(str::to_owned).to_vec(),
                part: Part::Value,
                diagnostic: told,
            });
        }
    }
}

/// The rules over resources, in one environment.
fn own_rules(repository: &Repository, environment: &Environment, policy: &Policy, found: &mut Vec<Remark>) {
    let rules = rules(policy, &environment.name, Subject::Resources);
    if rules.is_empty() {
        return;
    }
    let here = words::environment(environment);
    let included = repository.resources.iter().filter(|(address, _)| environment.includes(address));
    let values: BTreeMap<&Address, (&Entry, Value)> = included
        .map(|(address, entry)| {
            let resource = entry.resource_in(&environment.name);
            (address, (entry, words::resource(address, resource, &entry.labels)))
        })
        .collect();
    for asked in &rules {
        for (address, (entry, value)) in &values {
            let rule = asked.rule;
            let formula = asked.formula.as_ref().map_err(Clone::clone);
            let answer = formula.and_then(|formula| {
                formula.holds(&[("resource", value), ("environment", &here)]).map_err(|why| why.to_string())
            });
            let (weight, message) = match (answer, rule.severity) {
                (Ok(false), _) => continue,
                (Ok(true), Severity::Notice) => (Weight::Warning, format!("`{address}`: {}", rule.message)),
                (Ok(true), Severity::Consent | Severity::Refuse) => {
                    (Weight::Error, format!("`{address}`: {}", rule.message))
                }
                (Err(why), _) => {
                    (Weight::Error, format!("rule `{}` has no answer for `{address}`: {why}", rule.name))
                }
            };
            let help = format!("rule `{}` of the policy says so, in reconcile.yaml", rule.name);
            let diagnostic = Diagnostic { severity: weight, ..Diagnostic::error(RESOURCE_RULE, message) };
            let mut out = Out { entry, found: &mut *found };
            out.say(&["metadata", "name"], Part::Value, diagnostic.help(help));
        }
    }
}
