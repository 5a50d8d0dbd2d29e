//! Every rule that one document alone cannot show: references, names, combinations, values, circles.
//! Never looks at a target or at text: a remark says which document and which path it speaks of.

mod circles;
mod clashes;
mod environments;
mod expressions;
mod fields;
mod names;
mod references;
mod renames;
mod setups;
mod survey;
mod tasks;
mod values;
mod words;

use std::collections::BTreeMap;

use survey::Survey;
pub use values::is_value;

use crate::diagnostic::Diagnostic;
use crate::model::name::NameLimits;
use crate::model::repository::{Remark, Repository, View};

/// Checks a whole repository as the environments of one view see it. `targets` are the providers there are, with what
/// their names may be.
///
/// The remarks are on documents, in the order of environments and addresses; the diagnostics are on the
/// repository as a whole.
pub fn validate(
    repository: &Repository,
    view: &View,
    targets: &BTreeMap<String, NameLimits>,
) -> (Vec<Remark>, Vec<Diagnostic>) {
    let survey = Survey::of(repository, view, targets);
    let mut found = Vec::new();
    environments::check(&survey, &mut found);
    for site in survey.sites.iter().filter(|site| site.is_in_view) {
        names::check(&survey, site, &mut found);
        setups::check(site, &mut found);
        tasks::check(&survey, site, &mut found);
        fields::check(&survey, site, &mut found);
        references::check(&survey, site, &mut found);
        values::check(&survey, site, &mut found);
        expressions::check(site, &mut found);
        clashes::check_members(&survey, site, &mut found);
        renames::check_members(site, &mut found);
    }
    clashes::check_resources(&survey, &mut found);
    renames::check_resources(&survey, &mut found);
    circles::check(&survey, &mut found);
    (found, environments::whole(repository))
}

#[cfg(test)]
mod tests;
