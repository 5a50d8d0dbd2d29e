//! The documents that environments patch: which they are, and what they hold as they stand.
//! Never lays a patch over anything: `variants` does.

use std::collections::BTreeMap;

use super::overlay::Overlay;
use super::placeholder::{Scan, prepare};
use super::variants::Varying;
use crate::address::Address;
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::environment::Environment;
use crate::model::repository::{Entry, Repository};
use crate::model::state::Origin;
use crate::source::Files;
use crate::yaml::{self, Document};

/// The documents that patches go into; and what is wrong with patches of what cannot be patched.
pub fn wanted(
    repository: &Repository,
    customizations: &[(Address, Entry)],
    overlays: &BTreeMap<String, Overlay>,
    found: &mut Vec<Diagnostic>,
) -> BTreeMap<Origin, Address> {
    let mut wanted = BTreeMap::new();
    for (name, overlay) in overlays {
        let Some((environment, at)) = repository.environments.get(name) else { continue };
        for (address, patch) in &overlay.patches {
            match patchable(address, environment, repository, customizations) {
                Ok(origin) => drop(wanted.insert(origin.clone(), address.clone())),
                Err(Refused { message, help }) => {
                    let fault = Diagnostic::error("RV132", message).help(help);
                    found.push(fault.in_file(&at.file).at(patch.at));
                }
            }
        }
    }
    wanted
}

/// Why a resource cannot be patched, and the next move.
struct Refused {
    message: String,
    help: String,
}

/// The document that a patch of an environment goes into.
fn patchable<'r>(
    address: &Address,
    environment: &Environment,
    repository: &'r Repository,
    customizations: &'r [(Address, Entry)],
) -> Result<&'r Origin, Refused> {
    let refuse = |message: String, help: String| Err(Refused { message, help });
    let Some(entry) = repository.resources.get(address) else {
        let known: Vec<String> = repository.resources.keys().map(Address::to_string).collect();
        let help = match nearest(&address.to_string(), known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "declare it, or leave the patch out".to_owned(),
        };
        return refuse(format!("a patch is for `{address}`, which no document declares"), help);
    };
    if !environment.includes(address) {
        let message = format!("a patch is for `{address}`, which this environment does not include");
        return refuse(message, "add it to `include`, or leave the patch out".to_owned());
    }
    let custom = customizations.iter().find(|(customized, _)| customized == address);
    match (custom, entry.resource.is_standard()) {
        (Some((_, custom)), _) => Ok(&custom.origin),
        (None, false) => Ok(&entry.origin),
        (None, true) => {
            let message = format!("a patch is for the standard definition of `{address}`");
            let help = "what its vendor defines is never changed; add a document with `extends: standard`";
            refuse(message, help.to_owned())
        }
    }
}

/// Reads documents that name no values once more, for what environments patch of them. What is wrong with them as
/// they stand is taken out of `faults`.
pub fn read(
    wanted: BTreeMap<Origin, Address>,
    files: &Files,
    faults: &mut BTreeMap<Origin, Vec<Diagnostic>>,
) -> Vec<Varying> {
    let mut read = Vec::new();
    for group in wanted.iter().collect::<Vec<_>>().chunk_by(|(a, _), (b, _)| a.file == b.file) {
        let Some(text) = group.first().and_then(|(origin, _)| files.text(&origin.file)) else { continue };
        let mut documents: Vec<Option<Document>> = yaml::read(text).0.into_iter().map(Some).collect();
        for (origin, address) in group {
            let document = documents.get_mut(origin.document).and_then(Option::take);
            let Some(Document { mut node, is_templated }) = document else { continue };
            let scan = match is_templated {
                true => prepare(&mut node, true, text, &mut Vec::new()),
                false => Scan::default(),
            };
            let Some(spec) = node.get("spec").cloned() else { continue };
            let found = faults.remove(*origin).unwrap_or_default();
            let (address, origin, faulty) = ((*address).clone(), (*origin).clone(), scan.faulty);
            read.push(Varying { address, origin, spec, names_values: false, found, faulty });
        }
    }
    read
}
