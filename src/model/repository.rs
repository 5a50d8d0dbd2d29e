//! Everything a repository declares: its environments and resources, with where each is written.
//! Never reads a file, and never chooses an environment.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::environment::Environment;
use super::resource::{Resource, kind_entry};
use super::setup::{Action, Setup, choose};
use super::state::{Declared, Desired, Origin, Scope};
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
}

/// One declared resource. A standard entity's two documents are one entry.
#[derive(Clone, Debug)]
pub struct Entry {
    pub resource: Arc<Resource>,
    pub renamed_from: Option<String>,
    pub labels: BTreeMap<String, String>,
    pub setup: Setup,
    pub origin: Origin,
    /// The document with the customizations of a standard entity.
    pub customized: Option<Origin>,
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
                resource: entry.resource.clone(),
                renamed_from: entry.renamed_from.clone(),
                labels: entry.labels.clone(),
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
