//! The bare structure of a zip, as packages have it: entries one after the other from the first byte on, then the
//! directory, then its end.
//! Never lets two readers see two archives: what another reader could find elsewhere is refused.

use super::refusal::PackageError;

/// One entry as the directory describes it, and its own header agrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    pub name: Vec<u8>,
    pub flags: u16,
    pub method: u16,
    pub packed: u64,
    /// When unpacked, as the archive claims.
    pub size: u64,
    pub attributes: u32,
    /// The system and the version it says it was made with, and the version it needs.
    pub version: [u8; 4],
}

const END: [u8; 4] = *b"PK\x05\x06";
const RECORD: [u8; 4] = *b"PK\x01\x02";
const HEADER: [u8; 4] = *b"PK\x03\x04";
const END_BYTES: usize = 22;

/// Reads the directory of an archive and holds every entry's own header against it.
pub fn read(bytes: &[u8], max_entries: u64) -> Result<Vec<Slot>, PackageError> {
    let start = bytes.len().checked_sub(END_BYTES).ok_or_else(|| refusal("it is too short"))?;
    let end = End::read(&mut Cursor { bytes, at: start }).ok_or_else(|| {
        refusal("it does not end as a zip does; it may be cut short, or have something added")
    })?;
    if end.directory + end.directory_bytes != start {
        return Err(refusal("something stands before its entries or after its directory"));
    }
    if end.entries as u64 > max_entries {
        return Err(PackageError::TooManyEntries { entries: end.entries as u64, limit: max_entries });
    }
    let mut directory = Cursor { bytes: &bytes[..start], at: end.directory };
    let mut entries = Cursor { bytes: &bytes[..end.directory], at: 0 };
    let mut slots = Vec::with_capacity(end.entries);
    for _ in 0..end.entries {
        let record = Record::read(&mut directory)
            .ok_or_else(|| refusal("its directory is damaged, or written in a way that packages are not"))?;
        if record.offset != entries.at {
            return Err(refusal("its entries overlap, or something stands between them"));
        }
        if !header_agrees(&mut entries, &record) {
            return Err(refusal("an entry contradicts the directory"));
        }
        slots.push(record.slot);
    }
    match (directory.at == start, entries.at == end.directory) {
        (true, true) => Ok(slots),
        (false, _) | (_, false) => Err(refusal("it holds something that its directory does not list")),
    }
}

fn refusal(message: &str) -> PackageError {
    PackageError::Layout(message.to_owned())
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn slice(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let slice = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(slice)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.slice(N)?.try_into().ok()
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn expect<const N: usize>(&mut self, wanted: [u8; N]) -> Option<()> {
        (self.array()? == wanted).then_some(())
    }
}

/// The last record of an archive: one disk, no comment.
struct End {
    entries: usize,
    directory: usize,
    directory_bytes: usize,
}

impl End {
    fn read(from: &mut Cursor<'_>) -> Option<End> {
        from.expect(END)?;
        from.expect([0; 4])?;
        let entries = from.u16()?;
        from.expect(entries.to_le_bytes())?;
        let directory_bytes = from.u32()? as usize;
        let directory = from.u32()? as usize;
        from.expect([0; 2])?;
        Some(End { entries: usize::from(entries), directory, directory_bytes })
    }
}

/// One record of the directory: no extra fields, no comment, no 64-bit sizes.
struct Record {
    slot: Slot,
    time: [u8; 4],
    sum: [u8; 4],
    offset: usize,
}

impl Record {
    fn read(from: &mut Cursor<'_>) -> Option<Record> {
        from.expect(RECORD)?;
        let version = from.array::<4>()?;
        let (flags, method, time, sum) = (from.u16()?, from.u16()?, from.array()?, from.array()?);
        let (packed, size) = (from.u32()?, from.u32()?);
        let name_bytes = usize::from(from.u16()?);
        from.expect([0; 8])?;
        let attributes = from.u32()?;
        let offset = from.u32()? as usize;
        let name = from.slice(name_bytes)?.to_vec();
        let slot =
            Slot { name, flags, method, packed: packed.into(), size: size.into(), attributes, version };
        (packed != u32::MAX && size != u32::MAX).then_some(Record { slot, time, sum, offset })
    }
}

/// Passes over an entry, and tells whether its own header says what the directory says.
fn header_agrees(from: &mut Cursor<'_>, record: &Record) -> bool {
    let slot = &record.slot;
    let mut agrees = || {
        from.expect(HEADER)?;
        from.expect([slot.version[2], slot.version[3]])?;
        from.expect(slot.flags.to_le_bytes())?;
        from.expect(slot.method.to_le_bytes())?;
        from.expect(record.time)?;
        from.expect(record.sum)?;
        from.expect(u32::try_from(slot.packed).ok()?.to_le_bytes())?;
        from.expect(u32::try_from(slot.size).ok()?.to_le_bytes())?;
        from.expect(u16::try_from(slot.name.len()).ok()?.to_le_bytes())?;
        from.expect([0; 2])?;
        let name = from.slice(slot.name.len())?;
        from.slice(usize::try_from(slot.packed).ok()?)?;
        (name == slot.name).then_some(())
    };
    agrees().is_some()
}
