//! Finds the place of a remark: the file is read once more, for no tree is kept.
//! Never drops a remark: without a place in the text it still names the file.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::model::repository::Remark;
use crate::source::Files;
use crate::yaml::{self, Document};

/// Gives every remark its file and span.
pub fn place(remarks: Vec<Remark>, files: &Files) -> Vec<Diagnostic> {
    let mut read: BTreeMap<String, Vec<Document>> = BTreeMap::new();
    let mut placed = Vec::with_capacity(remarks.len());
    for remark in remarks {
        let documents = read.entry(remark.origin.file.clone()).or_insert_with(|| {
            files.text(&remark.origin.file).map(|text| yaml::read(text).0).unwrap_or_default()
        });
        let path: Vec<&str> = remark.path.iter().map(String::as_str).collect();
        let document = documents.get(remark.origin.document);
        let span = document.and_then(|d| yaml::locate(&d.node, &path, remark.part));
        let diagnostic = remark.diagnostic.in_file(remark.origin.file);
        placed.push(match span {
            Some(span) => diagnostic.at(span),
            None => diagnostic,
        });
    }
    placed
}
