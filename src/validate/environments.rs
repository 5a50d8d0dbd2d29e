//! RV105, RV110, RV116, RV117 and RV118: what environments say of targets, patterns, actions and findings.
//! Never opens a target.

use std::collections::BTreeSet;

use super::setups::unknown;
use super::survey::{Survey, remark};
use super::words::{listed, shown};
use crate::address::{Address, glob};
use crate::diagnostic::Diagnostic;
use crate::model::environment::Environment;
use crate::model::name::environment_fault;
use crate::model::repository::{Remark, Repository};
use crate::model::resource::{KINDS, KindEntry, kind_entry};
use crate::model::setup::Action;
use crate::model::state::Origin;
use crate::yaml::Part;

/// The remarks on the repository as a whole.
pub fn whole(repository: &Repository) -> Vec<Diagnostic> {
    if !repository.environments.is_empty() {
        return Vec::new();
    }
    let help = "add one, such as environments/dev.yaml with `kind: Environment`; or run `reconcile init`";
    vec![Diagnostic::error("RV117", "no document declares an environment").help(help)]
}

pub fn check(survey: &Survey<'_>, found: &mut Vec<Remark>) {
    let addresses = Addresses::of(survey);
    for (environment, origin) in survey.repository.environments.values() {
        let mut add = |path: &[&str], part, diagnostic| found.push(remark(origin, path, part, diagnostic));
        if let Some(fault) = environment_fault(&environment.name) {
            let message = format!("environment `{}` {fault}", shown(&environment.name));
            add(&["metadata", "name"], Part::Value, Diagnostic::error("RV105", message));
        }
        if let Some(diagnostic) = provider(survey, environment) {
            add(&["spec", "target", &environment.target.provider], Part::Key, diagnostic);
        }
        for (index, pattern) in environment.include.iter().enumerate() {
            if let Some(diagnostic) = addresses.nothing(survey, pattern) {
                add(&["spec", "include", &index.to_string()], Part::Value, diagnostic);
            }
        }
        for (index, allowance) in environment.allow.iter().enumerate() {
            if !is_allowance(allowance) {
                let message = format!("`allow` cannot hold `{}`", shown(allowance));
                let help =
                    "write CODE, CODE:ADDRESS or CODE:ADDRESS/path, for example RK203:entity/order/fax";
                let diagnostic = Diagnostic::error("RV110", message).help(help);
                add(&["spec", "allow", &index.to_string()], Part::Value, diagnostic);
            }
        }
        actions(survey, &addresses, environment, origin, found);
    }
}

fn provider(survey: &Survey<'_>, environment: &Environment) -> Option<Diagnostic> {
    let given = environment.target.provider.as_str();
    if given.is_empty() || survey.targets.contains_key(given) {
        return None;
    }
    let known = || survey.targets.keys().map(String::as_str);
    let help = match survey.suggestions.nearest(given, || known().collect()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are: {}", listed(known())),
    };
    Some(Diagnostic::error("RV110", format!("there is no target `{}`", shown(given))).help(help))
}

fn actions(
    survey: &Survey<'_>,
    addresses: &Addresses<'_>,
    environment: &Environment,
    origin: &Origin,
    found: &mut Vec<Remark>,
) {
    if let Some(action) = environment.setup_default
        && kinds().all(|kind| !kind.actions.actions.contains(&action))
    {
        let message = format!("no kind has the setup action `{action}`");
        let known: BTreeSet<Action> = kinds().flat_map(|kind| kind.actions.actions.iter().copied()).collect();
        let help = format!("choose one of {}", listed(known.iter().map(|action| action.as_str())));
        let diagnostic = Diagnostic::error("RV118", message).help(help);
        found.push(remark(origin, &["spec", "setup", "default"], Part::Value, diagnostic));
    }
    for (pattern, action) in &environment.setup_resources {
        let path = ["spec", "setup", "resources", pattern];
        if let Some(diagnostic) = addresses.nothing(survey, pattern) {
            found.push(remark(origin, &path, Part::Key, diagnostic));
        }
        let of_kind =
            |kind: &&KindEntry| addresses.matching(pattern).any(|address| address.kind == kind.actions.kind);
        let refusing = kinds().filter(|kind| !kind.actions.actions.contains(action)).find(of_kind);
        if let Some(diagnostic) = refusing.and_then(|kind| unknown(*action, &kind.actions)) {
            found.push(remark(origin, &path, Part::Value, diagnostic));
        }
    }
}

fn kinds() -> impl Iterator<Item = &'static KindEntry> {
    const { &KINDS }.iter()
}

/// The same rule as that of a plan's allowances.
fn is_allowance(text: &str) -> bool {
    let (code, place) = match text.split_once(':') {
        Some((code, place)) => (code, Some(place)),
        None => (text, None),
    };
    let digits = code.strip_prefix("RK").unwrap_or_default();
    let is_code = digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit());
    is_code && place.is_none_or(|place| place.contains('/'))
}

/// All addresses, sorted as texts, so that a pattern is held only against those that begin as it does.
struct Addresses<'r> {
    sorted: Vec<(String, &'r Address)>,
}

impl<'r> Addresses<'r> {
    fn of(survey: &Survey<'r>) -> Addresses<'r> {
        let mut sorted: Vec<_> =
            survey.sites.iter().map(|site| (site.address.to_string(), site.address)).collect();
        sorted.sort();
        Addresses { sorted }
    }

    fn matching<'a>(&'a self, pattern: &'a str) -> impl Iterator<Item = &'r Address> + 'a {
        let prefix = pattern.split('*').next().unwrap_or_default();
        let first = self.sorted.partition_point(|(text, _)| text.as_str() < prefix);
        self.sorted[first..]
            .iter()
            .take_while(move |(text, _)| text.starts_with(prefix))
            .filter(move |(text, _)| glob(pattern, text))
            .map(|(_, address)| *address)
    }

    /// The remark on a pattern that matches nothing. All of a kind may be nothing yet.
    fn nothing(&self, survey: &Survey<'_>, pattern: &str) -> Option<Diagnostic> {
        let words = || kinds().map(|kind| kind.actions.kind.as_str());
        let is_whole = pattern == "*"
            || pattern.strip_suffix("/*").is_some_and(|kind| words().any(|known| known == kind));
        if is_whole || self.matching(pattern).next().is_some() {
            return None;
        }
        let known = || self.sorted.iter().map(|(text, _)| text.as_str()).collect();
        let named = pattern.parse::<Address>().ok().filter(|address| kind_entry(&address.kind).is_some());
        let help = match (survey.suggestions.nearest(pattern, known), named) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, Some(address)) if !pattern.contains('*') => {
                format!("declare {} `{}`, or leave the entry out", address.kind, shown(&address.name))
            }
            (None, _) => format!("addresses are `kind/name`; the kinds are {}", listed(words())),
        };
        let message = format!("`{}` matches no resource of this repository", shown(pattern));
        Some(Diagnostic::error("RV116", message).help(help))
    }
}
