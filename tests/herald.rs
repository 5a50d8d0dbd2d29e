//! What goes out into the world, as a receiver on this machine gets it: webhooks, Slack, programs, commit statuses.
//! Never reaches beyond this machine.

mod receiver;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use receiver::Receiver;
use reconcile::cli::host::caller::Token;
use reconcile::cli::host::http::Http;
use reconcile::cli::host::repository::hosted;
use reconcile::cli::host::status::{State, Status, Statuses};
use reconcile::cli::host::{Herald, Outspoken};
use reconcile::journal::suspension::Suspension;
use reconcile::manifest::Config;
use reconcile::model::environment::TargetConfig;
use reconcile::model::notify::{Channel, HostConfig, HostKind, Sink};
use reconcile::model::setting::Setting;
use reconcile::report::standing::{Health, Standing};
use reconcile::source::Revision;

const COMMIT: &str = "4f2a91c0000000000000000000000000000000aa";

fn target() -> TargetConfig {
    TargetConfig { provider: "sqlite".to_owned(), settings: [(String::new(), "dev.db".into())].into() }
}

fn suspended() -> Standing {
    let suspension = Suspension {
        actor: "ada".to_owned(),
        since: "2026-03-02T12:00:00Z".to_owned(),
        reason: Some("<!channel> *now*".to_owned()),
    };
    Standing {
        health: Health::Suspended,
        suspended: Some(suspension),
        revision: Some(Revision { commit: Some(COMMIT.to_owned()), ..Revision::default() }),
        ..Standing::unknown("dev", "sqlite dev.db")
    }
}

fn sink(name: &str, channel: Channel) -> Sink {
    Sink { name: name.to_owned(), channel, events: Vec::new(), environments: Vec::new() }
}

fn webhook(url: &str) -> Channel {
    Channel::Webhook {
        url: Setting::new(url),
        headers: BTreeMap::from([("X-Team".to_owned(), Setting::new("sales"))]),
        secret: Some(Setting::new("hunter2")),
    }
}

fn herald(root: &Path, sinks: Vec<Sink>, commands: bool) -> Herald {
    let config = Config { notify: sinks, ..Config::default() };
    let outspoken = Outspoken { commands, ..Outspoken::default() };
    Herald::start(root, &config, &outspoken).ok().flatten().expect("there is somebody to tell")
}

#[test]
fn a_webhook_gets_each_notice_once_and_knows_who_sent_it() {
    let place = tempfile::tempdir().unwrap();
    let (hook, chat) = (Receiver::answering(&["200"]), Receiver::answering(&["204"]));
    let sinks = || {
        vec![
            sink("hook", webhook(&format!("{}/in?key=hunter3", hook.url))),
            sink("chat", Channel::Slack { url: Setting::new(chat.url.clone()) }),
        ]
    };
    // Four watchers, one after the other; one of them leads nothing.
    for leads in [false, true, true, true] {
        let herald = herald(place.path(), sinks(), false);
        (0..3).for_each(|_| herald.tell(&suspended(), &target(), leads));
        let remarks = herald.finish(Duration::from_secs(60));
        let shown: String = remarks.iter().map(|remark| remark.text.clone()).collect();
        assert!(!shown.contains("hunter") && !shown.contains("127.0.0.1"), "{shown}");
    }
    let got = hook.wait_for(1);
    assert_eq!((got.len(), chat.wait_for(1).len()), (1, 1));
    let request = &got[0];
    assert_eq!(request.line, "POST /in?key=hunter3 HTTP/1.1");
    assert_eq!(request.header("x-team"), Some("sales"));
    assert_eq!(request.header("x-reconcile-event"), Some("suspended"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    let notice = request.json();
    assert_eq!(request.header("idempotency-key"), notice["id"].as_str());
    assert_eq!(notice["environment"], "dev");
    assert_eq!(notice["text"], "dev is suspended by ada since 2026-03-02T12:00:00Z: <!channel> *now*");
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"hunter2").unwrap();
    mac.update(request.body.as_bytes());
    let signature: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(request.header("x-reconcile-signature"), Some(format!("sha256={signature}").as_str()));
    // What Slack shows means nothing but what it says.
    let text = chat.received()[0].json()["text"].as_str().unwrap().to_owned();
    assert!(text.contains("&lt;!channel&gt;") && !text.contains("*now*"), "{text}");
}

#[test]
fn who_redirects_or_is_not_there_is_tried_again_and_never_followed() {
    let place = tempfile::tempdir().unwrap();
    let elsewhere = Receiver::answering(&["200"]);
    let there = Receiver::answering(&[&format!("302 location: {}/stolen", elsewhere.url)]);
    let gone = "http://127.0.0.1:1/hunter2";
    let sinks = vec![sink("moved", webhook(&there.url)), sink("gone", webhook(gone))];
    let herald = herald(place.path(), sinks, false);
    herald.tell(&suspended(), &target(), true);
    let remarks: Vec<String> =
        herald.finish(Duration::from_secs(60)).into_iter().map(|remark| remark.text).collect();
    assert_eq!((there.received().len(), elsewhere.received().len()), (1, 0));
    assert!(remarks.iter().any(|text| text.contains("it answers 302, and redirects are not followed")));
    assert_eq!(remarks.len(), 2, "{remarks:?}");
    assert!(!remarks.concat().contains("hunter2"), "{remarks:?}");
}

#[test]
fn a_program_runs_only_where_that_is_allowed() {
    let place = tempfile::tempdir().unwrap();
    let kept = place.path().join("notice.json");
    let words = ["sh", "-c", "cat > \"$0\"; echo \"$RECONCILE_EVENT\" >> \"$0\"", kept.to_str().unwrap()];
    let command = || sink("program", Channel::Command(words.iter().map(|w| (*w).to_owned()).collect()));
    let refused = herald(place.path(), vec![command()], false);
    refused.tell(&suspended(), &target(), true);
    let remarks = refused.finish(Duration::from_secs(60));
    assert!(remarks[0].text.contains("only under --allow-commands"), "{remarks:?}");
    assert!(!kept.exists());
    let other = tempfile::tempdir().unwrap();
    let allowed = herald(other.path(), vec![command()], true);
    allowed.tell(&suspended(), &target(), true);
    allowed.finish(Duration::from_secs(60));
    let text = std::fs::read_to_string(&kept).unwrap();
    assert!(text.contains("\"event\":\"suspended\"") && text.ends_with("suspended\n"), "{text}");
}

fn statuses(api: &str, kind: HostKind) -> Statuses {
    let repository = Some("acme/shop".to_owned());
    let config = HostConfig { kind: Some(kind), api: Some(api.to_owned()), repository };
    Statuses::new(Http::default(), hosted(None, &config).unwrap(), Token::new("hunter2\n"))
}

fn status(state: State) -> Status {
    let (context, description) = ("reconcile/dev".to_owned(), "in sync".to_owned());
    Status { commit: COMMIT.to_owned(), context, state, description }
}

#[test]
fn a_commit_shows_how_it_stands_on_github() {
    let host = Receiver::answering(&["201"]);
    let mut statuses = statuses(&host.url, HostKind::Github);
    let now = jiff::Timestamp::now();
    for state in [State::Pending, State::Pending, State::Success, State::Success, State::Failure] {
        assert_eq!(statuses.show(&status(state), now), Ok(()));
    }
    let got = host.received();
    let states: Vec<String> = got.iter().map(|r| r.json()["state"].as_str().unwrap().to_owned()).collect();
    assert_eq!(states, ["pending", "success", "failure"], "what is shown already is not sent again");
    assert_eq!(got[0].line, format!("POST /repos/acme/shop/statuses/{COMMIT} HTTP/1.1"));
    assert_eq!(got[0].header("authorization"), Some("Bearer hunter2"));
    assert_eq!(got[0].header("accept"), Some("application/vnd.github+json"));
    assert!(got[0].header("user-agent").is_some_and(|agent| agent.starts_with("reconcile/")));
    assert_eq!(got[0].json()["context"], "reconcile/dev");
}

#[test]
fn a_commit_shows_how_it_stands_on_gitlab() {
    let refusal = r#"400 {"message":"Cannot transition status via :enqueue from :pending"}"#;
    let host = Receiver::answering(&[refusal, "201"]);
    let mut statuses = statuses(&host.url, HostKind::Gitlab);
    let now = jiff::Timestamp::now();
    // It has that one already.
    assert_eq!(statuses.show(&status(State::Pending), now), Ok(()));
    assert_eq!(statuses.show(&status(State::Pending), now), Ok(()));
    assert_eq!(statuses.show(&status(State::Failure), now), Ok(()));
    let got = host.received();
    assert_eq!(got.len(), 2);
    assert_eq!(got[1].line, format!("POST /projects/acme%2Fshop/statuses/{COMMIT} HTTP/1.1"));
    assert_eq!(got[1].header("private-token"), Some("hunter2"));
    assert_eq!(
        (&got[1].json()["state"], &got[1].json()["name"]),
        (&"failed".into(), &"reconcile/dev".into())
    );
}

#[test]
fn a_host_that_wants_to_be_left_alone_is_asked_again_when_it_may_be() {
    let host = Receiver::answering(&["403 retry-after: 120", "429 retry-after: 60", "500", "201"]);
    let mut statuses = statuses(&host.url, HostKind::Github);
    let begun = jiff::Timestamp::now();
    let after = |seconds: i64| begun + SignedDuration::from_secs(seconds);
    let mut shown = Vec::new();
    for (at, n_requests) in
        [(0, 1), (60, 1), (119, 1), (120, 2), (150, 2), (180, 3), (200, 3), (211, 4), (400, 4)]
    {
        let result = statuses.show(&status(State::Success), after(at));
        shown.extend(result.err());
        assert_eq!(host.received().len(), n_requests, "after {at} s");
    }
    assert_eq!(shown.len(), 3);
    assert!(shown[0].ends_with("it answers 403") && !shown.concat().contains("hunter2"), "{shown:?}");
    assert!(!format!("{statuses:?}").contains("hunter2"));
}
