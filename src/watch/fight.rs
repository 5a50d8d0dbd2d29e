//! Notices that somebody keeps changing back what is healed.
//! Never takes one move, or one a day, for a fight.

use std::collections::BTreeMap;
use std::time::Duration;

use super::backoff::FIGHTING;
use super::pace::{At, Draw};
use crate::diff::change::{Change, SettingChange};
use crate::plan::Plan;

/// One change that was made to bring a target back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Contested {
    /// `entity/order/note/maxLength`.
    pub path: String,
    /// What it was and what it became, as they are written in JSON.
    pub change: String,
}

/// From this heat on it is a fight. A single heal adds one.
const HOT: f64 = 3.0;

/// Below this heat it is over.
const COLD: f64 = 1.0;

/// How warm the healing of each path is in one environment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fight {
    heats: BTreeMap<Contested, Heat>,
    rounds: u32,
    /// Until then nothing is healed.
    pub truce: Option<At>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Heat {
    degrees: f64,
    at: At,
}

impl Heat {
    /// What is left of it: it falls to a third in each `memory`.
    fn left(&self, at: At, memory: Duration) -> f64 {
        self.degrees * (-at.since(self.at).as_secs_f64() / memory.as_secs_f64().max(0.001)).exp()
    }
}

impl Fight {
    /// Notes what was healed. `interval` is how often targets are looked at: a fight is as slow as that.
    pub fn heal(&mut self, healed: &[Contested], at: At, interval: Duration, draw: &mut Draw) {
        let memory = memory(interval, self.rounds);
        self.heats.retain(|_, heat| heat.left(at, memory) > 0.01);
        for one in healed {
            let degrees = self.heats.get(one).map_or(0.0, |heat| heat.left(at, memory)) + 1.0;
            self.heats.insert(one.clone(), Heat { degrees, at });
        }
        let hottest = healed.iter().filter_map(|one| self.heats.get(one)).map(|heat| heat.degrees);
        if hottest.fold(0.0, f64::max) >= HOT {
            self.rounds = self.rounds.saturating_add(1);
            let truce = FIGHTING.ceiling(self.rounds).mul_f64(0.5 + 0.5 * draw.next());
            // At least one round of the loop is left out.
            self.truce = Some(at + truce.max(interval * 2));
        }
    }

    /// Tells whether what has moved may be brought back now.
    pub fn may_heal(&self, at: At) -> bool {
        self.truce.is_none_or(|until| until <= at)
    }

    /// The paths that are fought over; empty where there is peace.
    pub fn contested(&self, at: At, interval: Duration) -> Vec<&str> {
        if self.rounds == 0 {
            return Vec::new();
        }
        let memory = memory(interval, self.rounds);
        let hot = self.heats.iter().filter(|(_, heat)| heat.left(at, memory) >= COLD);
        let mut paths: Vec<&str> = hot.map(|(one, _)| one.path.as_str()).collect();
        paths.dedup();
        paths
    }

    /// Forgets a fight that has cooled down.
    pub fn cool(&mut self, at: At, interval: Duration) {
        if self.rounds > 0 && self.may_heal(at) && self.contested(at, interval).is_empty() {
            *self = Fight::default();
        }
    }
}

/// How long a heal is remembered: several rounds of the loop, or of the truce.
fn memory(interval: Duration, rounds: u32) -> Duration {
    let round = match rounds {
        0 => interval,
        rounds => interval.max(FIGHTING.ceiling(rounds)),
    };
    round.max(Duration::from_secs(1)) * 6
}

/// Every change of a plan that brings something back.
pub fn contested(plan: &Plan) -> Vec<Contested> {
    let mut found: Vec<Contested> = plan.changes.iter().flat_map(of).collect();
    found.sort();
    found
}

fn of(change: &Change) -> Vec<Contested> {
    let address = change.address.to_string();
    let said = |verb: &dyn std::fmt::Debug, settings: &[SettingChange]| {
        let setting = |one: &SettingChange| {
            let word = |value: &Option<serde_json::Value>| {
                value.as_ref().map_or_else(String::new, |v| v.to_string())
            };
            format!("{}: {} -> {}", one.name, word(&one.before), word(&one.after))
        };
        let settings: Vec<String> = settings.iter().map(setting).collect();
        format!("{verb:?} {}", settings.join(", "))
    };
    let whole = Contested { path: address.clone(), change: said(&change.verb, &change.settings) };
    let member = change.members.iter().map(|member| Contested {
        path: format!("{address}/{}", member.path()),
        change: said(&member.verb, &member.settings),
    });
    let mut all: Vec<Contested> = member.collect();
    if all.is_empty() || !change.settings.is_empty() {
        all.push(whole);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(300);

    fn one(path: &str) -> Vec<Contested> {
        vec![Contested { path: path.to_owned(), change: "1 -> 2".to_owned() }]
    }

    fn draw() -> Draw {
        Draw::new(1)
    }

    #[test]
    fn a_change_healed_again_and_again_is_a_fight() {
        let mut fight = Fight::default();
        let mut at = At(0);
        let mut n_heals = 0;
        while fight.may_heal(at) {
            fight.heal(&one("entity/order/note"), at, INTERVAL, &mut draw());
            (at, n_heals) = (at + INTERVAL, n_heals + 1);
            assert!(n_heals < 10, "nobody noticed");
        }
        assert!((3..=5).contains(&n_heals), "{n_heals}");
        assert_eq!(fight.contested(at, INTERVAL), ["entity/order/note"]);
    }

    #[test]
    fn a_truce_grows_and_ends() {
        let mut fight = Fight::default();
        let (mut at, mut truces) = (At(0), Vec::new());
        for _ in 0..30 {
            fight.heal(&one("a"), at, INTERVAL, &mut draw());
            let until = fight.truce.unwrap_or(at + INTERVAL);
            truces.push(until.since(at));
            at = until;
        }
        assert!(truces.iter().all(|truce| *truce <= FIGHTING.cap), "{truces:?}");
        assert!(truces.last() >= Some(&Duration::from_secs(1800)), "{truces:?}");
        fight.cool(at, INTERVAL);
        assert!(!fight.contested(at, INTERVAL).is_empty(), "it is still going on");
        let later = at + Duration::from_secs(7 * 24 * 3600);
        fight.cool(later, INTERVAL);
        assert_eq!(fight, Fight::default());
    }

    #[test]
    fn rare_moves_and_other_moves_are_no_fight() {
        let mut fight = Fight::default();
        for day in 0..30 {
            fight.heal(&one("a"), At(day * 86_400_000), INTERVAL, &mut draw());
        }
        for n in 0..30u64 {
            let other = vec![Contested { path: "a".to_owned(), change: format!("1 -> {n}") }];
            fight.heal(&other, At(31 * 86_400_000 + n * 1000), INTERVAL, &mut draw());
        }
        assert!(fight.contested(At(31 * 86_400_000), INTERVAL).is_empty());
    }
}
