//! `reconcile package sign` and `keygen`: signatures, and the keys that they are made with.
//! Never signs what does not verify, never writes over a key, and never prints a private one.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::files::{self, Readers};
use crate::cli::packages;
use crate::package::{PackageError, Sealed};
use crate::render;
use crate::signature::{self, MAX_SIGNATURES, PrivateKey, Signature};

/// Puts a signature into the package's own file, beside those that are there.
pub fn inside(context: &Context, file: &Path, key: &Path) -> Result<(), Failure> {
    let (mut sealed, signature) = signed(context, file, key)?;
    sealed.add(signature)?;
    files::save(file, &sealed.to_bytes()?)?;
    say(context, file, &signature);
    Ok(())
}

/// Puts a signature into the file beside the package.
pub fn detached(context: &Context, file: &Path, key: &Path) -> Result<(), Failure> {
    let (sealed, signature) = signed(context, file, key)?;
    let beside = packages::beside(file);
    let mut signatures = earlier(context, &beside, &sealed)?;
    signatures.retain(|one| one.key != signature.key);
    signatures.push(signature);
    if signatures.len() > MAX_SIGNATURES {
        return Err(PackageError::TooManySignatures { limit: MAX_SIGNATURES }.into());
    }
    files::save(&beside, signature::write(&signatures).as_bytes())?;
    say(context, file, &signature);
    context.terminal.remark(&format!("The signature is in {}.", beside.display()));
    Ok(())
}

/// Makes a pair of keys in two new files.
pub fn keygen(context: &Context, out: &Path) -> Result<(), Failure> {
    let mut public_name = OsString::from(out);
    public_name.push(".pub");
    let public_file = PathBuf::from(public_name);
    let key = packages::new_key()?;
    files::create(out, key.to_pem().as_bytes(), Readers::Owner)?;
    files::create(&public_file, key.public().to_pem().as_bytes(), Readers::Everyone).inspect_err(|_| {
        // Half a pair is of use to nobody, and this half was made just now.
        std::fs::remove_file(out).ok();
    })?;
    context.terminal.result(&format!("{}\n", key.public()));
    context.terminal.remark(&format!(
        "\nSaved the private key as {} and the public one as {}. Keep the private one out of the repository.",
        out.display(),
        public_file.display()
    ));
    Ok(())
}

/// Reads a package in full, and signs what is in it.
fn signed(context: &Context, file: &Path, key: &Path) -> Result<(Sealed, Signature), Failure> {
    let private = private(context, key)?;
    let sealed = Sealed::open(files::load(file)?, None)?;
    packages::read(&sealed)?;
    let signature = private.sign(sealed.fingerprint());
    Ok((sealed, signature))
}

fn private(context: &Context, key: &Path) -> Result<PrivateKey, Failure> {
    let private = packages::private_key(key)?;
    if packages::is_open_to_others(key) {
        let name = key.display();
        context.terminal.warning(&format!("others may read `{name}` (chmod 600 {name})"));
    }
    Ok(private)
}

/// The signatures that stand beside a package already. Those of other content have had their time.
fn earlier(context: &Context, beside: &Path, sealed: &Sealed) -> Result<Vec<Signature>, Failure> {
    if beside.symlink_metadata().is_err() {
        return Ok(Vec::new());
    }
    let mut signatures = signature::read(&files::load(beside)?).map_err(|error| {
        Failure::error(format!("`{}` is not written over: {error}", beside.display()))
            .help("take the file away, if it holds nothing of worth")
    })?;
    let n_before = signatures.len();
    signatures.retain(|signature| signature.check(sealed.fingerprint()).is_ok());
    if signatures.len() < n_before {
        let name = beside.display();
        context.terminal.remark(&format!("What {name} held of another package is gone from it."));
    }
    Ok(signatures)
}

fn say(context: &Context, file: &Path, signature: &Signature) {
    let name = file.display().to_string();
    context.terminal.result(&render::package::signed(&name, &signature.key, context.terminal.paint));
}
