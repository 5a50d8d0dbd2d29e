//! `validate`, and the first half of every other verb: files to a checked repository.
//! Never goes on to a target with an error unheard.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;

use crate::diagnostic::{self, Diagnostic};
use crate::manifest::{self, Tally};
use crate::model::name::NameLimits;
use crate::model::policy::Policy;
use crate::model::repository::{Remark, Repository, View};
use crate::model::state::Origin;
use crate::policy;
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
    check_under(files, limits, &Arc::default(), None)
}

/// Decodes and validates under a policy, which every environment then has. `today` tells which waivers are over.
pub fn check_under(
    files: &Files,
    limits: &BTreeMap<String, NameLimits>,
    policy: &Arc<Policy>,
    today: Option<Date>,
) -> Checked {
    let (mut repository, mut diagnostics) = manifest::load(files);
    for (environment, _) in repository.environments.values_mut() {
        environment.policy = Arc::clone(policy);
    }
    // Half of a text would make every reference to the other half look wrong.
    let is_whole = diagnostics.iter().all(|d| !(d.is_error() && d.code.starts_with("RV0")));
    if is_whole {
        let judge = |view: &View| {
            let (mut remarks, general) = validate(&repository, view, limits);
            remarks.extend(policy::check(&repository, view, policy, today));
            (remarks, general)
        };
        let (placed, general) = judged(&repository, files, &judge);
        // What could not be decoded has stood in as something else, which is not its author's mistake.
        let place = |d: &Diagnostic| Some((d.file.clone()?, d.span?.line));
        let decoded: BTreeSet<(String, u32)> = diagnostics.iter().filter_map(place).collect();
        diagnostics.extend(placed.into_iter().filter(|d| place(d).is_none_or(|p| !decoded.contains(&p))));
        diagnostics.extend(general);
        diagnostic::sort(&mut diagnostics);
    }
    Checked { repository, diagnostics }
}

/// What is said of one view: of its resources, and of the repository as a whole.
type Judged = (Vec<Remark>, Vec<Diagnostic>);

/// Validates what each view sees. What does not hold for all environments of a resource names those it holds for.
fn judged(
    repository: &Repository,
    files: &Files,
    judge: &dyn Fn(&View) -> Judged,
) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    let views = repository.views();
    if let [view] = views.as_slice() {
        let (remarks, general) = judge(view);
        return (manifest::place(remarks, files, declared_at(repository, view)), general);
    }
    let readers = readers(repository);
    let all: Vec<&str> = repository.environments.keys().map(String::as_str).collect();
    let mut tallies: BTreeMap<&[&str], Tally> = BTreeMap::new();
    let mut general = Vec::new();
    for view in &views {
        let (remarks, of_all) = judge(view);
        general = of_all;
        let read_by: Vec<&[&str]> =
            remarks.iter().map(|r| readers.get(&r.origin).map_or(all.as_slice(), Vec::as_slice)).collect();
        let placed = manifest::place(remarks, files, declared_at(repository, view));
        for (diagnostic, read_by) in placed.into_iter().zip(read_by) {
            let tally = tallies.entry(read_by).or_default();
            let seen = view.environments.iter().filter(|name| read_by.contains(&name.as_str()));
            seen.for_each(|name| tally.add(diagnostic.clone(), name));
        }
    }
    (tallies.into_iter().flat_map(|(read_by, tally)| tally.told(read_by)).collect(), general)
}

/// The environments that read each resource's documents.
fn readers(repository: &Repository) -> BTreeMap<&Origin, Vec<&str>> {
    let mut readers = BTreeMap::new();
    for (address, entry) in &repository.resources {
        let environments = repository.environments_of(address);
        for origin in entry.customized.iter().chain([&entry.origin]) {
            readers.insert(origin, environments.clone());
        }
    }
    readers
}

/// Where the environment is declared whose patches all of a view have alike.
fn declared_at<'r>(repository: &'r Repository, view: &View) -> Option<&'r Origin> {
    let environment = view.environments.first()?;
    repository.environments.get(environment).map(|(_, origin)| origin)
}
