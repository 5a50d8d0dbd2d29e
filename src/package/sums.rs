//! `SHA256SUMS`: the sum of every entry, as `sha256sum -c` reads it.
//! Never lists itself.

use std::collections::BTreeMap;

use super::SUMS;
use super::refusal::{EntryFault, PackageError};
use crate::fingerprint::Fingerprint;
use crate::model::name::escaped;

/// Writes the sums of all entries, sorted by path.
pub fn text(files: &BTreeMap<String, Vec<u8>>) -> String {
    files
        .iter()
        .filter(|(path, _)| *path != SUMS)
        .map(|(path, bytes)| format!("{}  {path}\n", Fingerprint::of_bytes(bytes)))
        .collect()
}

/// Identifies a package: the SHA-256 of its sorted list of entries and sums.
pub fn fingerprint(files: &BTreeMap<String, Vec<u8>>) -> Fingerprint {
    Fingerprint::of_bytes(text(files).as_bytes())
}

/// Checks that `SHA256SUMS` lists exactly all other entries, with their sums.
pub fn check(files: &BTreeMap<String, Vec<u8>>) -> Result<(), PackageError> {
    let written = files.get(SUMS).ok_or_else(|| PackageError::Missing(SUMS.to_owned()))?;
    let actual = text(files);
    if *written == actual.as_bytes() {
        return Ok(());
    }
    // Something is wrong: say what, in the order that helps most.
    let written = String::from_utf8_lossy(written);
    let listed: BTreeMap<&str, &str> =
        written.lines().filter_map(|line| line.split_once("  ").map(|(sum, path)| (path, sum))).collect();
    for line in actual.lines() {
        let Some((sum, path)) = line.split_once("  ") else { continue };
        match listed.get(path) {
            Some(found) if *found == sum => {}
            Some(_) => return Err(PackageError::Entry { name: escaped(path), fault: EntryFault::Sum }),
            None => return Err(PackageError::Sums(format!("does not list `{}`", escaped(path)))),
        }
    }
    match listed.keys().find(|path| **path == SUMS || !files.contains_key(**path)) {
        Some(path) => Err(PackageError::Sums(format!("lists `{}`, which is not there", escaped(path)))),
        None => Err(PackageError::Sums("is not written as packages write it".to_owned())),
    }
}
