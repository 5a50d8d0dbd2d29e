//! Plays the table: each event in turn, and below it what was begun.
//! Never reads an expectation: the whole table is written again and compared.

use std::collections::BTreeMap;
use std::time::Duration;

use reconcile::watch::{
    At, Contested, Event, Input, Outcome, Pace, Policy, Roster, Sight, State, Turn, next,
};

/// Writes the table as it is now.
pub fn play(text: &str) -> String {
    let mut written = String::new();
    let mut state = None;
    for (number, line) in text.lines().enumerate() {
        let fault = |why: &str| -> ! { panic!("turns.txt:{}: {why}: {line}", number + 1) };
        if line.starts_with("  ") {
            continue;
        }
        written.push_str(line);
        written.push('\n');
        if let Some(pace) = line.strip_prefix("pace:") {
            state = Some(State::new(pace_of(pace)));
        } else if !line.is_empty() && !line.starts_with('#') {
            let (at, event) = line.split_once(' ').unwrap_or_else(|| fault("an instant and an event"));
            let at = At(u64::try_from(length(at).as_millis()).unwrap());
            let event = event_of(event.trim()).unwrap_or_else(|| fault("no event"));
            let before = state.take().unwrap_or_else(|| fault("no pace before the first event"));
            let (after, turns) = next(before, Input { at, draw: 7, event });
            state = Some(after);
            for turn in turns {
                written.push_str(&format!("          {}\n", said(&turn)));
            }
        }
    }
    written
}

fn pace_of(text: &str) -> Pace {
    let mut pace = Pace::default();
    for word in text.split_whitespace() {
        match word.split_once('=') {
            Some(("poll", time)) => pace.poll = length(time),
            Some(("interval", time)) => pace.interval = length(time),
            Some(("lease", time)) => pace.lease = length(time),
            None if word == "work-tree" => pace.reads_work_tree = true,
            None if word == "once" => pace.is_once = true,
            _ => panic!("no pace: {word}"),
        }
    }
    pace
}

fn length(text: &str) -> Duration {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 0.001),
        None => match text.strip_suffix('m') {
            Some(number) => (number, 60.0),
            None => (text.trim_end_matches('s'), 1.0),
        },
    };
    Duration::from_secs_f64(number.parse::<f64>().unwrap_or_else(|_| panic!("no time: {text}")) * unit)
}

fn event_of(text: &str) -> Option<Event> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let name = |at: usize| words.get(at).map(|word| (*word).to_owned());
    Some(match *words.first()? {
        "passed" => Event::Passed,
        "refs" => Event::RefsTouched,
        "tree" => Event::TreeTouched,
        "looked" => Event::Looked(sight(&words[1..])),
        "scanned" => Event::Scanned(sight(&words[1..])),
        "fetched" => Event::Fetched,
        "leased" => Event::Leased(name(1)?),
        "theirs" => Event::Theirs(name(1)?),
        "nowhere" => Event::Nowhere(name(1)?),
        "unleased" => Event::Unleased(name(1)?),
        "dropped" => Event::Dropped(name(1)?),
        "woken" => Event::Woken(name(1)?),
        "stop" => Event::Stop,
        "ended" => Event::Ended { environment: name(1)?, revision: name(2)?, outcome: outcome(&words[3..])? },
        _ => return None,
    })
}

/// `staging=r1` only reports, `staging!=r1` applies, `staging!!=r1` heals too; `remote` says that there is one, `nothing`
/// that it cannot be read.
fn sight(words: &[&str]) -> Sight {
    match words {
        ["moving"] => return Sight::Moving,
        ["nothing", rest @ ..] => return Sight::Unread { has_remotes: rest.contains(&"remote") },
        _ => {}
    }
    let mut roster = Roster { has_remotes: words.contains(&"remote"), ..Roster::default() };
    for word in words.iter().filter(|word| **word != "remote") {
        let (name, revision) = word.split_once('=').unwrap_or((word, ""));
        let policy = Policy { applies: name.ends_with('!'), heals: name.ends_with("!!") };
        let name = name.trim_end_matches('!').to_owned();
        if !revision.is_empty() {
            roster.revisions.insert(name.clone(), revision.to_owned());
        }
        roster.environments.insert(name, policy);
    }
    Sight::Read(roster)
}

fn outcome(words: &[&str]) -> Option<Outcome> {
    Some(match *words.first()? {
        "settled" => Outcome::Settled,
        "healed" => {
            let one = |path: &&str| Contested { path: (*path).to_owned(), change: "1 -> 2".to_owned() };
            Outcome::Healed(words[1..].iter().map(one).collect())
        }
        "shut" => Outcome::Shut(words.get(1).map(|time| length(time))),
        "busy" => Outcome::Busy,
        "superseded" => Outcome::Superseded,
        "failed" => Outcome::Failed,
        _ => return None,
    })
}

fn said(turn: &Turn) -> String {
    match turn {
        Turn::Look => "look".to_owned(),
        Turn::Scan => "scan".to_owned(),
        Turn::Fetch => "fetch".to_owned(),
        Turn::Lease(name) => format!("lease {name}"),
        Turn::Drop(name) => format!("drop {name}"),
        Turn::Run { environment, revision, may_heal } => {
            let heal = if *may_heal { "" } else { ", and heal nothing" };
            format!("run {environment} {revision}{heal}")
        }
        Turn::Wait(at) => format!("wait until {:.3}s", at.0 as f64 / 1000.0),
        Turn::Stop => "over".to_owned(),
    }
}

/// Used by the laws as well: an environment that applies.
pub fn applying(names: &[&str]) -> BTreeMap<String, Policy> {
    names.iter().map(|name| ((*name).to_owned(), Policy { applies: true, heals: true })).collect()
}
