//! `fmt`: a file of manifests in canonical form.
//! Never loses a comment or a word: what it cannot keep, it refuses to touch.

use crate::manifest::canonical;
use crate::yaml;

/// What became of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Formatted {
    Same,
    Changed(String),
    /// Why it is left as it is.
    Refused(String),
}

/// Writes all documents of a file in the order of the grammar and in canonical YAML. The comments before the
/// first document stay.
pub fn format(text: &str) -> Formatted {
    let (documents, faults) = yaml::read(text);
    if let Some(fault) = faults.first() {
        let line = fault.span.map(|s| format!("line {}: ", s.line)).unwrap_or_default();
        return Formatted::Refused(format!("{line}{}", fault.message));
    }
    if let Some(comment) = yaml::has_inner_comments(text) {
        return Formatted::Refused(format!("it has a comment at line {}, which would be lost", comment.line));
    }
    let values: Vec<serde_yaml::Value> = documents.iter().map(|d| canonical(&d.node)).collect();
    let formatted = yaml::leading_comments(text).to_owned() + &yaml::emit_all(&values);
    let (again, faults) = yaml::read(&formatted);
    let same_meaning = faults.is_empty()
        && again.len() == documents.len()
        && again.iter().zip(&values).all(|(d, v)| d.node.to_value() == *v);
    match (same_meaning, formatted == text) {
        (false, _) => Formatted::Refused("its canonical form would not read back the same".to_owned()),
        (true, true) => Formatted::Same,
        (true, false) => Formatted::Changed(formatted),
    }
}
