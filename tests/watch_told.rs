//! A watch and the world: who is told, what is suspended, which windows are shut, what it answers over HTTP.
//! Never goes by how long anything takes, and never leaves this machine.

#[allow(dead_code)]
#[path = "watch/place.rs"]
mod place;
mod receiver;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

use place::{Place, until};
use receiver::{Received, Receiver};

const QUICK: [&str; 4] = ["--interval", "300ms", "--lease", "3s"];

fn fields(n_fields: usize) -> Vec<String> {
    (0..n_fields).map(|number| format!("f{number}: {{ type: integer }}")).collect()
}

fn commit(place: &Place, n_fields: usize) -> String {
    let fields = fields(n_fields);
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    place.entity("note", &fields);
    place.commit(&format!("{n_fields} fields"))
}

/// How many times each apply was told of, by its entry.
fn applies(received: &[Received]) -> BTreeMap<u64, usize> {
    let mut counted = BTreeMap::new();
    for request in received {
        let notice = request.json();
        if notice["event"] == "applied" {
            *counted.entry(notice["entry"].as_u64().unwrap()).or_default() += 1;
        }
    }
    counted
}

#[test]
fn every_apply_is_told_once_whoever_is_killed_when() {
    let hook = Receiver::answering(&["503", "200"]);
    let place = Place::new("");
    let notify = format!("notify:\n  - {{ webhook: {{ url: \"{}/hook\" }}, events: [applied] }}\n", hook.url);
    place.write("reconcile.yaml", &notify);
    let n_commits = 6;
    for n_fields in 1..=n_commits {
        let tip = commit(&place, n_fields);
        let mut watcher = place.watch(&["--interval", "300ms", "--lease", "500ms"]);
        watcher.reaches(&tip);
        // Most die at once, one when it has told somebody.
        if n_fields == 2 {
            hook.wait_for(2);
        }
        watcher.signal("KILL");
        watcher.end();
    }
    let mut last = place.watch(&QUICK);
    until("all is told", || applies(&hook.received()).len() == n_commits);
    assert_eq!(last.stop().code(), Some(0));
    // What was being sent when its sender was killed may come again, under the same name and with the same words.
    let mut told: BTreeMap<String, String> = BTreeMap::new();
    for request in hook.received() {
        let id = request.header("idempotency-key").unwrap().to_owned();
        assert_eq!(told.entry(id).or_insert_with(|| request.body.clone()), &request.body);
    }
    assert_eq!(told.len(), n_commits);
    assert_eq!(place.journal("staging").len(), n_commits);
}

#[test]
fn a_suspended_environment_waits_until_it_is_resumed() {
    let hook = Receiver::answering(&["200"]);
    let place = Place::new("");
    place.write("reconcile.yaml", &format!("notify:\n  - {{ webhook: {{ url: \"{}\" }} }}\n", hook.url));
    commit(&place, 1);
    let mut watcher = place.watch(&QUICK);
    watcher.word("applied");
    place.done(&["suspend", "staging", "--reason", "not now"]);
    let tip = commit(&place, 2);
    let suspended = watcher.word("suspended");
    assert!(suspended["message"].as_str().unwrap().contains("by ada@laptop"), "{suspended}");
    assert_eq!(place.journal("staging").len(), 1);
    let status = place.run(&["status", "-e", "staging", "--detailed-exitcode"]);
    assert_eq!(status.status.code(), Some(2));
    let text = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(text.contains("suspended") && text.contains("not now") && text.contains("watched by"), "{text}");
    place.done(&["resume", "staging"]);
    watcher.reaches(&tip);
    until("both are told", || hook.received().len() >= 3);
    let events: Vec<String> = hook.received().iter().map(|r| r.json()["event"].to_string()).collect();
    assert_eq!(events, ["\"applied\"", "\"suspended\"", "\"applied\""]);
    assert_eq!(watcher.stop().code(), Some(0));
}

#[test]
fn a_shut_window_keeps_an_apply_waiting() {
    let shut = "  windows:\n    - { kind: deny, schedule: \"* * * * *\", duration: 1h }\n";
    let place = Place::new(shut);
    commit(&place, 1);
    let mut watcher = place.watch(&QUICK);
    let waits = watcher.word("window-shut");
    assert!(waits["message"].as_str().unwrap().contains("* * * * * for 1h UTC"), "{waits}");
    assert!(!place.database("staging").exists());
    place.environment("staging", "  autoApply: true\n");
    let tip = place.commit("at any time");
    watcher.reaches(&tip);
    assert_eq!(watcher.stop().code(), Some(0));
}

/// Asks for a page, and returns all that is answered.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_watch_answers_over_http() {
    let place = Place::new("");
    commit(&place, 1);
    let mut watcher = place.watch(&["--interval", "300ms", "--lease", "3s", "--listen", "0"]);
    let said = watcher.wait("its address", |event| {
        event["message"].as_str().is_some_and(|text| text.starts_with("answers at http://"))
    });
    let text = said["message"].as_str().unwrap();
    let address = text.strip_prefix("answers at http://").unwrap().split(": ").next().unwrap().to_owned();
    watcher.word("applied");
    until("it is ready", || get(&address, "/readyz").starts_with("HTTP/1.1 200"));
    assert!(get(&address, "/healthz").starts_with("HTTP/1.1 200"));
    for line in [
        "reconcile_environment_health{environment=\"staging\",health=\"synced\"} 1",
        "reconcile_applies_total{environment=\"staging\",outcome=\"applied\"} 1",
        // There is a lease once there is a target to keep it in.
        "reconcile_leader{environment=\"staging\"} 1",
        "reconcile_last_apply_success{environment=\"staging\"} 1",
        "reconcile_suspended{environment=\"staging\"} 0",
    ] {
        until(line, || get(&address, "/metrics").lines().any(|found| found == line));
    }
    assert_eq!(watcher.stop().code(), Some(0));
    // Where somebody else answers already, nothing begins.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let refused = place.run(&["watch", "--once", "--listen", &port]);
    assert_eq!(refused.status.code(), Some(1));
}

#[test]
fn each_commit_shows_how_the_environment_stands_at_it() {
    let host = Receiver::answering(&["201"]);
    let place = Place::new("  windows: []\n");
    place.write(
        "reconcile.yaml",
        &format!("host: {{ kind: github, api: \"{}\", repository: acme/shop }}\n", host.url),
    );
    let first = commit(&place, 1);
    let mut watcher = place.watch_with(&QUICK, &[("GITHUB_TOKEN", "hunter2")]);
    watcher.reaches(&first);
    place.entity("note", &["f0: { type: lookup, entity: nobody }"]);
    let second = place.commit("what is a mistake");
    watcher.wait("a failure", |event| event["type"] == "failed");
    let shown = || -> Vec<(String, String)> {
        let all = host.received();
        let one = |request: &Received| {
            let commit = request.line.split(['/', ' ']).nth(6).unwrap().to_owned();
            (commit, request.json()["state"].as_str().unwrap().to_owned())
        };
        all.iter().map(one).collect()
    };
    let is_shown = |commit: &str, state: &str| shown().iter().any(|(c, s)| c == commit && s == state);
    until("the first is good", || is_shown(&first, "success"));
    until("the second is not", || is_shown(&second, "failure"));
    for request in host.received() {
        assert_eq!(request.header("authorization"), Some("Bearer hunter2"));
        assert_eq!(request.json()["context"], "reconcile/staging");
    }
    assert_eq!(watcher.stop().code(), Some(0));
    let said = format!("{}{:?}", watcher.complaints(), watcher.all("warning"));
    assert!(!said.contains("hunter2"), "{said}");
}
