//! A target that is looked at while the repository is still being read: neither waits for the other.
//! Never says what it found before the repository is known to be good.

use std::thread::JoinHandle;

use super::context::{Context, Purpose, outside};
use super::exit::Failure;
use crate::manifest;
use crate::model::environment::Environment;
use crate::model::state::Snapshot;
use crate::provider;
use crate::source::Files;
use crate::target::{Mode, Target, TargetError};

/// A target, and what one inspection of it found.
pub type Inspected = (Box<dyn Target>, Snapshot);

/// The look at the one environment of a run; several are looked at one after the other, when it is their turn.
#[derive(Default)]
pub struct Ahead {
    look: Option<(String, JoinHandle<Result<Inspected, TargetError>>)>,
}

impl Ahead {
    /// Begins to look at the environment that this run is for, where it is only one. What is wrong with the
    /// environments is for the reading of the repository to say.
    pub fn start(context: &Context, files: &Files, purpose: Purpose) -> Ahead {
        // Where another revision says where the targets are, the files at hand do not.
        if context.global.trust.is_some() {
            return Ahead::default();
        }
        let environments = manifest::environments(files);
        let chosen = context.choose(environments.iter().collect(), purpose).unwrap_or_default();
        let [environment] = chosen.as_slice() else { return Ahead::default() };
        // What cannot be opened is said when its turn comes.
        let Ok(config) = context.config(environment) else { return Ahead::default() };
        let name = environment.name.clone();
        let root = context.root().to_owned();
        let look =
            std::thread::spawn(move || inspect(provider::open::open(&config, outside(&root), Mode::Read)?));
        Ahead { look: Some((name, look)) }
    }

    /// Returns what was found at an environment, waiting where the look is not over.
    pub fn take(&mut self, context: &Context, environment: &Environment) -> Result<Inspected, Failure> {
        match self.look.take_if(|(name, _)| *name == environment.name) {
            Some((_, look)) => Ok(look.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?),
            None => Ok(inspect(context.target(environment, Mode::Read)?)?),
        }
    }
}

fn inspect(mut target: Box<dyn Target>) -> Result<Inspected, TargetError> {
    let snapshot = target.inspect()?;
    Ok((target, snapshot))
}
