//! Reads the manifests of a folder as they lie on the disk, and compares them with the commit below.
//! Never opens what is not a plain file, and never goes on after one that cannot be read.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use git2::{ObjectType, Oid};
use walkdir::{DirEntry, WalkDir};

use super::git::{Around, around};
use super::screen::{MAX_BYTES, Screen, is_ours};
use super::select::{Selection, is_odd};
use super::{CONFIG, Files, Revision, SourceError};
use crate::diagnostic::Diagnostic;

/// Reads the manifests below `root` as they lie on the disk.
///
/// `folders` narrows what is read to some folders, by their paths from `root`; none means all.
pub fn work_tree(root: &Path, folders: &[String]) -> Result<Files, SourceError> {
    let selection = Selection::of(folders)?;
    let canonical = folder(root)?;
    let mut reading = Reading { screen: Screen::default(), seen: BTreeMap::new(), entered: Vec::new() };
    reading.walk(&canonical, &selection)?;
    if let Some(folder) = selection.folders().iter().find(|folder| !reading.entered.contains(folder)) {
        return Err(SourceError::MissingFolder(folder.clone()));
    }
    if let Some(bytes) = config(root)? {
        reading.seen.insert(CONFIG.to_owned(), Seen::of(&bytes, true));
    }
    let revision = match around(&canonical) {
        Ok(Some(around)) => revision(&around, &selection, &reading.seen),
        Ok(None) => Revision { commit: None, dirty: true, repository: None },
        // The files are there all the same; only their revision has no name.
        Err(error) => {
            let found = Diagnostic::warning("RV011", format!("the revision is not known: {error}"));
            reading.screen.remark(found);
            Revision { commit: None, dirty: true, repository: None }
        }
    };
    Ok(reading.screen.finish(revision))
}

fn folder(root: &Path) -> Result<std::path::PathBuf, SourceError> {
    match root.canonicalize() {
        Ok(path) if path.is_dir() => Ok(path),
        Ok(_) | Err(_) => Err(SourceError::NotAFolder(root.to_path_buf())),
    }
}

struct Reading {
    screen: Screen,
    /// Every YAML file that was looked at, kept or not.
    seen: BTreeMap<String, Seen>,
    entered: Vec<String>,
}

/// What git would call a file, as it lies here and with the line ends of a commit.
struct Seen {
    ids: Vec<Oid>,
    is_kept: bool,
}

impl Seen {
    fn of(bytes: &[u8], is_kept: bool) -> Seen {
        let mut ids: Vec<Oid> = Oid::hash_object(ObjectType::Blob, bytes).into_iter().collect();
        // With `core.autocrlf`, git itself has put the carriage returns here.
        if let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| text.contains("\r\n")) {
            ids.extend(Oid::hash_object(ObjectType::Blob, text.replace("\r\n", "\n").as_bytes()));
        }
        Seen { ids, is_kept }
    }
}

impl Reading {
    fn walk(&mut self, root: &Path, selection: &Selection) -> Result<(), SourceError> {
        let mut walk = WalkDir::new(root).follow_links(false).sort_by_file_name().into_iter();
        while let Some(entry) = walk.next() {
            let entry = entry.map_err(|error| {
                let path = error.path().unwrap_or(root).strip_prefix(root).unwrap_or(root);
                unreadable(&path.to_string_lossy(), &error)
            })?;
            if entry.depth() == 0 {
                continue;
            }
            let kind = entry.file_type();
            let Some(path) = relative(root, &entry, selection)? else {
                if kind.is_dir() {
                    walk.skip_current_dir();
                }
                continue;
            };
            if kind.is_symlink() {
                self.screen.link(&path);
            } else if !kind.is_dir() {
                self.file(entry.path(), &path)?;
            } else if entry.path().join(".git").symlink_metadata().is_ok() {
                self.screen.submodule(&path);
                walk.skip_current_dir();
            } else {
                self.entered.push(path);
            }
        }
        Ok(())
    }

    fn file(&mut self, place: &Path, path: &str) -> Result<(), SourceError> {
        match read(place).map_err(|error| unreadable(path, &error))? {
            Content::Bytes(bytes) => {
                let mut seen = Seen::of(&bytes, false);
                seen.is_kept = self.screen.file(path, bytes)?;
                self.seen.insert(path.to_owned(), seen);
            }
            Content::TooLarge(size) => self.screen.too_large(path, size),
        }
        Ok(())
    }
}

/// Returns an entry's path from the root, if it is one to enter, to read or to remark on.
fn relative(root: &Path, entry: &DirEntry, selection: &Selection) -> Result<Option<String>, SourceError> {
    let below = entry.path().strip_prefix(root).unwrap_or(entry.path());
    let names: Vec<_> = below.iter().map(|name| name.to_string_lossy()).collect();
    let path = names.join("/");
    let kind = entry.file_type();
    let matters = if kind.is_dir() {
        selection.enters(&path)
    } else if kind.is_symlink() {
        selection.misses(&path)
    } else {
        selection.takes(&path)
    };
    if matters && (entry.file_name().to_str().is_none_or(is_odd)) {
        return Err(SourceError::StrangeName(path));
    }
    Ok(matters.then_some(path))
}

fn unreadable(path: &str, why: &dyn std::error::Error) -> SourceError {
    let path = if path.is_empty() { "." } else { path };
    SourceError::Unreadable { path: path.to_owned(), why: why.to_string() }
}

enum Content {
    Bytes(Vec<u8>),
    TooLarge(u64),
}

/// Reads a plain file that stays the same one between the look at it and the opening.
fn read(place: &Path) -> io::Result<Content> {
    let before = fs::symlink_metadata(place)?;
    if !before.is_file() {
        return Err(io::Error::other("it is not a plain file"));
    }
    if before.len() > MAX_BYTES {
        return Ok(Content::TooLarge(before.len()));
    }
    let file = fs::File::open(place)?;
    if !is_same(&before, &file.metadata()?) {
        return Err(io::Error::other("it was replaced while it was read"));
    }
    let mut bytes = Vec::with_capacity(before.len() as usize);
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 {
        size if size > MAX_BYTES => Ok(Content::TooLarge(size)),
        _ => Ok(Content::Bytes(bytes)),
    }
}

#[cfg(unix)]
fn is_same(before: &fs::Metadata, after: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (before.dev(), before.ino()) == (after.dev(), after.ino())
}

#[cfg(not(unix))]
fn is_same(_: &fs::Metadata, after: &fs::Metadata) -> bool {
    after.is_file()
}

/// Returns the bytes of the root's settings.
pub(super) fn config(root: &Path) -> Result<Option<Vec<u8>>, SourceError> {
    match read(&folder(root)?.join(CONFIG)) {
        Ok(Content::Bytes(bytes)) => Ok(Some(bytes)),
        Ok(Content::TooLarge(_)) => Err(unreadable(CONFIG, &io::Error::other("it is too large"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(CONFIG, &error)),
    }
}

fn revision(around: &Around, selection: &Selection, seen: &BTreeMap<String, Seen>) -> Revision {
    let head = around.repository.head().and_then(|head| head.peel_to_commit());
    let Ok(commit) = head else {
        return Revision { commit: None, dirty: true, repository: around.address() };
    };
    // What cannot be compared counts as changed: a plan must not claim a commit it may not be of.
    let dirty = differs(around, &commit, selection, seen).unwrap_or(true);
    Revision { commit: Some(commit.id().to_string()), dirty, repository: around.address() }
}

/// Tells whether a manifest is here and not in the commit, there and not here, or differs.
fn differs(
    around: &Around,
    commit: &git2::Commit<'_>,
    selection: &Selection,
    seen: &BTreeMap<String, Seen>,
) -> Result<bool, SourceError> {
    let mut there: BTreeMap<String, Oid> = BTreeMap::new();
    if let Some(tree) = around.tree(commit)? {
        there.extend(tree.get_name(CONFIG).map(|entry| (CONFIG.to_owned(), entry.id())));
        there.extend(around.list(tree, selection)?.files);
    }
    for (path, seen) in seen.iter().filter(|(_, seen)| seen.is_kept) {
        if there.get(path).is_none_or(|id| !seen.ids.contains(id)) {
            return Ok(true);
        }
    }
    for (path, id) in &there {
        match seen.get(path) {
            Some(seen) if seen.ids.contains(id) => continue,
            // Another tool's file may come and go; one that held manifests may not.
            Some(_) | None => {}
        }
        let held = around.blob(*id, MAX_BYTES)?.is_ok_and(|bytes| is_ours(&bytes));
        if held || path == CONFIG {
            return Ok(true);
        }
    }
    Ok(false)
}
