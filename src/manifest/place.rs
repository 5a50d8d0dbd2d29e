//! Finds the place of a remark: the file is read once more, for no tree is kept.
//! Never drops a remark: without a place in the text it still names the file.

use std::collections::BTreeMap;

use super::overlay::{Overlay, Whose, overlay, own_place, patched, takes_patches};
use super::placeholder::unescape;
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::model::repository::Remark;
use crate::model::resource::{KINDS, KindEntry};
use crate::model::state::Origin;
use crate::source::Files;
use crate::yaml::{self, Document, Node, NodeKind};

/// Gives every remark its file and span. What is remarked on as one environment sees it may stand in a patch of that
/// environment, which is declared at `environment`.
pub fn place(remarks: Vec<Remark>, files: &Files, environment: Option<&Origin>) -> Vec<Diagnostic> {
    if remarks.is_empty() {
        return Vec::new();
    }
    let mut read = Read { files, documents: BTreeMap::new(), patched: BTreeMap::new() };
    let laid_over = environment.map(|origin| (origin, read.overlay(origin)));
    let mut placed = Vec::with_capacity(remarks.len());
    for Remark { origin, path, part, diagnostic } in remarks {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let (node, from) = match &laid_over {
            Some((_, overlay)) => read.patched(&origin, overlay),
            None => (read.document(&origin), None),
        };
        let span = node.and_then(|node| yaml::locate(node, &path, part));
        let (whose, span) = match span.map(|span| own_place(span, from)) {
            Some((whose, span)) => (whose, Some(span)),
            None => (Whose::Manifest, None),
        };
        let file = match (whose, &laid_over) {
            (Whose::Patch, Some((environment, _))) => environment.file.clone(),
            (Whose::Patch | Whose::Manifest, _) => origin.file,
        };
        let diagnostic = diagnostic.in_file(file);
        placed.push(match span {
            Some(span) => diagnostic.at(span),
            None => diagnostic,
        });
    }
    placed
}

/// The documents read so far, as they stand and as they are patched.
struct Read<'f> {
    files: &'f Files,
    documents: BTreeMap<String, Vec<Document>>,
    patched: BTreeMap<Origin, Option<(Node, u32)>>,
}

impl Read<'_> {
    fn document(&mut self, origin: &Origin) -> Option<&Node> {
        let read = |file: &str| {
            let mut documents = self.files.text(file).map(|text| yaml::read(text).0).unwrap_or_default();
            for document in documents.iter_mut().filter(|document| document.is_templated) {
                let is_resource = is_resource(&document.node);
                unescape(&mut document.node, is_resource);
            }
            documents
        };
        let documents = self.documents.entry(origin.file.clone()).or_insert_with(|| read(&origin.file));
        documents.get(origin.document).map(|document| &document.node)
    }

    fn overlay(&mut self, environment: &Origin) -> Overlay {
        let spec = self.document(environment).and_then(|document| document.get("spec"));
        spec.map(|spec| overlay(spec, &mut Vec::new())).unwrap_or_default()
    }

    /// A document with its patch, if it has one, and where the patch's places begin.
    fn patched(&mut self, origin: &Origin, overlay: &Overlay) -> (Option<&Node>, Option<u32>) {
        if !self.patched.contains_key(origin) {
            let length = self.files.text(&origin.file).map_or(0, str::len);
            let whole = self.document(origin).and_then(|document| laid_over(document, overlay, length));
            self.patched.insert(origin.clone(), whole);
        }
        match matches!(self.patched.get(origin), Some(Some(_))) {
            true => {
                let found = self.patched.get(origin).and_then(Option::as_ref);
                (found.map(|(node, _)| node), found.map(|(_, from)| *from))
            }
            false => (self.document(origin), None),
        }
    }
}

fn is_resource(document: &Node) -> bool {
    kind(document).is_some()
}

/// The kind of resource that a document declares.
fn kind(document: &Node) -> Option<&'static KindEntry> {
    let kind = document.get("kind").and_then(Node::as_text)?;
    const { &KINDS }.iter().find(|known| known.manifest == kind)
}

fn laid_over(document: &Node, overlay: &Overlay, length: usize) -> Option<(Node, u32)> {
    let kind = kind(document)?;
    let name = document.get("metadata")?.get("name")?.as_text()?;
    let patch = overlay.patches.get(&Address::new(kind.actions.kind.clone(), name))?;
    let spec = document.get("spec").filter(|spec| takes_patches(spec))?;
    let patched = patched(spec, patch, length, &mut Vec::new());
    let with = |(key, value): &(Node, Node)| match key.text() {
        Some("spec") => (key.clone(), patched.spec.clone()),
        Some(_) | None => (key.clone(), value.clone()),
    };
    let kind = NodeKind::Mapping(document.entries().iter().map(with).collect());
    Some((Node { span: document.span, kind }, patched.from))
}
