//! `validate`, and the first half of every other verb: files to a checked repository.
//! Never goes on to a target with an error unheard.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{self, Diagnostic};
use crate::manifest;
use crate::model::name::NameLimits;
use crate::model::repository::Repository;
use crate::source::Files;
use crate::validate::validate;

/// A repository with everything that is to be said of it.
pub struct Checked {
    pub repository: Repository,
    /// Placed and sorted; with an error among them nothing may be planned.
    pub diagnostics: Vec<Diagnostic>,
}

impl Checked {
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Decodes and validates. `limits` says what names each known provider can hold.
pub fn check(files: &Files, limits: &BTreeMap<String, NameLimits>) -> Checked {
    let (repository, mut diagnostics) = manifest::load(files);
    // Half of a text would make every reference to the other half look wrong.
    let is_whole = diagnostics.iter().all(|d| !(d.is_error() && d.code.starts_with("RV0")));
    if is_whole {
        let (remarks, general) = validate(&repository, limits);
        // What could not be decoded has stood in as something else, which is not its author's mistake.
        let place = |d: &Diagnostic| Some((d.file.clone()?, d.span?.line));
        let decoded: BTreeSet<(String, u32)> = diagnostics.iter().filter_map(place).collect();
        let placed = manifest::place(remarks, files);
        diagnostics.extend(placed.into_iter().filter(|d| place(d).is_none_or(|p| !decoded.contains(&p))));
        diagnostics.extend(general);
        diagnostic::sort(&mut diagnostics);
    }
    Checked { repository, diagnostics }
}
