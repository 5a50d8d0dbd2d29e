//! `windows:` of an environment: schedules, durations and time zones to what they mean.
//! Never says what a wrong type is: the grammar does.

use super::decode::{flag, text, word};
use crate::diagnostic::Diagnostic;
use crate::model::schedule::{self, Schedule};
use crate::model::window::{Lasts, Window, WindowKind};
use crate::yaml::Node;

/// Decodes the windows; what is wrong with one is said at its place.
pub fn windows(spec: &Node, found: &mut Vec<Diagnostic>) -> Vec<Window> {
    let Some(list) = spec.get("windows").filter(|list| list.is_sequence()) else { return Vec::new() };
    list.items().iter().filter_map(|node| window(node, found)).collect()
}

fn window(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Window> {
    let schedule = read(node, "schedule", found, |text| {
        let help = "write it as cron does: `30 22 * * 1-5` is 22:30 from Monday to Friday";
        text.parse::<Schedule>().map_err(|fault| (fault.to_string(), help.to_owned()))
    });
    let duration = read(node, "duration", found, |text| {
        let message = format!("`{}` is no duration of a window", short(text));
        text.parse::<Lasts>().map_err(|fault| (message, fault.to_string()))
    });
    let zone = match node.get("timeZone") {
        None => Some(jiff::tz::TimeZone::UTC),
        Some(_) => read(node, "timeZone", found, |text| {
            let help = match schedule::nearest_zone(text) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "write a name of the IANA database: `Europe/Berlin`".to_owned(),
            };
            schedule::zone(text).ok_or((format!("there is no time zone `{}`", short(text)), help))
        }),
    };
    Some(Window {
        kind: word::<WindowKind>(node, "kind")?,
        schedule: schedule?,
        duration: duration?,
        zone: zone?,
        manual: flag(node, "manual").unwrap_or_default(),
        overrun: flag(node, "overrun").unwrap_or_default(),
    })
}

fn read<T>(
    node: &Node,
    key: &str,
    found: &mut Vec<Diagnostic>,
    parse: impl Fn(&str) -> Result<T, (String, String)>,
) -> Option<T> {
    match parse(&text(node, key)?) {
        Ok(value) => Some(value),
        Err((message, help)) => {
            let at = node.get(key).map_or(node.span, |value| value.span);
            found.push(Diagnostic::error("RV140", message).at(at).help(help));
            None
        }
    }
}

/// So much of a text as fits into a message.
fn short(text: &str) -> String {
    text.chars().take(40).collect()
}
