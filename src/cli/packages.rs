//! Packages and keys as people name them on the command line: a file, the signatures beside it, a key or its file.
//! Never goes on without a signature that is there and cannot be read, and never prints a private key.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ed25519_dalek::pkcs8::spki::der::zeroize::Zeroizing;

use super::exit::{Code, Failure};
use super::files;
use crate::address::Address;
use crate::manifest;
use crate::model::environment::Environment;
use crate::model::resource::kind_entry;
use crate::model::setup::Action;
use crate::package::{self, Package, PackageError, PackagedResource, Sealed};
use crate::signature::{PrivateKey, PublicKey, SignatureError};

/// Reads a package's file and checks its signatures: those inside, and those of `signature` or of the file beside
/// it. Nothing else of it is looked at.
pub fn open(path: &Path, signature: Option<&Path>) -> Result<Sealed, Failure> {
    let bytes = files::load(path)?;
    let Some(detached) = detached(path, signature)? else { return Ok(Sealed::open(bytes, None)?) };
    let text = files::load(&detached)
        .map_err(|error| Failure::new(Code::BadPackage, error.to_string()).help("nothing was changed"))?;
    Sealed::open(bytes, Some(&text)).map_err(|error| match &error {
        PackageError::Signature(SignatureError::OtherContent(_) | SignatureError::Malformed(_)) => {
            let help = format!(
                "the signatures of `{}` count as well: sign again, or take away what is not of this package",
                detached.display()
            );
            Failure::from(error).help(help)
        }
        _ => Failure::from(error),
    })
}

/// Reads what the package holds.
pub fn read(sealed: &Sealed) -> Result<Package, Failure> {
    Ok(package::read(sealed.content(), &decode)?)
}

/// The file of a package's detached signatures, where there is one.
fn detached(path: &Path, signature: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    if let Some(named) = signature {
        return Ok(Some(named.to_owned()));
    }
    let beside = beside(path);
    match beside.symlink_metadata() {
        Ok(_) => Ok(Some(beside)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => {
            Err(Failure::new(Code::BadPackage, format!("cannot read `{}`: {error}", beside.display())))
        }
    }
}

/// Where the detached signatures of a package stand: `FILE.zip.sig`.
pub fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".sig");
    PathBuf::from(name)
}

/// Those who signed and count in an environment: the keys that it requires, or everyone where it requires none.
pub fn trusted(sealed: &Sealed, environment: &Environment) -> Result<Vec<PublicKey>, Failure> {
    if environment.require_signed_by.is_empty() {
        return Ok(sealed.signers());
    }
    sealed.signed_by(&environment.require_signed_by).map_err(|error| {
        let message = format!("environment {} takes signed packages only: {error}", environment.name);
        Failure::new(Code::BadPackage, message).help(
            "sign it with a key that the environment's `requireSignedBy` names: \
             reconcile package sign FILE.zip --key KEY; nothing was changed",
        )
    })
}

/// Reads public keys, each written out or in a file.
pub fn public_keys(named: &[String]) -> Result<Vec<PublicKey>, Failure> {
    named.iter().map(|text| public_key(text)).collect()
}

fn public_key(named: &str) -> Result<PublicKey, Failure> {
    let refuse = |why: &dyn std::fmt::Display| {
        Failure::error(format!("`{named}` is no key to check a signature with: {why}"))
            .help("give the line that `reconcile package keygen` prints, or the file FILE.pub that it writes")
    };
    no_pem(named)?;
    if named.starts_with("ed25519:") {
        return named.parse().map_err(|why| refuse(&why));
    }
    let text = String::from_utf8(files::load(Path::new(named))?).map_err(|_| refuse(&"it is no text"))?;
    PublicKey::from_text(&text).map_err(|why| refuse(&why))
}

/// Reads the private key of a file.
pub fn private_key(path: &Path) -> Result<PrivateKey, Failure> {
    let refuse = |why: &dyn std::fmt::Display| {
        Failure::error(format!("`{}` is no key to sign with: {why}", path.display()))
            .help("make one: reconcile package keygen --out FILE")
    };
    no_pem(&path.to_string_lossy())?;
    let bytes = Zeroizing::new(files::load(path)?);
    let text = std::str::from_utf8(&bytes).map_err(|_| refuse(&"it is no text"))?;
    PrivateKey::from_pem(text).map_err(|why| refuse(&why))
}

/// Refuses a key that was written out where its file was meant, without repeating it.
fn no_pem(named: &str) -> Result<(), Failure> {
    match named.contains("-----BEGIN") {
        true => Err(Failure::error("--key takes the name of a key's file, not what stands in it")),
        false => Ok(()),
    }
}

/// Tells whether others than its owner may read a file.
#[cfg(unix)]
pub fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|data| data.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
pub fn is_open_to_others(_: &Path) -> bool {
    false
}

/// A new key from the machine's own randomness.
pub fn new_key() -> Result<PrivateKey, Failure> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut())
        .map_err(|error| Failure::error(format!("this machine has no randomness to give: {error}")))?;
    Ok(PrivateKey::from_seed(*seed))
}

/// Reads one resource of a package.
pub fn decode(path: &str, text: &str) -> Result<(Address, PackagedResource), String> {
    let (address, entry) = manifest::document(path, text)?;
    let kind = kind_entry(&address.kind);
    let default = kind.map_or(Action::Merge, |k| k.actions.default);
    let packaged = PackagedResource {
        action: entry.setup.action.unwrap_or(default),
        resource: Arc::unwrap_or_clone(entry.resource),
        renamed_from: entry.renamed_from,
        labels: entry.labels,
        setup: entry.setup,
        related_because: None,
    };
    Ok((address, packaged))
}
