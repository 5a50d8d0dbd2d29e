//! What two packages do not have alike, entry by entry.
//! Never compares zip bytes: how a package is compressed is no difference.

use std::collections::{BTreeMap, BTreeSet};

use super::{MANIFEST, Package, SUMS};
use crate::wire;
use crate::wire::package::{EntryDiff, Manifest};

/// Returns every entry that differs, sorted by path. Lists of sums are left out: they would repeat the rest.
pub fn compare(before: &Package, after: &Package) -> Vec<EntryDiff> {
    let (before, after) = (texts(before), texts(after));
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    paths
        .into_iter()
        .filter(|path| before.get(*path) != after.get(*path))
        .map(|path| EntryDiff {
            path: path.clone(),
            before: before.get(path).cloned(),
            after: after.get(path).cloned(),
        })
        .collect()
}

fn texts(package: &Package) -> BTreeMap<String, String> {
    let text = |path: &str, bytes: &[u8]| match path {
        MANIFEST => wire::package::to_json(&Manifest { files: Vec::new(), ..package.manifest().clone() }),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    };
    package
        .files()
        .iter()
        .filter(|(path, _)| *path != SUMS)
        .map(|(path, bytes)| (path.clone(), text(path, bytes)))
        .collect()
}
