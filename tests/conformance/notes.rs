//! What a target keeps beside the journal: a suspension, and what is to be told to the world.
//! Never sends anything.

use reconcile::journal::notice::{Delivery, DeliveryState, Event, Notice};
use reconcile::journal::suspension::Suspension;
use reconcile::provider::open::Mode;
use reconcile::target::TargetError;

use super::place::{Place, holder};

const ORDER: &str = "Entity order\n fields: { number: { type: integer } }";

fn suspension(actor: &str) -> Suspension {
    Suspension {
        actor: actor.to_owned(),
        since: "2026-01-01T00:00:00Z".to_owned(),
        reason: Some("the \"load\" test's run".to_owned()),
    }
}

fn delivery(id: &str, sink: &str) -> Delivery {
    let at = "2026-01-01T00:00:00Z".to_owned();
    let notice = Notice {
        id: id.to_owned(),
        event: Event::Applied,
        environment: "dev".to_owned(),
        target: "somewhere".to_owned(),
        at: at.clone(),
        revision: None,
        entry: Some(1),
        actor: Some("ada".to_owned()),
        text: "it's \"done\"".to_owned(),
        details: Vec::new(),
    };
    Delivery {
        notice,
        sink: sink.to_owned(),
        state: DeliveryState::Waiting,
        attempts: 0,
        next: at,
        error: None,
    }
}

pub fn a_suspended_target_is_read_and_not_written(place: &mut Place) {
    // Also where nothing was ever applied.
    let mut target = place.open(Mode::Write);
    assert_eq!(place.open(Mode::Read).suspension().unwrap(), None);
    assert_eq!(target.lift().unwrap(), None);
    assert_eq!(target.suspend(&suspension("ada")).unwrap(), suspension("ada"));
    // The first one holds.
    assert_eq!(target.suspend(&suspension("bob")).unwrap(), suspension("ada"));
    assert_eq!(place.open(Mode::Read).suspension().unwrap(), Some(suspension("ada")));
    let plan = place.plan(&place.declared(ORDER));
    assert!(!plan.is_empty());
    let refused = place.open(Mode::Write).lock(&holder("eve")).err().expect("it is suspended");
    assert!(matches!(&refused, TargetError::Suspended { suspension: held, .. } if held.actor == "ada"));
    assert!(place.apply(&plan, None).is_err());
    assert!(place.open(Mode::Read).history(9).unwrap().is_empty());
    assert_eq!(target.lift().unwrap(), Some(suspension("ada")));
    assert_eq!(target.lift().unwrap(), None);
    place.bring(&place.declared(ORDER));
    assert_eq!(place.open(Mode::Read).suspension().unwrap(), None);
}

pub fn an_apply_under_way_ends_when_its_target_is_suspended(place: &mut Place) {
    place.bring(&place.declared(ORDER));
    let mut target = place.open(Mode::Write);
    let session = target.lock(&holder("ada")).unwrap();
    drop(session);
    place.open(Mode::Write).suspend(&suspension("bob")).unwrap();
    assert!(target.lock(&holder("ada")).is_err());
    // Whoever was refused holds nothing.
    place.open(Mode::Write).lift().unwrap();
    drop(place.open(Mode::Write).lock(&holder("eve")).unwrap());
}

pub fn what_is_put_into_the_outbox_twice_is_there_once(place: &mut Place) {
    place.bring(&place.declared(ORDER));
    let mut target = place.open(Mode::Write);
    assert_eq!(target.outbox().unwrap(), Default::default());
    let (one, other) = (delivery("1", "hook"), delivery("2", "hook"));
    let forget = "2025-01-01T00:00:00Z".to_owned();
    target.post(std::slice::from_ref(&one), Some(7), &forget).unwrap();
    target.post(&[one.clone(), other.clone(), delivery("1", "chat")], Some(5), &forget).unwrap();
    let outbox = place.open(Mode::Read).outbox().unwrap();
    assert_eq!(outbox.announced, Some(7), "what was told of is never told of again");
    assert_eq!(outbox.open, [one.clone(), other.clone(), delivery("1", "chat")]);

    // Two that want to send the same: one of them does.
    let sending = Delivery { state: DeliveryState::Sending, attempts: 1, ..one.clone() };
    assert!(place.open(Mode::Write).mark(&one, &sending).unwrap());
    assert!(!target.mark(&one, &sending).unwrap());
    let failed = Delivery {
        state: DeliveryState::Waiting,
        error: Some("it's away".to_owned()),
        next: "2026-01-01T00:01:00Z".to_owned(),
        ..sending.clone()
    };
    assert!(target.mark(&sending, &failed).unwrap());
    assert!(target.outbox().unwrap().open.contains(&failed));
    let sent = Delivery { state: DeliveryState::Sent, ..other.clone() };
    assert!(target.mark(&other, &sent).unwrap());
    assert_eq!(target.outbox().unwrap().open.len(), 2);

    // What was sent is not sent again, and is forgotten in the end.
    target.post(std::slice::from_ref(&other), None, &forget).unwrap();
    assert_eq!(target.outbox().unwrap().open.len(), 2);
    target.post(&[], None, &"2026-02-01T00:00:00Z".to_owned()).unwrap();
    target.post(std::slice::from_ref(&other), None, &forget).unwrap();
    assert_eq!(target.outbox().unwrap().open.len(), 3);
    assert_eq!(target.outbox().unwrap().announced, Some(7));
    assert!(place.plan(&place.declared(ORDER)).is_empty(), "our own tables are nobody's change");
}
