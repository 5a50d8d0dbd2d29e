//! One turn of one environment: its target is opened, `ops::watch` takes the turn, and what came of it is told.
//! Never keeps a target open after its turn.

use std::sync::Arc;
use std::time::Instant;

use super::desk::{Desk, Meanwhile, Message, Touched};
use super::repository::Loaded;
use super::{spool, told};
use crate::apply::{ApplyError, Moment, Observer, Terms};
use crate::cli::context::{instant, now, today};
use crate::cli::exit::{Code, Failure};
use crate::cli::fault::Fault;
use crate::cli::patience::BUDGET;
use crate::ops;
use crate::ops::watch::{Order, Turned};
use crate::plan::Summary;
use crate::report::Applied;
use crate::report::standing::{Health, Pending, Standing};
use crate::target::{Mode, TargetError};
use crate::watch::decide::Decision;
use crate::watch::{Event, Outcome, fight};
use crate::wire::watch::{WatchEvent, Word};

/// Why there was no turn.
enum Missed {
    Failure(Failure),
    Apply(ApplyError),
}

impl<E: Into<Failure>> From<E> for Missed {
    fn from(error: E) -> Missed {
        Missed::Failure(error.into())
    }
}

/// Takes one turn of an environment at a revision.
pub fn run(desk: &Desk, name: &str, key: &str, loaded: Option<Arc<Loaded>>, may_heal: bool) -> Message {
    let ended = |outcome| Event::Ended { environment: name.to_owned(), revision: key.to_owned(), outcome };
    let Some(loaded) = loaded else {
        let why = "the revision was not read";
        return Message::of(ended(Outcome::Failed)).telling(told(Word::Failed, name, why)).with(Code::Error);
    };
    let began = Instant::now();
    let taken = taken(desk, name, key, &loaded, may_heal);
    let report = taken.as_ref().ok().and_then(|turned| turned.report.as_ref());
    if let Ok(mut tally) = desk.tally.lock() {
        tally.turn(name, began.elapsed());
        report.inspect(|report| tally.apply(name, report.outcome));
    }
    match taken {
        Ok(turned) => of_turn(desk, name, key, turned, &ended),
        Err(missed) => of_failure(desk, name, &loaded, missed, &ended),
    }
}

fn taken(desk: &Desk, name: &str, key: &str, loaded: &Loaded, may_heal: bool) -> Result<Turned, Missed> {
    let repository = loaded.content.as_ref().map_err(|(line, text)| {
        if !desk.context.is_json() && desk.explains(key) {
            desk.context.terminal.remark(text.trim_end());
        }
        Failure::error(format!("{} cannot be applied: {line}", loaded.revision.label()))
    })?;
    let Some(mut desired) = repository.desired(name, &std::collections::BTreeMap::new()) else {
        return Err(Failure::error(format!("{} does not declare it", loaded.revision.label())).into());
    };
    desired.today = Some(today());
    let lease = desk.lease(name);
    let mode = match desired.environment.auto_apply && desired.environment.require_signed_by.is_empty() {
        true => Mode::Write,
        false => Mode::Read,
    };
    let mut target = desk.context.watched_target(&desired.environment, mode)?;
    if let Some(lease) = lease {
        target.heed(lease);
    }
    let order = Order {
        desired,
        revision: &loaded.revision,
        made: loaded.made,
        clock: &instant,
        settled: desk.settled(name, key),
        may_heal,
    };
    let holder = desk.context.holder();
    let patience = Meanwhile { stop: &desk.stop, until: Instant::now() + BUDGET };
    let terms = Terms {
        holder: &holder,
        allow: &[],
        signed_by: &[],
        clock: &now,
        outside_window: None,
        patience: &patience,
    };
    let mut watching = Watching { desk, fault: Fault::from_environment() };
    ops::watch::turn(order, target.as_mut(), &terms, &mut watching).map_err(Missed::Apply)
}

/// Ends an apply that goes on too long after the watch was asked to stop.
struct Watching<'a> {
    desk: &'a Desk,
    fault: Fault,
}

impl Observer for Watching<'_> {
    fn at(&mut self, moment: &Moment) -> Result<(), String> {
        let stop = &self.desk.stop;
        let must_end = match moment {
            Moment::Before(_) => stop.is_due(),
            Moment::Waiting(_) => stop.is_asked(),
            Moment::Locked
            | Moment::Checked
            | Moment::After(_)
            | Moment::Recorded
            | Moment::Verified
            | Moment::Committed => false,
        };
        match must_end {
            true => Err("the watch was asked to stop".to_owned()),
            false => self.fault.at(moment),
        }
    }
}

/// What came of a turn.
fn of_turn(desk: &Desk, name: &str, key: &str, turned: Turned, ended: &dyn Fn(Outcome) -> Event) -> Message {
    let mut standing = turned.standing.clone();
    let label = turned.plan.revision.label();
    let changes = summary(&turned.plan.summary);
    let mut package = None;
    let (word, text, outcome, code) = match &turned.decision {
        Decision::Nothing => (Word::Synced, format!("matches {label}"), Outcome::Settled, Code::Done),
        Decision::Apply { heals } => applied(&turned, *heals, &label, &changes),
        Decision::Report => {
            let text = format!("{label}: {changes}; nothing is applied here by itself");
            (Word::OutOfSync, text, Outcome::Settled, Code::Done)
        }
        Decision::Drifted => {
            let text =
                format!("it has moved away from {label}, and selfHeal is off: {changes} would bring it back");
            (Word::Drifted, text, Outcome::Settled, Code::Done)
        }
        Decision::Fought => {
            let text = "it moves again each time it is brought back; it is left alone for a while".to_owned();
            (Word::Fighting, text, Outcome::Settled, Code::Refused)
        }
        Decision::Pending(why) => match spool::keep(desk, &turned.plan, &turned.desired) {
            Ok(path) => {
                let path = path.display().to_string();
                standing.pending = Some(Pending { package: Some(path.clone()), why: why.clone() });
                package = Some(path);
                (
                    Word::Pending,
                    format!("{label}: {changes}; a person must agree"),
                    Outcome::Settled,
                    Code::Refused,
                )
            }
            Err(failure) => {
                let why = failure.message.unwrap_or_default();
                let text =
                    format!("{label}: {changes}; a person must agree, and no package could be kept: {why}");
                (Word::Failed, text, Outcome::Failed, failure.code)
            }
        },
        Decision::Refused(_) => (
            Word::Failed,
            format!("{label}: the plan cannot be carried out"),
            Outcome::Settled,
            Code::Refused,
        ),
        Decision::Held { entry } => {
            let text = format!("{label} was rolled back (entry {entry}), and waits for a newer commit");
            (Word::Held, text, Outcome::Settled, Code::Done)
        }
        Decision::Suspended(suspension) => (
            Word::Suspended,
            format!("{label}: {changes}; suspended {suspension}"),
            Outcome::Settled,
            Code::Done,
        ),
        Decision::Shut { until, why } => {
            let opens = until.map(|until| format!(", until {}", until.strftime("%Y-%m-%dT%H:%M:%SZ")));
            let text = format!("{label}: {changes}; {why}{}", opens.unwrap_or_default());
            let left = until.and_then(|until| until.duration_since(instant()).try_into().ok());
            (Word::WindowShut, text, Outcome::Shut(left), Code::Done)
        }
    };
    if package.is_none() {
        spool::sweep(desk, name, None);
    }
    // What this turn has done is nobody else's.
    let entry = standing.last.as_ref().map(|last| last.entry);
    desk.notice(name, Touched { entry, suspended: standing.suspended.clone() });
    if matches!(word, Word::Synced | Word::Applied | Word::Healed) {
        desk.settle(name, key, standing.last.as_ref().map_or(0, |last| last.entry));
    }
    let why = match &turned.decision {
        Decision::Pending(why) | Decision::Refused(why) => why.clone(),
        Decision::Nothing
        | Decision::Apply { .. }
        | Decision::Report
        | Decision::Drifted
        | Decision::Fought
        | Decision::Held { .. }
        | Decision::Suspended(_)
        | Decision::Shut { .. } => Vec::new(),
    };
    let paths = match word {
        Word::Drifted | Word::Healed => {
            fight::contested(&turned.plan).into_iter().map(|one| one.path).collect()
        }
        _ => Vec::new(),
    };
    let mut message = Message::of(ended(outcome)).with(code);
    for title in &turned.tidied {
        let text = format!("an apply that was cut off: {title}");
        message = message.telling(told(Word::Tidied, name, text));
    }
    let event = WatchEvent {
        revision: Some(turned.plan.revision.clone()),
        entry: turned.report.as_ref().and_then(|report| report.entry),
        summary: (!turned.plan.is_empty()).then_some(turned.plan.summary),
        package,
        why,
        paths,
        ..told(word, name, text)
    };
    Message { standing: Some(standing), ..message }.telling(event)
}

fn applied(turned: &Turned, heals: bool, label: &str, changes: &str) -> (Word, String, Outcome, Code) {
    let Some(report) = &turned.report else { unreachable!("BUG: an apply without a report") };
    let entry = report.entry.map(|entry| format!(" (entry {entry})")).unwrap_or_default();
    let why = || ops::watch::failure(report).unwrap_or_else(|| "it is not said why".to_owned());
    match report.outcome {
        Applied::Done | Applied::Nothing if heals => {
            let text = format!("brought back to {label}: {changes}{entry}");
            (Word::Healed, text, Outcome::Healed(fight::contested(&turned.plan)), Code::Done)
        }
        Applied::Done | Applied::Nothing => {
            (Word::Applied, format!("{label}: {changes}{entry}"), Outcome::Settled, Code::Done)
        }
        Applied::RolledBack | Applied::Refused => {
            let text = format!("{label}: {}; everything was rolled back{entry}", why());
            (Word::Failed, text, Outcome::Failed, Code::Error)
        }
        Applied::NotConverged => {
            let text = format!("{label} was applied{entry}, and {}", why());
            (Word::Failed, text, Outcome::Failed, Code::Error)
        }
        Applied::Unfinished => {
            let text = format!("{label} was applied{entry}, and a step that tidies up is left: {}", why());
            (Word::Failed, text, Outcome::Failed, Code::Partial)
        }
        Applied::Partial => {
            let text = format!("{label} was applied in part{entry}: {}", why());
            (Word::Failed, text, Outcome::Failed, Code::Partial)
        }
    }
}

/// `1 to add, 2 to change, 0 to destroy`
fn summary(summary: &Summary) -> String {
    let Summary { add, change, destroy, forget, .. } = summary;
    let forget = if *forget > 0 { format!(", {forget} to forget") } else { String::new() };
    format!("{add} to add, {change} to change, {destroy} to destroy{forget}")
}

/// Why there was no turn.
fn of_failure(
    desk: &Desk,
    name: &str,
    loaded: &Loaded,
    missed: Missed,
    ended: &dyn Fn(Outcome) -> Event,
) -> Message {
    let outcome = match &missed {
        Missed::Apply(ApplyError::Stale { .. } | ApplyError::FactsMoved { .. }) => Outcome::Busy,
        Missed::Apply(ApplyError::Target(TargetError::Locked { .. } | TargetError::Busy { .. })) => {
            Outcome::Busy
        }
        Missed::Apply(ApplyError::Target(TargetError::Superseded { .. })) => Outcome::Superseded,
        // Since it was decided to apply; the next turn says so.
        Missed::Apply(ApplyError::Target(TargetError::Suspended { .. })) => Outcome::Settled,
        Missed::Apply(
            ApplyError::Refused { .. }
            | ApplyError::Target(
                TargetError::Open { .. }
                | TargetError::Failed { .. }
                | TargetError::Newer { .. }
                | TargetError::Record { .. },
            ),
        )
        | Missed::Failure(_) => Outcome::Failed,
    };
    let failure = match missed {
        Missed::Failure(failure) => failure,
        Missed::Apply(error) => error.into(),
    };
    let why = failure.message.unwrap_or_default();
    let (word, health) = match outcome {
        Outcome::Busy | Outcome::Superseded => (Word::Busy, None),
        Outcome::Settled | Outcome::Healed(_) | Outcome::Shut(_) | Outcome::Failed => {
            (Word::Failed, Some(Health::Failed { retry_at: None }))
        }
    };
    let event = WatchEvent { revision: Some(loaded.revision.clone()), ..told(word, name, why.clone()) };
    let before = desk.standings.lock().ok().and_then(|all| all.get(name).cloned());
    let standing = health.map(|health| Standing {
        health,
        revision: Some(loaded.revision.clone()),
        message: Some(why),
        ..before.unwrap_or_else(|| Standing::unknown(name, ""))
    });
    Message { standing, ..Message::of(ended(outcome)) }.telling(event).with(failure.code)
}
