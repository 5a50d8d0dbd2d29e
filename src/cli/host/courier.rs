//! Sends notices: to webhooks, to Slack and its like, to programs.
//! Never says where a notice went to, and runs a program only where that was allowed.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::http::{Http, Method, Request};
use crate::journal::notice::{Event, Notice};
use crate::model::notify::{Channel, Sink};
use crate::model::setting::Setting;
use crate::ops::announce::{Courier, NotTaken};

/// How long a program may take.
const PROGRAM: Duration = Duration::from_secs(30);

/// Sends what sinks are sent. Their settings are filled in.
pub struct Post {
    pub http: Http,
    pub sinks: Vec<Sink>,
    pub commands_allowed: bool,
}

impl Courier for Post {
    fn send(&mut self, sink: &str, notice: &Notice) -> Result<(), NotTaken> {
        let Some(sink) = self.sinks.iter().find(|known| known.name == sink) else {
            return Err(NotTaken { message: "nobody is called so".to_owned(), retry_after: None });
        };
        match &sink.channel {
            Channel::Webhook { url, headers, secret } => {
                let body = serde_json::to_string(notice)
                    .unwrap_or_else(|error| unreachable!("BUG: a notice does not turn into JSON: {error}"));
                let mut all: Vec<(String, String)> = vec![
                    ("content-type".to_owned(), "application/json".to_owned()),
                    ("idempotency-key".to_owned(), notice.id.clone()),
                    ("x-reconcile-event".to_owned(), notice.event.word().to_owned()),
                ];
                if let Some(secret) = secret {
                    let signature = format!("sha256={}", signature(&used(secret)?, body.as_bytes()));
                    all.push(("x-reconcile-signature".to_owned(), signature));
                }
                for (name, value) in headers {
                    all.push((name.to_ascii_lowercase(), used(value)?));
                }
                self.post(&used(url)?, &all, &body)
            }
            Channel::Slack { url } => {
                let body = message(notice).to_string();
                let headers = [("content-type".to_owned(), "application/json".to_owned())];
                self.post(&used(url)?, &headers, &body)
            }
            Channel::Command(_) if !self.commands_allowed => Err(NotTaken {
                message: "programs run only under --allow-commands".to_owned(),
                retry_after: None,
            }),
            Channel::Command(words) => run(words, notice),
        }
    }
}

impl Post {
    fn post(&self, url: &str, headers: &[(String, String)], body: &str) -> Result<(), NotTaken> {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let request = Request { method: Method::Post, url, headers: &headers, body: body.as_bytes() };
        let answer = self.http.ask(&request).map_err(|message| NotTaken { message, retry_after: None })?;
        if answer.is_good() {
            return Ok(());
        }
        let message = match answer.status {
            300..400 => format!("it answers {}, and redirects are not followed", answer.status),
            status => format!("it answers {status}"),
        };
        Err(NotTaken { message, retry_after: answer.retry_after(jiff::Timestamp::now()) })
    }
}

/// What a setting stands for in this run.
fn used(setting: &Setting) -> Result<String, NotTaken> {
    let unfilled = || NotTaken { message: "a variable of it is not set".to_owned(), retry_after: None };
    setting.used().ok_or_else(unfilled)
}

fn signature(secret: &str, body: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        unreachable!("BUG: a key of any length is a key")
    };
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The message that Slack shows. Nothing of a notice is a link, a mention or a format there.
fn message(notice: &Notice) -> Value {
    let sign = match notice.event {
        Event::Applied => ":white_check_mark:",
        Event::Failed => ":x:",
        Event::Pending => ":raised_hand:",
        Event::Drift | Event::Fighting => ":warning:",
        Event::Held | Event::Suspended => ":double_vertical_bar:",
    };
    let text = format!("{sign} {}", plain(&notice.text));
    let mut blocks =
        vec![json!({ "type": "section", "text": { "type": "mrkdwn", "text": cut(&text, 2_900) } })];
    if !notice.details.is_empty() {
        let lines: Vec<String> = notice.details.iter().map(|line| format!("• {}", plain(line))).collect();
        let text = cut(&lines.join("\n"), 2_900);
        blocks.push(json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } }));
    }
    let of: Vec<String> = [
        Some(notice.target.clone()),
        notice.entry.map(|entry| format!("journal entry {entry}")),
        Some(notice.at.clone()),
    ]
    .into_iter()
    .flatten()
    .map(|part| plain(&part))
    .collect();
    blocks.push(json!({
        "type": "context",
        "elements": [{ "type": "plain_text", "text": cut(&of.join(" · "), 2_900) }],
    }));
    json!({ "text": cut(&text, 2_900), "blocks": blocks })
}

/// A text in which nothing means more than it says.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => plain.push_str("&amp;"),
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            // A sign that joins nothing and shows nothing keeps these from beginning a format.
            '*' | '_' | '~' | '`' | '@' => {
                plain.push('\u{200b}');
                plain.push(c);
                plain.push('\u{200b}');
            }
            c => plain.push(c),
        }
    }
    plain
}

fn cut(text: &str, most: usize) -> String {
    match text.chars().count() <= most {
        true => text.to_owned(),
        false => text.chars().take(most - 1).chain(['…']).collect(),
    }
}

/// Runs a program, without a shell, and gives it the notice.
fn run(words: &[String], notice: &Notice) -> Result<(), NotTaken> {
    let refused = |message: String| NotTaken { message, retry_after: None };
    let Some((program, arguments)) = words.split_first() else {
        return Err(refused("it names no program".to_owned()));
    };
    let mut child = Command::new(program)
        .args(arguments)
        .env("RECONCILE_EVENT", notice.event.word())
        .env("RECONCILE_ENVIRONMENT", &notice.environment)
        .env("RECONCILE_NOTICE_ID", &notice.id)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| refused(format!("the program does not start: {}", error.kind())))?;
    let body = serde_json::to_string(notice)
        .unwrap_or_else(|error| unreachable!("BUG: a notice does not turn into JSON: {error}"));
    if let Some(mut input) = child.stdin.take() {
        // A program that does not read it need not.
        std::thread::spawn(move || drop(input.write_all(body.as_bytes())));
    }
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(refused(format!("the program ends with {status}"))),
            Ok(None) if begun.elapsed() < PROGRAM => std::thread::sleep(Duration::from_millis(20)),
            Ok(None) => {
                // It is gone or it will be: there is nothing else to be done.
                let _ = child.kill();
                let _ = child.wait();
                return Err(refused(format!("the program took longer than {} s", PROGRAM.as_secs())));
            }
            Err(error) => return Err(refused(format!("the program cannot be waited for: {}", error.kind()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_signed_as_others_sign() {
        // The second case of RFC 4231.
        let got = signature("Jefe", b"what do ya want for nothing?");
        assert_eq!(got, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn nothing_of_a_value_means_anything_to_slack() {
        let text = plain("<!channel> <https://evil|ok> *b* `c` & @here");
        assert!(!text.contains('<') && !text.contains("*b*") && !text.contains(" @here"), "{text}");
    }
}
