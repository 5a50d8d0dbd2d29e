//! Writes a package as a zip: equal packages give equal bytes on every machine.
//! Never takes a time, an owner or a mode from the machine it runs on.

use std::collections::BTreeSet;
use std::io::{Cursor, Write};

use zip::result::ZipResult;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use super::{Package, layout, verify};

/// Writes all entries sorted by their names' bytes, with one time stamp and one mode.
pub fn write(package: &Package) -> Vec<u8> {
    let bytes = archive(package, &BTreeSet::new());
    let Ok(slots) = layout::read(&bytes, verify::MAX_ENTRIES) else {
        unreachable!("BUG: a package was written that is none")
    };
    // A plan of many equal resources can compress so well that it would be taken for a bomb.
    let stored: BTreeSet<&str> = package
        .files()
        .keys()
        .zip(&slots)
        .filter(|(_, slot)| verify::is_suspicious(slot))
        .map(|(name, _)| name.as_str())
        .collect();
    if stored.is_empty() { bytes } else { archive(package, &stored) }
}

fn archive(package: &Package, stored: &BTreeSet<&str>) -> Vec<u8> {
    let Ok(bytes) = try_archive(package, stored) else {
        unreachable!("BUG: a checked package could not be written to memory")
    };
    bytes
}

fn try_archive(package: &Package, stored: &BTreeSet<&str>) -> ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o644)
        .system(System::Unix);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in package.files() {
        let options = match stored.contains(name.as_str()) {
            true => options.compression_method(CompressionMethod::Stored),
            false => options.compression_method(CompressionMethod::Deflated).compression_level(Some(6)),
        };
        zip.start_file(name.as_str(), options)?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}
