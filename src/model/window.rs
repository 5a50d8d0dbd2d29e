//! The windows of an environment: when it may be applied to.
//! Never reads a clock: what the time is comes in.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::schedule::Schedule;

/// A time that comes round, in which an environment may be applied to, or may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    pub kind: WindowKind,
    pub schedule: Schedule,
    pub duration: Lasts,
    pub zone: TimeZone,
    /// Whether a person may apply although this window is in the way.
    pub manual: bool,
    /// Whether an apply that is under way may go on although this window is in the way.
    pub overrun: bool,
}

/// What a window does while it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WindowKind {
    Allow,
    Deny,
}

/// How long a window lasts, in minutes that pass: a clock that is put forward or back changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lasts(u32);

const MINUTES_OF_A_DAY: u32 = 24 * 60;

/// No window lasts longer.
const MOST_MINUTES: u32 = 366 * MINUTES_OF_A_DAY;

/// Why a text says not how long a window lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoLasts {
    #[error("it is written as `8h`, `90m`, `1h30m` or `2d`")]
    Form,
    #[error("a window lasts at least a minute and at most 366 days")]
    Range,
}

impl FromStr for Lasts {
    type Err = NoLasts;

    fn from_str(text: &str) -> Result<Lasts, NoLasts> {
        let (mut minutes, mut number) = (0_u64, String::new());
        let mut units = vec![('d', u64::from(MINUTES_OF_A_DAY)), ('h', 60), ('m', 1)];
        for c in text.chars() {
            if c.is_ascii_digit() && number.len() < 9 {
                number.push(c);
                continue;
            }
            // Each unit once, the longer ones first.
            let at = units.iter().position(|(unit, _)| *unit == c).ok_or(NoLasts::Form)?;
            let each = units.drain(..=at).next_back().map_or(0, |(_, each)| each);
            minutes += number.parse::<u64>().map_err(|_| NoLasts::Form)? * each;
            number.clear();
        }
        if !number.is_empty() || text.is_empty() {
            return Err(NoLasts::Form);
        }
        match u32::try_from(minutes) {
            Ok(minutes @ 1..=MOST_MINUTES) => Ok(Lasts(minutes)),
            Ok(_) | Err(_) => Err(NoLasts::Range),
        }
    }
}

impl fmt::Display for Lasts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, rest) = (self.0 / MINUTES_OF_A_DAY, self.0 % MINUTES_OF_A_DAY);
        for (number, unit) in [(days, "d"), (rest / 60, "h"), (rest % 60, "m")] {
            if number > 0 {
                write!(f, "{number}{unit}")?;
            }
        }
        Ok(())
    }
}

/// `deny 0 22 * * 1-5 for 8h Europe/Berlin`
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            WindowKind::Allow => "allow",
            WindowKind::Deny => "deny",
        };
        let zone = self.zone.iana_name().unwrap_or("UTC");
        write!(f, "{kind} {} for {} {zone}", self.schedule, self.duration)
    }
}

/// Who wants to apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    /// A person, now.
    Manual,
    /// A program that may as well do it later.
    Automatic,
}

/// Whether an environment may be applied to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    Open {
        /// Until when; none where nothing will shut it.
        until: Option<Timestamp>,
    },
    Shut {
        /// Until when; none where nothing will open it.
        until: Option<Timestamp>,
        /// The window that is in the way, or what is missing.
        why: String,
    },
}

impl Gate {
    pub fn is_open(&self) -> bool {
        match self {
            Gate::Open { .. } => true,
            Gate::Shut { .. } => false,
        }
    }
}

impl Window {
    /// When the window that is open now began; none where none is.
    fn began(&self, now: Timestamp) -> Option<Timestamp> {
        // A window is over in the instant in which it ends.
        let since = now.checked_sub(self.length()).and_then(|at| at.checked_add(NANOSECOND)).ok()?;
        self.schedule.last_at(&self.zone, now, since)
    }

    pub fn is_active(&self, now: Timestamp) -> bool {
        self.began(now).is_some()
    }

    /// When it next begins or ends; what begins before it ends goes on.
    fn turns(&self, now: Timestamp) -> Option<Timestamp> {
        let Some(mut began) = self.began(now) else {
            return self.schedule.next_after(&self.zone, now);
        };
        for _ in 0..MOST_TURNS {
            let end = began.checked_add(self.length()).ok()?;
            match self.schedule.last_at(&self.zone, end, began) {
                Some(again) if again > began => began = again,
                Some(_) | None => return Some(end),
            }
        }
        // It is as good as always open.
        None
    }

    fn length(&self) -> SignedDuration {
        SignedDuration::from_mins(i64::from(self.duration.0))
    }
}

const NANOSECOND: SignedDuration = SignedDuration::from_nanos(1);

/// How many times windows may take turns before nobody wants to know.
const MOST_TURNS: usize = 500;

/// Decides whether an apply may begin. A deny window wins; where there is any allow window, one must be open.
pub fn gate(windows: &[Window], now: Timestamp, hand: Hand) -> Gate {
    let why = shut(windows, now, hand);
    let mut at = now;
    let mut until = None;
    for _ in 0..MOST_TURNS {
        let Some(next) = windows.iter().filter_map(|window| window.turns(at)).min() else { break };
        if shut(windows, next, hand).is_some() != why.is_some() {
            until = Some(next);
            break;
        }
        at = next;
    }
    match why {
        None => Gate::Open { until },
        Some(why) => Gate::Shut { until, why },
    }
}

/// Why an apply that began at `started` may not go on; none where it may. It may where it might begin now; else where
/// every window that is in the way lets it overrun.
pub fn stops(windows: &[Window], started: Timestamp, now: Timestamp, hand: Hand) -> Option<String> {
    let why = shut(windows, now, hand)?;
    let began_well = shut(windows, started, hand).is_none();
    let may_overrun = in_the_way(windows, now).iter().all(|window| window.overrun);
    (!began_well || !may_overrun).then_some(why)
}

/// The windows that forbid an apply: the deny windows that are open; without any, all allow windows where none is open.
fn in_the_way(windows: &[Window], now: Timestamp) -> Vec<&Window> {
    let of = |kind| windows.iter().filter(move |window: &&Window| window.kind == kind);
    let denying: Vec<&Window> = of(WindowKind::Deny).filter(|window| window.is_active(now)).collect();
    if !denying.is_empty() || of(WindowKind::Allow).any(|window| window.is_active(now)) {
        return denying;
    }
    of(WindowKind::Allow).collect()
}

/// Why an apply may not begin; none where it may.
fn shut(windows: &[Window], now: Timestamp, hand: Hand) -> Option<String> {
    let in_the_way = in_the_way(windows, now);
    let first = in_the_way.first()?;
    if hand == Hand::Manual && in_the_way.iter().all(|window| window.manual) {
        return None;
    }
    let of_these = in_the_way.iter().find(|window| !window.manual).unwrap_or(first);
    Some(match of_these.kind {
        WindowKind::Deny => format!("the window `{of_these}` is open"),
        WindowKind::Allow => match in_the_way.len() {
            1 => format!("the window `{of_these}` is shut"),
            several => format!("all {several} windows that allow it are shut"),
        },
    })
}

#[cfg(test)]
mod tests;
