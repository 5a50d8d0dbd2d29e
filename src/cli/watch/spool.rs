//! Keeps packages that wait for a person: one for each plan, in a folder for each environment.
//! Never writes over a package, which somebody may have signed, and keeps none that is superseded.

use std::path::{Path, PathBuf};

use super::desk::Desk;
use crate::cli::exit::Failure;
use crate::cli::files;
use crate::model::state::Desired;
use crate::plan::Plan;
use crate::render::plan_markdown;
use crate::{ops, package};

/// Where the packages of an environment lie. `spool`: the folder that was named for those of all.
pub fn folder(root: &Path, spool: Option<&Path>, environment: &str) -> PathBuf {
    // As people would write it.
    let root = if root == Path::new(".") { Path::new("") } else { root };
    spool.map_or_else(|| root.join(".reconcile").join("spool"), Path::to_owned).join(environment)
}

fn own(desk: &Desk, environment: &str) -> PathBuf {
    folder(desk.context.root(), desk.order.spool.as_deref(), environment)
}

/// Keeps the package of a plan, and no other of its environment. Returns where it lies.
pub fn keep(desk: &Desk, plan: &Plan, desired: &Desired) -> Result<PathBuf, Failure> {
    let package = ops::package::pack(plan, desired, plan_markdown::plan(plan))?;
    let folder = own(desk, &plan.environment);
    std::fs::create_dir_all(&folder)
        .map_err(|error| Failure::error(format!("cannot make `{}`: {error}", folder.display())))?;
    let path = folder.join(format!("{}.zip", package.fingerprint().short()));
    if !path.exists() {
        files::save(&path, &package::write(&package))?;
    }
    sweep(desk, &plan.environment, Some(&path));
    Ok(path)
}

/// Takes away every package of an environment but one.
pub fn sweep(desk: &Desk, environment: &str, but: Option<&PathBuf>) {
    let Ok(entries) = std::fs::read_dir(own(desk, environment)) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        // Only what has a name that is given here; its signatures go with it.
        let stem = name.strip_suffix(".sig").unwrap_or(&name).strip_suffix(".zip");
        let is_ours =
            stem.is_some_and(|stem| stem.len() == 12 && stem.bytes().all(|b| b.is_ascii_hexdigit()));
        let is_kept = but
            .and_then(|but| but.file_name())
            .is_some_and(|kept| name.starts_with(&*kept.to_string_lossy()));
        if is_ours && !is_kept {
            // What cannot be taken away is stale, and is refused where it is applied.
            std::fs::remove_file(&path).ok();
        }
    }
}
