//! How environments stand and what a watcher has counted, in the text form that Prometheus reads.
//! Never lets a value of a target or of git begin a line or end a label.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::journal::Outcome;
use crate::report::standing::{Health, Standing};
use crate::report::tally::{BOUNDS, Tally};

/// The type of this text, as HTTP says it.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes all metrics. `holder` is this watcher, as its leases name it.
pub fn metrics(standings: &BTreeMap<String, Standing>, tally: &Tally, holder: &str) -> String {
    let mut page = Page::default();
    page.head("reconcile_build_info", "gauge", "Which program this is.");
    page.sample("reconcile_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1.0);

    page.head(
        "reconcile_environment_info",
        "gauge",
        "What an environment is meant to be, and what was applied.",
    );
    for standing in standings.values() {
        let label = |revision: &Option<crate::source::Revision>| {
            revision.as_ref().and_then(|revision| revision.commit.clone()).unwrap_or_default()
        };
        let labels = [
            ("environment", standing.environment.as_str()),
            ("target", &standing.target),
            ("revision", &label(&standing.revision)),
            ("applied", &label(&standing.applied)),
        ];
        page.sample("reconcile_environment_info", &labels, 1.0);
    }
    page.head("reconcile_environment_health", "gauge", "1 for the word that says how an environment stands.");
    for standing in standings.values() {
        for word in Health::WORDS {
            let labels = [("environment", standing.environment.as_str()), ("health", word)];
            page.sample("reconcile_environment_health", &labels, flag(standing.health.word() == word));
        }
    }
    page.each(standings, "reconcile_changes", "How many resources a plan would change.", |standing| {
        Some(count(standing.changes))
    });
    page.each(standings, "reconcile_drift_paths", "How many paths have moved since the last apply.", |one| {
        Some(count(one.drift))
    });
    page.each(standings, "reconcile_consent_pending", "Whether a plan waits for consent.", |one| {
        Some(flag(one.pending.is_some()))
    });
    page.each(standings, "reconcile_suspended", "Whether somebody has suspended it.", |one| {
        Some(flag(one.suspended.is_some()))
    });
    page.each(standings, "reconcile_window_open", "Whether its windows let an apply through.", |one| {
        Some(flag(one.windows.as_ref().is_none_or(|windows| windows.open)))
    });
    page.each(standings, "reconcile_leader", "Whether this watcher works on it.", |one| {
        let is_ours = one.watcher.as_ref().is_some_and(|watcher| watcher.holder == holder);
        Some(flag(is_ours && one.health != Health::Standby))
    });
    let last = "When the last apply ended, in seconds since 1970.";
    page.each(standings, "reconcile_last_apply_timestamp_seconds", last, |standing| {
        let finished: jiff::Timestamp = standing.last.as_ref()?.finished.parse().ok()?;
        Some(seconds(finished))
    });
    page.each(standings, "reconcile_last_apply_success", "Whether the last apply went well.", |standing| {
        Some(flag(standing.last.as_ref()?.outcome == Outcome::Applied))
    });

    page.head("reconcile_applies_total", "counter", "Applies since this watcher began, by how they ended.");
    for ((environment, outcome), n_applies) in &tally.applies {
        let labels = [("environment", environment.as_str()), ("outcome", outcome)];
        page.sample("reconcile_applies_total", &labels, *n_applies as f64);
    }
    page.head("reconcile_turn_duration_seconds", "histogram", "How long turns took.");
    for (environment, histogram) in &tally.turns {
        let mut n_turns = 0;
        for (bound, counted) in BOUNDS.iter().zip(histogram.counts) {
            n_turns += counted;
            let bound = number(*bound as f64 / 1_000.0);
            let labels = [("environment", environment.as_str()), ("le", &bound)];
            page.sample("reconcile_turn_duration_seconds_bucket", &labels, n_turns as f64);
        }
        let labels = [("environment", environment.as_str()), ("le", "+Inf")];
        page.sample("reconcile_turn_duration_seconds_bucket", &labels, histogram.count as f64);
        let labels = [("environment", environment.as_str())];
        page.sample("reconcile_turn_duration_seconds_sum", &labels, histogram.sum.as_secs_f64());
        page.sample("reconcile_turn_duration_seconds_count", &labels, histogram.count as f64);
    }
    page.text
}

fn flag(is_so: bool) -> f64 {
    if is_so { 1.0 } else { 0.0 }
}

fn count(number: usize) -> f64 {
    number as f64
}

fn seconds(instant: jiff::Timestamp) -> f64 {
    instant.as_second() as f64
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    fn each(
        &mut self,
        standings: &BTreeMap<String, Standing>,
        name: &str,
        help: &str,
        value: impl Fn(&Standing) -> Option<f64>,
    ) {
        self.head(name, "gauge", help);
        for standing in standings.values() {
            if let Some(value) = value(standing) {
                self.sample(name, &[("environment", &standing.environment)], value);
            }
        }
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let labels: Vec<String> =
            labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
        // Writing to a text does not fail.
        let _ = writeln!(self.text, "{name}{{{}}} {}", labels.join(","), number(value));
    }
}

fn number(value: f64) -> String {
    format!("{value}")
}

/// A value as a label holds it.
fn escaped(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '"' => escaped.push_str("\\\""),
            '\n' => escaped.push_str("\\n"),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::report::Applied;
    use crate::report::standing::Watcher;

    #[test]
    fn everything_is_one_sample_on_one_line() {
        let watcher = Watcher { holder: "ada, process 7".to_owned(), until: String::new() };
        let dev = Standing {
            health: Health::Pending,
            drift: 2,
            changes: 3,
            watcher: Some(watcher),
            ..Standing::unknown("dev", "sqlite a\"b\\c\nd.db")
        };
        let mut tally = Tally::default();
        tally.apply("dev", Applied::Done);
        tally.apply("dev", Applied::Done);
        tally.apply("dev", Applied::RolledBack);
        for milliseconds in [10, 60, 700_000] {
            tally.turn("dev", Duration::from_millis(milliseconds));
        }
        let text = metrics(&[("dev".to_owned(), dev)].into(), &tally, "ada, process 7");
        for line in [
            r#"reconcile_environment_info{environment="dev",target="sqlite a\"b\\c\nd.db",revision="",applied=""} 1"#,
            r#"reconcile_environment_health{environment="dev",health="pending"} 1"#,
            r#"reconcile_environment_health{environment="dev",health="synced"} 0"#,
            r#"reconcile_changes{environment="dev"} 3"#,
            r#"reconcile_drift_paths{environment="dev"} 2"#,
            r#"reconcile_leader{environment="dev"} 1"#,
            r#"reconcile_applies_total{environment="dev",outcome="applied"} 2"#,
            r#"reconcile_applies_total{environment="dev",outcome="rolled-back"} 1"#,
            r#"reconcile_turn_duration_seconds_bucket{environment="dev",le="0.05"} 1"#,
            r#"reconcile_turn_duration_seconds_bucket{environment="dev",le="600"} 2"#,
            r#"reconcile_turn_duration_seconds_bucket{environment="dev",le="+Inf"} 3"#,
            r#"reconcile_turn_duration_seconds_sum{environment="dev"} 700.07"#,
            r#"reconcile_turn_duration_seconds_count{environment="dev"} 3"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        for line in text.lines().filter(|line| !line.starts_with("# ")) {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(name.starts_with("reconcile_") && name.ends_with('}'), "{line}");
            assert!(value.parse::<f64>().is_ok(), "{line}");
        }
        assert!(!text.contains("last_apply_timestamp_seconds{"), "what never was has no sample");
    }
}
