//! Why a package is refused, in words for the person who got it.
//! Never prints what a package holds without escaping it.

use crate::signature::{PublicKey, SignatureError};
use crate::wire::form::WireError;

/// A package that is refused, or cannot be made. Names that come from it are escaped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    #[error("the package is {bytes} bytes long, more than the {limit} that are read")]
    TooLong { bytes: u64, limit: u64 },
    #[error("the package has {entries} entries, more than the {limit} that are read")]
    TooManyEntries { entries: u64, limit: u64 },
    #[error("the entries of the package are together more than {limit} bytes long when unpacked")]
    TooLargeUnpacked { limit: u64 },
    /// The zip is cut short, has something before, between or after its entries, or contradicts itself.
    #[error("this is no package as `reconcile` writes them: {0}")]
    Layout(String),
    #[error("the package is refused: {0}")]
    Signature(#[from] SignatureError),
    #[error("the package is not signed")]
    NotSigned,
    #[error("the package is not signed by a key that counts here, but by {}", listed(.signers))]
    SignedByOthers { signers: Vec<PublicKey> },
    #[error("the package has {limit} signatures already, and no more are read")]
    TooManySignatures { limit: usize },
    #[error("the entry `{name}` of the package {fault}")]
    Entry { name: String, fault: EntryFault },
    #[error("the package has no `{0}`")]
    Missing(String),
    #[error("`SHA256SUMS` of the package {0}")]
    Sums(String),
    #[error(transparent)]
    Version(WireError),
    #[error("the manifest of the package is wrong: {message}")]
    Manifest { message: String },
    #[error("the plan of the package is wrong: {message}")]
    Plan { message: String },
    #[error("the resource `{address}` of the package is wrong: {message}")]
    Resource { address: String, message: String },
}

fn listed(keys: &[PublicKey]) -> String {
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// What is wrong with one entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryFault {
    #[error("has a name that {0}")]
    Name(&'static str),
    #[error("is there twice")]
    Duplicate,
    #[error("differs only in case from `{0}`, which some systems take for the same file")]
    CaseTwin(String),
    #[error("is a folder; packages hold files only")]
    Folder,
    #[error("is a link or a device; packages hold files only")]
    NoFile,
    #[error("is encrypted; packages are not")]
    Encrypted,
    #[error("is compressed in a way that packages do not use (method {0})")]
    Compression(u16),
    #[error("is more than {limit} bytes long when unpacked")]
    TooLarge { limit: u64 },
    #[error("unpacks to more than {limit} times its size, as archives do that are made to fill a disk")]
    Ratio { limit: u64 },
    #[error("does not unpack: {0}")]
    Damaged(String),
    #[error("is no UTF-8 text")]
    NoText,
    #[error("does not match its checksum; the package was changed or damaged")]
    Sum,
    #[error("is none that a package of this version has")]
    Unknown,
    #[error("is not what the manifest lists")]
    NotAsListed,
    #[error("does not hold the statements of the plan")]
    NotThePlan,
}
