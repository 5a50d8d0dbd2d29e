//! Telling the world: what is news is put into the target's outbox, and what is there is sent, once for each sink.
//! Never sends anything itself and never reads a clock: both come in.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp as Instant};

use crate::fingerprint::Fingerprint;
use crate::journal::notice::{Delivery, DeliveryState, Event, Notice};
use crate::journal::{Entry, Outcome, Timestamp};
use crate::model::notify::Sink;
use crate::report::standing::{Health, Standing, Why};
use crate::target::{Target, TargetError};

/// How far back a journal is told of that nobody was ever told of.
const FIRST_LOOK: SignedDuration = SignedDuration::from_hours(1);

/// How long a sink is tried.
const PATIENCE: SignedDuration = SignedDuration::from_hours(72);

/// How long what was told is remembered.
const MEMORY: SignedDuration = SignedDuration::from_hours(90 * 24);

/// After this long, nobody is sending any more what was begun to be sent.
const SENDING: SignedDuration = SignedDuration::from_secs(60);

/// How many notices of one look are sent at most, so that a long outbox keeps nothing waiting.
const AT_ONCE: usize = 20;

/// How many notices are remembered beside the outbox.
const MOST_POSTED: usize = 1_000;

/// How many entries of a journal are read at once.
const ENTRIES: usize = 50;

/// Why a notice was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotTaken {
    pub message: String,
    /// The receiver asks not to be tried before that long.
    pub retry_after: Option<SignedDuration>,
}

/// Sends notices. What it is sent with is its own.
pub trait Courier {
    fn send(&mut self, sink: &str, notice: &Notice) -> Result<(), NotTaken>;
}

/// What became of one delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub sink: String,
    /// The notice in one line.
    pub text: String,
    pub fate: ToldFate,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToldFate {
    Sent,
    /// It is tried again later.
    Later {
        message: String,
        next: Timestamp,
    },
    GivenUp {
        message: String,
    },
}

/// What is known of what was put into an outbox, so that a look at an environment that brings no news writes nothing.
#[derive(Clone, Debug, Default)]
pub struct Posted {
    ids: BTreeSet<String>,
}

/// Puts into the outbox of an environment what is news: applies from its journal, and what its standing says.
pub fn gather(
    standing: &Standing,
    target: &mut dyn Target,
    sinks: &[Sink],
    now: Instant,
    posted: &mut Posted,
) -> Result<(), TargetError> {
    if sinks.is_empty() {
        return Ok(());
    }
    let announced = target.outbox()?.announced;
    let entries = recent(target, announced)?;
    let newest = entries.first().map(|entry| entry.id);
    // Whoever was never told of anything is not told of all that was before.
    let since = text(now - FIRST_LOOK);
    let is_news =
        |entry: &&Entry| Some(entry.id) > announced && (announced.is_some() || entry.finished >= since);
    let mut notices: Vec<Notice> =
        entries.iter().rev().filter(is_news).map(|entry| of_entry(entry, standing, &entries)).collect();
    notices.extend(of_standing(standing, now));
    notices.retain(|notice| !posted.ids.contains(&notice.id));
    if notices.is_empty() && newest <= announced {
        return Ok(());
    }
    let deliveries: Vec<Delivery> = notices.iter().flat_map(|notice| deliveries(notice, sinks)).collect();
    target.post(&deliveries, newest, &text(now - MEMORY))?;
    if posted.ids.len() > MOST_POSTED {
        // The target knows them all; this only spares it the question.
        posted.ids.clear();
    }
    posted.ids.extend(notices.into_iter().map(|notice| notice.id));
    Ok(())
}

/// Sends what is due. A sink that does not take one is left alone until its next turn.
pub fn deliver(
    target: &mut dyn Target,
    sinks: &[Sink],
    courier: &mut dyn Courier,
    clock: &dyn Fn() -> Instant,
) -> Result<Vec<Told>, TargetError> {
    let mut told = Vec::new();
    if sinks.is_empty() {
        return Ok(told);
    }
    let mut busy: BTreeSet<String> = BTreeSet::new();
    for delivery in target.outbox()?.open {
        let now = clock();
        if told.len() >= AT_ONCE || delivery.next > text(now) || busy.contains(&delivery.sink) {
            // What comes later is not told earlier.
            busy.insert(delivery.sink);
            continue;
        }
        let is_known = sinks.iter().any(|sink| sink.name == delivery.sink);
        if delivery.notice.at < text(now - PATIENCE) {
            let message = match (&delivery.error, is_known) {
                (_, false) => "nobody is called so any more".to_owned(),
                (Some(error), true) => error.clone(),
                (None, true) => "it is too old".to_owned(),
            };
            let given_up = Delivery { state: DeliveryState::GivenUp, ..delivery.clone() };
            if target.mark(&delivery, &given_up)? {
                told.push(Told::of(&delivery, ToldFate::GivenUp { message }));
            }
            continue;
        }
        if !is_known {
            continue;
        }
        let sending = Delivery {
            state: DeliveryState::Sending,
            attempts: delivery.attempts.saturating_add(1),
            next: text(now + SENDING),
            ..delivery.clone()
        };
        // Somebody else may have begun meanwhile.
        if !target.mark(&delivery, &sending)? {
            continue;
        }
        match courier.send(&delivery.sink, &delivery.notice) {
            Ok(()) => {
                let sent = Delivery { state: DeliveryState::Sent, error: None, ..sending.clone() };
                target.mark(&sending, &sent)?;
                told.push(Told::of(&delivery, ToldFate::Sent));
            }
            Err(NotTaken { message, retry_after }) => {
                let pause = retry_after.unwrap_or_default().max(pause(sending.attempts));
                let next = text(clock() + pause.min(PATIENCE));
                let waiting = Delivery {
                    state: DeliveryState::Waiting,
                    next: next.clone(),
                    error: Some(message.clone()),
                    ..sending.clone()
                };
                target.mark(&sending, &waiting)?;
                busy.insert(delivery.sink.clone());
                told.push(Told::of(&delivery, ToldFate::Later { message, next }));
            }
        }
    }
    Ok(told)
}

impl Told {
    fn of(delivery: &Delivery, fate: ToldFate) -> Told {
        Told { sink: delivery.sink.clone(), text: delivery.notice.text.clone(), fate }
    }
}

/// How long a sink is left alone after so many attempts: 10 s, twice as long each time, at most an hour.
fn pause(attempts: u32) -> SignedDuration {
    let doubled = 1_i64.checked_shl(attempts.saturating_sub(1)).unwrap_or(i64::MAX);
    SignedDuration::from_secs(doubled.saturating_mul(10).clamp(10, 3_600))
}

/// The entries of a journal that nobody was told of, the newest first, with those before as far as the last apply that
/// went well. Empty where everything was told.
fn recent(target: &mut dyn Target, announced: Option<u64>) -> Result<Vec<Entry>, TargetError> {
    let newest = target.history(1)?;
    if newest.first().is_none_or(|entry| Some(entry.id) <= announced) {
        return Ok(Vec::new());
    }
    let mut limit = ENTRIES;
    loop {
        let entries = target.history(limit)?;
        let is_before = |entry: &Entry| announced.is_none() || Some(entry.id) <= announced;
        let went_well = |entry: &Entry| is_before(entry) && entry.outcome == Outcome::Applied;
        if entries.len() < limit || entries.iter().any(went_well) {
            return Ok(entries);
        }
        limit = limit.saturating_mul(4);
    }
}

fn deliveries(notice: &Notice, sinks: &[Sink]) -> Vec<Delivery> {
    let wanting = sinks.iter().filter(|sink| sink.wants(notice.event, &notice.environment));
    let one = |sink: &Sink| Delivery {
        notice: notice.clone(),
        sink: sink.name.clone(),
        state: DeliveryState::Waiting,
        attempts: 0,
        next: notice.at.clone(),
        error: None,
    };
    wanting.map(one).collect()
}

/// The notice of one apply. Failures of the same kind since the last apply that went well are one thing.
fn of_entry(entry: &Entry, standing: &Standing, all: &[Entry]) -> Notice {
    let revision = entry.revision.label();
    let environment = &entry.environment;
    let (event, id, text, details) = match &entry.outcome {
        Outcome::Applied => {
            let how = match (&entry.rolled_back, &entry.promoted_from) {
                (Some(back), _) => format!("was rolled back to before entry {}", back.to_before),
                (None, Some(from)) => format!("was promoted to what {} has", from.environment),
                (None, None) => format!("was brought to {revision}"),
            };
            let text = format!("{environment} {how} by {}: {}", entry.actor, counts(entry));
            let id = id(&[&standing.target, "applied", &entry.id.to_string(), &entry.started]);
            (Event::Applied, id, text, steps(entry))
        }
        Outcome::Failed { step, message } => {
            let at = step.map(|step| format!(" at step {step}")).unwrap_or_default();
            let went_well = all
                .iter()
                .find(|one| one.id < entry.id && one.outcome == Outcome::Applied)
                .map_or(0, |e| e.id);
            let text = format!("{environment} could not be brought to {revision}: failed{at}: {message}");
            let key = [&standing.target, "failed", &revision, message, &went_well.to_string()];
            (Event::Failed, id(&key), text, Vec::new())
        }
    };
    Notice {
        id,
        event,
        environment: environment.clone(),
        target: standing.target.clone(),
        at: entry.finished.clone(),
        revision: Some(entry.revision.clone()),
        entry: Some(entry.id),
        actor: Some(entry.actor.clone()),
        text: line(&text),
        details,
    }
}

fn counts(entry: &Entry) -> String {
    let summary = &entry.summary;
    format!("{} added, {} changed, {} destroyed", summary.add, summary.change, summary.destroy)
}

fn steps(entry: &Entry) -> Vec<String> {
    entry.steps.iter().take(20).map(|step| line(&step.title)).collect()
}

/// What the standing of an environment says that its journal does not.
fn of_standing(standing: &Standing, now: Instant) -> Vec<Notice> {
    let environment = &standing.environment;
    let revision = standing.revision.as_ref().map(|revision| revision.label()).unwrap_or_default();
    let last = standing.last.as_ref().map_or(0, |last| last.entry).to_string();
    let message = standing.message.clone().unwrap_or_default();
    let mut all = Vec::new();
    let mut notice = |event: Event, key: &[&str], text: String, details: Vec<String>| {
        let mut parts = vec![standing.target.as_str(), environment.as_str(), event.word()];
        parts.extend(key);
        all.push(Notice {
            id: id(&parts),
            event,
            environment: environment.clone(),
            target: standing.target.clone(),
            at: self::text(now),
            revision: standing.revision.clone(),
            entry: None,
            actor: None,
            text: line(&text),
            details,
        });
    };
    if let Some(suspension) = &standing.suspended {
        let text = format!("{environment} is suspended {suspension}");
        notice(Event::Suspended, &[&suspension.since, &suspension.actor], text, Vec::new());
    }
    if let Some(pending) = &standing.pending {
        let why: Vec<String> = pending.why.iter().map(reason).collect();
        let text = format!("{environment} waits for consent to be brought to {revision}: {}", why.join("; "));
        let mut key: Vec<&str> = vec![&revision, &last];
        key.extend(why.iter().map(String::as_str));
        let package =
            pending.package.iter().map(|package| format!("apply it with: reconcile apply {package}"));
        let details = why.iter().cloned().chain(package).map(|detail| line(&detail)).collect();
        notice(Event::Pending, &key, text, details);
    }
    if standing.drift > 0 {
        let n_paths =
            if standing.drift == 1 { "1 path".to_owned() } else { format!("{} paths", standing.drift) };
        let text = format!("{n_paths} of {environment} moved since the last apply");
        let mut key: Vec<&str> = vec![&last];
        key.extend(standing.moved.iter().map(String::as_str));
        let details = standing.moved.iter().map(|path| line(path)).collect();
        notice(Event::Drift, &key, text, details);
    }
    match &standing.health {
        Health::Held => {
            let text = format!("{environment} is not brought to {revision}, which was rolled back");
            notice(Event::Held, &[&revision, &last], text, Vec::new());
        }
        Health::Fighting => {
            let text = format!("somebody keeps changing {environment} back: {message}");
            notice(Event::Fighting, &[&revision, &message], text, Vec::new());
        }
        // An apply that failed is in the journal; what kept one from beginning is not.
        Health::Failed { .. } if !last_failed(standing) => {
            let text = format!("{environment} could not be brought to {revision}: {message}");
            notice(Event::Failed, &[&revision, &message, &last], text, Vec::new());
        }
        Health::Failed { .. }
        | Health::Synced
        | Health::OutOfSync
        | Health::Pending
        | Health::Suspended
        | Health::WindowShut { .. }
        | Health::Standby
        | Health::Unknown => {}
    }
    all
}

/// Tells whether the last apply is the failure that the standing speaks of.
fn last_failed(standing: &Standing) -> bool {
    standing.last.as_ref().is_some_and(|last| {
        matches!(last.outcome, Outcome::Failed { .. }) && Some(&last.revision) == standing.revision.as_ref()
    })
}

fn reason(why: &Why) -> String {
    let words = [why.code.as_deref(), why.place.as_deref(), Some(why.message.as_str())];
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The same for the same parts; no part can pass for two.
fn id(parts: &[&str]) -> String {
    let text: Vec<String> = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
    Fingerprint::of_bytes(text.join("\n").as_bytes()).to_string()[..32].to_owned()
}

/// One line of bounded length, as clean as a terminal wants it.
fn line(text: &str) -> String {
    let flat: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(2_000).collect();
    flat.trim().to_owned()
}

fn text(instant: Instant) -> Timestamp {
    instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
