//! Reads the manifests of a revision straight from git's objects.
//! Never touches the work tree, and never hands a revision's name to a program.

use std::path::Path;

use git2::{Commit, ErrorCode};

use super::git::{Around, around, failed, nearest};
use super::screen::{MAX_BYTES, Screen};
use super::select::Selection;
use super::{CONFIG, Files, Revision, SourceError};

/// Reads the manifests below `root` as the revision `rev` has them.
///
/// `folders` narrows what is read to some folders, by their paths from `root`; none means all.
pub fn at_revision(root: &Path, rev: &str, folders: &[String]) -> Result<Files, SourceError> {
    let selection = Selection::of(folders)?;
    check(rev)?;
    let around = open(root)?;
    let commit = commit(&around, rev)?;
    let tree = around.tree(&commit)?.ok_or_else(|| SourceError::NotAtRevision { rev: rev.to_owned() })?;
    let listing = around.list(tree, &selection)?;
    if let Some(folder) = selection.folders().iter().find(|folder| !listing.folders.contains(folder)) {
        return Err(SourceError::MissingFolder(folder.clone()));
    }
    let mut screen = Screen::default();
    for (path, id) in &listing.files {
        match around.blob(*id, MAX_BYTES)? {
            Ok(bytes) => {
                screen.file(path, bytes)?;
            }
            Err(size) => screen.too_large(path, size),
        }
    }
    listing.links.iter().for_each(|path| screen.link(path));
    listing.submodules.iter().for_each(|path| screen.submodule(path));
    let revision =
        Revision { commit: Some(commit.id().to_string()), dirty: false, repository: around.address() };
    Ok(screen.finish(revision))
}

/// Returns the bytes of the root's settings as the revision has them.
pub(super) fn config(root: &Path, rev: &str) -> Result<Option<Vec<u8>>, SourceError> {
    check(rev)?;
    let around = open(root)?;
    let commit = commit(&around, rev)?;
    let tree = around.tree(&commit)?.ok_or_else(|| SourceError::NotAtRevision { rev: rev.to_owned() })?;
    let Some(entry) = tree.get_name(CONFIG) else { return Ok(None) };
    let refused = |why: &str| SourceError::Unreadable { path: CONFIG.to_owned(), why: why.to_owned() };
    if !matches!(entry.filemode(), 0o100644 | 0o100755 | 0o100664) {
        return Err(refused("it is not a plain file"));
    }
    around.blob(entry.id(), MAX_BYTES)?.map(Some).map_err(|_| refused("it is too large"))
}

/// Refuses what could be an option of a program, or write on a terminal, before git sees it.
pub(super) fn check(rev: &str) -> Result<(), SourceError> {
    let refused = rev.trim().is_empty()
        || rev.starts_with('-')
        || rev.len() > 1024
        || rev.chars().any(char::is_control);
    if refused { Err(SourceError::RefusedRevision(rev.to_owned())) } else { Ok(()) }
}

pub(super) fn open(root: &Path) -> Result<Around, SourceError> {
    let not_a_folder = || SourceError::NotAFolder(root.to_path_buf());
    let canonical = root.canonicalize().map_err(|_| not_a_folder())?;
    if !canonical.is_dir() {
        return Err(not_a_folder());
    }
    around(&canonical)?.ok_or_else(|| SourceError::NoRepository(root.to_path_buf()))
}

pub(super) fn commit<'r>(around: &'r Around, rev: &str) -> Result<Commit<'r>, SourceError> {
    let object = around.repository.revparse_single(rev).map_err(|error| match error.code() {
        ErrorCode::NotFound | ErrorCode::InvalidSpec | ErrorCode::UnbornBranch => {
            SourceError::UnknownRevision { rev: rev.to_owned(), near: nearest(&around.repository, rev) }
        }
        _ => failed("find the revision", &error),
    })?;
    object.peel_to_commit().map_err(|error| failed("find the revision's commit", &error))
}
