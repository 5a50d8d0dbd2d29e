//! The signatures around a package: inside its file they stand in the comment at the end of the zip, which belongs
//! to nothing that is signed; or they come in a text of their own.
//! Never looks at what the package holds: who signed is known before any of it is parsed.

use super::refusal::PackageError;
use super::verify::MAX_ARCHIVE_BYTES;
use crate::fingerprint::Fingerprint;
use crate::signature::{self, HEAD, LINE_BYTES, MAX_SIGNATURES, PublicKey, Signature};

/// The bytes of a package as they were before anybody signed, with the signatures, every one of which is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    content: Vec<u8>,
    fingerprint: Fingerprint,
    signatures: Vec<Signature>,
}

const END: [u8; 4] = *b"PK\x05\x06";
const END_BYTES: usize = 22;

impl Sealed {
    /// Takes the signatures off a package and checks them all, those of a `detached` text as well.
    pub fn open(mut bytes: Vec<u8>, detached: Option<&[u8]>) -> Result<Sealed, PackageError> {
        let n_bytes = bytes.len() as u64;
        if n_bytes > MAX_ARCHIVE_BYTES {
            return Err(PackageError::TooLong { bytes: n_bytes, limit: MAX_ARCHIVE_BYTES });
        }
        let mut signatures = Vec::new();
        if let Some(n_comment) = comment_bytes(&bytes)? {
            let end = bytes.len() - n_comment;
            signatures.extend(signature::read(&bytes[end..])?);
            bytes.truncate(end);
            bytes[end - 2..].fill(0);
        }
        if let Some(text) = detached {
            signatures.extend(signature::read(text)?);
        }
        signatures.sort();
        signatures.dedup();
        let fingerprint = Fingerprint::of_bytes(&bytes);
        signatures.iter().try_for_each(|signature| signature.check(&fingerprint))?;
        Ok(Sealed { content: bytes, fingerprint, signatures })
    }

    /// The package without signatures, byte for byte as it was written.
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// What is signed.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Everyone who signed, whether anybody trusts them or not.
    pub fn signers(&self) -> Vec<PublicKey> {
        let mut signers: Vec<PublicKey> = self.signatures.iter().map(|signature| signature.key).collect();
        signers.dedup();
        signers
    }

    /// Those of `keys` who signed; refused where it is none of them.
    pub fn signed_by(&self, keys: &[PublicKey]) -> Result<Vec<PublicKey>, PackageError> {
        let signers = self.signers();
        let known: Vec<PublicKey> = signers.iter().copied().filter(|signer| keys.contains(signer)).collect();
        match (signers.is_empty(), known.is_empty()) {
            (true, _) => Err(PackageError::NotSigned),
            (false, true) => Err(PackageError::SignedByOthers { signers }),
            (false, false) => Ok(known),
        }
    }

    /// Adds a signature in place of an earlier one of the same key.
    pub fn add(&mut self, signature: Signature) -> Result<(), PackageError> {
        signature.check(&self.fingerprint)?;
        self.signatures.retain(|one| one.key != signature.key);
        if self.signatures.len() >= MAX_SIGNATURES {
            return Err(PackageError::TooManySignatures { limit: MAX_SIGNATURES });
        }
        self.signatures.push(signature);
        self.signatures.sort();
        Ok(())
    }

    /// The file with all signatures inside.
    pub fn to_bytes(&self) -> Result<Vec<u8>, PackageError> {
        let mut bytes = self.content.clone();
        let comment =
            if self.signatures.is_empty() { String::new() } else { signature::write(&self.signatures) };
        let length = u16::try_from(comment.len()).unwrap_or_default().to_le_bytes();
        let at = bytes.len() - length.len();
        bytes[at..].copy_from_slice(&length);
        bytes.extend(comment.into_bytes());
        let n_bytes = bytes.len() as u64;
        match n_bytes > MAX_ARCHIVE_BYTES {
            true => Err(PackageError::TooLong { bytes: n_bytes, limit: MAX_ARCHIVE_BYTES }),
            false => Ok(bytes),
        }
    }
}

/// How long the comment is that holds signatures; none where the archive ends without one. Its length is one of
/// few, because every line has the same: the end of the zip stands in one of those places, or this is no package.
fn comment_bytes(bytes: &[u8]) -> Result<Option<usize>, PackageError> {
    let is_end = |n_comment: usize| {
        let Some(at) = bytes.len().checked_sub(END_BYTES + n_comment) else { return false };
        let length = bytes[at + END_BYTES - 2..at + END_BYTES].try_into().map(u16::from_le_bytes);
        bytes[at..].starts_with(&END) && length.is_ok_and(|length| usize::from(length) == n_comment)
    };
    if is_end(0) {
        return Ok(None);
    }
    let mut lengths = (1..=MAX_SIGNATURES).map(|n_lines| HEAD.len() + n_lines * LINE_BYTES);
    match lengths.find(|n_comment| is_end(*n_comment)) {
        Some(n_comment) => Ok(Some(n_comment)),
        None => {
            let message = "it does not end as a zip does; it may be cut short, or have something added";
            Err(PackageError::Layout(message.to_owned()))
        }
    }
}
