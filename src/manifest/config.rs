//! `reconcile.yaml`: the repository's own settings.
//! Never holds what belongs to an environment.

use super::check;
use super::decode::texts;
use super::grammar::CONFIG;
use crate::diagnostic::Diagnostic;
use crate::source::File;
use crate::yaml;

/// The settings of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The folders to read manifests from; empty reads all.
    pub folders: Vec<String>,
}

/// Decodes `reconcile.yaml`.
pub fn config(file: &File) -> (Config, Vec<Diagnostic>) {
    let (documents, mut found) = yaml::read(&file.text);
    let mut config = Config::default();
    if let Some(document) = documents.first() {
        check::object(&document.node, &CONFIG, &mut found);
        config.folders = texts(&document.node, "folders").unwrap_or_default();
    }
    (config, found.into_iter().map(|d| d.in_file(&file.path)).collect())
}
