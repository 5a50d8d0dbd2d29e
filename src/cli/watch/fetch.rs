//! Asks remotes with `git fetch`, so that credentials, proxies and ssh are those that git knows.
//! Never hands a name to a shell, never asks a person, and never waits for ever.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::desk::{Desk, Message, Stop};
use crate::source::Tracked;
use crate::watch::Event;
use crate::wire::watch::Word;

/// How long one remote may take to answer.
const LIMIT: Duration = Duration::from_secs(120);

/// Asks every remote that is followed.
pub fn fetch(desk: &Desk) -> Message {
    let mut message = Message::of(Event::Fetched);
    for tracked in desk.tracked() {
        if let Err(why) = one(desk.context.root(), &tracked, &desk.stop) {
            let name = format!("{}/{}", tracked.remote, tracked.branch);
            message =
                message.telling(super::told(Word::Warning, "", format!("`{name}` cannot be fetched: {why}")));
        }
    }
    message
}

fn one(root: &Path, tracked: &Tracked, stop: &Stop) -> Result<(), String> {
    if tracked.remote.starts_with('-') {
        return Err("its name could be taken for an option".to_owned());
    }
    let mut git = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--prune", "--"])
        .args([tracked.remote.as_str(), &tracked.refspec()])
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("git cannot be run: {error}"))?;
    let said = git.stderr.take().map(|stderr| {
        std::thread::spawn(move || {
            let mut said = String::new();
            // What is no text says nothing to people.
            let _ = stderr.take(64 * 1024).read_to_string(&mut said);
            said
        })
    });
    let began = Instant::now();
    let ended = loop {
        match git.try_wait().map_err(|error| error.to_string())? {
            Some(status) => break Some(status),
            None if began.elapsed() > LIMIT || stop.is_asked() => {
                // Should it have ended by itself, so much the better.
                let _ = git.kill();
                let _ = git.wait();
                break None;
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    match ended {
        Some(status) if status.success() => Ok(()),
        Some(_) => {
            let said = said.and_then(|thread| thread.join().ok()).unwrap_or_default();
            Err(without_secrets(&said))
        }
        None if stop.is_asked() => Ok(()),
        None => Err(format!("no answer within {} seconds", LIMIT.as_secs())),
    }
}

/// What git said, in one line, without what stands before an `@` in an address.
fn without_secrets(said: &str) -> String {
    let words = said.split_whitespace().map(|word| match (word.find("://"), word.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => format!("{}://{}", &word[..scheme], &word[at + 1..]),
        (_, _) => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_says_holds_no_secret() {
        let said = "fatal: unable to access 'https://ada:s3cret@host/a.git/': Could not\n resolve host";
        let found = without_secrets(said);
        assert!(
            !found.contains("s3cret") && found.ends_with("host/a.git/': Could not resolve host"),
            "{found}"
        );
    }
}
