//! `adopt`: manifests for what exists in a target and is not managed, and the plan that begins to own it.
//! Never adopts what its manifest would change: what does not read back the same is left alone, with the reason.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::address::{Address, glob};
use crate::diff::change::Change;
use crate::diff::compare;
use crate::diff::decision::Verb;
use crate::manifest;
use crate::model::environment::Environment;
use crate::model::name::NameLimits;
use crate::model::repository::Repository;
use crate::model::resource::{Resource, kind_entry};
use crate::model::setup::Setup;
use crate::model::state::{Desired, Snapshot};
use crate::model::written::{Written, manifest_value};
use crate::ops::repository::check;
use crate::package;
use crate::plan::{Plan, Policy, Summary};
use crate::planner;
use crate::source::{File, Files};
use crate::target::{Dialect, Target, TargetError};
use crate::wire::adoption::{Adopted, Adoption, Left};
use crate::yaml;

/// What is asked for.
pub struct Request<'a> {
    pub environment: &'a Environment,
    /// Globs over addresses; empty selects everything.
    pub select: &'a [String],
    /// The folder of the new files, from the repository's root, with `/`; empty for the root.
    pub folder: &'a str,
    /// Tells whether something stands at a path of the repository.
    pub is_taken: &'a dyn Fn(&str) -> bool,
    pub limits: &'a BTreeMap<String, NameLimits>,
}

/// Everything that an adoption does: files to write, then a plan of records to apply.
#[derive(Clone, Debug)]
pub struct Adopting {
    pub adoption: Adoption,
    pub files: Vec<File>,
    pub plan: Plan,
}

/// Why nothing can be adopted.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    #[error("`{0}` selects nothing that exists in the target and is not managed")]
    NothingSelected(String),
    #[error(transparent)]
    Target(#[from] TargetError),
}

/// Looks at a target and works out what to write and what to record. `files` are the repository's.
pub fn adopt(
    files: &Files,
    repository: &Repository,
    request: &Request<'_>,
    target: &mut dyn Target,
) -> Result<Adopting, AdoptError> {
    let snapshot = target.inspect()?;
    let mut work = Work {
        files,
        repository,
        request,
        snapshot: &snapshot,
        dialect: target.dialect(),
        chosen: BTreeMap::new(),
        left: BTreeMap::new(),
    };
    work.choose()?;
    let paths = work.paths();
    let written = work.write(&paths);
    let (desired, changes) = loop {
        work.drop_dangling();
        let before = work.left.len();
        let found = work.judge(&written);
        if work.left.len() == before {
            break found;
        }
    };
    Ok(work.finish(&written, desired, changes, &target.describe()))
}

struct Work<'a> {
    files: &'a Files,
    repository: &'a Repository,
    request: &'a Request<'a>,
    snapshot: &'a Snapshot,
    dialect: &'a dyn Dialect,
    /// What will be adopted, each with the resource that brought it in where nobody selected it.
    chosen: BTreeMap<Address, Option<Address>>,
    /// Selected, and left alone all the same.
    left: BTreeMap<Address, String>,
}

impl<'a> Work<'a> {
    fn is_open(&self, address: &Address) -> bool {
        self.snapshot.state.contains_key(address) && !self.snapshot.inventory.contains_key(address)
    }

    /// Takes what is selected, and whatever it points to.
    fn choose(&mut self) -> Result<(), AdoptError> {
        let select = self.request.select;
        let open: Vec<&Address> = self.snapshot.state.keys().filter(|a| self.is_open(a)).collect();
        let matches = |pattern: &String, address: &Address| glob(pattern, &address.to_string());
        if let Some(idle) = select.iter().find(|pattern| !open.iter().any(|a| matches(pattern, a))) {
            return Err(AdoptError::NothingSelected(idle.clone()));
        }
        let mut waiting: Vec<(Address, Option<Address>)> = open
            .into_iter()
            .filter(|address| select.is_empty() || select.iter().any(|pattern| matches(pattern, address)))
            .map(|address| (address.clone(), None))
            .collect();
        waiting.reverse();
        let selected: BTreeSet<Address> = waiting.iter().map(|(address, _)| address.clone()).collect();
        while let Some((address, related)) = waiting.pop() {
            if self.chosen.contains_key(&address) || self.left.contains_key(&address) {
                continue;
            }
            if let Some(entry) = self.repository.resources.get(&address) {
                let reason = format!("{} declares it, and the next apply adopts it", entry.origin.file);
                self.left.insert(address, reason);
                continue;
            }
            let targets = self.snapshot.state[&address].references().into_iter().map(|(_, to)| to);
            let unseen = targets.filter(|to| self.is_open(to) && !selected.contains(to));
            waiting.extend(unseen.map(|to| (to, Some(address.clone()))));
            self.chosen.insert(address, related);
        }
        Ok(())
    }

    /// Where each manifest goes: never where something stands already.
    fn paths(&self) -> BTreeMap<Address, String> {
        let folder = match self.request.folder {
            "" => String::new(),
            folder => format!("{folder}/"),
        };
        let mut paths = BTreeMap::new();
        for (address, path) in package::paths(self.chosen.keys()) {
            let name = path.rsplit('/').next().unwrap_or_default().trim_end_matches(".yaml").to_owned();
            let plural = kind_entry(&address.kind).map_or(address.kind.as_str(), |kind| kind.plural);
            let numbers = std::iter::once(String::new()).chain((2..).map(|number| format!("-{number}")));
            let free = numbers
                .map(|number| format!("{folder}{plural}/{name}{number}.yaml"))
                .find(|path| !(self.request.is_taken)(path) && !paths.values().any(|used| used == path));
            paths.insert(address, free.unwrap_or_default());
        }
        paths
    }

    /// Writes every manifest and reads it back.
    fn write(&mut self, paths: &BTreeMap<Address, String>) -> BTreeMap<Address, File> {
        let mut written = BTreeMap::new();
        for address in self.chosen.keys().cloned().collect::<Vec<_>>() {
            let found = &self.snapshot.state[&address];
            let (labels, setup) = (BTreeMap::new(), Setup::default());
            let manifest = Written {
                address: &address,
                resource: found,
                renamed_from: None,
                labels: &labels,
                setup: &setup,
            };
            let text = yaml::emit(&manifest_value(&manifest));
            let path = paths[&address].clone();
            match self.read_back(&address, found, &path, &text) {
                Ok(()) => drop(written.insert(address, File { path, text })),
                Err(reason) => self.leave(address, reason),
            }
        }
        written
    }

    fn read_back(&self, address: &Address, found: &Resource, path: &str, text: &str) -> Result<(), String> {
        let (read, entry) =
            manifest::document(path, text).map_err(|why| format!("no manifest can say it: {why}"))?;
        let mut resource = entry.resource;
        self.dialect.normalize(Arc::make_mut(&mut resource));
        match read == *address && *resource == *found {
            true => Ok(()),
            false => Err("its manifest would not read back the same".to_owned()),
        }
    }

    fn leave(&mut self, address: Address, reason: String) {
        self.chosen.remove(&address);
        self.left.insert(address, reason);
    }

    /// Leaves whatever points at something that is left.
    fn drop_dangling(&mut self) {
        loop {
            let is_known =
                |to: &Address| self.chosen.contains_key(to) || self.repository.resources.contains_key(to);
            let dangling = self.chosen.keys().find_map(|address| {
                let mut references = self.snapshot.state[address].references().into_iter();
                let (_, to) = references.find(|(_, to)| !is_known(to))?;
                Some((address.clone(), to))
            });
            let Some((address, to)) = dangling else { return };
            self.leave(address, format!("it points to `{to}`, which is left alone"));
        }
    }

    /// Holds the repository with the new files against its own rules and against the target.
    fn judge(&mut self, written: &BTreeMap<Address, File>) -> (Desired, Vec<Change>) {
        let mut files = self.files.clone();
        let chosen = written.iter().filter(|(address, _)| self.chosen.contains_key(address));
        files.files.extend(chosen.map(|(_, file)| file.clone()));
        files.files.sort_by(|a, b| a.path.cmp(&b.path));
        let checked = check(&files, self.request.limits);
        for (address, file) in written {
            let is_here = |d: &&crate::diagnostic::Diagnostic| {
                d.is_error() && d.file.as_deref() == Some(file.path.as_str())
            };
            if let Some(fault) = checked.diagnostics.iter().find(is_here) {
                let reason = format!("{}: {}", fault.code, fault.message);
                self.leave(address.clone(), reason);
            }
        }
        let environment = &self.request.environment.name;
        let mut desired = checked.repository.desired(environment, &BTreeMap::new()).unwrap_or_default();
        planner::normalize(&mut desired, self.dialect);
        let comparison = compare(&desired, self.snapshot);
        let mut changes: Vec<Change> = Vec::new();
        for address in self.chosen.keys().cloned().collect::<Vec<_>>() {
            let change = comparison.changes.iter().find(|change| change.address == address);
            let reason = match (desired.resources.get(&address), change) {
                (None, _) => format!("environment {environment} does not include it"),
                (Some(_), Some(change)) if change.verb == Verb::Adopt && !change.touches_target() => {
                    changes.push(change.clone());
                    continue;
                }
                (Some(_), Some(_)) => "its manifest would change it".to_owned(),
                (Some(one), None) => format!("its setup action here is `{}`", one.action),
            };
            self.leave(address, reason);
        }
        (desired, changes)
    }

    fn finish(
        self,
        written: &BTreeMap<Address, File>,
        desired: Desired,
        changes: Vec<Change>,
        target: &str,
    ) -> Adopting {
        let adopted = self.chosen.iter().map(|(address, related)| Adopted {
            address: address.clone(),
            file: written[address].path.clone(),
            holds: holds(&self.snapshot.state[address]),
            related: related.clone(),
        });
        let environment = &desired.environment;
        let mut revision = self.files.revision.clone();
        // The new files are in no commit yet.
        revision.dirty |= revision.commit.is_some();
        Adopting {
            adoption: Adoption {
                environment: environment.name.clone(),
                target: target.to_owned(),
                adopted: adopted.collect(),
                left: self.all_left(),
                entry: None,
            },
            files: self.chosen.keys().map(|address| written[address].clone()).collect(),
            plan: Plan {
                environment: environment.name.clone(),
                provider: self.dialect.name().to_owned(),
                target: target.to_owned(),
                revision,
                promoted_from: None,
                compared: None,
                rolled_back: None,
                base: self.snapshot.fingerprint(),
                goal: planner::goal(&desired),
                policy: Policy {
                    prune: environment.prune,
                    auto_apply: environment.auto_apply,
                    max_destroy: environment.destroy_limit(),
                    trash: environment.trash,
                },
                summary: Summary::of(&changes),
                changes,
                steps: Vec::new(),
                findings: Vec::new(),
                facts: Vec::new(),
                trash: Vec::new(),
                kept: Vec::new(),
            },
        }
    }

    /// What is left alone: resources, and what hangs on those that are adopted. With a selection, only what it is
    /// about.
    fn all_left(&self) -> Vec<Left> {
        let resources = self.left.iter();
        let mut left: Vec<Left> = resources
            .map(|(address, reason)| Left { name: address.to_string(), reason: reason.clone() })
            .collect();
        let is_about = |table: &str| {
            self.request.select.is_empty() || self.chosen.keys().any(|address| address.name == table)
        };
        let is_managed = |table: &str| {
            let mut owned = self.snapshot.inventory.keys();
            owned.any(|address| address.name == table)
        };
        let beyond = self.dialect.beyond(self.snapshot).into_iter();
        left.extend(
            beyond
                .filter(|one| is_about(&one.table) && !is_managed(&one.table))
                .map(|one| Left { name: one.name, reason: one.reason }),
        );
        left
    }
}

/// What a resource holds, in short.
fn holds(resource: &Resource) -> String {
    let parts = match resource {
        Resource::Entity(entity) => vec![
            (entity.fields.len(), "field", "fields"),
            (entity.keys.len(), "key", "keys"),
            (entity.indexes.len(), "index", "indexes"),
            (entity.checks.len(), "check", "checks"),
            (entity.relationships.len(), "relationship", "relationships"),
        ],
        Resource::Picklist(picklist) => vec![(picklist.options.len(), "option", "options")],
    };
    let parts = parts.into_iter().filter(|(count, ..)| *count > 0);
    let texts: Vec<String> =
        parts.map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many })).collect();
    texts.join(", ")
}
