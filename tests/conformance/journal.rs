//! What a target remembers, and that it can be brought back to what it was.
//! Never reads the journal's rows: only the contract does.

use reconcile::journal::Outcome;
use reconcile::model::state::Desired;
use reconcile::ops;
use reconcile::ops::trash::Chosen;
use reconcile::provider::open::Mode;
use reconcile::report::Applied;
use serde_yaml::Value;

use super::place::{Place, holder, sql};

const BOTH: &str = "
    Entity customer
    fields: { name: { type: text, maxLength: 50 }, fax: { type: text, maxLength: 20 }, size: { type: text } }

    Entity note
    fields: { text: { type: text }, about: { type: lookup, entity: customer } }
";
const LESS: &str = "Entity customer\n fields: { name: { type: text, maxLength: 50 }, size: { type: text } }";
const OTHER: &str = "Entity customer\n fields: { title: { type: text, maxLength: 50, renamedFrom: name }, size: { type: integer } }";

const ANN: &str = "00000000-0000-4000-8000-000000000001";
const BOB: &str = "00000000-0000-4000-8000-000000000002";

/// Two customers, a note, and a target that lost what the second manifest does not say.
fn less(place: &mut Place) -> (Desired, u64) {
    let both = place.declared(BOTH);
    place.bring(&both);
    place.insert(
        "customer",
        &[
            &[("id", ANN), ("name", "Ann"), ("fax", "+49 1"), ("size", "7")],
            &[("id", BOB), ("name", "Bob"), ("size", "8")],
        ],
    );
    place.insert("note", &[&[("id", BOB), ("text", "hello"), ("about", ANN)]]);
    let id = place.bring(&place.declared(LESS));
    (both, id)
}

fn back(place: &Place, environment: &Desired, id: u64) {
    let mut target = place.open(Mode::Read);
    let rollback = ops::rollback::plan(&environment.environment, id, target.as_mut()).unwrap();
    let report = place.apply(&rollback.plan, None);
    let report = report.unwrap_or_else(|e| panic!("{e:?}\n{}", sql(&rollback.plan)));
    assert_eq!(report.outcome, Applied::Done, "{report:#?}\n{}", sql(&rollback.plan));
}

fn texts(values: &[Option<&str>]) -> Vec<Value> {
    values.iter().map(|text| text.map_or(Value::Null, Value::from)).collect()
}

pub fn the_journal_tells_of_every_apply_newest_first(place: &mut Place) {
    assert_eq!(place.open(Mode::Read).history(10).unwrap(), []);
    let (first, second) = (place.declared(LESS), place.declared(BOTH));
    place.bring(&first);
    let mut plan = place.plan(&second);
    plan.steps.last_mut().unwrap().statements.push("SELECT no_such_column".to_owned());
    let failed = place.apply(&plan, Some(&second)).unwrap();
    assert_eq!(failed.outcome, Applied::RolledBack);
    let last = place.bring(&second);

    let mut target = place.open(Mode::Read);
    let entries = target.history(10).unwrap();
    let ids: Vec<u64> = entries.iter().map(|entry| entry.id).collect();
    assert!(ids.is_sorted_by(|newer, older| newer > older) && ids.len() == 3, "{ids:?}");
    assert_eq!((Some(ids[0]), Some(ids[1])), (Some(last), failed.entry));
    assert_eq!(entries[0].outcome, Outcome::Applied);
    assert!(matches!(entries[1].outcome, Outcome::Failed { .. }), "{:#?}", entries[1]);
    assert_eq!(entries[0].actor, "ada");
    assert!(entries[0].steps.iter().any(|step| !step.statements.is_empty()));
    assert_eq!(target.history(1).unwrap(), entries[..1]);
    assert_eq!(target.entry(ids[1]).unwrap().as_ref(), Some(&entries[1]));
    assert_eq!(target.entry(last + 1000).unwrap(), None);
}

pub fn what_was_destroyed_comes_back(place: &mut Place) {
    let (both, id) = less(place);
    assert!(!place.stage.rows().contains_key("note"));
    back(place, &both, id);
    assert_eq!(place.column("customer", "fax"), texts(&[Some("+49 1"), None]));
    assert_eq!(place.column("note", "text"), texts(&[Some("hello")]));
    assert_eq!(place.column("note", "about"), texts(&[Some(ANN)]));
    assert_eq!(place.stage.broken(), Vec::<String>::new());
    let again = place.plan(&both);
    assert!(again.is_empty(), "{}", sql(&again));
}

pub fn several_applies_are_taken_back_at_once(place: &mut Place) {
    let (both, id) = less(place);
    place.bring(&place.declared(OTHER));
    assert_eq!(place.column("customer", "title"), texts(&[Some("Ann"), Some("Bob")]));
    back(place, &both, id);
    assert_eq!(place.column("customer", "name"), texts(&[Some("Ann"), Some("Bob")]));
    assert_eq!(place.column("customer", "size"), texts(&[Some("7"), Some("8")]));
    assert_eq!(place.column("customer", "fax"), texts(&[Some("+49 1"), None]));
    assert_eq!(place.column("note", "text"), texts(&[Some("hello")]));
    let again = place.plan(&both);
    assert!(again.is_empty(), "{}", sql(&again));
}

pub fn what_is_purged_is_gone_and_its_number_is_never_given_again(place: &mut Place) {
    let (both, _) = less(place);
    let mut target = place.open(Mode::Write);
    let held = ops::trash::choose("test", target.as_mut(), &Chosen::All).unwrap();
    assert_eq!(held.len(), 2, "a table and a column: {held:#?}");
    let highest = held.iter().map(|one| one.moved.number).max().unwrap();
    let objects = place.stage.objects();
    let dropped = ops::trash::purge(target.as_mut(), &holder("ada"), &held).unwrap();
    assert_eq!(dropped.len(), 2);
    assert_eq!(place.snapshot().trash, []);
    assert_eq!(place.stage.objects(), objects);
    let litter: Vec<String> = place
        .stage
        .record()
        .into_iter()
        .filter(|(name, _)| name.contains("trash_"))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(litter, Vec::<String>::new());

    place.bring(&both);
    place.insert("note", &[&[("id", ANN), ("text", "again")]]);
    place.bring(&place.declared(LESS));
    let numbers: Vec<u64> = place.snapshot().trash.iter().map(|one| one.moved.number).collect();
    assert!(!numbers.is_empty() && numbers.iter().all(|number| *number > highest), "{numbers:?}, {highest}");
}
