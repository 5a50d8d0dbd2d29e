//! `trash`: what earlier applies moved aside, listed and dropped.
//! Never brings anything back: `rollback` does.

use crate::journal::{Holder, Timestamp};
use crate::model::trash::Trashed;
use crate::target::{Purge, Target, TargetError};

/// Which things of the trash a person means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    All,
    /// What was to be kept until before this instant.
    Expired(Timestamp),
    Numbers(Vec<u64>),
}

/// Why nothing was chosen.
#[derive(Debug, thiserror::Error)]
pub enum TrashError {
    #[error("the trash of environment {environment} has no number {number}")]
    NoNumber { environment: String, number: u64 },
    #[error(transparent)]
    Target(#[from] TargetError),
}

/// What the trash holds, by number.
pub fn list(target: &mut dyn Target) -> Result<Vec<Trashed>, TargetError> {
    Ok(target.inspect()?.trash)
}

/// The things that are meant.
pub fn choose(
    environment: &str,
    target: &mut dyn Target,
    chosen: &Chosen,
) -> Result<Vec<Trashed>, TrashError> {
    let all = list(target)?;
    if let Chosen::Numbers(numbers) = chosen {
        let unknown = numbers.iter().find(|number| all.iter().all(|one| one.moved.number != **number));
        if let Some(number) = unknown {
            return Err(TrashError::NoNumber { environment: environment.to_owned(), number: *number });
        }
    }
    let is_meant = |one: &Trashed| match chosen {
        Chosen::All => true,
        Chosen::Expired(now) => Purge::Expired(now.clone()).takes(one),
        Chosen::Numbers(numbers) => numbers.contains(&one.moved.number),
    };
    Ok(all.into_iter().filter(is_meant).collect())
}

/// Drops them for good. Returns those that were still there.
pub fn purge(
    target: &mut dyn Target,
    holder: &Holder,
    these: &[Trashed],
) -> Result<Vec<Trashed>, TargetError> {
    let numbers = these.iter().map(|one| one.moved.number).collect();
    target.purge(holder, &Purge::Numbers(numbers))
}
