//! `reconcile package`: reads packages; what signs them has a file of its own.
//! Never opens a repository or a target.

use std::path::Path;

use super::sign;
use crate::cli::args::{PackageVerb, Signed};
use crate::cli::context::Context;
use crate::cli::exit::{Code, Failure};
use crate::cli::packages;
use crate::package::{self, Package};
use crate::render;
use crate::render::paint::clean_json;
use crate::wire;
use crate::wire::package::{Inspection, SignatureCheck, Trust, inspection_to_json};

pub fn run(context: &Context, verb: &PackageVerb) -> Result<Code, Failure> {
    match verb {
        PackageVerb::Inspect { file, signed } => {
            let (package, inspection) = believed(file, signed)?;
            let (fingerprint, paint) = (package.fingerprint(), context.terminal.paint);
            show(context, inspection, |inspection| {
                render::package::inspect(inspection, &fingerprint, package.plan(), paint)
            });
        }
        PackageVerb::Verify { file, signed } => {
            let (package, inspection) = believed(file, signed)?;
            let (fingerprint, paint) = (package.fingerprint(), context.terminal.paint);
            show(context, inspection, |inspection| {
                render::package::verified(inspection, &fingerprint, paint)
            });
        }
        PackageVerb::Diff { before, after } => {
            let read = |path: &Path| packages::read(&packages::open(path, None)?);
            let differences = package::compare(&read(before)?, &read(after)?);
            let text = match context.is_json() {
                true => clean_json(&wire::difference::to_json(differences)),
                false => render::package::diff(&differences, context.terminal.paint),
            };
            context.terminal.result(&text);
        }
        PackageVerb::Sign { file, key, detached: false } => sign::inside(context, file, key)?,
        PackageVerb::Sign { file, key, detached: true } => sign::detached(context, file, key)?,
        PackageVerb::Keygen { out } => sign::keygen(context, out)?,
    }
    Ok(Code::Done)
}

/// A package that one of the given keys signed, where keys are given. Nothing of any other is read.
fn believed(file: &Path, signed: &Signed) -> Result<(Package, Inspection), Failure> {
    let keys = packages::public_keys(&signed.keys)?;
    let sealed = packages::open(file, signed.signature.as_deref())?;
    let known = if keys.is_empty() { None } else { Some(sealed.signed_by(&keys)?) };
    let trust = |key| match &known {
        None => Trust::NotChecked,
        Some(known) if known.contains(&key) => Trust::Known,
        Some(_) => Trust::Unknown,
    };
    let check = |key| SignatureCheck { key, trust: trust(key) };
    let signatures = sealed.signers().into_iter().map(check).collect();
    let package = packages::read(&sealed)?;
    let manifest = package.manifest().clone();
    Ok((package, Inspection { manifest, signatures }))
}

fn show(context: &Context, inspection: Inspection, text: impl Fn(&Inspection) -> String) {
    let text = match context.is_json() {
        true => clean_json(&inspection_to_json(&inspection)),
        false => text(&inspection),
    };
    context.terminal.result(&text);
}
