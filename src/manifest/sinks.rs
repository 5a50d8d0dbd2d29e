//! `notify:` of `reconcile.yaml` to the sinks that it means.
//! Never lets a secret stand there, and never repeats one.

use std::collections::{BTreeMap, BTreeSet};

use super::decode::{text, texts};
use crate::diagnostic::{Diagnostic, Span};
use crate::fingerprint::Fingerprint;
use crate::model::notify::{Channel, Event, Sink};
use crate::model::secret::{is_secret_name, is_shown, secrets};
use crate::model::setting::Setting;
use crate::model::template::{Piece, pieces};
use crate::source::File;
use crate::yaml::Node;

/// Decodes the sinks; what is wrong with one is said at its place.
pub fn sinks(config: &Node, file: &File, found: &mut Vec<Diagnostic>) -> Vec<Sink> {
    let Some(list) = config.get("notify").filter(|list| list.is_sequence()) else { return Vec::new() };
    let mut names = BTreeSet::new();
    let mut sinks = Vec::new();
    for node in list.items().iter().filter(|node| node.is_mapping()) {
        let Some(sink) = sink(node, file, found) else { continue };
        if !names.insert(sink.name.clone()) {
            let message = format!("two entries of `notify` are called `{}`", sink.name);
            found.push(
                Diagnostic::error("RV106", message).at(node.span).help("give one of them another `name`"),
            );
        }
        sinks.push(sink);
    }
    sinks
}

fn sink(node: &Node, file: &File, found: &mut Vec<Diagnostic>) -> Option<Sink> {
    let mut reader = Reader { file, found };
    let channels: Vec<Channel> =
        [reader.webhook(node), reader.slack(node), command(node)].into_iter().flatten().collect();
    let given = ["webhook", "slack", "command"].iter().filter(|key| node.get(key).is_some()).count();
    if given != 1 {
        let message = "an entry of `notify` has one of `webhook`, `slack` and `command`";
        found.push(Diagnostic::error("RV107", message).at(node.span));
    }
    let channel = channels.into_iter().next()?;
    let events = texts(node, "events").unwrap_or_default();
    Some(Sink {
        name: text(node, "name").unwrap_or_else(|| name(&channel)),
        channel,
        events: Event::ALL
            .into_iter()
            .filter(|event| events.iter().any(|word| word == event.word()))
            .collect(),
        environments: texts(node, "environments").unwrap_or_default(),
    })
}

/// A name that is the same as long as the sink is.
fn name(channel: &Channel) -> String {
    let (word, what) = match channel {
        Channel::Webhook { url, .. } => ("webhook", url.written().to_owned()),
        Channel::Slack { url } => ("slack", url.written().to_owned()),
        Channel::Command(words) => ("command", words.join("\0")),
    };
    format!("{word}-{}", &Fingerprint::of_bytes(what.as_bytes()).short()[..6])
}

fn command(node: &Node) -> Option<Channel> {
    texts(node, "command").filter(|words| !words.is_empty()).map(Channel::Command)
}

struct Reader<'a> {
    file: &'a File,
    found: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn webhook(&mut self, node: &Node) -> Option<Channel> {
        let webhook = node.get("webhook")?;
        let url = self.url(webhook, false);
        let mut headers = BTreeMap::new();
        for (key, value) in webhook.get("headers").map(Node::entries).unwrap_or_default() {
            let (Some(name), Some(written)) = (key.text(), value.as_text()) else { continue };
            self.header(name, key.span);
            let is_secret = is_secret_name(name)
                || ["authorization", "cookie", "x-api-key"].contains(&name.to_ascii_lowercase().as_str());
            // `Bearer ${env:TOKEN}` names one and shows none.
            let bare = written.split_once(' ').map_or(written, |(_, rest)| rest);
            if is_secret && is_shown(bare) {
                self.refuse_secret(value.span);
            }
            headers.extend(self.setting(value).map(|setting| (name.to_owned(), setting)));
        }
        let secret = webhook.get("secret").and_then(|value| {
            if value.as_text().is_some_and(is_shown) {
                self.refuse_secret(value.span);
            }
            self.setting(value)
        });
        Some(Channel::Webhook { url: url?, headers, secret })
    }

    fn slack(&mut self, node: &Node) -> Option<Channel> {
        let url = self.url(node.get("slack")?, true)?;
        Some(Channel::Slack { url })
    }

    /// `is_secret`: whoever knows it can post.
    fn url(&mut self, node: &Node, is_secret: bool) -> Option<Setting> {
        let value = node.get("url")?;
        let written = value.as_text()?;
        let begins_well = ["https://", "http://", "${env:"].iter().any(|start| written.starts_with(start));
        if !begins_well {
            let message = "`url` begins with neither `https://` nor a variable";
            let help = "write `https://…`, or name a variable that holds it: `${env:NAME}`";
            self.found.push(Diagnostic::error("RV110", message).at(value.span).help(help));
        } else if !secrets(written).is_empty() || is_secret && !written.contains("${env:") {
            self.refuse_secret(value.span);
        }
        self.setting(value)
    }

    fn header(&mut self, name: &str, at: Span) {
        let is_token = !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.!#$%&'*+^`|~".contains(&b));
        let own = ["host", "content-length", "content-type", "transfer-encoding", "connection"];
        if !is_token || own.contains(&name.to_ascii_lowercase().as_str()) {
            let message = "there is no such header, or it is not for you to set";
            self.found.push(Diagnostic::error("RV110", message).at(at));
        }
    }

    /// A text in which variables are named and nothing else.
    fn setting(&mut self, value: &Node) -> Option<Setting> {
        let written = value.as_text()?;
        let is_plain =
            pieces(written).is_ok_and(|pieces| pieces.iter().all(|piece| !matches!(piece, Piece::Value(_))));
        if !is_plain {
            let help = "only variables of the process are filled in here: `${env:NAME}`";
            let message = "what stands behind `${` is no name of a variable";
            self.found.push(Diagnostic::error("RV131", message).at(value.span).help(help));
            return None;
        }
        Some(Setting::new(written).at(&self.file.path, value.span.line))
    }

    fn refuse_secret(&mut self, at: Span) {
        let help = "put it into a variable of the process that runs `reconcile`, and name that: `${env:NAME}`; \
                    what was committed once is known, so change it too";
        let message = "a secret stands in `reconcile.yaml`";
        self.found.push(Diagnostic::error("RV134", message).at(at).help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::super::config::config;
    use super::*;

    fn read(text: &str) -> (Vec<Sink>, Vec<String>) {
        let file = File { path: "reconcile.yaml".to_owned(), text: text.to_owned() };
        let (config, found) = config(&file);
        let told = found.into_iter().map(|d| format!("{} {}", d.code, d.message)).collect();
        (config.notify, told)
    }

    #[test]
    fn sinks_are_read_with_what_they_want() {
        let (sinks, found) = read(
            r#"
notify:
  - { webhook: { url: "https://hooks.example.com/r", headers: { Authorization: "Bearer ${env:HOOK_TOKEN}" }, secret: "${env:KEY}" }, events: [failed, applied] }
  - { name: chat, slack: { url: "${env:SLACK}" }, environments: ["prod*"] }
  - { command: [notify-send, reconcile] }
"#,
        );
        assert_eq!(found, Vec::<String>::new());
        let names: Vec<&str> = sinks.iter().map(|sink| sink.name.as_str()).collect();
        assert!(names[0].starts_with("webhook-") && names[1] == "chat" && names[2].starts_with("command-"));
        assert!(sinks[0].wants(Event::Failed, "dev") && !sinks[0].wants(Event::Drift, "dev"));
        assert!(sinks[1].wants(Event::Drift, "production") && !sinks[1].wants(Event::Drift, "dev"));
    }

    #[test]
    fn secrets_and_what_cannot_be_sent_are_refused_without_being_repeated() {
        for (sink, code) in [
            ("{ slack: { url: \"https://hooks.slack.com/services/T/B/hunter2\" } }", "RV134"),
            ("{ webhook: { url: \"https://a:hunter2@example.com\" } }", "RV134"),
            ("{ webhook: { url: \"https://example.com/?token=hunter2\" } }", "RV134"),
            ("{ webhook: { url: \"https://example.com\", secret: hunter2 } }", "RV134"),
            (
                "{ webhook: { url: \"https://example.com\", headers: { Authorization: Bearer hunter2 } } }",
                "RV134",
            ),
            ("{ webhook: { url: \"https://example.com\", headers: { Host: example.org } } }", "RV110"),
            ("{ webhook: { url: \"https://example.com\", headers: { \"a b\": c } } }", "RV110"),
            ("{ webhook: { url: \"file:///etc/passwd\" } }", "RV110"),
            ("{ webhook: { url: \"https://${value:HOST}\" } }", "RV131"),
            ("{ webhook: { url: \"https://example.com\" }, command: [a] }", "RV107"),
            ("{ events: [applied] }", "RV107"),
            ("{ command: [] }", "RV101"),
            ("{ command: [a], events: [done] }", "RV110"),
        ] {
            let (_, found) = read(&format!("notify:\n  - {sink}\n"));
            assert!(found.iter().any(|told| told.starts_with(code)), "{sink}: {found:?}");
            assert!(!found.concat().contains("hunter2"), "{found:?}");
        }
        let (_, found) = read("notify:\n  - { command: [a] }\n  - { command: [a] }\n");
        assert!(found[0].starts_with("RV106"), "{found:?}");
    }
}
