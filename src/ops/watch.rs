//! One turn of a watch in one environment: plan, decide, and apply what may be applied.
//! Never applies what `watch::decide` holds back, and plans and applies as the command line does.

use jiff::Timestamp;

use super::window::Within;
use crate::apply::{ApplyError, Observer, Terms};
use crate::diff::change::Reason;
use crate::journal::suspension::Suspension;
use crate::journal::{Entry, Outcome};
use crate::model::environment::Environment;
use crate::model::state::Desired;
use crate::model::window::{Hand, gate};
use crate::plan::Plan;
use crate::report::standing::{Health, LastApply, Pending, Standing, Watcher, Why, Windows};
use crate::report::{Applied, Report};
use crate::source::Revision;
use crate::target::{Target, TargetError};
use crate::watch::decide::{Case, Decision, decide};

/// How many paths that have moved are named.
const PATHS: usize = 20;

/// How many entries of the journal are looked through.
const ENTRIES: usize = 64;

/// What a turn is for.
pub struct Order<'a> {
    pub desired: Desired,
    pub revision: &'a Revision,
    /// When the commit was made, where there is one.
    pub made: Option<Timestamp>,
    pub clock: &'a dyn Fn() -> Timestamp,
    /// The newest entry of the journal when nothing was left to do for this very revision; none where that never was.
    pub settled: Option<u64>,
    pub may_heal: bool,
}

/// What a turn came to.
pub struct Turned {
    pub decision: Decision,
    pub plan: Plan,
    /// What was declared, for a package.
    pub desired: Desired,
    /// The report of the apply, where there was one.
    pub report: Option<Report>,
    /// What an apply that was cut off had left.
    pub tidied: Vec<String>,
    pub standing: Standing,
}

/// Takes one turn.
pub fn turn(
    order: Order<'_>,
    target: &mut dyn Target,
    terms: &Terms<'_>,
    observer: &mut dyn Observer,
) -> Result<Turned, ApplyError> {
    let Order { desired, revision, made, clock, settled, may_heal } = order;
    let now = clock();
    let environment = desired.environment.clone();
    let suspended = target.suspension()?;
    // Nothing is written to a target that is suspended.
    let writes = environment.auto_apply && environment.require_signed_by.is_empty() && suspended.is_none();
    let tidied = match writes {
        true => target.tidy(terms.holder)?,
        false => Vec::new(),
    };
    let case = Looked { desired: &desired, revision, made, now, suspended, settled, may_heal };
    let Judged { plan, journal, decision, suspended } = judge(case, target)?;
    let report = match &decision {
        Decision::Apply { .. } => {
            let mut within = Within::new(&environment.windows, Hand::Automatic, clock, &plan, observer);
            Some(super::apply::run(&plan, Some(desired.clone()), target, terms, &mut within)?)
        }
        Decision::Nothing
        | Decision::Report
        | Decision::Drifted
        | Decision::Fought
        | Decision::Pending(_)
        | Decision::Refused(_)
        | Decision::Held { .. }
        | Decision::Suspended(_)
        | Decision::Shut { .. } => None,
    };
    let journal = match report {
        Some(_) => target.history(1)?,
        None => journal,
    };
    let standing = standing(&plan, &decision, report.as_ref(), &journal, suspended);
    let standing = Standing { windows: windows(&environment, now, Hand::Automatic), ..standing };
    Ok(Turned { decision, plan, desired, report, tidied, standing })
}

/// What a look at an environment is for.
struct Looked<'a> {
    desired: &'a Desired,
    revision: &'a Revision,
    made: Option<Timestamp>,
    now: Timestamp,
    suspended: Option<Suspension>,
    settled: Option<u64>,
    may_heal: bool,
}

/// What a look comes to.
struct Judged {
    plan: Plan,
    journal: Vec<Entry>,
    decision: Decision,
    suspended: Option<Suspension>,
}

/// Plans, and decides what a watch would do about it.
fn judge(looked: Looked<'_>, target: &mut dyn Target) -> Result<Judged, TargetError> {
    let Looked { desired, revision, made, now, suspended, settled, may_heal } = looked;
    let plan = super::plan::plan(desired.clone(), target, revision)?;
    let (journal, undone) = journal(&plan, target)?;
    let decision = decide(&Case {
        environment: &desired.environment,
        plan: &plan,
        journal: &journal,
        undone: &undone,
        made,
        now,
        suspended: suspended.as_ref(),
        settled,
        may_heal,
    });
    Ok(Judged { plan, journal, decision, suspended })
}

/// Says how an environment stands, and changes nothing.
pub fn look(
    desired: &Desired,
    revision: &Revision,
    made: Option<Timestamp>,
    now: Timestamp,
    target: &mut dyn Target,
) -> Result<Standing, TargetError> {
    let suspended = target.suspension()?;
    let looked = Looked { desired, revision, made, now, suspended, settled: None, may_heal: true };
    let Judged { plan, journal, decision, suspended } = judge(looked, target)?;
    let environment = &desired.environment;
    let hand = if environment.auto_apply { Hand::Automatic } else { Hand::Manual };
    let lease = target.lease()?;
    let standing = standing(&plan, &decision, None, &journal, suspended);
    let waits = matches!(
        standing.health,
        Health::OutOfSync | Health::Pending | Health::Held | Health::WindowShut { .. }
    );
    Ok(Standing {
        // Nobody may apply to it, whatever else there is.
        health: if waits && standing.suspended.is_some() { Health::Suspended } else { standing.health },
        windows: windows(environment, now, hand),
        watcher: lease.map(|lease| Watcher { holder: lease.holder, until: lease.until }),
        ..standing
    })
}

/// What the windows of an environment say; none where it has none.
fn windows(environment: &Environment, now: Timestamp, hand: Hand) -> Option<Windows> {
    let windows = &environment.windows;
    (!windows.is_empty()).then(|| Windows::of(&gate(windows, now, hand)))
}

/// The part of the journal that a decision about this plan needs.
fn journal(plan: &Plan, target: &mut dyn Target) -> Result<(Vec<Entry>, Vec<Entry>), TargetError> {
    let has_applied = |entries: &[Entry]| entries.iter().any(|entry| entry.outcome == Outcome::Applied);
    if plan.is_empty() {
        let newest = target.history(1)?;
        let entries =
            if newest.is_empty() || has_applied(&newest) { newest } else { target.history(ENTRIES)? };
        return Ok((entries, Vec::new()));
    }
    let mut entries = target.history(ENTRIES)?;
    if entries.len() == ENTRIES && !has_applied(&entries) {
        entries = target.history(usize::MAX)?;
    }
    let newest = entries.iter().find(|entry| entry.outcome == Outcome::Applied);
    let numbers = newest.and_then(|entry| entry.rolled_back.as_ref()).map(|back| back.undone.clone());
    let mut undone = Vec::new();
    for number in numbers.unwrap_or_default() {
        undone.extend(match entries.iter().find(|entry| entry.id == number) {
            Some(entry) => Some(entry.clone()),
            None => target.entry(number)?,
        });
    }
    Ok((entries, undone))
}

fn standing(
    plan: &Plan,
    decision: &Decision,
    report: Option<&Report>,
    journal: &[Entry],
    suspended: Option<Suspension>,
) -> Standing {
    let is_good = |report: &Report| matches!(report.outcome, Applied::Done | Applied::Nothing);
    let is_applied = report.is_some_and(is_good);
    let (health, message) = match decision {
        Decision::Nothing => (Health::Synced, None),
        Decision::Apply { .. } if is_applied => (Health::Synced, None),
        Decision::Apply { .. } if report.is_some() => {
            (Health::Failed { retry_at: None }, report.and_then(failure))
        }
        // Nobody has tried it yet; or he who did has failed at this very revision.
        Decision::Apply { .. } => match journal.first().map(|entry| (&entry.outcome, &entry.revision)) {
            Some((Outcome::Failed { message, .. }, revision)) if *revision == plan.revision => {
                (Health::Failed { retry_at: None }, Some(message.clone()))
            }
            Some(_) | None => (Health::OutOfSync, None),
        },
        Decision::Report | Decision::Drifted => (Health::OutOfSync, None),
        Decision::Fought => (Health::Fighting, None),
        Decision::Pending(_) => (Health::Pending, None),
        Decision::Refused(why) => {
            let all: Vec<String> = why.iter().map(said).collect();
            (
                Health::Failed { retry_at: None },
                Some(format!("the plan cannot be carried out: {}", all.join("; "))),
            )
        }
        Decision::Held { entry } => (
            Health::Held,
            Some(format!("entry {entry} of the journal rolled it back; a newer commit ends that")),
        ),
        Decision::Suspended(_) => (Health::Suspended, None),
        Decision::Shut { until, why } => {
            let until = until.map(|until| until.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
            (Health::WindowShut { until }, Some(why.clone()))
        }
    };
    let applied = journal.iter().find(|entry| entry.outcome == Outcome::Applied);
    let moved = moved(plan);
    Standing {
        revision: Some(plan.revision.clone()),
        applied: applied.map(|entry| entry.revision.clone()),
        health,
        changes: if is_applied { 0 } else { plan.changes.len() },
        drift: if is_applied { 0 } else { moved.len() },
        moved: if is_applied { Vec::new() } else { moved.into_iter().take(PATHS).collect() },
        pending: match decision {
            Decision::Pending(why) => Some(Pending { package: None, why: why.clone() }),
            Decision::Nothing
            | Decision::Apply { .. }
            | Decision::Report
            | Decision::Drifted
            | Decision::Fought
            | Decision::Refused(_)
            | Decision::Held { .. }
            | Decision::Suspended(_)
            | Decision::Shut { .. } => None,
        },
        suspended,
        last: journal.first().map(LastApply::from),
        message,
        ..Standing::unknown(&plan.environment, &plan.target)
    }
}

/// One reason as people read it: `RK203 entity/order/fax destroys 17 values`.
pub fn said(why: &Why) -> String {
    let parts = [why.code.as_deref(), why.place.as_deref(), Some(why.message.as_str())];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Why an apply is not done, in one line.
pub fn failure(report: &Report) -> Option<String> {
    use crate::report::Fate;
    let failed = report.steps.iter().find_map(|step| match &step.fate {
        Fate::Failed { message } => Some(format!("step {} ({}): {message}", step.id, step.title)),
        Fate::Done | Fate::Undone | Fate::NotStarted | Fate::Skipped => None,
    });
    let left = || {
        let left: Vec<String> = report.remaining.iter().map(ToString::to_string).collect();
        (!left.is_empty()).then(|| format!("a new plan would still change {}", left.join(", ")))
    };
    failed.or_else(|| report.message.clone()).or_else(left)
}

/// The paths of a plan that have moved in the target.
fn moved(plan: &Plan) -> Vec<String> {
    let is_moved = |reason: Reason| matches!(reason, Reason::Drifted | Reason::Vanished);
    let of = |change: &crate::diff::change::Change| {
        let address = change.address.to_string();
        let settings = change.settings.iter().filter(|one| is_moved(one.reason));
        let members = change.members.iter().filter(|one| is_moved(one.reason));
        let mut paths: Vec<String> = settings.map(|one| format!("{address}/{}", one.name)).collect();
        paths.extend(members.map(|one| format!("{address}/{}", one.path())));
        if paths.is_empty() && is_moved(change.reason) {
            paths.push(address);
        }
        paths
    };
    plan.changes.iter().flat_map(of).collect()
}
