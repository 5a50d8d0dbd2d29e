//! What one environment lays over the resources: its values and its patches.
//! Never asks whether a patched resource is declared: `variants` does.

use std::collections::BTreeMap;

use super::decode::flag;
use super::patch::{join, merge, moved};
use super::placeholder::Values;
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Span};
use crate::yaml::Node;

/// The values and patches of one environment.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    pub values: Values,
    pub patches: BTreeMap<Address, Patch>,
}

/// Everything that an environment patches of one resource.
#[derive(Clone, Debug)]
pub struct Patch {
    /// Where its address stands first.
    pub at: Span,
    pub spec: Node,
}

/// Reads the overlay of an environment's `spec`. The checker has said what is wrong with its form.
pub fn overlay(spec: &Node, found: &mut Vec<Diagnostic>) -> Overlay {
    let values = spec.get("values").map(Node::entries).unwrap_or_default();
    let value = |(name, value): &(Node, Node)| Some((name.text()?.to_owned(), value.clone()));
    let mut overlay = Overlay { values: values.iter().filter_map(value).collect(), ..Overlay::default() };
    for item in spec.get("patches").map(Node::items).unwrap_or_default() {
        let (Some(at), Some(part)) = (item.get("address"), item.get("spec").filter(|s| s.is_mapping()))
        else {
            continue;
        };
        let address = match at.as_text().unwrap_or_default().parse::<Address>() {
            Ok(address) => address,
            Err(error) => {
                found.push(Diagnostic::error("RV101", error.to_string()).at(at.span));
                continue;
            }
        };
        for key in ["standard", "extends"] {
            if let Some((key, _)) = part.entry(key) {
                let message = "a patch cannot change what is standard and what is customized";
                found.push(Diagnostic::error("RV133", message).at(key.span).help("leave it out"));
            }
        }
        match overlay.patches.get_mut(&address) {
            Some(first) => join(&mut first.spec, part, found),
            None => drop(overlay.patches.insert(address, Patch { at: at.span, spec: part.clone() })),
        }
    }
    overlay
}

/// Tells whether patches go into this `spec`: what a vendor owns is customized in a document of its own.
pub fn takes_patches(spec: &Node) -> bool {
    flag(spec, "standard") != Some(true)
}

/// A document of a file with a patch laid over its `spec`.
pub struct Patched {
    pub spec: Node,
    /// Where the places of the patch begin: behind the end of the document's own file.
    pub from: u32,
}

/// Lays a patch over a `spec`, of a file that is `length` bytes long.
pub fn patched(spec: &Node, patch: &Patch, length: usize, found: &mut Vec<Diagnostic>) -> Patched {
    let from = u32::try_from(length + 1).unwrap_or(u32::MAX / 2);
    Patched { spec: merge(spec, &moved(&patch.spec, from), found), from }
}

/// Tells of a place whether it is in the document's own file or in the patch's, and where there.
pub fn own_place(span: Span, from: Option<u32>) -> (Whose, Span) {
    match from {
        Some(from) if span.start >= from => {
            (Whose::Patch, Span { start: span.start - from, end: span.end - from, ..span })
        }
        Some(_) | None => (Whose::Manifest, span),
    }
}

/// Whose file a place is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    Manifest,
    Patch,
}
