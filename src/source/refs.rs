//! Where the branches of a repository are, which of them a remote feeds, and where git keeps them.
//! Never asks a remote, and never moves a ref.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::at_revision::{check, commit, open};
use super::{SourceError, git};

/// The commit at the tip of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    /// Its full name.
    pub commit: String,
    pub made: Option<Timestamp>,
}

/// A branch of a remote, and the ref that holds what was last fetched of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tracked {
    pub remote: String,
    pub branch: String,
}

impl Tracked {
    /// What `git fetch` takes: the branch, and where it goes here.
    pub fn refspec(&self) -> String {
        format!("+refs/heads/{branch}:refs/remotes/{}/{branch}", self.remote, branch = self.branch)
    }
}

/// Returns the commit that a name stands for now.
pub fn tip(root: &Path, rev: &str) -> Result<Tip, SourceError> {
    check(rev)?;
    let around = open(root)?;
    let commit = commit(&around, rev)?;
    let made = Timestamp::from_second(commit.time().seconds()).ok();
    Ok(Tip { commit: commit.id().to_string(), made })
}

/// Returns the commit at which two revisions were last the same.
pub fn merge_base(root: &Path, one: &str, other: &str) -> Result<String, SourceError> {
    check(one)?;
    check(other)?;
    let around = open(root)?;
    let (first, second) = (commit(&around, one)?.id(), commit(&around, other)?.id());
    match around.repository.merge_base(first, second) {
        Ok(base) => Ok(base.to_string()),
        Err(error) if error.code() == git2::ErrorCode::NotFound => {
            let is_shallow = around.repository.is_shallow();
            Err(SourceError::NoMergeBase { one: one.to_owned(), other: other.to_owned(), is_shallow })
        }
        Err(error) => Err(git::failed("find where the two revisions part", &error)),
    }
}

/// Returns where a folder lies in its git repository, with `/`; empty for the root, and where there is none.
pub fn folder_in_repository(root: &Path) -> String {
    open(root).map(|around| around.prefix).unwrap_or_default()
}

/// Returns the remote branch that a name follows; none for a local branch or a single commit.
pub fn tracked(root: &Path, rev: &str) -> Result<Option<Tracked>, SourceError> {
    check(rev)?;
    let around = open(root)?;
    let repository = &around.repository;
    let name = rev.strip_prefix("refs/remotes/").or_else(|| rev.strip_prefix("remotes/")).unwrap_or(rev);
    let is_local = |name: &str| repository.find_reference(&format!("refs/heads/{name}")).is_ok();
    if rev == name && (rev.starts_with("refs/") || is_local(rev)) {
        return Ok(None);
    }
    let remotes = repository.remotes().map_err(|error| git::failed("list the remotes", &error))?;
    let names = remotes.iter().flatten().flatten();
    // A remote may have a slash in its name.
    let longest = names
        .filter(|remote| name.strip_prefix(remote).is_some_and(|rest| rest.starts_with('/')))
        .max_by_key(|remote| remote.len());
    Ok(longest.and_then(|remote| {
        let branch = name.strip_prefix(remote)?.strip_prefix('/')?;
        let full = format!("refs/heads/{branch}");
        git2::Reference::is_valid_name(&full)
            .then(|| Tracked { remote: remote.to_owned(), branch: branch.to_owned() })
    }))
}

/// The folders in which git keeps its refs: that of this work tree, and that of the repository.
pub fn git_folders(root: &Path) -> Result<(PathBuf, PathBuf), SourceError> {
    let around = open(root)?;
    Ok((around.repository.path().to_owned(), around.repository.commondir().to_owned()))
}

/// Tells whether git is changing the work tree.
pub fn is_index_locked(root: &Path) -> bool {
    git_folders(root).is_ok_and(|(folder, _)| folder.join("index.lock").symlink_metadata().is_ok())
}
