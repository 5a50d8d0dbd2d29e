//! What an apply does, and that it does nothing where it may not.
//! Never says what the statements are: those are the cases' own.

use reconcile::apply::{ApplyError, Moment, Observer};
use reconcile::journal::Outcome;
use reconcile::model::state::Desired;
use reconcile::provider::open::Mode;
use reconcile::report::{Applied, Fate};

use super::place::{NEVER, Place, StopAt, sql};

/// Changes of every sort: in place, of several steps, from nothing, with tasks.
const CASES: [&str; 14] = [
    "entity/create-with-all-members",
    "entity/dropped-with-the-lookup-to-it",
    "entity/field-added-autonumber",
    "entity/field-added-required-with-backfill",
    "entity/field-renamed-and-changed",
    "entity/lookup-mutual-added",
    "entity/parent-made-anew-keeps-children",
    "entity/relationship-added",
    "entity/renamed-with-lookups",
    "entity/required-set-with-backfill",
    "entity/task-after-unless",
    "entity/task-before",
    "picklist/dropped-with-its-field",
    "picklist/option-renamed-in-use",
];

const SHOP: &str = "
    Entity customer
    fields: { name: { type: text, maxLength: 50, required: true }, rank: { type: integer, default: 3 } }
    keys: { by-name: { fields: [name] } }

    Picklist status
    options: { draft: { label: Draft }, open: {}, lost: { retired: true } }

    Entity order
    fields:
      number: { type: autonumber, format: \"A-{seq:4}\" }
      status: { type: picklist, picklist: status, default: draft, required: true }
      customer: { type: lookup, entity: customer, onDelete: set-null }
      total: { type: decimal, precision: 12, scale: 2 }
      due: { type: date }
      at: { type: datetime, default: now }
      raw: { type: json }
    checks: { total-positive: { sql: \"total >= 0\" } }
    indexes: { by-customer: { fields: [customer, status] } }
";

const ONE_FIELD: &str = "Entity customer\n fields: { name: { type: text, maxLength: 50 } }";
const TWO_FIELDS: &str =
    "Entity customer\n fields: { name: { type: text, maxLength: 50 }, rank: { type: integer } }";

const ANN: &[(&str, &str)] = &[("id", "00000000-0000-4000-8000-000000000001"), ("name", "Ann")];
const NOBODY: &[(&str, &str)] = &[("id", "00000000-0000-4000-8000-000000000002")];

pub fn what_is_applied_is_read_back_and_plans_nothing(place: &mut Place) {
    let desired = place.declared(SHOP);
    place.bring(&desired);
    let again = place.plan(&desired);
    assert!(again.is_empty(), "{}", sql(&again));
    let snapshot = place.snapshot();
    let names: Vec<String> = snapshot.state.keys().map(ToString::to_string).collect();
    assert_eq!(names, ["entity/customer", "entity/order", "picklist/status"]);
    assert_eq!(snapshot.inventory.keys().map(ToString::to_string).collect::<Vec<_>>(), names);
    let tables: Vec<String> = place.stage.rows().into_keys().collect();
    assert_eq!(tables, ["customer", "order", "status"]);
    assert_eq!(place.column("status", "name"), ["draft", "open", "lost"].map(Into::into).sorted());
}

trait Sorted {
    fn sorted(self) -> Vec<serde_yaml::Value>;
}

impl Sorted for [serde_yaml::Value; 3] {
    /// The key of a picklist's table is its name.
    fn sorted(self) -> Vec<serde_yaml::Value> {
        let mut all = self.to_vec();
        all.sort_by_key(|value| value.as_str().map(str::to_owned));
        all
    }
}

/// Goes through an apply moment by moment, and stops it at each.
pub fn an_apply_stopped_at_any_moment_changes_nothing(place: &mut Place) {
    for name in CASES {
        let mut place = place.another();
        let after = place.at_the_point(name);
        stopped_everywhere(name, &mut place, &after);
    }
}

fn stopped_everywhere(name: &str, place: &mut Place, after: &Desired) {
    let plan = place.plan(after);
    assert!(!plan.steps.is_empty(), "{name} has no steps");
    let before = place.see();
    // The lock, the check of the base, both sides of each step, the record, the verification.
    let n_moments = 2 + 2 * plan.steps.len() + 2;
    for moment in 0..n_moments {
        let said = format!("{name}, stopped at moment {moment} of {n_moments}");
        let report = place.apply_watched(&plan, Some(after), &mut StopAt(moment)).unwrap();
        assert_eq!(report.outcome, Applied::RolledBack, "{said}: {report:#?}");
        assert!(report.steps.iter().all(|step| step.fate != Fate::Done), "{said}: {report:#?}");
        assert_eq!(place.see(), before, "{said}");
        let newest = place.open(Mode::Read).history(1).unwrap().pop();
        assert_eq!(newest.map(|entry| entry.id), report.entry, "{said}");
    }
    // After the commit nothing can be taken back, whatever the one who watches says.
    let report = place.apply_watched(&plan, Some(after), &mut StopAt(n_moments)).unwrap();
    assert_eq!(report.outcome, Applied::Done, "{name}: {report:#?}");
    assert_ne!(place.see(), before, "{name} changes nothing");
    let again = place.plan(after);
    assert!(again.is_empty(), "{name}: {}", sql(&again));
}

/// A step that the target itself refuses, after others have run.
pub fn a_step_that_fails_takes_the_others_back(place: &mut Place) {
    place.bring(&place.declared(ONE_FIELD));
    let desired = place.declared(SHOP);
    let mut plan = place.plan(&desired);
    let last = plan.steps.last_mut().unwrap();
    last.statements.push("INSERT INTO no_such_table VALUES (1)".to_owned());
    let (failing, before) = (last.id, place.see());
    let report = place.apply(&plan, Some(&desired)).unwrap();
    assert_eq!(report.outcome, Applied::RolledBack, "{report:#?}");
    for step in &report.steps {
        match &step.fate {
            Fate::Failed { message } => {
                assert_eq!(step.id, failing);
                assert!(message.contains("no_such_table"), "{message}");
            }
            fate => assert_eq!(*fate, Fate::Undone, "{report:#?}"),
        }
    }
    assert_eq!(place.see(), before);
    let entry = place.open(Mode::Read).history(1).unwrap().pop().unwrap();
    assert!(
        matches!(entry.outcome, Outcome::Failed { step: Some(step), .. } if step == failing),
        "{entry:#?}"
    );
    place.bring(&desired);
}

pub fn a_plan_is_applied_on_its_own_base_alone(place: &mut Place) {
    place.bring(&place.declared(ONE_FIELD));
    let desired = place.declared(SHOP);
    let plan = place.plan(&desired);
    place.bring(&place.declared(TWO_FIELDS));
    let before = place.see();
    let error = place.apply(&plan, Some(&desired)).unwrap_err();
    assert!(matches!(error, ApplyError::Stale { .. }), "{error:?}");
    assert_eq!(place.see(), before);

    // What somebody does by hand moves the base just as well.
    let plan = place.plan(&desired);
    place.run("ALTER TABLE customer ADD COLUMN by_hand integer");
    let before = place.see();
    let error = place.apply(&plan, Some(&desired)).unwrap_err();
    assert!(matches!(error, ApplyError::Stale { .. }), "{error:?}");
    assert_eq!(place.see(), before);
}

pub fn rows_that_came_since_the_plan_stop_the_apply(place: &mut Place) {
    place.bring(&place.declared(ONE_FIELD));
    place.insert("customer", &[ANN]);
    let desired =
        place.declared("Entity customer\n fields: { name: { type: text, maxLength: 50, required: true } }");
    let plan = place.plan(&desired);
    place.insert("customer", &[NOBODY]);
    let before = place.see();
    let error = place.apply(&plan, Some(&desired)).unwrap_err();
    assert!(matches!(error, ApplyError::FactsMoved { found: 1, .. }), "{error:?}");
    assert_eq!(place.see(), before);
}

pub fn what_policy_refuses_changes_nothing(place: &mut Place) {
    place.bring(&place.declared(TWO_FIELDS));
    place.insert("customer", &[&[ANN[0], ANN[1], ("rank", "1")]]);
    let settings = "  setup: { default: overwrite }\n  prune: true\n";
    let plan = place.plan(&place.declared(ONE_FIELD));
    let before = place.see();
    let error = place.apply_allowing(&plan, None, &[], &mut { NEVER }).unwrap_err();
    assert!(matches!(error, ApplyError::Refused { .. }), "{error:?}");
    let limited = place.declared_with(ONE_FIELD, &format!("{settings}  maxDestroy: 0\n"));
    let error = place.apply(&place.plan(&limited), None).unwrap_err();
    assert!(matches!(error, ApplyError::Refused { .. }), "{error:?}");
    assert_eq!(place.see(), before);
    assert_eq!(place.open(Mode::Read).history(10).unwrap().len(), 1);
}

/// A plan asks, measures, rehearses and tries tasks out, and leaves no trace of it; nor does it make the target.
pub fn planning_writes_nothing(place: &mut Place) {
    let nothing = (place.stage.objects(), place.stage.rows(), place.stage.record());
    place.plan(&place.declared(SHOP));
    assert_eq!((place.stage.objects(), place.stage.rows(), place.stage.record()), nothing);
    for name in CASES {
        let mut place = place.another();
        let after = place.at_the_point(name);
        let before = place.see();
        place.plan(&after);
        assert_eq!(place.see(), before, "{name}");
    }
}

struct Keeping(Vec<Moment>);

impl Observer for Keeping {
    fn at(&mut self, moment: &Moment) -> Result<(), String> {
        self.0.push(moment.clone());
        Ok(())
    }
}

/// Law 8, and the moments of an apply in their order.
pub fn the_same_plan_comes_of_the_same_target(place: &mut Place) {
    place.bring(&place.declared(ONE_FIELD));
    let desired = place.declared(SHOP);
    let (one, other) = (place.plan(&desired), place.plan(&desired));
    assert_eq!(one, other);
    let other = place.another();
    other.bring(&other.declared(ONE_FIELD));
    let elsewhere = other.plan(&desired);
    assert_eq!((one.base, sql(&one)), (elsewhere.base, sql(&elsewhere)));
    let mut kept = Keeping(Vec::new());
    place.apply_watched(&one, Some(&desired), &mut kept).unwrap();
    let mut wanted = vec![Moment::Locked, Moment::Checked];
    wanted.extend(one.steps.iter().flat_map(|step| [Moment::Before(step.id), Moment::After(step.id)]));
    wanted.extend([Moment::Recorded, Moment::Verified, Moment::Committed]);
    assert_eq!(kept.0, wanted);
}
