//! What others made in a target, or did to it.
//! Never lets the program tell what is there: the database itself is asked.

use reconcile::ops;
use reconcile::plan::Level;
use reconcile::provider::open::Mode;

use super::place::{NEVER, Place, sql};

const CUSTOMER: &str =
    "Entity customer\n fields: { name: { type: text, maxLength: 50 }, fax: { type: text } }";

/// In words that every SQL database understands.
const OTHERS: &str = "
    CREATE TABLE stranger (x integer PRIMARY KEY, y varchar(20) DEFAULT 'none');
    INSERT INTO stranger VALUES (1, 'one'), (2, NULL);
    CREATE INDEX stranger_y ON stranger (y);
    CREATE VIEW seen AS SELECT x FROM stranger WHERE y IS NOT NULL;
    CREATE VIEW customers_seen AS SELECT name FROM customer;
";

pub fn what_nobody_declared_is_left_alone(place: &mut Place) {
    place.bring(&place.declared(CUSTOMER));
    place.run(OTHERS);
    place.insert("customer", &[&[("id", "00000000-0000-4000-8000-000000000001"), ("name", "Ann")]]);
    let (objects, rows) = (place.stage.objects(), place.stage.rows());
    for manifests in [
        "Entity customer\n fields: { name: { type: text, maxLength: 50 }, fax: { type: text }, rank: { type: integer, default: 1 } }",
        "Entity customer\n fields: { name: { type: text, maxLength: 50, required: true }, rank: { type: bigint, default: 1 } }",
        "Entity customer\n fields: { name: { type: text, maxLength: 50 } }\n\nEntity order\n fields: { by: { type: lookup, entity: customer } }",
        CUSTOMER,
    ] {
        place.bring(&place.declared(manifests));
        let (objects_now, rows_now) = (place.stage.objects(), place.stage.rows());
        for name in ["table stranger", "view seen", "view customers_seen"] {
            assert!(objects.contains_key(name), "{name}: {objects:#?}");
            assert_eq!(objects_now.get(name), objects.get(name), "{manifests}");
        }
        assert_eq!(rows_now["stranger"], rows["stranger"], "{manifests}");
    }
}

pub fn what_moved_by_hand_is_seen_and_brought_back(place: &mut Place) {
    let desired = place.declared(CUSTOMER);
    place.bring(&desired);
    let objects = place.stage.objects();
    let drift = |place: &Place| ops::drift::drift("test", place.open(Mode::Read).as_mut()).unwrap();
    assert!(drift(place).is_empty());
    place.run("ALTER TABLE customer ADD COLUMN by_hand integer");
    place.run("ALTER TABLE customer DROP COLUMN fax");
    let found = drift(place);
    assert_eq!(found.moved.iter().map(|c| c.address.to_string()).collect::<Vec<_>>(), ["entity/customer"]);
    let members: Vec<&str> = found.moved[0].members.iter().map(|member| member.name.as_str()).collect();
    assert_eq!(members, ["fax"]);
    assert!(format!("{:?}", found.unmanaged).contains("by_hand"), "{:?}", found.unmanaged);
    place.bring(&desired);
    assert_eq!(place.stage.objects(), objects);
}

/// What somebody else reads does not vanish under him: the plan says so, and nothing happens.
pub fn a_view_that_would_break_stands_in_the_way(place: &mut Place) {
    place.bring(&place.declared(CUSTOMER));
    place.run(OTHERS);
    let desired = place.declared("Entity customer\n fields: { fax: { type: text } }");
    let plan = place.plan(&desired);
    let said: Vec<String> = plan
        .findings
        .iter()
        .filter(|finding| finding.level >= Level::Consent)
        .map(|finding| format!("{} {} {}", finding.code, finding.place(), finding.message))
        .collect();
    assert!(said.iter().any(|one| one.contains("customers_seen")), "{said:?}\n{}", sql(&plan));
    let before = place.see();
    assert!(place.apply_allowing(&plan, Some(&desired), &[], &mut { NEVER }).is_err());
    assert_eq!(place.see(), before);
}
