//! What happens in a watch as lines: the time, the environment, a word, and what is to be said.
//! Never writes more than one line for one thing, but for the reasons and paths below it.

use super::paint::{Paint, Role, clean};
use crate::report::standing::{Health, Standing, Why};
use crate::wire::watch::{WatchEvent, Word};

/// Writes one event. `time` is that of the clock on the wall.
pub fn event(event: &WatchEvent, time: &str, width: usize, paint: Paint) -> String {
    let name = event.environment.as_deref().unwrap_or_default();
    let word = event.word.written();
    let mut head = format!("{time}  {:width$}", clean(name));
    if width > 0 {
        head.push_str("  ");
    }
    let padded = format!("{word:<11}");
    let mut text = format!("{head}{} {}\n", paint.paint(role(event.word), &padded), clean(&event.message));
    let indent = " ".repeat(time.len() + 4);
    for one in &event.why {
        text.push_str(&format!("{indent}{}\n", clean(&why(one))));
    }
    for path in &event.paths {
        text.push_str(&format!("{indent}{}\n", clean(path)));
    }
    if let Some(package) = &event.package {
        text.push_str(&format!("{indent}to apply exactly this: reconcile apply {}\n", clean(package)));
    }
    text
}

fn why(one: &Why) -> String {
    let parts = [one.code.as_deref(), one.place.as_deref(), Some(one.message.as_str())];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn role(word: Word) -> Role {
    match word {
        Word::Synced | Word::Applied | Word::Healed | Word::Leading => Role::Create,
        Word::OutOfSync | Word::Drifted | Word::Pending | Word::Held | Word::Busy => Role::Change,
        Word::Fighting | Word::Warning | Word::Suspended | Word::WindowShut => Role::Warn,
        Word::Failed => Role::Error,
        Word::Version | Word::Watching | Word::Tidied | Word::Told | Word::Left => Role::Note,
        Word::Standby | Word::Stopping | Word::Stopped => Role::Forget,
    }
}

/// How all environments stand, in one short line: `dev ✓ 4f2a91c · staging … pending`.
pub fn status<'a>(standings: impl Iterator<Item = &'a Standing>) -> String {
    let one = |standing: &Standing| {
        let revision = standing.revision.as_ref().map(|r| r.label()).unwrap_or_default();
        let sign = match &standing.health {
            Health::Synced => "✓",
            Health::Failed { .. } | Health::Fighting => "✗",
            Health::Unknown | Health::Standby => "·",
            Health::OutOfSync
            | Health::Pending
            | Health::Held
            | Health::Suspended
            | Health::WindowShut { .. } => "…",
        };
        let word = match &standing.health {
            Health::Synced => revision,
            other => other.word().to_owned(),
        };
        format!("{} {sign} {}", clean(&standing.environment), clean(&word))
    };
    standings.map(one).collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::standing::Standing;

    #[test]
    fn a_line_says_when_where_and_what() {
        let pending = WatchEvent {
            word: Word::Pending,
            environment: Some("staging".to_owned()),
            message: "4f2a91c: 1 to destroy".to_owned(),
            why: vec![Why {
                code: Some("RK201".to_owned()),
                place: Some("entity/fax".to_owned()),
                message: "destroys 3 rows".to_owned(),
            }],
            package: Some(".reconcile/spool/staging/4f2a91c.zip".to_owned()),
            ..WatchEvent::default()
        };
        let want = "13:45:00  staging  pending     4f2a91c: 1 to destroy\n            RK201 entity/fax destroys 3 rows\n\
                    \u{20}           to apply exactly this: reconcile apply .reconcile/spool/staging/4f2a91c.zip\n";
        assert_eq!(event(&pending, "13:45:00", 7, Paint::plain()), want);
        let hostile = WatchEvent { message: "a\u{1b}[31m\nb".to_owned(), ..WatchEvent::default() };
        assert_eq!(
            event(&hostile, "13:45:00", 0, Paint::plain()),
            "13:45:00  warning     a\\u{1b}[31m\\nb\n"
        );
    }

    #[test]
    fn a_status_fits_in_a_line() {
        let all = [
            Standing { health: Health::Synced, ..Standing::unknown("dev", "") },
            Standing { health: Health::Pending, ..Standing::unknown("staging", "") },
        ];
        assert_eq!(status(all.iter()), "dev ✓  · staging … pending");
    }
}
