//! The two halves of an Ed25519 key, as people write and keep them.
//! Never prints a private key: only its file holds one.

use std::fmt;
use std::str::FromStr;

use base64ct::{Base64, Encoding};
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::spki::der::zeroize::Zeroizing;
use ed25519_dalek::pkcs8::{
    DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, KeypairBytes,
};
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Signature, message};
use crate::fingerprint::Fingerprint;

/// The half that everybody may know, `ed25519:` and 44 signs of base64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

/// Why a text is no key. What it holds is not told: it may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoKey {
    #[error("it is no public key in one line, which is `ed25519:` and 44 signs of base64")]
    Line,
    #[error("it is no Ed25519 public key, neither in PEM (`PUBLIC KEY`) nor in one line (`ed25519:…`)")]
    Public,
    #[error("it is a private key, and the public one is wanted; keep this one to yourself")]
    Secret,
    #[error("it is no point of the curve that a signature could be checked with")]
    Weak,
    #[error("it is no Ed25519 private key in PKCS#8 PEM, as `reconcile package keygen` writes them")]
    Private,
    #[error("it is a public key, and the private one is wanted")]
    NotSecret,
    #[error("it is encrypted; write it without a pass phrase, for example with `openssl pkey`")]
    Encrypted,
}

const WORD: &str = "ed25519:";

impl PublicKey {
    /// The one-line form, for schemas.
    pub const PATTERN: &str = "^ed25519:[A-Za-z0-9+/]{43}=$";

    /// Takes only keys that a signature can be good for.
    fn of(bytes: [u8; 32]) -> Result<PublicKey, NoKey> {
        match VerifyingKey::from_bytes(&bytes) {
            Ok(key) if !key.is_weak() => Ok(PublicKey(bytes)),
            Ok(_) | Err(_) => Err(NoKey::Weak),
        }
    }

    /// Reads what a file of a public key holds: PEM, or the one-line form.
    pub fn from_text(text: &str) -> Result<PublicKey, NoKey> {
        if text.contains("PRIVATE KEY") {
            return Err(NoKey::Secret);
        }
        match text.trim_start().starts_with("-----BEGIN") {
            true => {
                let key = VerifyingKey::from_public_key_pem(text.trim_start()).map_err(|_| NoKey::Public)?;
                PublicKey::of(key.to_bytes())
            }
            false => {
                text.trim().parse().map_err(|fault| if fault == NoKey::Line { NoKey::Public } else { fault })
            }
        }
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The PEM text that other programs read.
    pub fn to_pem(&self) -> String {
        let pem = VerifyingKey::from_bytes(&self.0).ok();
        let Some(Ok(pem)) = pem.map(|key| key.to_public_key_pem(LineEnding::LF)) else {
            unreachable!("BUG: a checked public key has no PEM form")
        };
        pem
    }

    /// Its beginning, for lists.
    pub fn short(&self) -> String {
        format!("{}…", &self.to_string()[..WORD.len() + 8])
    }
}

impl FromStr for PublicKey {
    type Err = NoKey;

    fn from_str(text: &str) -> Result<PublicKey, NoKey> {
        let encoded = text.strip_prefix(WORD).ok_or(NoKey::Line)?;
        let mut bytes = [0; 32];
        match Base64::decode(encoded, &mut bytes) {
            Ok(decoded) if decoded.len() == 32 => PublicKey::of(bytes),
            Ok(_) | Err(_) => Err(NoKey::Line),
        }
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{WORD}{}", Base64::encode_string(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<PublicKey, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for PublicKey {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PublicKey".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "An Ed25519 public key.",
            "pattern": PublicKey::PATTERN
        })
    }
}

/// The half that signs. It wipes itself from memory.
pub struct PrivateKey(SigningKey);

impl PrivateKey {
    /// Makes the key of these random bytes.
    pub fn from_seed(seed: [u8; 32]) -> PrivateKey {
        PrivateKey(SigningKey::from_bytes(&Zeroizing::new(seed)))
    }

    /// Reads PKCS#8 PEM, as `openssl genpkey -algorithm ed25519` writes it.
    pub fn from_pem(text: &str) -> Result<PrivateKey, NoKey> {
        if text.contains("ENCRYPTED PRIVATE KEY") {
            return Err(NoKey::Encrypted);
        }
        if text.contains("PUBLIC KEY") || text.trim_start().starts_with(WORD) {
            return Err(NoKey::NotSecret);
        }
        SigningKey::from_pkcs8_pem(text.trim_start()).map(PrivateKey).map_err(|_| NoKey::Private)
    }

    pub fn to_pem(&self) -> Zeroizing<String> {
        // The first version of the form, without the public half: others do not read the second.
        let pair = KeypairBytes { secret_key: self.0.to_bytes(), public_key: None };
        let Ok(pem) = pair.to_pkcs8_pem(LineEnding::LF) else {
            unreachable!("BUG: a private key has no PEM form")
        };
        pem
    }

    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs the SHA-256 of some content. Equal content gives equal bytes.
    pub fn sign(&self, content: &Fingerprint) -> Signature {
        Signature { key: self.public(), bytes: self.0.sign(&message(content)).to_bytes() }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey(of {})", self.public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back_as_written() {
        let private = PrivateKey::from_seed([7; 32]);
        let public = private.public();
        assert_eq!(public.to_string().parse(), Ok(public));
        assert_eq!(PublicKey::from_text(&format!("{public}\n")), Ok(public));
        assert_eq!(PublicKey::from_text(&public.to_pem()), Ok(public));
        assert_eq!(PrivateKey::from_pem(&private.to_pem()).unwrap().public(), public);
        assert_eq!(serde_json::from_str::<PublicKey>(&format!("\"{public}\"")).unwrap(), public);
        assert_eq!(public.to_string().len(), 52);
        assert_eq!(public.short().chars().count(), 17);
    }

    #[test]
    fn what_is_no_key_is_told_apart_and_never_shown() {
        let private = PrivateKey::from_seed([7; 32]);
        let (public, pem) = (private.public().to_string(), private.to_pem().to_string());
        let read = |text: &str| PublicKey::from_text(text).unwrap_err();
        assert_eq!(read(&pem), NoKey::Secret);
        assert_eq!(read(""), NoKey::Public);
        assert_eq!(read(&public[8..]), NoKey::Public);
        assert_eq!(read(&public.replace('=', "")), NoKey::Public);
        assert_eq!(read(&format!("{public}=")), NoKey::Public);
        assert_eq!(read(&format!("{} {}", &public[..20], &public[20..])), NoKey::Public);
        // The last sign holds two bits that mean nothing: they are zero, or one key had four texts.
        let twin = format!("{}{}=", &public[..50], char::from(public.as_bytes()[50] + 1));
        assert_eq!(read(&twin), NoKey::Public);
        assert_eq!(read("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), NoKey::Public);
        // The neutral element: a signature of anything would be good.
        let mut one = [0; 32];
        one[0] = 1;
        assert_eq!(PublicKey::of(one), Err(NoKey::Weak));
        assert_eq!(PublicKey::of([2; 32]), Err(NoKey::Weak));
        let read = |text: &str| PrivateKey::from_pem(text).unwrap_err();
        assert_eq!(read(&public), NoKey::NotSecret);
        assert_eq!(read(&private.public().to_pem()), NoKey::NotSecret);
        assert_eq!(read(&pem.replace("PRIVATE", "ENCRYPTED PRIVATE")), NoKey::Encrypted);
        assert_eq!(read(&pem[..60]), NoKey::Private);
        assert_eq!(read(""), NoKey::Private);
        let secret: String = pem.lines().nth(1).unwrap().to_owned();
        assert!(!format!("{private:?}").contains(&secret[22..]));
        assert!(!format!("{private:?}").contains("7, 7"));
    }
}
