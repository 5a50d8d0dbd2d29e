//! `drift`: what moved in a target since the last apply, and what it holds that nobody declared.
//! Never needs the repository: the target's own record says what was applied.

use crate::diff::change::{Change, MemberChange, SettingChange};
use crate::diff::compare;
use crate::diff::decision::Verb;
use crate::model::environment::Environment;
use crate::model::setup::{Action, Setup};
use crate::model::state::{Declared, Desired, Origin, Scope, Snapshot};
use crate::target::{Target, TargetError};
use crate::wire::drift::Drift;

/// Inspects a target and compares it with its own record.
pub fn drift(environment: &str, target: &mut dyn Target) -> Result<Drift, TargetError> {
    let snapshot = target.inspect()?;
    let mut desired = applied(environment, &snapshot);
    // Another version of a server may have other words for what has not moved.
    target.respell(&mut desired, &snapshot)?;
    let comparison = compare(&desired, &snapshot);
    Ok(Drift {
        environment: environment.to_owned(),
        target: target.describe(),
        moved: comparison.changes.into_iter().filter(has_moved).map(turned).collect(),
        unmanaged: comparison.kept,
        opaque: snapshot.opaque.into_iter().collect(),
    })
}

/// What was last applied, as if it were declared again: what brings it back is what has moved, turned round.
fn applied(environment: &str, snapshot: &Snapshot) -> Desired {
    let declared = snapshot.inventory.iter().map(|(address, owned)| {
        let declared = Declared {
            resource: owned.declared.clone(),
            renamed_from: None,
            labels: Default::default(),
            waivers: Vec::new(),
            setup: Setup::default(),
            action: Action::Merge,
            origin: Origin::default(),
        };
        (address.clone(), declared)
    });
    Desired {
        environment: Environment { name: environment.to_owned(), ..Environment::default() },
        scope: Scope::Whole,
        resources: declared.collect(),
        unfinished: Vec::new(),
        today: None,
        unreviewed: Default::default(),
    }
}

/// Tells of a change that is more than other words in our record.
fn has_moved(change: &Change) -> bool {
    change.before.is_none() || change.before != change.after
}

/// A change that would bring something back, as the move that took it away.
fn turned(change: Change) -> Change {
    let setting = |s: SettingChange| SettingChange { before: s.after, after: s.before, ..s };
    let settings = |all: Vec<SettingChange>| all.into_iter().map(setting).collect();
    let member =
        |m: MemberChange| MemberChange { verb: opposite(m.verb), settings: settings(m.settings), ..m };
    Change {
        verb: opposite(change.verb),
        before: change.after,
        after: change.before,
        settings: settings(change.settings),
        members: change.members.into_iter().map(member).collect(),
        ..change
    }
}

fn opposite(verb: Verb) -> Verb {
    match verb {
        Verb::Create => Verb::Delete,
        Verb::Delete => Verb::Create,
        Verb::Adopt | Verb::Update | Verb::Release | Verb::Forget | Verb::Keep => verb,
    }
}
