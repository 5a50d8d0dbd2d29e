//! `drift`: what moved in a target since the last apply, and what it holds that nobody declared.
//! Never needs the repository: the target's own record says what was applied.

use crate::diff::change::{Change, Kept};
use crate::diff::compare;
use crate::diff::decision::Verb;
use crate::model::environment::Environment;
use crate::model::setup::{Action, Setup};
use crate::model::state::{Declared, Desired, Origin, Snapshot};
use crate::target::{Target, TargetError};

/// What an inspection shows against the inventory.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    pub environment: String,
    pub target: String,
    /// What would bring each moved resource back: `before` is found, `after` is what was applied.
    pub moved: Vec<Change>,
    /// What nobody declared, and what the model has no words for.
    pub unmanaged: Vec<Kept>,
    pub opaque: Vec<(String, String)>,
}

impl Drift {
    pub fn is_empty(&self) -> bool {
        self.moved.is_empty()
    }
}

/// Inspects a target and compares it with its own record.
pub fn drift(environment: &str, target: &mut dyn Target) -> Result<Drift, TargetError> {
    let snapshot = target.inspect()?;
    let desired = applied(environment, &snapshot);
    let comparison = compare(&desired, &snapshot);
    let moved = comparison.changes.into_iter().filter(|c| c.verb != Verb::Release);
    Ok(Drift {
        environment: environment.to_owned(),
        target: target.describe(),
        moved: moved.collect(),
        unmanaged: comparison.kept,
        opaque: snapshot.opaque.into_iter().collect(),
    })
}

/// What was last applied, as if it were declared again.
fn applied(environment: &str, snapshot: &Snapshot) -> Desired {
    let declared = snapshot.inventory.iter().map(|(address, owned)| {
        let declared = Declared {
            resource: owned.declared.clone(),
            renamed_from: None,
            labels: Default::default(),
            setup: Setup::default(),
            action: Action::Merge,
            origin: Origin::default(),
        };
        (address.clone(), declared)
    });
    Desired {
        environment: Environment { name: environment.to_owned(), ..Environment::default() },
        resources: declared.collect(),
        unfinished: Vec::new(),
    }
}
