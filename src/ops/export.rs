//! `export`: resources of an environment, as they really are there, as a package.
//! Never asks the repository but for labels, and never leaves out what others need without naming it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::address::{Address, glob};
use crate::diagnostic::nearest;
use crate::model::resource::{Resource, kind_entry};
use crate::model::setup::{Action, Setup};
use crate::model::shape::Shape;
use crate::model::state::{Owned, Snapshot};
use crate::model::written::declarable;
use crate::package::{About, Package, PackageError, PackagedResource};
use crate::source::Revision;

/// What is to be exported, and how it is to be set up elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Addresses and globs; empty selects everything.
    pub select: Vec<String>,
    /// Addresses and globs that stay out, also where others need them.
    pub exclude: Vec<String>,
    /// Whether what the selected resources reference comes along.
    pub with_related: bool,
    /// The action stored for a resource, by address or glob; the longest pattern that matches decides.
    pub setup: Vec<(String, Action)>,
    /// What an importer may choose instead, likewise.
    pub allowed: Vec<(String, Vec<Action>)>,
    /// The labels that the repository gives: no target holds them.
    pub labels: BTreeMap<Address, BTreeMap<String, String>>,
}

/// What is told of a package besides.
#[derive(Clone, Debug)]
pub struct Label {
    pub name: String,
    pub description: Option<String>,
    pub environment: String,
    /// The revision that was last applied to the environment.
    pub applied: Revision,
}

/// A package, and what its importer must see to.
#[derive(Debug)]
pub struct Export {
    pub package: Package,
    /// What the package needs and does not hold, with the paths that need it and why it stayed out.
    pub left_out: BTreeMap<Address, LeftOut>,
    /// Resources that are defined in the target's own words, which a target of another kind may refuse.
    pub in_own_words: Vec<Address>,
}

/// Something that will have to exist where the package is imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    pub needed_by: Vec<String>,
    pub why: Why,
}

/// Why a needed resource is not in the package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// `--exclude` or `--no-related` says so.
    Asked,
    /// Nobody manages it, and it was not named by its address.
    NotManaged,
    /// The environment does not hold it either.
    NotThere,
}

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("environment {environment} holds nothing that `{pattern}` selects{}", suggestion(.near))]
    NothingSelected { environment: String, pattern: String, near: Option<String> },
    #[error("nothing is left to export from environment {environment}")]
    Nothing { environment: String },
    #[error("the setup for `{0}` speaks of nothing in the package")]
    NoSuchSetup(String),
    #[error("`{address}` cannot have the setup action `{action}`; its kind has {known}")]
    UnknownAction { address: Address, action: Action, known: String },
    #[error("`{address}` would be set up with `{action}`, which is not among what it allows: {allowed}")]
    NotAllowed { address: Address, action: Action, allowed: String },
    #[error(transparent)]
    Package(#[from] PackageError),
}

fn suggestion(near: &Option<String>) -> String {
    near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

/// What may be exported without being named by its address, sorted.
pub fn offered(snapshot: &Snapshot) -> Vec<&Address> {
    snapshot.state.keys().filter(|a| snapshot.inventory.contains_key(*a)).collect()
}

/// What would come along with these resources, each with the way that leads to it.
pub fn related(snapshot: &Snapshot, selection: &Selection, chosen: &[&Address]) -> BTreeMap<Address, String> {
    let chosen = chosen.iter().map(|address| (*address).clone()).collect();
    let because = Related::of(snapshot, selection).follow(chosen);
    because.into_iter().filter_map(|(address, way)| Some((address, way?))).collect()
}

/// Exports from one inspection.
pub fn export(snapshot: &Snapshot, selection: &Selection, label: Label) -> Result<Export, ExportError> {
    let chosen = chosen(snapshot, selection, &label.environment)?;
    let mut related = Related::of(snapshot, selection);
    let because = related.follow(chosen);
    if because.is_empty() {
        return Err(ExportError::Nothing { environment: label.environment });
    }
    for (pattern, _) in &selection.setup {
        known_pattern(pattern, &because)?;
    }
    for (pattern, _) in &selection.allowed {
        known_pattern(pattern, &because)?;
    }
    let mut resources = BTreeMap::new();
    for (address, why) in &because {
        resources.insert(address.clone(), packaged(snapshot, selection, address, why.clone())?);
    }
    let moved = |address: &Address| {
        let applied = snapshot.inventory.get(address).map(|owned| Shape::of(&owned.declared));
        applied != snapshot.state.get(address).map(|s| Shape::of(s))
    };
    let dirty = label.applied.dirty || because.keys().any(moved);
    let about = About {
        name: label.name,
        description: label.description,
        provenance: Revision { dirty, ..label.applied },
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        source_environment: Some(label.environment),
    };
    let in_own_words = because.keys().filter(|a| has_own_words(&snapshot.state[*a])).cloned().collect();
    let left_out = related.left_out;
    Ok(Export { package: Package::new(about, resources, None, None)?, left_out, in_own_words })
}

/// The selected resources. What nobody manages is taken only where its whole address is given.
fn chosen(
    snapshot: &Snapshot,
    selection: &Selection,
    environment: &str,
) -> Result<BTreeSet<Address>, ExportError> {
    let offered = offered(snapshot);
    if selection.select.is_empty() {
        return Ok(offered.into_iter().filter(|a| !excluded(selection, a)).cloned().collect());
    }
    let mut chosen = BTreeSet::new();
    for pattern in &selection.select {
        let named = pattern.parse::<Address>().ok().filter(|a| snapshot.state.contains_key(a));
        let matching: Vec<Address> = match named {
            Some(address) => vec![address],
            None => offered.iter().filter(|a| glob(pattern, &a.to_string())).map(|a| (*a).clone()).collect(),
        };
        if matching.is_empty() {
            let all: Vec<String> = snapshot.state.keys().map(Address::to_string).collect();
            let near = nearest(pattern, all.iter().map(String::as_str)).map(str::to_owned);
            let (environment, pattern) = (environment.to_owned(), pattern.clone());
            return Err(ExportError::NothingSelected { environment, pattern, near });
        }
        chosen.extend(matching.into_iter().filter(|a| !excluded(selection, a)));
    }
    Ok(chosen)
}

fn excluded(selection: &Selection, address: &Address) -> bool {
    let text = address.to_string();
    selection.exclude.iter().any(|pattern| glob(pattern, &text))
}

fn known_pattern(pattern: &str, packed: &BTreeMap<Address, Option<String>>) -> Result<(), ExportError> {
    match packed.keys().any(|a| glob(pattern, &a.to_string())) {
        true => Ok(()),
        false => Err(ExportError::NoSuchSetup(pattern.to_owned())),
    }
}

/// The way from what was selected to everything that it needs.
struct Related<'a> {
    snapshot: &'a Snapshot,
    selection: &'a Selection,
    left_out: BTreeMap<Address, LeftOut>,
}

impl<'a> Related<'a> {
    fn of(snapshot: &'a Snapshot, selection: &'a Selection) -> Related<'a> {
        Related { snapshot, selection, left_out: BTreeMap::new() }
    }

    /// Returns everything that goes along, each with the shortest way that leads to it; none for what was selected.
    fn follow(&mut self, chosen: BTreeSet<Address>) -> BTreeMap<Address, Option<String>> {
        let mut queue: VecDeque<Address> = chosen.iter().cloned().collect();
        let mut because: BTreeMap<Address, Option<String>> = chosen.into_iter().map(|a| (a, None)).collect();
        while let Some(address) = queue.pop_front() {
            let way = because[&address].clone();
            for (path, to) in declarable(&self.snapshot.state[&address]).references() {
                if because.contains_key(&to) {
                    continue;
                }
                let place = format!("{address}/{}", path.trim_start_matches("fields/"));
                if let Some(why) = self.why_not(&to) {
                    let left = self.left_out.entry(to).or_insert(LeftOut { needed_by: Vec::new(), why });
                    left.needed_by.push(place);
                    continue;
                }
                // The way so far ends in this resource's address, which the next step begins with.
                let before = way.as_ref().and_then(|way| way.strip_suffix(&address.to_string()));
                because.insert(to.clone(), Some(format!("{}{place} -> {to}", before.unwrap_or_default())));
                queue.push_back(to);
            }
        }
        because
    }

    fn why_not(&self, address: &Address) -> Option<Why> {
        if !self.snapshot.state.contains_key(address) {
            Some(Why::NotThere)
        } else if !self.selection.with_related || excluded(self.selection, address) {
            Some(Why::Asked)
        } else if !self.snapshot.inventory.contains_key(address) {
            Some(Why::NotManaged)
        } else {
            None
        }
    }
}

fn packaged(
    snapshot: &Snapshot,
    selection: &Selection,
    address: &Address,
    related_because: Option<String>,
) -> Result<PackagedResource, ExportError> {
    let text = address.to_string();
    let setup = Setup {
        action: longest(&selection.setup, &text).copied(),
        allowed: longest(&selection.allowed, &text).cloned().unwrap_or_default(),
        tasks: snapshot.inventory.get(address).map(Owned::declared_tasks).unwrap_or_default(),
        ..Setup::default()
    };
    let kind = kind_entry(&address.kind);
    let known = kind.map(|kind| kind.actions.actions).unwrap_or_default();
    let default = kind.map_or(Action::Merge, |kind| kind.actions.default);
    let words = |actions: &[Action]| actions.iter().map(|a| a.as_str()).collect::<Vec<_>>().join(", ");
    if let Some(action) = setup.action.iter().chain(&setup.allowed).find(|a| !known.contains(a)) {
        let (address, known) = (address.clone(), words(known));
        return Err(ExportError::UnknownAction { address, action: *action, known });
    }
    let action = setup.action.unwrap_or(match setup.allowed.first() {
        Some(first) if !setup.allowed.contains(&default) => *first,
        Some(_) | None => default,
    });
    if !setup.allowed.is_empty() && action != Action::Select && !setup.allowed.contains(&action) {
        let (address, allowed) = (address.clone(), words(&setup.allowed));
        return Err(ExportError::NotAllowed { address, action, allowed });
    }
    Ok(PackagedResource {
        resource: Resource::clone(&snapshot.state[address]),
        renamed_from: None,
        labels: selection.labels.get(address).cloned().unwrap_or_default(),
        setup,
        action,
        related_because,
    })
}

/// The entry of the longest pattern that matches, the last one where two are alike.
fn longest<'a, T>(entries: &'a [(String, T)], text: &str) -> Option<&'a T> {
    let matching = entries.iter().filter(|(pattern, _)| glob(pattern, text));
    matching.max_by_key(|(pattern, _)| pattern.len()).map(|(_, value)| value)
}

fn has_own_words(resource: &Resource) -> bool {
    match resource {
        Resource::Entity(entity) => {
            entity.native.is_some() || entity.fields.values().any(|f| f.native.is_some() && !f.standard)
        }
        Resource::Picklist(_) => false,
    }
}
