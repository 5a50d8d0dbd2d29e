//! Opens the git repository around a folder and lists a tree's files, without a checkout.
//! Never runs what a repository configures: no hooks, no filters, no commands.

use std::path::Path;

use git2::{ErrorCode, Oid, Repository, Tree};

use super::SourceError;
use super::files::public_address;
use super::select::{Selection, is_hostile, is_odd};

/// The most entries of one tree with all below it: a tree can hold itself many times over.
const MAX_ENTRIES: usize = 1_000_000;
const MAX_PATH: usize = 4096;

/// A repository, and where in it the folder is that is read.
pub(super) struct Around {
    pub repository: Repository,
    /// With `/`; empty for the repository's own root.
    pub prefix: String,
}

/// Opens the repository that holds `root`, a canonical path; none if there is none.
pub(super) fn around(root: &Path) -> Result<Option<Around>, SourceError> {
    let repository = match Repository::discover(root) {
        Ok(repository) => repository,
        Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
        Err(error) => return Err(SourceError::RefusedRepository(refusal(&error))),
    };
    let top = repository.workdir().unwrap_or(repository.path()).canonicalize();
    let below = top.ok().and_then(|top| Some(root.strip_prefix(top).ok()?.to_path_buf()));
    let Some(below) = below else { return Ok(None) };
    let names: Option<Vec<&str>> = below.iter().map(|name| name.to_str()).collect();
    let Some(names) = names else { return Err(SourceError::NotAFolder(root.to_path_buf())) };
    let prefix = names.join("/");
    // Inside `.git` itself there is nothing to read.
    let is_inside = repository.is_bare() && !prefix.is_empty();
    Ok((!is_inside).then_some(Around { repository, prefix }))
}

fn refusal(error: &git2::Error) -> String {
    let message = error.message();
    let lower = message.to_lowercase();
    if error.code() == ErrorCode::Owner {
        return "it belongs to another user; `git config --global --add safe.directory FOLDER` trusts it"
            .to_owned();
    }
    if lower.contains("refstorage") || lower.contains("reftable") {
        return "its refs are kept as a reftable, which cannot be read yet; \
                `git refs migrate --ref-format=files` converts them"
            .to_owned();
    }
    if lower.contains("object format") || lower.contains("objectformat") {
        return "its objects are named by SHA-256, which cannot be read yet".to_owned();
    }
    message.to_owned()
}

/// Says what failed; a missing object is most often a clone that was never complete.
pub(super) fn failed(doing: &'static str, error: &git2::Error) -> SourceError {
    let missing = error.code() == ErrorCode::NotFound && error.class() == git2::ErrorClass::Odb;
    let why = match missing {
        true => format!("{}; if the clone is partial or shallow, fetch the rest", error.message()),
        false => refusal(error),
    };
    SourceError::Git { doing, why }
}

impl Around {
    pub fn address(&self) -> Option<String> {
        let remote = self.repository.find_remote("origin").ok()?;
        public_address(remote.url().ok()?)
    }

    /// Returns the tree of the folder that is read; none if the commit does not have it.
    pub fn tree(&self, commit: &git2::Commit<'_>) -> Result<Option<Tree<'_>>, SourceError> {
        let mut tree = self.load(commit.tree_id())?;
        for name in self.prefix.split('/').filter(|name| !name.is_empty()) {
            let Some(entry) = tree.get_name(name).map(|entry| (entry.id(), entry.filemode())) else {
                return Ok(None);
            };
            if entry.1 & TYPE != FOLDER {
                return Ok(None);
            }
            tree = self.load(entry.0)?;
        }
        Ok(Some(tree))
    }

    fn load(&self, id: Oid) -> Result<Tree<'_>, SourceError> {
        self.repository.find_tree(id).map_err(|error| failed("read a folder of the revision", &error))
    }

    /// Lists what the selection reads below a tree, or must remark on.
    pub fn list(&self, tree: Tree<'_>, selection: &Selection) -> Result<Listing, SourceError> {
        let mut listing = Listing::default();
        let mut entries = 0;
        let mut open = vec![(String::new(), tree.id())];
        while let Some((folder, id)) = open.pop() {
            let tree = self.load(id)?;
            entries += tree.len();
            if entries > MAX_ENTRIES {
                return Err(SourceError::TooMuch(format!("more than {MAX_ENTRIES} entries")));
            }
            for entry in tree.iter() {
                let name = String::from_utf8_lossy(entry.name_bytes());
                let path = if folder.is_empty() { name.to_string() } else { format!("{folder}/{name}") };
                if is_hostile(&name) || path.len() > MAX_PATH {
                    return Err(SourceError::StrangeName(path));
                }
                let kind = entry.filemode() & TYPE;
                let matters = match kind {
                    FOLDER | SUBMODULE => selection.enters(&path),
                    LINK => selection.misses(&path),
                    _ => selection.takes(&path),
                };
                if !matters {
                    continue;
                }
                if is_odd(&name) || std::str::from_utf8(entry.name_bytes()).is_err() {
                    return Err(SourceError::StrangeName(path));
                }
                match kind {
                    FOLDER => {
                        listing.folders.push(path.clone());
                        open.push((path, entry.id()));
                    }
                    SUBMODULE => listing.submodules.push(path),
                    LINK => listing.links.push(path),
                    _ => listing.files.push((path, entry.id())),
                }
            }
        }
        listing.files.sort();
        match listing.files.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => Err(SourceError::StrangeName(pair[0].0.clone())),
            None => Ok(listing),
        }
    }

    /// Returns a blob's bytes, or its size if that is more than `most`, which is known before it is loaded.
    pub fn blob(&self, id: Oid, most: u64) -> Result<Result<Vec<u8>, u64>, SourceError> {
        let read = || {
            let (size, _) = self.repository.odb()?.read_header(id)?;
            match size as u64 {
                size if size > most => Ok(Err(size)),
                _ => Ok(Ok(self.repository.find_blob(id)?.content().to_vec())),
            }
        };
        read().map_err(|error| failed("read a file of the revision", &error))
    }
}

const TYPE: i32 = 0o170000;
const FOLDER: i32 = 0o040000;
const LINK: i32 = 0o120000;
const SUBMODULE: i32 = 0o160000;

/// What lies below a tree, by paths from it.
#[derive(Default)]
pub(super) struct Listing {
    /// Sorted.
    pub files: Vec<(String, Oid)>,
    pub folders: Vec<String>,
    pub links: Vec<String>,
    pub submodules: Vec<String>,
}

/// Returns the revisions whose names are nearest to an unknown one.
pub(super) fn nearest(repository: &Repository, rev: &str) -> Vec<String> {
    let mut known: Vec<String> = Vec::new();
    if let Ok(references) = repository.references() {
        known.extend(references.flatten().filter_map(|r| r.shorthand().ok().map(str::to_owned)));
    }
    known.sort();
    known.dedup();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    similar::get_close_matches(rev, &known, 3, 0.6).into_iter().map(str::to_owned).collect()
}
