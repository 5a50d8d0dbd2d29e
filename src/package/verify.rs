//! Verifies an archive in full before anything in it is believed: sizes, names, sums, manifest, plan.
//! Never writes anything, and never unpacks more than the limits below.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::layout::{self, Slot};
use super::refusal::{EntryFault, PackageError};
use super::{MANIFEST, PLAN, PLAN_TEXT, SUMS, check_manifest, entries, listed_file, steps, sums};
use crate::fingerprint::Fingerprint;
use crate::model::name::escaped;
use crate::plan::Plan;
use crate::wire;
use crate::wire::form::WireError;
use crate::wire::package::{Manifest, ManifestFile};

/// The longest archive that is read.
pub const MAX_ARCHIVE_BYTES: u64 = 256 << 20;
pub const MAX_ENTRIES: u64 = 20_000;
/// The longest entry, but for the plan and its text.
pub const MAX_ENTRY_BYTES: u64 = 16 << 20;
/// The longest plan: it holds every resource that it touches before and after.
pub const MAX_PLAN_BYTES: u64 = 128 << 20;
/// All entries together.
pub const MAX_TOTAL_BYTES: u64 = 256 << 20;
/// How much longer than packed an entry may be that is longer than `RATIO_FROM_BYTES`.
pub const MAX_RATIO: u64 = 200;
const RATIO_FROM_BYTES: u64 = 1 << 20;

/// The flags of an entry that packages use: how hard it was compressed, and that its name is UTF-8.
const FLAGS: u16 = 0b1000_0000_0110;
const ENCRYPTED: u16 = 0b10_0000_0100_0001;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// An archive that holds what it says. Its resources are still text.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    pub manifest: Manifest,
    pub plan: Option<Plan>,
    /// Every entry by its path, UTF-8 all of them.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Verified {
    /// Identifies the package, as `Package::fingerprint` does.
    pub fn fingerprint(&self) -> Fingerprint {
        sums::fingerprint(&self.files)
    }
}

/// Verifies everything but what the resources say.
pub fn verify(bytes: &[u8]) -> Result<Verified, PackageError> {
    let n_bytes = bytes.len() as u64;
    if n_bytes > MAX_ARCHIVE_BYTES {
        return Err(PackageError::TooLong { bytes: n_bytes, limit: MAX_ARCHIVE_BYTES });
    }
    let slots = layout::read(bytes, MAX_ENTRIES)?;
    let names = check_slots(&slots)?;
    let files = unpack(bytes, &names)?;
    sums::check(&files)?;
    let manifest = read_manifest(&files)?;
    let (plan, resources) =
        (read_plan(&files)?, entries::paths(manifest.resources.iter().map(|r| &r.address)));
    check_known(&files, &resources.into_values().collect())?;
    check_listed(&files, &manifest)?;
    check_plan(&files, &manifest, plan.as_ref())?;
    Ok(Verified { manifest, plan, files })
}

/// Tells whether an entry is packed as tightly as only bombs are.
pub fn is_suspicious(slot: &Slot) -> bool {
    slot.size > RATIO_FROM_BYTES && slot.size > slot.packed.saturating_mul(MAX_RATIO)
}

/// Checks entries against the limits that `verify` sets.
pub fn check_sizes(files: &BTreeMap<String, Vec<u8>>) -> Result<(), PackageError> {
    let n_entries = files.len() as u64;
    if n_entries > MAX_ENTRIES {
        return Err(PackageError::TooManyEntries { entries: n_entries, limit: MAX_ENTRIES });
    }
    let mut total = 0;
    for (name, bytes) in files {
        let (size, limit) = (bytes.len() as u64, limit_of(name));
        if size > limit {
            return Err(refusal(name, EntryFault::TooLarge { limit }));
        }
        total += size;
    }
    match total > MAX_TOTAL_BYTES {
        true => Err(PackageError::TooLargeUnpacked { limit: MAX_TOTAL_BYTES }),
        false => Ok(()),
    }
}

fn limit_of(name: &str) -> u64 {
    match name {
        PLAN | PLAN_TEXT => MAX_PLAN_BYTES,
        _ => MAX_ENTRY_BYTES,
    }
}

fn refusal(name: &str, fault: EntryFault) -> PackageError {
    const SHOWN: usize = 120;
    let shown = match name.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &name[..at]),
        None => name.to_owned(),
    };
    PackageError::Entry { name: escaped(&shown), fault }
}

/// Judges every entry by what the archive says of it, and returns the names in order.
fn check_slots(slots: &[Slot]) -> Result<Vec<&str>, PackageError> {
    let mut names = Vec::with_capacity(slots.len());
    let mut folded: BTreeMap<String, &str> = BTreeMap::new();
    let mut total: u64 = 0;
    for slot in slots {
        let name = std::str::from_utf8(&slot.name)
            .map_err(|_| refusal(&String::from_utf8_lossy(&slot.name), EntryFault::Name("is no UTF-8")))?;
        if let Some(fault) = slot_fault(name, slot) {
            return Err(refusal(name, fault));
        }
        match folded.insert(name.to_ascii_lowercase(), name) {
            Some(twin) if twin == name => return Err(refusal(name, EntryFault::Duplicate)),
            Some(twin) => return Err(refusal(name, EntryFault::CaseTwin(twin.to_owned()))),
            None => names.push(name),
        }
        total = total.saturating_add(slot.size);
    }
    if total > MAX_TOTAL_BYTES {
        return Err(PackageError::TooLargeUnpacked { limit: MAX_TOTAL_BYTES });
    }
    match slots.iter().all(is_written_by_us) {
        true => Ok(names),
        false => Err(PackageError::Layout("an entry has marks that `reconcile` does not give".to_owned())),
    }
}

/// Made on Unix, a plain file of mode 0644, with the version that the method needs (APPNOTE.TXT, 4.4.3.2).
fn is_written_by_us(slot: &Slot) -> bool {
    let needed = if slot.method == STORED { 10 } else { 20 };
    slot.version == [needed, 3, needed, 0] && slot.attributes == 0o100644 << 16
}

fn slot_fault(name: &str, slot: &Slot) -> Option<EntryFault> {
    // The upper half is a Unix mode, whatever system the archive claims to come from.
    let file_type = (slot.attributes >> 16) & 0o170000;
    let is_folder = name.ends_with('/') || file_type == 0o040000 || slot.attributes & 0x10 != 0;
    let limit = limit_of(name);
    if is_folder {
        return Some(EntryFault::Folder);
    }
    if let Some(fault) = entries::fault(name) {
        return Some(EntryFault::Name(fault));
    }
    if file_type != 0 && file_type != 0o100000 {
        return Some(EntryFault::NoFile);
    }
    if slot.flags & ENCRYPTED != 0 {
        return Some(EntryFault::Encrypted);
    }
    if slot.flags & !FLAGS != 0 {
        return Some(EntryFault::Damaged(format!("its flags are {:#06x}", slot.flags)));
    }
    if !matches!(slot.method, STORED | DEFLATED) {
        return Some(EntryFault::Compression(slot.method));
    }
    if slot.size > limit {
        return Some(EntryFault::TooLarge { limit });
    }
    is_suspicious(slot).then_some(EntryFault::Ratio { limit: MAX_RATIO })
}

/// Unpacks all entries into memory. The claimed sizes are checked by now, and no entry may exceed its claim.
fn unpack(bytes: &[u8], names: &[&str]) -> Result<BTreeMap<String, Vec<u8>>, PackageError> {
    let damaged = |name: &str, message: &dyn std::fmt::Display| {
        refusal(name, EntryFault::Damaged(escaped(&message.to_string())))
    };
    let mut archive =
        ZipArchive::new(Cursor::new(bytes)).map_err(|e| PackageError::Layout(escaped(&e.to_string())))?;
    if archive.len() != names.len() || archive.offset() != 0 || archive.has_duplicate_names() {
        return Err(PackageError::Layout("its directory can be read in two ways".to_owned()));
    }
    let mut files = BTreeMap::new();
    for (index, name) in names.iter().enumerate() {
        let file = archive.by_index(index).map_err(|e| damaged(name, &e))?;
        if file.name_raw() != name.as_bytes() {
            return Err(PackageError::Layout("its directory can be read in two ways".to_owned()));
        }
        let size = file.size();
        let mut content = Vec::new();
        file.take(size + 1).read_to_end(&mut content).map_err(|e| damaged(name, &e))?;
        if content.len() as u64 != size {
            return Err(damaged(name, &"it is not as long as the archive says"));
        }
        if std::str::from_utf8(&content).is_err() {
            return Err(refusal(name, EntryFault::NoText));
        }
        files.insert((*name).to_owned(), content);
    }
    Ok(files)
}

/// Returns the text of an entry; every entry is UTF-8 by now.
pub fn text_of<'f>(files: &'f BTreeMap<String, Vec<u8>>, path: &str) -> Option<&'f str> {
    files.get(path).and_then(|bytes| std::str::from_utf8(bytes).ok())
}

fn read_manifest(files: &BTreeMap<String, Vec<u8>>) -> Result<Manifest, PackageError> {
    let text = text_of(files, MANIFEST).ok_or_else(|| PackageError::Missing(MANIFEST.to_owned()))?;
    let manifest = wire::package::from_json(text).map_err(|error| match error {
        WireError::Newer { .. } | WireError::Unknown { .. } => PackageError::Version(error),
        WireError::Malformed { message, .. } => PackageError::Manifest { message },
    })?;
    check_manifest(&manifest)?;
    if !manifest.resources.is_sorted_by(|a, b| a.address < b.address) {
        let message = "its resources are not sorted, or one is there twice".to_owned();
        return Err(PackageError::Manifest { message });
    }
    Ok(manifest)
}

fn read_plan(files: &BTreeMap<String, Vec<u8>>) -> Result<Option<Plan>, PackageError> {
    let Some(text) = text_of(files, PLAN) else { return Ok(None) };
    let plan = wire::plan::packaged_from_json(text).map_err(|error| match error {
        WireError::Newer { .. } | WireError::Unknown { .. } => PackageError::Version(error),
        WireError::Malformed { message, .. } => PackageError::Plan { message },
    })?;
    steps::check(&plan)?;
    Ok(Some(plan))
}

/// Checks that every entry is one that a package has, and that every resource of the manifest is there.
fn check_known(files: &BTreeMap<String, Vec<u8>>, resources: &BTreeSet<String>) -> Result<(), PackageError> {
    for path in files.keys() {
        let is_known = matches!(path.as_str(), MANIFEST | PLAN | PLAN_TEXT | SUMS)
            || path.starts_with(steps::FOLDER)
            || resources.contains(path);
        if !is_known {
            return Err(refusal(path, EntryFault::Unknown));
        }
    }
    match resources.iter().find(|path| !files.contains_key(*path)) {
        Some(path) => Err(PackageError::Missing(path.clone())),
        None => Ok(()),
    }
}

/// Checks that the manifest lists exactly the entries that are there.
fn check_listed(files: &BTreeMap<String, Vec<u8>>, manifest: &Manifest) -> Result<(), PackageError> {
    let actual: Vec<ManifestFile> = files
        .iter()
        .filter(|(path, _)| !matches!(path.as_str(), MANIFEST | SUMS))
        .map(|(path, bytes)| listed_file(path, bytes))
        .collect();
    if manifest.files == actual {
        return Ok(());
    }
    let listed: BTreeMap<&str, &ManifestFile> =
        manifest.files.iter().map(|file| (file.path.as_str(), file)).collect();
    match actual.iter().find(|file| listed.get(file.path.as_str()) != Some(file)) {
        Some(file) => Err(refusal(&file.path, EntryFault::NotAsListed)),
        None => {
            let message = "it lists entries that are not there, or lists them out of order".to_owned();
            Err(PackageError::Manifest { message })
        }
    }
}

/// Checks that plan, manifest and the files of the steps say the same.
fn check_plan(
    files: &BTreeMap<String, Vec<u8>>,
    manifest: &Manifest,
    plan: Option<&Plan>,
) -> Result<(), PackageError> {
    let planned_for = plan.map(|plan| plan.environment.as_str());
    if planned_for != manifest.environment.as_deref() {
        let say = |environment: Option<&str>| match environment {
            Some(environment) => format!("environment `{}`", escaped(environment)),
            None => "no environment".to_owned(),
        };
        let message = format!(
            "it is for {}, and the manifest says {}",
            say(planned_for),
            say(manifest.environment.as_deref())
        );
        return Err(PackageError::Plan { message });
    }
    if plan.is_some_and(|plan| plan.revision != manifest.provenance) {
        let message = "it was made from another revision than the manifest says".to_owned();
        return Err(PackageError::Plan { message });
    }
    let steps = plan.map(steps::files).unwrap_or_default();
    let found = |path: &String| path.starts_with(steps::FOLDER);
    if let Some(path) = files.keys().filter(|path| found(path)).find(|path| !steps.contains_key(*path)) {
        return Err(refusal(path, EntryFault::NotThePlan));
    }
    match steps.iter().find(|(path, text)| files.get(*path) != Some(text)) {
        Some((path, _)) if files.contains_key(path) => Err(refusal(path, EntryFault::NotThePlan)),
        Some((path, _)) => Err(PackageError::Missing(path.clone())),
        None => Ok(()),
    }
}
