//! `reconcile package inspect | verify | diff`.
//! Never opens a repository or a target.

use std::path::Path;

use super::apply::decode;
use crate::cli::args::PackageVerb;
use crate::cli::context::Context;
use crate::cli::exit::{Code, Failure};
use crate::cli::files;
use crate::package::{self, Package};
use crate::render;
use crate::render::paint::clean_json;
use crate::wire;

pub fn run(context: &Context, verb: &PackageVerb) -> Result<Code, Failure> {
    let paint = context.terminal.paint;
    let text = match verb {
        PackageVerb::Inspect { file } => {
            let package = read(file)?;
            match context.is_json() {
                true => clean_json(&wire::package::to_json(package.manifest())),
                false => render::package::inspect(
                    package.manifest(),
                    &package.fingerprint(),
                    package.plan(),
                    paint,
                ),
            }
        }
        PackageVerb::Verify { file } => {
            let package = read(file)?;
            match context.is_json() {
                true => clean_json(&wire::package::to_json(package.manifest())),
                false => render::package::verified(package.manifest(), &package.fingerprint(), paint),
            }
        }
        PackageVerb::Diff { before, after } => {
            let differences = package::compare(&read(before)?, &read(after)?);
            match context.is_json() {
                true => clean_json(&wire::difference::to_json(differences)),
                false => render::package::diff(&differences, paint),
            }
        }
    };
    context.terminal.result(&text);
    Ok(Code::Done)
}

fn read(path: &Path) -> Result<Package, Failure> {
    Ok(package::read(&files::load(path)?, &decode)?)
}
