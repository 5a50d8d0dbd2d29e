//! A switch for tests: `RECONCILE_FAULT=kill:MOMENT` or `fail:MOMENT` stops an apply there; `hold:MOMENT` makes the file
//! that `RECONCILE_FAULT_FILE` names, and goes on when that is gone.
//! Never set in ordinary use; a moment is `waiting`, `locked`, `checked`, `before:N`, `after:N`, `recorded`, `verified`, `committed`.

use crate::apply::Moment;

/// What to do, and when.
#[derive(Debug, Default)]
pub struct Fault(Option<(What, String)>);

#[derive(Debug)]
enum What {
    Kill,
    Fail,
    Hold,
}

impl Fault {
    pub fn from_environment() -> Fault {
        let text = std::env::var("RECONCILE_FAULT").unwrap_or_default();
        Fault(match text.split_once(':') {
            Some(("kill", moment)) => Some((What::Kill, moment.to_owned())),
            Some(("fail", moment)) => Some((What::Fail, moment.to_owned())),
            Some(("hold", moment)) => Some((What::Hold, moment.to_owned())),
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
            Some((What::Kill, at)) if *at == name => std::process::abort(),
            Some((What::Fail, at)) if *at == name => Err(format!("a fault was asked for at `{name}`")),
            Some((What::Hold, at)) if *at == name => hold(),
            Some(_) | None => Ok(()),
        }
    }
}

/// Waits until somebody takes a file away.
fn hold() -> Result<(), String> {
    let Some(path) = std::env::var_os("RECONCILE_FAULT_FILE") else { return Ok(()) };
    std::fs::write(&path, "").map_err(|error| error.to_string())?;
    while std::path::Path::new(&path).exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    Ok(())
}
