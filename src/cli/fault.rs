//! A switch for tests: `RECONCILE_FAULT=kill:MOMENT` or `fail:MOMENT` stops an apply there.
//! Never set in ordinary use; a moment is `waiting`, `locked`, `checked`, `before:N`, `after:N`, `recorded`, `verified`, `committed`.

use crate::apply::Moment;

/// What to do, and when.
#[derive(Debug, Default)]
pub struct Fault(Option<(bool, String)>);

impl Fault {
    pub fn from_environment() -> Fault {
        let text = std::env::var("RECONCILE_FAULT").unwrap_or_default();
        Fault(match text.split_once(':') {
            Some(("kill", moment)) => Some((true, moment.to_owned())),
            Some(("fail", moment)) => Some((false, moment.to_owned())),
            Some(_) | None => None,
        })
    }

    pub fn at(&self, moment: &Moment) -> Result<(), String> {
        let name = match moment {
            Moment::Waiting(_) => "waiting".to_owned(),
            Moment::Locked => "locked".to_owned(),
            Moment::Checked => "checked".to_owned(),
            Moment::Before(step) => format!("before:{step}"),
            Moment::After(step) => format!("after:{step}"),
            Moment::Recorded => "recorded".to_owned(),
            Moment::Verified => "verified".to_owned(),
            Moment::Committed => "committed".to_owned(),
        };
        match &self.0 {
            // As hard as a kill from outside: nothing is dropped, nothing is flushed.
            Some((true, at)) if *at == name => std::process::abort(),
            Some((false, at)) if *at == name => Err(format!("a fault was asked for at `{name}`")),
            Some(_) | None => Ok(()),
        }
    }
}
