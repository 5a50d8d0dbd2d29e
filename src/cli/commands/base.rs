//! `plan --base`: what a branch changes since it left a revision, without any target.
//! Never asks a target, and never needs a credential.

use std::collections::BTreeMap;

use crate::cli::args::Choices;
use crate::cli::context::{Context, Opened};
use crate::cli::exit::Failure;
use crate::model::environment::Environment;
use crate::model::repository::Repository;
use crate::model::state::Desired;
use crate::ops;
use crate::plan::{Compared, Plan};
use crate::provider::open::dialect;
use crate::source::{self, Files, Revision, SourceError};

/// The repository as it was where the branch left the base.
pub struct Based {
    opened: Opened,
    compared: Compared,
}

/// Reads the repository at the commit at which this revision and `rev` were last the same.
pub fn open(context: &Context, rev: &str) -> Result<Based, Failure> {
    let head = context.global.rev.as_deref().unwrap_or("HEAD");
    let commit = source::merge_base(context.root(), rev, head)?;
    let mut there = context.at(Some(&commit));
    // What was there keeps to the policy of then.
    there.global.trust = None;
    let files = match there.files() {
        Ok(files) => files,
        Err(failure) if is_absent(context, &commit) => {
            drop(failure);
            let revision = Revision { commit: Some(commit.clone()), ..Revision::default() };
            Files { revision, files: Vec::new(), notes: Vec::new() }
        }
        Err(failure) => return Err(failure),
    };
    let revision = files.revision.clone();
    let opened = match files.files.is_empty() {
        true => Opened { files, repository: Repository::default(), power: None },
        false => there.open_files(files).map_err(|failure| Failure {
            message: Some(format!(
                "revision {}, where this branch left `{rev}`, does not read",
                revision.label()
            )),
            ..failure
        })?,
    };
    Ok(Based { opened, compared: Compared { named: rev.to_owned(), base: revision } })
}

/// Tells whether the folder that is read was not there yet.
fn is_absent(context: &Context, commit: &str) -> bool {
    matches!(source::root_config(context.root(), Some(commit)), Err(SourceError::NotAtRevision { .. }))
}

/// Plans what the branch changes in one environment.
pub fn plan(
    based: &Based,
    opened: &Opened,
    environment: &Environment,
    choices: &Choices,
) -> Result<Plan, Failure> {
    let provider = &environment.target.provider;
    let Some(dialect) = dialect(provider) else {
        return Err(Failure::error(format!("there is no provider `{provider}`")));
    };
    let head = super::desired(&opened.repository, environment, choices)?;
    let chosen: BTreeMap<_, _> = choices.setup.iter().cloned().collect();
    // An environment that is new has nothing before.
    let before = based.opened.repository.desired(&environment.name, &chosen);
    let before = before.unwrap_or_else(|| Desired { environment: environment.clone(), ..Desired::default() });
    Ok(ops::plan::offline(before, head, dialect, &opened.files.revision, &based.compared))
}
