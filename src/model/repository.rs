//! Everything a repository declares: its environments and resources, with where each is written.
//! Never reads a file, and never chooses an environment.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::environment::Environment;
use super::policy::Waiver;
use super::resource::{Resource, kind_entry};
use super::setup::{Action, Setup, choose};
use super::state::{Declared, Desired, Origin, Scope};
use super::unreviewed::Unreviewed;
use crate::address::{Address, glob};
use crate::diagnostic::Diagnostic;
use crate::yaml::Part;

/// The decoded manifests of one repository.
#[derive(Clone, Debug, Default)]
pub struct Repository {
    pub environments: BTreeMap<String, (Environment, Origin)>,
    pub resources: BTreeMap<Address, Entry>,
    /// Why it cannot be taken as a whole.
    pub unfinished: Vec<String>,
    /// The SQL of each environment that the trusted revision does not have; empty without one.
    pub unreviewed: BTreeMap<String, Unreviewed>,
}

/// One declared resource. A standard entity's two documents are one entry.
#[derive(Clone, Debug)]
pub struct Entry {
    pub resource: Arc<Resource>,
    pub renamed_from: Option<String>,
    pub labels: BTreeMap<String, String>,
    pub waivers: Vec<Waiver>,
    pub setup: Setup,
    pub origin: Origin,
    /// The document with the customizations of a standard entity.
    pub customized: Option<Origin>,
    /// What it is in environments whose values or patches make it another.
    pub variants: BTreeMap<String, Arc<Resource>>,
}

impl Entry {
    /// What the resource is in one environment.
    pub fn resource_in(&self, environment: &str) -> &Arc<Resource> {
        self.variants.get(environment).unwrap_or(&self.resource)
    }
}

/// Environments in which every resource is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Their names; empty only where a repository declares none.
    pub environments: Vec<String>,
}

/// A remark on a path of a document, not yet placed in its text.
#[derive(Clone, Debug)]
pub struct Remark {
    pub origin: Origin,
    /// From the document's root: `spec`, `fields`, `status`.
    pub path: Vec<String>,
    pub part: Part,
    pub diagnostic: Diagnostic,
}

impl Repository {
    /// Its environments, those together that see the same resources. At least one view.
    pub fn views(&self) -> Vec<View> {
        let varying: Vec<&Entry> =
            self.resources.values().filter(|entry| !entry.variants.is_empty()).collect();
        let seen = |name: &str| varying.iter().map(|entry| entry.variants.get(name)).collect::<Vec<_>>();
        let mut views: Vec<(Vec<Option<&Arc<Resource>>>, View)> = Vec::new();
        for name in self.environments.keys() {
            let resources = seen(name);
            match views.iter_mut().find(|(others, _)| *others == resources) {
                Some((_, view)) => view.environments.push(name.clone()),
                None => views.push((resources, View { environments: vec![name.clone()] })),
            }
        }
        match views.is_empty() {
            true => vec![View { environments: Vec::new() }],
            false => views.into_iter().map(|(_, view)| view).collect(),
        }
    }

    /// The environments that a resource is read for: those that include it; all, where none does.
    pub fn environments_of(&self, address: &Address) -> Vec<&str> {
        let all = || self.environments.values().map(|(environment, _)| environment);
        let including: Vec<&str> =
            all().filter(|one| one.includes(address)).map(|one| one.name.as_str()).collect();
        match including.is_empty() {
            true => all().map(|one| one.name.as_str()).collect(),
            false => including,
        }
    }

    /// What is declared for one environment. `choices` are the importer's, by address.
    pub fn desired(&self, name: &str, choices: &BTreeMap<Address, Action>) -> Option<Desired> {
        let (environment, _) = self.environments.get(name)?;
        let declared = |(address, entry): (&Address, &Entry)| {
            let kind = kind_entry(&address.kind)?;
            let (action, _) = choose(
                choices.get(address).copied(),
                environment.action_for(address),
                entry.setup.action,
                environment.setup_default,
                &kind.actions,
            );
            let declared = Declared {
                resource: entry.resource_in(name).clone(),
                renamed_from: entry.renamed_from.clone(),
                labels: entry.labels.clone(),
                waivers: entry.waivers.clone(),
                setup: entry.setup.clone(),
                action,
                origin: entry.origin.clone(),
            };
            Some((address.clone(), declared))
        };
        Some(Desired {
            environment: environment.clone(),
            scope: Scope::Whole,
            resources: self
                .resources
                .iter()
                .filter(|(a, _)| environment.includes(a))
                .filter_map(declared)
                .collect(),
            unfinished: self.unfinished.clone(),
            today: None,
            unreviewed: self.unreviewed.get(name).cloned().unwrap_or_default(),
        })
    }
}

impl Environment {
    /// Tells whether a resource belongs to this environment.
    pub fn includes(&self, address: &Address) -> bool {
        let text = address.to_string();
        self.include.is_empty() || self.include.iter().any(|pattern| glob(pattern, &text))
    }

    /// The action of `setup.resources` for an address: the exact entry, else the longest glob that matches.
    pub fn action_for(&self, address: &Address) -> Option<Action> {
        let text = address.to_string();
        let exact = self.setup_resources.get(&text);
        let by_glob = || {
            let matching = self.setup_resources.iter().filter(|(pattern, _)| glob(pattern, &text));
            matching.max_by_key(|(pattern, _)| pattern.len()).map(|(_, action)| action)
        };
        exact.or_else(by_glob).copied()
    }
}
