//! The files of a repository: from the work tree or from a git revision.
//! Never reads YAML: `manifest` does.

use serde::{Deserialize, Serialize};

/// Which state of the repository was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Revision {
    /// The full commit id; none outside git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Whether what was read differs from that commit.
    #[serde(default)]
    pub dirty: bool,
    /// Where the repository comes from, without user or query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
}

impl Revision {
    /// The revision as people read it: `4f2a91c`, `4f2a91c + changes`, or `the work tree` outside git.
    pub fn label(&self) -> String {
        let Some(commit) = &self.commit else { return "the work tree".to_owned() };
        let short: String = commit.chars().take(7).collect();
        if self.dirty { format!("{short} + changes") } else { short }
    }
}
