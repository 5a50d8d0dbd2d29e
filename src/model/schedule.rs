//! A schedule in the five fields of cron, and the instants at which it comes round in a time zone.
//! Never reads a clock, and takes the rules of time zones from the program itself, the same on every machine.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};

/// How far ahead a schedule is looked for: the longest time between two 29ths of February is eight years.
const HORIZON_DAYS: i32 = 366 * 8 + 2;

/// Minutes, hours, days of the month, months and weekdays, each as a set of bits.
#[derive(Clone, PartialEq, Eq)]
pub struct Schedule {
    written: String,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    /// Sunday is 0.
    weekdays: u64,
    /// Whether a day need match only one of day of the month and weekday, as cron has it where both are given.
    either_day: bool,
}

/// Why a text is no schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSchedule {
    #[error("a schedule has five fields (minute, hour, day, month, weekday), and this has {0}")]
    Fields(usize),
    #[error("`{0}` is no {1}; it is a number from {2} to {3}, a range, a list, `*` or `*/STEP`")]
    Field(String, &'static str, u32, u32),
    #[error("there is no such shortcut `{0}`; there are @hourly, @daily, @weekly, @monthly and @yearly")]
    Shortcut(String),
    #[error("no day ever matches it")]
    Never,
}

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// One field of the five.
struct Field {
    name: &'static str,
    first: u32,
    last: u32,
    /// Words for its numbers, from the first on.
    words: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field { name: "minute", first: 0, last: 59, words: &[] },
    Field { name: "hour", first: 0, last: 23, words: &[] },
    Field { name: "day of the month", first: 1, last: 31, words: &[] },
    Field { name: "month", first: 1, last: 12, words: MONTHS },
    Field { name: "weekday", first: 0, last: 7, words: WEEKDAYS },
];

impl FromStr for Schedule {
    type Err = NoSchedule;

    fn from_str(written: &str) -> Result<Schedule, NoSchedule> {
        let text = match written.trim() {
            "@hourly" => "0 * * * *",
            "@daily" | "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            "@yearly" | "@annually" => "0 0 1 1 *",
            other if other.starts_with('@') => return Err(NoSchedule::Shortcut(short(other))),
            other => other,
        };
        let parts: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = parts.as_slice() else {
            return Err(NoSchedule::Fields(parts.len()));
        };
        let set = |at: usize, part: &str| FIELDS[at].read(part);
        let mut weekdays = set(4, weekday)?;
        // Sunday is 0 and 7.
        if weekdays & (1 << 7) != 0 {
            weekdays = weekdays & !(1 << 7) | 1;
        }
        let schedule = Schedule {
            written: written.trim().to_owned(),
            minutes: set(0, minute)?,
            hours: set(1, hour)?,
            days: set(2, day)?,
            months: set(3, month)?,
            weekdays,
            either_day: !day.starts_with('*') && !weekday.starts_with('*'),
        };
        match schedule.ever_comes() {
            true => Ok(schedule),
            false => Err(NoSchedule::Never),
        }
    }
}

impl Field {
    fn read(&self, text: &str) -> Result<u64, NoSchedule> {
        let refused = || NoSchedule::Field(short(text), self.name, self.first, self.last);
        let mut set = 0;
        for part in text.split(',') {
            set |= self.part(part).ok_or_else(refused)?;
        }
        Ok(set)
    }

    /// `*`, `3`, `3-7`, `*/5`, `3-40/5`, `3/5`.
    fn part(&self, text: &str) -> Option<u64> {
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some(digits(step).filter(|step| *step > 0)?)),
            None => (text, None),
        };
        let (first, last) = match (range, range.split_once('-'), step) {
            ("*", _, _) => (self.first, self.last),
            (_, Some((first, last)), _) => (self.number(first)?, self.number(last)?),
            (_, None, Some(_)) => (self.number(range)?, self.last),
            (_, None, None) => (self.number(range)?, self.number(range)?),
        };
        if first > last {
            return None;
        }
        let step = usize::try_from(step.unwrap_or(1)).ok()?;
        Some((first..=last).step_by(step).fold(0, |set, number| set | 1 << number))
    }

    fn number(&self, text: &str) -> Option<u32> {
        let word = self.words.iter().position(|word| text.eq_ignore_ascii_case(word));
        let number = match word {
            Some(at) => u32::try_from(at).ok()? + self.first,
            None => digits(text)?,
        };
        (self.first..=self.last).contains(&number).then_some(number)
    }
}

fn digits(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

/// So much of a text as fits into a message.
fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

fn has(set: u64, number: i8) -> bool {
    u32::try_from(number).is_ok_and(|number| set & (1 << number) != 0)
}

impl Schedule {
    /// Tells whether it comes round in this minute of the clock on the wall.
    pub fn matches(&self, at: DateTime) -> bool {
        has(self.minutes, at.minute()) && has(self.hours, at.hour()) && self.matches_day(at.date())
    }

    fn matches_day(&self, date: Date) -> bool {
        let day = has(self.days, date.day());
        let weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        has(self.months, date.month()) && if self.either_day { day || weekday } else { day && weekday }
    }

    /// Tells whether any day matches: the 30th of February does not.
    fn ever_comes(&self) -> bool {
        let lasts = |month: i8| match month {
            2 => 29,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let by_day =
            (1..=12).any(|month| has(self.months, month) && (1..=lasts(month)).any(|d| has(self.days, d)));
        by_day || self.either_day && self.weekdays != 0 && self.months != 0
    }

    /// The last instant at or before this one at which it comes round, not further back than `since`.
    pub fn last_at(&self, zone: &TimeZone, at: Timestamp, since: Timestamp) -> Option<Timestamp> {
        // What comes round often is quickly found.
        let minute = Timestamp::from_second(at.as_second().div_euclid(60) * 60).ok()?;
        if self.matches(minute.to_zoned(zone.clone()).datetime()) {
            return Some(minute).filter(|instant| *instant >= since);
        }
        let oldest = since.to_zoned(zone.clone()).date().yesterday().ok()?;
        // An instant in a gap comes at the end of it, which may be on the next day.
        let mut date = at.to_zoned(zone.clone()).date();
        let mut found: Option<Timestamp> = None;
        while date >= oldest {
            let of_day = self.instants(zone, date).into_iter().filter(|instant| *instant <= at).max();
            // The days before cannot come later, but for the one whose last hour was skipped.
            if found.is_some() {
                found = found.max(of_day);
                break;
            }
            found = of_day;
            date = date.yesterday().ok()?;
        }
        found.filter(|instant| *instant >= since)
    }

    /// The first instant after this one at which it comes round.
    pub fn next_after(&self, zone: &TimeZone, at: Timestamp) -> Option<Timestamp> {
        // What comes round often is quickly found.
        let minute = Timestamp::from_second((at.as_second().div_euclid(60) + 1) * 60).ok()?;
        if self.matches(minute.to_zoned(zone.clone()).datetime()) {
            return Some(minute);
        }
        let mut date = at.to_zoned(zone.clone()).date().yesterday().ok()?;
        let mut found: Option<Timestamp> = None;
        for _ in 0..HORIZON_DAYS {
            let of_day = self.instants(zone, date).into_iter().filter(|instant| *instant > at).min();
            if let Some(found) = found {
                return Some(of_day.map_or(found, |of_day| of_day.min(found)));
            }
            found = of_day;
            date = date.tomorrow().ok()?;
        }
        found
    }

    /// The instants of one day of a zone. A time that a clock put forward leaves out comes when the gap is over; one
    /// that a clock put back shows twice comes twice.
    fn instants(&self, zone: &TimeZone, date: Date) -> Vec<Timestamp> {
        if !self.matches_day(date) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for hour in (0..24).filter(|hour| has(self.hours, *hour)) {
            for minute in (0..60).filter(|minute| has(self.minutes, *minute)) {
                let Ok(time) = Time::new(hour, minute, 0, 0) else { continue };
                let at = date.to_datetime(time);
                match zone.to_ambiguous_timestamp(at).offset() {
                    AmbiguousOffset::Unambiguous { offset } => found.extend(offset.to_timestamp(at)),
                    AmbiguousOffset::Fold { before, after } => {
                        found.extend(before.to_timestamp(at));
                        found.extend(after.to_timestamp(at));
                    }
                    AmbiguousOffset::Gap { before, .. } => {
                        found.extend(before.to_timestamp(at).ok().and_then(|inside| end_of_gap(zone, inside)))
                    }
                }
            }
        }
        found
    }
}

/// The instant at which a clock was put forward. `inside` is a time of the gap by the clock as it was before.
fn end_of_gap(zone: &TimeZone, inside: Timestamp) -> Option<Timestamp> {
    let around = inside.checked_add(1.second()).ok()?;
    zone.preceding(around).next().map(|transition| transition.timestamp())
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.written)
    }
}

/// A time zone by its name in the IANA database; none where there is no such zone.
pub fn zone(name: &str) -> Option<TimeZone> {
    match name {
        "UTC" => Some(TimeZone::UTC),
        name => TimeZoneDatabase::bundled().get(name).ok(),
    }
}

/// The zone that is meant by a name that is none.
pub fn nearest_zone(name: &str) -> Option<String> {
    let database = TimeZoneDatabase::bundled();
    let all: Vec<String> = database.available().map(|zone| zone.as_str().to_owned()).collect();
    crate::diagnostic::nearest(name, all.iter().map(String::as_str)).map(str::to_owned)
}
