//! Who may write while somebody writes.
//! Never waits for anything by the clock.

use reconcile::plan::{Runs, Step};
use reconcile::provider::open::Mode;
use reconcile::target::{Session, TargetError};

use super::place::{Place, holder};

const ORDER: &str = "Entity order\n fields: { number: { type: integer } }";

/// A step of a session that never commits.
fn make_table(session: &mut dyn Session) {
    let step = Step {
        id: 1,
        address: "entity/half".parse().unwrap(),
        title: "make a table".to_owned(),
        statements: vec!["CREATE TABLE half (a integer)".to_owned()],
        task: None,
        runs: Runs::Inside,
        part: 0,
        undo: Vec::new(),
    };
    session.run(&step).unwrap();
}

pub fn one_applies_at_a_time(place: &mut Place) {
    place.bring(&place.declared(ORDER));
    let (mut one, mut other) = (place.open(Mode::Write), place.open(Mode::Write));
    let session = one.lock(&holder("ada")).unwrap();
    let error = other.lock(&holder("bob")).err().expect("somebody holds the lock");
    let TargetError::Locked { holder: who, since, .. } = &error else { panic!("{error:?}") };
    assert!(who.starts_with("ada") && since == "2026-01-01T00:00:00Z", "{error:?}");
    drop(session);
    drop(other.lock(&holder("bob")).unwrap());
    drop(one.lock(&holder("ada")).unwrap());
}

pub fn who_reads_waits_for_nobody_and_sees_nothing_half_done(place: &mut Place) {
    place.bring(&place.declared(ORDER));
    place.insert("order", &[&[("id", "00000000-0000-4000-8000-000000000001"), ("number", "1")]]);
    let before = place.snapshot().fingerprint();
    let mut writer = place.open(Mode::Write);
    let mut session = writer.lock(&holder("ada")).unwrap();
    make_table(session.as_mut());
    assert!(session.inspect().unwrap().fingerprint() != before, "the session sees what it does");
    assert_eq!(place.snapshot().fingerprint(), before);
    assert!(place.plan(&place.declared(ORDER)).is_empty());
    assert_eq!(place.open(Mode::Read).history(10).unwrap().len(), 1);
}

pub fn a_session_that_is_dropped_leaves_nothing(place: &mut Place) {
    place.bring(&place.declared(ORDER));
    let before = place.see();
    let mut target = place.open(Mode::Write);
    let mut session = target.lock(&holder("ada")).unwrap();
    make_table(session.as_mut());
    drop(session);
    assert_eq!(place.see(), before);
    // The same connection goes on as if nothing had been.
    assert_eq!(target.inspect().unwrap().fingerprint(), before.base);
    drop(target.lock(&holder("ada")).unwrap());
}

pub fn a_lock_is_free_again_after_an_apply(place: &mut Place) {
    // Also on a target that the apply has to make.
    place.bring(&place.declared(ORDER));
    let mut target = place.open(Mode::Write);
    drop(target.lock(&holder("bob")).unwrap());
    let wrong = place.declared("Entity order\n fields: { number: { type: integer, required: true } }");
    let mut plan = place.plan(&wrong);
    plan.steps.last_mut().unwrap().statements.push("SELECT no_such_column".to_owned());
    place.apply(&plan, None).unwrap();
    drop(target.lock(&holder("bob")).unwrap());
}
