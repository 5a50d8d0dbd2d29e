//! Who watches while somebody watches.
//! Never waits for anything by the clock: a lease that lasts no time has run out at once.

use std::time::Duration;

use reconcile::apply::{ApplyError, Impatient, Terms};
use reconcile::journal::lease::{Lease, Leased};
use reconcile::ops;
use reconcile::provider::open::Mode;
use reconcile::source::Revision;
use reconcile::target::{Target, TargetError};

use super::place::{NEVER, Place, holder};

const ORDER: &str = "Entity order\n fields: { number: { type: integer } }";
const MORE: &str = "Entity order\n fields: { number: { type: integer }, note: { type: text, maxLength: 9 } }";
const LONG: Duration = Duration::from_secs(3600);

fn take(target: &mut dyn Target, who: &str, life: Duration) -> Lease {
    match target.take_lease(who, life).unwrap() {
        Leased::Ours(lease) => lease,
        other => panic!("{who} was not given the lease: {other:?}"),
    }
}

pub fn one_watches_at_a_time(place: &mut Place) {
    place.bring(&place.declared(ORDER));
    let (mut one, mut other) = (place.open(Mode::Write), place.open(Mode::Write));
    assert_eq!(other.lease().unwrap(), None);
    let lease = take(one.as_mut(), "ada", LONG);
    let Leased::Theirs(held) = other.take_lease("bob", LONG).unwrap() else { panic!("two watch") };
    assert_eq!((held.holder.as_str(), held.fence), ("ada", lease.fence));
    assert_eq!(place.open(Mode::Read).lease().unwrap().map(|lease| lease.holder).as_deref(), Some("ada"));
    let renewed = one.renew_lease(&lease, LONG).unwrap().expect("it is still ours");
    assert_eq!(renewed.fence, lease.fence);
    one.drop_lease(&renewed).unwrap();
    assert_eq!(other.lease().unwrap(), None);
    assert!(take(other.as_mut(), "bob", LONG).fence > lease.fence);
}

pub fn who_comes_back_from_the_dead_applies_nothing(place: &mut Place) {
    place.bring(&place.declared(ORDER));
    let (mut old, mut new) = (place.open(Mode::Write), place.open(Mode::Write));
    let lost = take(old.as_mut(), "ada", Duration::ZERO);
    let taken_over = take(new.as_mut(), "bob", LONG);
    assert!(taken_over.fence > lost.fence);
    assert_eq!(old.renew_lease(&lost, LONG).unwrap(), None);
    // What is given back too late is not the other's.
    old.drop_lease(&lost).unwrap();
    assert!(new.renew_lease(&taken_over, LONG).unwrap().is_some());

    let before = place.see();
    let goal = place.declared(MORE);
    let plan = place.plan(&goal);
    let who = holder("ada");
    let clock = || "2026-01-01T00:00:00Z".to_owned();
    let terms = Terms {
        holder: &who,
        allow: &[],
        signed_by: &[],
        clock: &clock,
        outside_window: None,
        patience: &Impatient,
    };
    old.heed(lost);
    let refused =
        ops::apply::run(&plan, None, old.as_mut(), &terms, &mut { NEVER }).expect_err("it was fenced off");
    let ApplyError::Target(TargetError::Superseded { holder: by, .. }) = &refused else {
        panic!("{refused:?}")
    };
    assert_eq!(by, "bob");
    assert_eq!(place.see(), before);

    // Whoever has the lease applies, and so does a person, who needs none.
    new.heed(taken_over);
    ops::apply::run(&plan, None, new.as_mut(), &terms, &mut { NEVER }).unwrap();
    let back = place.declared(ORDER);
    let plan = ops::plan::plan(back, place.open(Mode::Read).as_mut(), &Revision::default()).unwrap();
    place.apply(&plan, None).unwrap();
}

pub fn a_lease_is_nothing_that_is_planned(place: &mut Place) {
    assert_eq!(place.open(Mode::Read).newest_entry().unwrap(), None);
    place.bring(&place.declared(ORDER));
    let base = place.snapshot().fingerprint();
    take(place.open(Mode::Write).as_mut(), "ada", LONG);
    assert_eq!(place.snapshot().fingerprint(), base);
    assert!(place.plan(&place.declared(ORDER)).is_empty());
    let newest = place.open(Mode::Read).history(1).unwrap().first().map(|entry| entry.id);
    assert_eq!(place.open(Mode::Read).newest_entry().unwrap(), newest);
}
