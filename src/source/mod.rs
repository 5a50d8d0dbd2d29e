//! The manifests of a folder, or of a revision of it, as texts with their paths.
//! Never follows a link, checks anything out, runs a hook, or leaves out a file it should have read.

mod at_revision;
mod files;
mod git;
mod refs;
mod screen;
mod select;
mod work_tree;

use std::path::{Path, PathBuf};

pub use at_revision::at_revision;
pub use files::{File, Files, Revision};
pub use refs::{Tip, Tracked, folder_in_repository, git_folders, is_index_locked, merge_base, tip, tracked};
pub use screen::{MAX_BYTES, MAX_FILES, MAX_TOTAL_BYTES};
pub use work_tree::work_tree;

/// The repository's own settings, at the root of the folder that is read.
pub const CONFIG: &str = "reconcile.yaml";

/// Reading stopped. Nothing may be concluded from what was read before.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("`{}` is not a folder that can be read", .0.display())]
    NotAFolder(PathBuf),
    #[error("cannot read `{path}`: {why}")]
    Unreadable { path: String, why: String },
    #[error("`{}` is in no git repository, so it has no revisions", .0.display())]
    NoRepository(PathBuf),
    #[error("cannot use the git repository: {0}")]
    RefusedRepository(String),
    #[error("`{}` is not a revision that git could know", .0.escape_debug())]
    RefusedRevision(String),
    #[error("there is no revision `{rev}`{}", nearest(.near))]
    UnknownRevision { rev: String, near: Vec<String> },
    #[error(
        "`{one}` and `{other}` have no commit in common{}",
        deepen(.is_shallow)
    )]
    NoMergeBase { one: String, other: String, is_shallow: bool },
    #[error("revision `{rev}` does not have the folder that is read")]
    NotAtRevision { rev: String },
    #[error(
        "`{}` cannot name a folder of the repository; a folder is written from its root, as in `teams/sales`",
        .0.escape_debug()
    )]
    RefusedFolder(String),
    #[error("there is no folder `{0}` to read manifests from")]
    MissingFolder(String),
    #[error("`{}` has a name that is not safe to read", .0.escape_debug())]
    StrangeName(String),
    #[error("there is too much to read: {0}; name the folders to read in `{CONFIG}`")]
    TooMuch(String),
    #[error("git could not {doing}: {why}")]
    Git { doing: &'static str, why: String },
}

fn nearest(near: &[String]) -> String {
    match near {
        [] => String::new(),
        names => format!("; the nearest are `{}`", names.join("`, `")),
    }
}

fn deepen(is_shallow: &bool) -> &'static str {
    match is_shallow {
        true => "; the clone is shallow: fetch the rest, or check out with fetch-depth 0",
        false => "",
    }
}

/// Returns the text of `reconcile.yaml` at the root, of the work tree or of a revision.
pub fn root_config(root: &Path, rev: Option<&str>) -> Result<Option<File>, SourceError> {
    let bytes = match rev {
        None => work_tree::config(root)?,
        Some(rev) => at_revision::config(root, rev)?,
    };
    let text = |bytes| {
        String::from_utf8(bytes).map_err(|_| SourceError::Unreadable {
            path: CONFIG.to_owned(),
            why: "it is not UTF-8 text".to_owned(),
        })
    };
    Ok(match bytes {
        None => None,
        Some(bytes) => Some(File { path: CONFIG.to_owned(), text: text(bytes)? }),
    })
}
