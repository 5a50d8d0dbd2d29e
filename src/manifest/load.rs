//! All documents of a repository to its environments and resources.
//! Never stops at a mistake: every document is read, and what can be decoded is.

use std::collections::{BTreeMap, btree_map};
use std::sync::Arc;

use super::document::{Content, Declaration, DecodedFile, Manifest, decode, decode_file};
use super::overlay::Overlay;
use super::patched;
use super::place::place;
use super::standard::combine;
use super::tally::Tally;
use super::variants::{Variants, Varying};
use crate::address::Address;
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::model::environment::Environment;
use crate::model::repository::{Entry, Repository};
use crate::model::resource::Resource;
use crate::model::state::Origin;
use crate::source::{File, Files};

/// Fewer files than this are not worth another thread.
const FILES_AT_ONCE: usize = 64;

/// Decodes all manifests. The diagnostics are placed and sorted, the source's notes among them.
pub fn load(files: &Files) -> (Repository, Vec<Diagnostic>) {
    let mut loading = Loading::default();
    loading.found.extend(files.notes.iter().cloned());
    for note in &files.notes {
        loading.repository.unfinished.push(note.message.clone());
    }
    for (file, (documents, found)) in files.files.iter().zip(decode_all(&files.files)) {
        loading.found.extend(found.into_iter().map(|d| d.in_file(&file.path)));
        for document in documents {
            let fault = loading.take(document);
            loading.found.extend(fault.map(|d| d.in_file(&file.path)));
        }
    }
    loading.vary(files);
    loading.combine(files);
    let Loading { repository, mut found, .. } = loading;
    diagnostic::sort(&mut found);
    (repository, found)
}

/// Decodes every file by itself, in the order of the files, on as many threads as the machine has processors.
fn decode_all(files: &[File]) -> Vec<DecodedFile> {
    let n_threads =
        std::thread::available_parallelism().map_or(1, usize::from).min(files.len() / FILES_AT_ONCE);
    if n_threads < 2 {
        return files.iter().map(decode_file).collect();
    }
    std::thread::scope(|scope| {
        let share = |files: &'_ [File]| files.iter().map(decode_file).collect::<Vec<_>>();
        let threads: Vec<_> = files
            .chunks(files.len().div_ceil(n_threads))
            .map(|files| scope.spawn(move || share(files)))
            .collect();
        let decoded = threads.into_iter().map(|thread| thread.join());
        decoded.flat_map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

/// Only the environments, whatever else is in the files, and whatever is wrong with them.
pub fn environments(files: &Files) -> Vec<Environment> {
    let manifests =
        files.files.iter().filter(|f| f.text.contains("Environment")).flat_map(|f| decode_file(f).0);
    let environments = manifests.filter_map(|manifest| match manifest.content {
        Content::Environment { environment, .. } => Some(*environment),
        Content::Resource { .. } => None,
    });
    environments.collect()
}

/// Decodes one resource document of a package. Errors are one text, the first fault first.
pub fn document(path: &str, text: &str) -> Result<(Address, Entry), String> {
    let (mut manifests, mut found) = decode_file(&File { path: path.to_owned(), text: text.to_owned() });
    let one = match (manifests.pop(), manifests.is_empty()) {
        (Some(Manifest { name, content: Content::Resource(resource), .. }), true) => Some((name, resource)),
        (Some(_) | None, _) => None,
    };
    found.extend(one.iter().flat_map(|(_, resource)| resource.faults.iter().cloned()));
    if let Some(fault) = found.iter().find(|d| d.severity == Severity::Error) {
        let line = fault.span.map(|s| format!(" at line {}", s.line)).unwrap_or_default();
        return Err(format!("{}: {}{line}", fault.code, fault.message));
    }
    let Some((name, resource)) = one else {
        return Err("it does not hold exactly one resource".to_owned());
    };
    if resource.open.is_some() {
        return Err("it names values of an environment, and belongs to none".to_owned());
    }
    let mut entry = resource.entry;
    // A package carries customizations alone; they stand for the standard entity.
    if resource.extends
        && let Resource::Entity(entity) = Arc::make_mut(&mut entry.resource)
    {
        entity.standard = true;
    }
    Ok((Address::new(entry.resource.kind(), name), entry))
}

#[derive(Default)]
struct Loading {
    repository: Repository,
    customizations: Vec<(Address, Entry)>,
    overlays: BTreeMap<String, Overlay>,
    /// The resources that name values.
    varying: Vec<Varying>,
    /// What is wrong with the `spec` of the others, as it stands.
    faults: BTreeMap<Origin, Vec<Diagnostic>>,
    found: Vec<Diagnostic>,
}

impl Loading {
    /// Takes one document in; answers what is wrong with it beside those taken before.
    fn take(&mut self, manifest: Manifest) -> Option<Diagnostic> {
        let Manifest { name, at, content } = manifest;
        let twice = |what: String, first: &str| {
            let help = format!("its first declaration is in {first}; keep one of the two");
            Some(Diagnostic::error("RV106", format!("{what} is declared twice")).at(at).help(help))
        };
        match content {
            Content::Environment { environment, overlay, origin } => {
                match self.repository.environments.entry(name) {
                    btree_map::Entry::Occupied(first) => {
                        twice(format!("environment `{}`", first.key()), &first.get().1.file)
                    }
                    btree_map::Entry::Vacant(place) => {
                        self.overlays.insert(place.key().clone(), overlay);
                        place.insert((*environment, origin));
                        None
                    }
                }
            }
            Content::Resource(declaration) => {
                let Declaration { entry, extends, faults, open } = *declaration;
                let address = Address::new(entry.resource.kind(), name);
                let origin = entry.origin.clone();
                let fault = match self.repository.resources.entry(address.clone()) {
                    _ if extends => {
                        self.customizations.push((address.clone(), entry));
                        None
                    }
                    btree_map::Entry::Occupied(first) => {
                        twice(format!("`{}`", first.key()), &first.get().origin.file)
                    }
                    btree_map::Entry::Vacant(place) => {
                        place.insert(entry);
                        None
                    }
                };
                match open.filter(|_| fault.is_none()) {
                    Some((spec, faulty)) => {
                        self.varying.push(Varying {
                            address,
                            origin,
                            spec,
                            names_values: true,
                            found: faults,
                            faulty,
                        });
                    }
                    None if faults.is_empty() => {}
                    None => drop(self.faults.insert(origin, faults)),
                }
                fault
            }
        }
    }

    /// Decodes what differs between environments.
    fn vary(&mut self, files: &Files) {
        let mut varying = std::mem::take(&mut self.varying);
        let known: Vec<&Origin> = varying.iter().map(|one| &one.origin).collect();
        let wanted = patched::wanted(&self.repository, &self.customizations, &self.overlays, &mut self.found);
        let unread = wanted.into_iter().filter(|(origin, _)| !known.contains(&origin)).collect();
        varying.extend(patched::read(unread, files, &mut self.faults));
        for one in &varying {
            let custom = self.customizations.iter_mut().find(|(_, entry)| entry.origin == one.origin);
            let taken = match custom {
                Some(_) => None,
                None => self.repository.resources.remove(&one.address),
            };
            let variants = Variants { repository: &self.repository, overlays: &self.overlays, files, decode };
            match (custom, taken) {
                (Some((_, entry)), _) => variants.of(one, entry, &mut self.found),
                (None, Some(mut entry)) => {
                    variants.of(one, &mut entry, &mut self.found);
                    self.repository.resources.insert(one.address.clone(), entry);
                }
                (None, None) => {}
            }
        }
        for (origin, faults) in std::mem::take(&mut self.faults) {
            self.found.extend(faults.into_iter().map(|d| d.in_file(&origin.file)));
        }
    }

    /// Joins customizations with standard definitions.
    fn combine(&mut self, files: &Files) {
        let clashes = combine(&mut self.repository, std::mem::take(&mut self.customizations));
        let mut by_environment: BTreeMap<Option<String>, Vec<_>> = BTreeMap::new();
        for clash in clashes {
            by_environment.entry(clash.environment).or_default().push((clash.address, clash.remark));
        }
        let mut tallies: BTreeMap<Address, Tally> = BTreeMap::new();
        for (environment, clashes) in by_environment {
            let (addresses, remarks): (Vec<Address>, Vec<_>) = clashes.into_iter().unzip();
            let Some(environment) = environment else {
                self.found.extend(place(remarks, files, None));
                continue;
            };
            let origin = self.repository.environments.get(&environment).map(|(_, origin)| origin);
            for (address, placed) in addresses.into_iter().zip(place(remarks, files, origin)) {
                tallies.entry(address).or_default().add(placed, &environment);
            }
        }
        for (address, tally) in tallies {
            self.found.extend(tally.told(&self.repository.environments_of(&address)));
        }
    }
}
