//! Ed25519 signatures of packages: keys, the lines that signatures are written in, signing and checking.
//! Never reads a file, and never calls good what it could not check.

mod key;
mod lines;

pub use key::{NoKey, PrivateKey, PublicKey};
pub use lines::{HEAD, LINE_BYTES, MAX_SIGNATURES, read, write};

use ed25519_dalek::VerifyingKey;

use crate::fingerprint::Fingerprint;

/// What somebody says of the bytes of a package with their key. It may still be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signature {
    pub key: PublicKey,
    pub bytes: [u8; 64],
}

/// Why signatures are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("its signatures are not written as `reconcile` writes them: {0}")]
    Malformed(&'static str),
    #[error("the signature of {0} is not of this content; one of the two was changed")]
    OtherContent(PublicKey),
}

impl Signature {
    /// Holds the signature against the SHA-256 of what it is of. Whether the key is anybody's is not asked.
    pub fn check(&self, content: &Fingerprint) -> Result<(), SignatureError> {
        let refuse = || SignatureError::OtherContent(self.key);
        let key = VerifyingKey::from_bytes(self.key.as_bytes()).map_err(|_| refuse())?;
        let signature = ed25519_dalek::Signature::from_bytes(&self.bytes);
        // Strict: one signature is good for one key and one content only.
        key.verify_strict(&message(content), &signature).map_err(|_| refuse())
    }
}

/// What is really signed. Its first line keeps a signature from being taken for one of something else.
pub fn message(content: &Fingerprint) -> Vec<u8> {
    format!("reconcile package v1\nsha256 {content}\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_good_for_one_key_and_one_content() {
        let (ours, theirs) = (PrivateKey::from_seed([1; 32]), PrivateKey::from_seed([2; 32]));
        let (content, other) = (Fingerprint::of_bytes(b"a"), Fingerprint::of_bytes(b"b"));
        let good = ours.sign(&content);
        assert_eq!(good.check(&content), Ok(()));
        assert_eq!(good.check(&other), Err(SignatureError::OtherContent(ours.public())));
        let borrowed = Signature { key: theirs.public(), ..good };
        assert_eq!(borrowed.check(&content), Err(SignatureError::OtherContent(theirs.public())));
        for at in 0..64 {
            let mut bytes = good.bytes;
            bytes[at] ^= 1;
            assert!(Signature { bytes, ..good }.check(&content).is_err(), "byte {at}");
        }
        assert!(Signature { bytes: [0; 64], ..good }.check(&content).is_err());
    }
}
