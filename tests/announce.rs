//! What the world is told: once, in order, also after a crash at any moment, also where two want to tell it.
//! Never waits: the clock is a number.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use reconcile::fingerprint::Fingerprint;
use reconcile::journal::notice::{Event, Notice};
use reconcile::journal::suspension::Suspension;
use reconcile::journal::{Entry, Holder, Outcome};
use reconcile::model::environment::TargetConfig;
use reconcile::model::notify::{Channel, Sink};
use reconcile::ops::announce::{Courier, NotTaken, Posted, Told, ToldFate, deliver, gather};
use reconcile::plan::{Plan, Policy, Summary};
use reconcile::provider::open::{self, Mode};
use reconcile::report::standing::{Health, LastApply, Pending, Standing, Why};
use reconcile::source::Revision;
use reconcile::target::Target;

const NOON: &str = "2026-03-02T12:00:00Z";

/// A target, a clock and those who want to be told.
struct World {
    folder: tempfile::TempDir,
    now: Cell<Timestamp>,
    sinks: Vec<Sink>,
    posted: Posted,
}

/// Takes what it is sent, or does not.
#[derive(Default)]
struct Post {
    taken: Vec<(String, Notice)>,
    away: BTreeMap<String, NotTaken>,
    dies: bool,
}

impl Courier for Post {
    fn send(&mut self, sink: &str, notice: &Notice) -> Result<(), NotTaken> {
        if let Some(away) = self.away.get(sink) {
            return Err(away.clone());
        }
        self.taken.push((sink.to_owned(), notice.clone()));
        assert!(!self.dies, "killed after it was sent");
        Ok(())
    }
}

fn sink(name: &str) -> Sink {
    Sink {
        name: name.to_owned(),
        channel: Channel::Command(vec!["true".to_owned()]),
        events: Vec::new(),
        environments: Vec::new(),
    }
}

impl World {
    fn new(sinks: &[&str]) -> World {
        World {
            folder: tempfile::tempdir().unwrap(),
            now: Cell::new(NOON.parse().unwrap()),
            sinks: sinks.iter().map(|name| sink(name)).collect(),
            posted: Posted::default(),
        }
    }

    fn target(&self) -> Box<dyn Target> {
        let settings = [(String::new(), "dev.db".into())].into();
        let config = TargetConfig { provider: "sqlite".to_owned(), settings };
        open::open(&config, self.folder.path(), Mode::Write).unwrap()
    }

    fn text(&self) -> String {
        self.now.get().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// An entry of the journal; none for an apply that went well.
    fn journal(&self, failure: Option<&str>) -> u64 {
        let none = Fingerprint::of_bytes(b"");
        let plan = Plan {
            environment: "dev".to_owned(),
            provider: "sqlite".to_owned(),
            target: "sqlite dev.db".to_owned(),
            revision: revision(),
            promoted_from: None,
            compared: None,
            rolled_back: None,
            base: none,
            goal: none,
            policy: Policy::default(),
            changes: Vec::new(),
            steps: Vec::new(),
            findings: Vec::new(),
            facts: Vec::new(),
            trash: Vec::new(),
            kept: Vec::new(),
            summary: Summary::default(),
        };
        let holder = Holder { actor: "ada".to_owned(), since: self.text() };
        let mut entry = Entry::open(&plan, &holder, &[]);
        if let Some(message) = failure {
            entry.outcome = Outcome::Failed { step: Some(2), message: message.to_owned() };
        }
        self.target().journal_failure(&entry).unwrap()
    }

    fn standing(&self) -> Standing {
        let last = self.target().history(1).unwrap().first().map(LastApply::from);
        Standing { revision: Some(revision()), last, ..Standing::unknown("dev", "sqlite dev.db") }
    }

    fn gather(&mut self, standing: &Standing) {
        let (mut target, now) = (self.target(), self.now.get());
        gather(standing, target.as_mut(), &self.sinks, now, &mut self.posted).unwrap();
    }

    fn deliver(&self, post: &mut Post) -> Vec<Told> {
        deliver(self.target().as_mut(), &self.sinks, post, &|| self.now.get()).unwrap()
    }

    /// What a watcher does at the end of a turn.
    fn turn(&mut self, post: &mut Post) {
        self.gather(&self.standing());
        self.deliver(post);
    }

    fn later(&self, minutes: i64) {
        self.now.set(self.now.get() + SignedDuration::from_mins(minutes));
    }

    /// A watcher that was killed and started again knows only what the target does.
    fn restart(&mut self) {
        self.posted = Posted::default();
    }
}

fn revision() -> Revision {
    Revision { commit: Some("4f2a91c0000000000000000000000000000000aa".to_owned()), ..Revision::default() }
}

fn told(post: &Post) -> Vec<String> {
    post.taken
        .iter()
        .map(|(sink, notice)| format!("{sink} {} {:?}", notice.event.word(), notice.entry))
        .collect()
}

#[test]
fn every_apply_is_told_once_to_everybody_and_in_order() {
    let mut world = World::new(&["hook", "chat"]);
    let mut post = Post::default();
    for _ in 0..3 {
        world.journal(None);
        world.turn(&mut post);
        world.turn(&mut post);
        world.restart();
    }
    // Several between two looks.
    (0..60).for_each(|_| {
        world.journal(None);
    });
    for _ in 0..10 {
        world.turn(&mut post);
        world.restart();
    }
    for name in ["hook", "chat"] {
        let got: Vec<u64> = post
            .taken
            .iter()
            .filter(|(sink, _)| sink == name)
            .filter_map(|(_, notice)| notice.entry)
            .collect();
        assert_eq!(got, (1..=63).collect::<Vec<u64>>());
    }
    let notice = &post.taken[0].1;
    assert_eq!(notice.text, "dev was brought to 4f2a91c by ada: 0 added, 0 changed, 0 destroyed");
    assert_eq!((notice.event, notice.at.as_str()), (Event::Applied, NOON));
}

#[test]
fn who_begins_to_listen_is_not_told_of_last_year() {
    let mut world = World::new(&["hook"]);
    world.journal(None);
    world.later(61);
    let mut post = Post::default();
    world.turn(&mut post);
    assert_eq!(told(&post), Vec::<String>::new());
    world.journal(None);
    world.turn(&mut post);
    assert_eq!(told(&post), ["hook applied Some(2)"]);
}

#[test]
fn killed_between_the_apply_and_the_outbox_it_is_told_all_the_same() {
    let mut world = World::new(&["hook"]);
    // The apply made the target; the watcher died before it wrote anything down.
    world.journal(None);
    world.restart();
    let mut post = Post::default();
    world.turn(&mut post);
    assert_eq!(told(&post), ["hook applied Some(1)"]);
}

#[test]
fn killed_while_it_sends_it_sends_the_same_again_under_the_same_name() {
    let mut world = World::new(&["hook"]);
    world.journal(None);
    let mut post = Post { dies: true, ..Post::default() };
    let killed = catch_unwind(AssertUnwindSafe(|| world.turn(&mut post)));
    assert!(killed.is_err());
    post.dies = false;
    world.restart();
    // Nobody knows yet that the one who was sending is dead.
    world.turn(&mut post);
    assert_eq!(post.taken.len(), 1);
    world.later(3);
    world.turn(&mut post);
    world.turn(&mut post);
    assert_eq!(post.taken.len(), 2);
    assert_eq!(post.taken[0].1, post.taken[1].1);
}

#[test]
fn two_who_tell_at_once_tell_it_once() {
    let mut world = World::new(&["hook"]);
    world.sinks.push(sink("chat"));
    (0..5).for_each(|_| {
        world.journal(None);
    });
    world.gather(&world.standing());
    let counted = Mutex::new(BTreeMap::<(String, String), u32>::new());
    struct Counting<'a>(&'a Mutex<BTreeMap<(String, String), u32>>);
    impl Courier for Counting<'_> {
        fn send(&mut self, sink: &str, notice: &Notice) -> Result<(), NotTaken> {
            *self.0.lock().unwrap().entry((sink.to_owned(), notice.id.clone())).or_default() += 1;
            Ok(())
        }
    }
    let now = world.now.get();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let (mut target, sinks, counted) = (world.target(), &world.sinks, &counted);
            scope.spawn(move || {
                // One that finds the file locked comes again.
                for _ in 0..50 {
                    let done = deliver(target.as_mut(), sinks, &mut Counting(counted), &|| now);
                    if done.is_ok_and(|told| told.is_empty()) {
                        return;
                    }
                }
            });
        }
    });
    assert!(world.target().outbox().unwrap().open.is_empty());
    let counted = counted.into_inner().unwrap();
    assert_eq!(counted.len(), 10);
    assert!(counted.values().all(|n_times| *n_times == 1), "{counted:?}");
}

#[test]
fn who_is_away_is_tried_again_later_and_keeps_nobody_else_waiting() {
    let mut world = World::new(&["hook", "chat"]);
    world.journal(None);
    world.journal(None);
    let away = NotTaken { message: "it answers 503".to_owned(), retry_after: None };
    let mut post = Post { away: [("hook".to_owned(), away)].into(), ..Post::default() };
    world.gather(&world.standing());
    let first = world.deliver(&mut post);
    assert_eq!(told(&post), ["chat applied Some(1)", "chat applied Some(2)"]);
    let later: Vec<&ToldFate> =
        first.iter().filter(|told| told.sink == "hook").map(|told| &told.fate).collect();
    let next = "2026-03-02T12:00:10Z".to_owned();
    assert_eq!(later, [&ToldFate::Later { message: "it answers 503".to_owned(), next }]);
    assert!(world.deliver(&mut post).is_empty(), "it is too early");
    let mut n_tries = 1;
    for _ in 0..200 {
        world.later(20);
        n_tries += world
            .deliver(&mut post)
            .iter()
            .filter(|told| matches!(told.fate, ToldFate::Later { .. }))
            .count();
    }
    // Soon at first, then every hour, for three days.
    assert!((65..90).contains(&n_tries), "{n_tries}");
    world.later(6 * 60);
    let last = world.deliver(&mut post);
    assert!(last.iter().all(|told| matches!(&told.fate, ToldFate::GivenUp { message } if message == "it answers 503" || message == "it is too old")), "{last:?}");
    assert_eq!(last.len(), 2);
    assert!(world.target().outbox().unwrap().open.is_empty());
}

#[test]
fn who_asks_for_a_pause_gets_it() {
    let mut world = World::new(&["hook"]);
    world.journal(None);
    let away = NotTaken { message: "429".to_owned(), retry_after: Some(SignedDuration::from_mins(30)) };
    let mut post = Post { away: [("hook".to_owned(), away)].into(), ..Post::default() };
    world.turn(&mut post);
    post.away.clear();
    world.later(29);
    world.turn(&mut post);
    assert_eq!(told(&post), Vec::<String>::new());
    world.later(1);
    world.turn(&mut post);
    assert_eq!(told(&post), ["hook applied Some(1)"]);
}

#[test]
fn what_stays_as_it_is_is_told_once() {
    let mut world = World::new(&["hook"]);
    world.journal(None);
    let why = Why {
        code: Some("RK203".to_owned()),
        place: Some("entity/order/fax".to_owned()),
        message: "destroys 17 values".to_owned(),
    };
    let suspension = Suspension { actor: "ada".to_owned(), since: NOON.to_owned(), reason: None };
    let base = world.standing();
    let pending = Standing {
        health: Health::Pending,
        pending: Some(Pending { package: Some("spool/dev.zip".to_owned()), why: vec![why] }),
        ..base.clone()
    };
    let drifted = Standing { drift: 2, moved: vec!["entity/order/fax".to_owned()], ..base.clone() };
    let moved_on = Standing { drift: 3, moved: vec!["entity/order/total".to_owned()], ..base.clone() };
    let suspended =
        Standing { suspended: Some(suspension.clone()), health: Health::Suspended, ..base.clone() };
    let again = Suspension { since: "2026-03-02T13:00:00Z".to_owned(), ..suspension };
    let suspended_again = Standing { suspended: Some(again), health: Health::Suspended, ..base.clone() };
    let held = Standing { health: Health::Held, ..base.clone() };
    let fighting =
        Standing { health: Health::Fighting, message: Some("entity/order/fax".to_owned()), ..base.clone() };
    let failed = Standing {
        health: Health::Failed { retry_at: None },
        message: Some("the target cannot be opened".to_owned()),
        ..base
    };
    let mut post = Post::default();
    for standing in [&pending, &drifted, &moved_on, &suspended, &suspended_again, &held, &fighting, &failed] {
        for _ in 0..3 {
            world.later(5);
            world.gather(standing);
            world.deliver(&mut post);
            world.restart();
        }
    }
    world.gather(&pending);
    world.deliver(&mut post);
    let events: Vec<&str> = post.taken.iter().map(|(_, notice)| notice.event.word()).collect();
    assert_eq!(
        events,
        ["applied", "pending", "drift", "drift", "suspended", "suspended", "held", "fighting", "failed"]
    );
    let pending = &post.taken[1].1;
    assert_eq!(
        pending.text,
        "dev waits for consent to be brought to 4f2a91c: RK203 entity/order/fax destroys 17 values"
    );
    assert_eq!(pending.details[1], "apply it with: reconcile apply spool/dev.zip");
}

#[test]
fn a_failure_that_is_tried_again_and_again_is_one() {
    let mut world = World::new(&["hook"]);
    let mut post = Post::default();
    world.journal(None);
    for _ in 0..120 {
        world.journal(Some("duplicate key"));
        let standing = Standing {
            health: Health::Failed { retry_at: None },
            message: Some("step 2 failed: duplicate key".to_owned()),
            ..world.standing()
        };
        world.gather(&standing);
        world.deliver(&mut post);
    }
    assert_eq!(told(&post), ["hook applied Some(1)", "hook failed Some(2)"]);
    world.journal(Some("disk full"));
    world.turn(&mut post);
    world.journal(None);
    world.journal(Some("duplicate key"));
    world.turn(&mut post);
    let events: Vec<String> = told(&post).split_off(2);
    assert_eq!(events, ["hook failed Some(122)", "hook applied Some(123)", "hook failed Some(124)"]);
}

#[test]
fn everybody_is_told_what_he_wants_to_know() {
    let mut world = World::new(&["all", "failures", "elsewhere"]);
    world.sinks[1].events = vec![Event::Failed];
    world.sinks[2].environments = vec!["prod*".to_owned()];
    world.journal(None);
    world.journal(Some("no"));
    let mut post = Post::default();
    world.turn(&mut post);
    assert_eq!(told(&post), ["all applied Some(1)", "all failed Some(2)", "failures failed Some(2)"]);
    // Nobody to tell: nothing is written.
    world.sinks.clear();
    let before = std::fs::read(world.folder.path().join("dev.db")).unwrap();
    world.journal(None);
    let after = std::fs::read(world.folder.path().join("dev.db")).unwrap();
    world.turn(&mut post);
    assert_ne!(before, after);
    assert_eq!(std::fs::read(world.folder.path().join("dev.db")).unwrap(), after);
}
