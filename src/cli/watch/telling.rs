//! Lets the world know how environments stand: whoever `reconcile.yaml` names, and the host of the commits.
//! Never tells of an environment that another watcher works on.

use std::time::Duration;

use super::desk::Desk;
use super::{Word, told};
use crate::cli::exit::Failure;
use crate::cli::host::{Herald, Outspoken};
use crate::manifest::Config;
use crate::report::standing::{Health, Standing};
use crate::wire::watch::WatchEvent;

/// How long the last news may take when the watch ends.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whoever tells the world, if there is anybody to tell.
#[derive(Default)]
pub struct Telling {
    herald: Option<Herald>,
    /// What it was begun with.
    begun: Option<(Config, Option<String>)>,
}

impl Telling {
    /// Takes over the settings of the repository, where they are others.
    pub fn take_over(
        &mut self,
        desk: &Desk,
        telling: (Config, Option<String>),
    ) -> Result<Vec<WatchEvent>, Failure> {
        let of = |config: &Config| (config.notify.clone(), config.host.clone());
        let is_same = |(config, address): &(Config, Option<String>)| {
            *address == telling.1 && of(config) == of(&telling.0)
        };
        if self.begun.as_ref().is_some_and(is_same) {
            return Ok(Vec::new());
        }
        let outspoken = Outspoken {
            commands: desk.order.allow_commands,
            token_variable: desk.order.token_variable.clone(),
            address: telling.1.clone(),
        };
        let herald = Herald::start(desk.context.root(), &telling.0, &outspoken)?;
        let said = self.finish();
        (self.herald, self.begun) = (herald, Some(telling));
        Ok(said)
    }

    /// Whether nothing was begun yet.
    pub fn is_silent(&self) -> bool {
        self.begun.is_none()
    }

    /// Says how an environment stands.
    pub fn tell(&self, desk: &Desk, standing: &Standing) {
        let (Some(herald), Some(known)) = (&self.herald, desk.environment(&standing.environment)) else {
            return;
        };
        // Whoever stands by leaves it to the other. What is only looked at is told of where there is a journal: then
        // the target itself sees to it that nothing is told twice.
        let is_ours = known.policy.applies || standing.last.is_some();
        let leads = is_ours && standing.health != Health::Standby;
        // A target that cannot be named has been told of by its turn.
        if let Ok(config) = desk.context.config(&known.environment) {
            herald.tell(standing, &config, leads);
        }
    }

    /// What is to be shown of what was told.
    pub fn said(&self) -> Vec<WatchEvent> {
        self.herald.iter().flat_map(Herald::remarks).map(shown).collect()
    }

    /// Tells what is due, and ends. Returns what is to be shown.
    pub fn finish(&mut self) -> Vec<WatchEvent> {
        let remarks = self.herald.take().map(|herald| herald.finish(PATIENCE)).unwrap_or_default();
        remarks.into_iter().map(shown).collect()
    }
}

fn shown(remark: crate::cli::host::Remark) -> WatchEvent {
    let word = if remark.is_warning { Word::Warning } else { Word::Told };
    told(word, &remark.environment, remark.text)
}
