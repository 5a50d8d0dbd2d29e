//! The status of a commit, shown where people look at it: at the repository's host, one for each environment.
//! Never prints the token, and never sends the same twice.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::caller::{Caller, Token};
use super::http::Http;
use super::repository::Hosted;
use crate::report::standing::{Health, Standing};

/// The longest context and description that hosts take.
const MAX_CONTEXT: usize = 255;
const MAX_DESCRIPTION: usize = 140;

/// After how long a status is tried again that was not taken.
const PAUSE: SignedDuration = SignedDuration::from_secs(30);

/// What a host knows of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Pending,
    Success,
    Failure,
}

/// One status of one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub commit: String,
    pub context: String,
    pub state: State,
    pub description: String,
}

/// The statuses of the commits of one repository.
#[derive(Debug)]
pub struct Statuses {
    caller: Caller,
    /// What the host took last, by context.
    shown: BTreeMap<String, Status>,
    /// The host is left alone until then.
    not_before: Timestamp,
}

impl Status {
    /// What a standing says of the commit that the environment is meant to be at; none where it says nothing of it.
    pub fn of(standing: &Standing) -> Option<Status> {
        let revision = standing.revision.as_ref().filter(|revision| !revision.dirty)?;
        let message = standing.message.as_deref().unwrap_or_default();
        let (state, text) = match &standing.health {
            Health::Synced => (State::Success, "in sync".to_owned()),
            Health::OutOfSync => (State::Pending, format!("{} to apply", counted(standing.changes))),
            Health::Pending => {
                let why = standing.pending.iter().flat_map(|pending| &pending.why);
                let codes: Vec<&str> = why.filter_map(|why| why.code.as_deref()).collect();
                (State::Pending, format!("waits for consent {}", codes.join(", ")).trim_end().to_owned())
            }
            Health::Failed { .. } => (State::Failure, format!("failed: {message}")),
            Health::Held => (State::Failure, "rolled back, and held".to_owned()),
            Health::Suspended => {
                let who = standing.suspended.as_ref().map(|held| format!(" by {}", held.actor));
                (State::Pending, format!("suspended{}", who.unwrap_or_default()))
            }
            Health::WindowShut { until: Some(until) } => (State::Pending, format!("waits until {until}")),
            Health::WindowShut { until: None } => (State::Pending, "its windows are shut".to_owned()),
            Health::Fighting => (State::Failure, format!("somebody keeps changing it back: {message}")),
            Health::Standby | Health::Unknown => return None,
        };
        let context = format!("reconcile/{}", standing.environment);
        Some(Status::cut(revision.commit.clone()?, &context, state, &text))
    }

    /// A status whose words are cut to what hosts take.
    pub fn cut(commit: String, context: &str, state: State, description: &str) -> Status {
        let (context, description) = (cut(context, MAX_CONTEXT), cut(description, MAX_DESCRIPTION));
        Status { commit, context, state, description }
    }
}

fn counted(n_changes: usize) -> String {
    if n_changes == 1 { "1 change".to_owned() } else { format!("{n_changes} changes") }
}

/// The text in one line of at most so many characters.
fn cut(text: &str, most: usize) -> String {
    let flat: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if flat.chars().count() <= most {
        return flat;
    }
    flat.chars().take(most - 1).chain(['…']).collect()
}

impl Statuses {
    pub fn new(http: Http, hosted: Hosted, token: Token) -> Statuses {
        Statuses {
            caller: Caller::new(http, hosted, token),
            shown: BTreeMap::new(),
            not_before: Timestamp::MIN,
        }
    }

    /// Shows a status, unless the host shows it already or wants to be left alone: then the next call does.
    pub fn show(&mut self, status: &Status, now: Timestamp) -> Result<(), String> {
        if self.shown.get(&status.context) == Some(status) || now < self.not_before {
            return Ok(());
        }
        match self.caller.send(&self.caller.api.status(status)) {
            Ok(answer) if answer.is_good() || self.caller.api.is_shown_already(&answer) => {
                self.shown.insert(status.context.clone(), status.clone());
                Ok(())
            }
            Ok(answer) => {
                self.not_before = now + answer.retry_after(now).unwrap_or_default().max(PAUSE);
                Err(format!(
                    "the host does not show the status of {}: it answers {}",
                    status.context, answer.status
                ))
            }
            Err(message) => {
                self.not_before = now + PAUSE;
                Err(format!("the host does not show the status of {}: {message}", status.context))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Revision;

    #[test]
    fn every_standing_that_says_something_of_a_commit_has_a_status() {
        let revision = Revision { commit: Some("4f2a91c".to_owned()), ..Revision::default() };
        let base = Standing { revision: Some(revision), ..Standing::unknown("staging", "sqlite staging.db") };
        let until = Some("2026-03-02T22:00:00Z".to_owned());
        for (health, want) in [
            (Health::Synced, Some((State::Success, "in sync"))),
            (Health::OutOfSync, Some((State::Pending, "3 changes to apply"))),
            (Health::Pending, Some((State::Pending, "waits for consent"))),
            (Health::Failed { retry_at: None }, Some((State::Failure, "failed: no disk"))),
            (Health::Held, Some((State::Failure, "rolled back, and held"))),
            (Health::Suspended, Some((State::Pending, "suspended"))),
            (Health::WindowShut { until }, Some((State::Pending, "waits until 2026-03-02T22:00:00Z"))),
            (Health::Fighting, Some((State::Failure, "somebody keeps changing it back: no disk"))),
            (Health::Standby, None),
            (Health::Unknown, None),
        ] {
            let message = Some("no disk".to_owned());
            let standing = Standing { health, changes: 3, message, ..base.clone() };
            let status = Status::of(&standing);
            assert_eq!(status.as_ref().map(|s| (s.state, s.description.as_str())), want);
            assert!(status.is_none_or(|s| s.context == "reconcile/staging" && s.commit == "4f2a91c"));
        }
        let long = Standing {
            health: Health::Failed { retry_at: None },
            message: Some("ä\n".repeat(200)),
            ..base.clone()
        };
        assert_eq!(Status::of(&long).unwrap().description.chars().count(), 140);
        // Nothing is said of a commit that is not what is applied.
        let dirty = Revision { commit: Some("4f2a91c".to_owned()), dirty: true, ..Revision::default() };
        let standing = Standing { revision: Some(dirty), health: Health::Synced, ..base };
        assert_eq!(Status::of(&standing), None);
    }
}
