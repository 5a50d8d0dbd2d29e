//! `reconcile.yaml`: the repository's own settings.
//! Never holds what belongs to an environment.

use std::sync::Arc;

use super::check;
use super::decode::{text, texts, word};
use super::grammar::CONFIG;
use super::{policy, sinks};
use crate::diagnostic::Diagnostic;
use crate::model::notify::{HostConfig, Sink};
use crate::model::policy::Policy;
use crate::source::File;
use crate::yaml;

/// The settings of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The folders to read manifests from; empty reads all.
    pub folders: Vec<String>,
    /// Who is told of what a watcher does and finds.
    pub notify: Vec<Sink>,
    /// Where the repository's host is.
    pub host: HostConfig,
    /// What is asked of every change and every manifest.
    pub policy: Arc<Policy>,
}

/// Decodes `reconcile.yaml`.
pub fn config(file: &File) -> (Config, Vec<Diagnostic>) {
    let (documents, mut found) = yaml::read(&file.text);
    let mut config = Config::default();
    if let Some(document) = documents.first() {
        check::object(&document.node, &CONFIG, &mut found);
        config.folders = texts(&document.node, "folders").unwrap_or_default();
        config.notify = sinks::sinks(&document.node, file, &mut found);
        if let Some(said) = document.node.get("policy") {
            config.policy = Arc::new(policy::policy(said, &mut found));
        }
        if let Some(host) = document.node.get("host") {
            config.host = HostConfig {
                kind: word(host, "kind"),
                api: text(host, "api"),
                repository: text(host, "repository"),
            };
        }
    }
    (config, found.into_iter().map(|d| d.in_file(&file.path)).collect())
}
