//! What was read: the files, the revision they are of, and remarks on what was not taken.
//! Never says what a file means, and never holds a secret from the repository's address.

use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;

/// The manifests of one folder at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    pub revision: Revision,
    /// In the order of their paths' bytes.
    pub files: Vec<File>,
    /// Remarks on files, among them errors: an error means that the files are not all there is.
    pub notes: Vec<Diagnostic>,
}

/// One file that may hold manifests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// From the folder that was read, with `/`.
    pub path: String,
    /// As it was found, so that places in it are true.
    pub text: String,
}

impl Files {
    /// Returns the text of the file at `path`.
    pub fn text(&self, path: &str) -> Option<&str> {
        let at = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        Some(&self.files[at].text)
    }
}

/// Where the files come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Revision {
    /// The full name of the commit; none without a git repository, or before its first commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Whether the manifests differ from the commit's.
    #[serde(default)]
    pub dirty: bool,
    /// The address of the remote `origin`, without user and query; none for a path on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
}

impl Revision {
    /// Names the revision for people: `4f2a91c`, `4f2a91c + changes` or `the work tree`.
    pub fn label(&self) -> String {
        match (&self.commit, self.dirty) {
            (None, _) => "the work tree".to_owned(),
            (Some(commit), false) => commit.chars().take(7).collect(),
            (Some(commit), true) => format!("{} + changes", commit.chars().take(7).collect::<String>()),
        }
    }
}

/// Returns a remote's address without what may be a secret; none where that cannot be told apart.
pub(super) fn public_address(url: &str) -> Option<String> {
    let url = url.split(['?', '#']).next()?;
    if url.chars().any(char::is_control) {
        return None;
    }
    let without_user = |host: &str| host.rsplit('@').next().unwrap_or(host).to_owned();
    let Some((scheme, rest)) = url.split_once("://") else {
        // The short form, `user@host:path`. Without a host, it is a path on this machine.
        let (host, path) = url.split_once(':')?;
        let is_host = host.len() > 1 && !host.contains(['/', '\\']) && !path.contains('@');
        return is_host.then(|| format!("{}:{path}", without_user(host)));
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = without_user(authority);
    let has_port = host.rsplit_once(':').is_none_or(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
    // A `/` inside a password would leave half of it in the host, and the rest in the path.
    let is_clear = has_port && !path.contains('@');
    (scheme != "file" && !host.is_empty() && is_clear).then(|| format!("{scheme}://{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_no_secret() {
        for (url, want) in [
            ("https://github.com/a/b.git", Some("https://github.com/a/b.git")),
            ("https://token@github.com/a/b", Some("https://github.com/a/b")),
            ("https://u:p@ss@host:8443/a?key=1#x", Some("https://host:8443/a")),
            ("https://u:pa/ss@host/a", None),
            ("ssh://git@host:22/a", Some("ssh://host:22/a")),
            ("git@github.com:a/b.git", Some("github.com:a/b.git")),
            ("u:pass@host:a", None),
            ("file:///home/me/repo", None),
            ("/home/me/repo", None),
            ("../repo", None),
            ("C:\\repo", None),
        ] {
            assert_eq!(public_address(url).as_deref(), want, "{url}");
        }
    }

    #[test]
    fn a_revision_is_named_for_people() {
        let label = |commit: Option<&str>, dirty| {
            Revision { commit: commit.map(str::to_owned), dirty, repository: None }.label()
        };
        assert_eq!(label(Some("4f2a91c0d1"), false), "4f2a91c");
        assert_eq!(label(Some("4f2a91c0d1"), true), "4f2a91c + changes");
        assert_eq!(label(None, true), "the work tree");
    }
}
