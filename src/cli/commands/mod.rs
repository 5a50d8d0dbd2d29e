//! The verbs as people call them: open, call the operation, print, end. One file a verb.
//! Never decides what changes.

pub mod adopt;
pub mod apply;
mod base;
pub mod diff;
pub mod drift;
pub mod export;
pub mod fmt;
pub mod history;
pub mod import;
pub mod init;
pub mod lint;
pub mod manual;
pub mod package;
pub mod plan;
pub mod promote;
pub mod resume;
pub mod reviewed;
pub mod rollback;
pub mod schema;
mod sign;
pub mod status;
pub mod suspend;
pub mod trash;
pub mod validate;

use std::collections::BTreeMap;

use super::args::Choices;
use super::context::today;
use super::exit::Failure;
use crate::address::Address;
use crate::model::environment::Environment;
use crate::model::repository::Repository;
use crate::model::resource::kind_entry;
use crate::model::setup::Action;
use crate::model::state::Desired;

/// What is declared for one environment, under the setup actions chosen on the command line.
fn desired(
    repository: &Repository,
    environment: &Environment,
    choices: &Choices,
) -> Result<Desired, Failure> {
    let mut chosen: BTreeMap<Address, Action> = BTreeMap::new();
    for (address, action) in &choices.setup {
        let Some(entry) = repository.resources.get(address) else {
            return Err(Failure::error(format!("--setup names `{address}`, which nothing declares")));
        };
        let actions = kind_entry(&address.kind).map(|k| k.actions.actions).unwrap_or_default();
        if !entry.setup.permits(*action, actions) {
            let allowed: Vec<&str> = match entry.setup.allowed.is_empty() {
                true => actions.iter().map(|a| a.as_str()).collect(),
                false => entry.setup.allowed.iter().map(|a| a.as_str()).collect(),
            };
            return Err(Failure::error(format!("`{address}` does not allow the setup action `{action}`"))
                .help(format!("it allows {}", allowed.join(", "))));
        }
        chosen.insert(address.clone(), *action);
    }
    repository
        .desired(&environment.name, &chosen)
        .map(|desired| Desired { today: Some(today()), ..desired })
        .ok_or_else(|| Failure::error(format!("there is no environment `{}`", environment.name)))
}
