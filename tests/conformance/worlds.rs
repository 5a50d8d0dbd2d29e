//! Laws 1, 2 and 4 over generated repositories, edits and rows, on any provider.
//! Never knows a case by name: one that fails here gets a folder under `tests/cases`.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use reconcile::model::environment::Strategy;
use reconcile::model::field::FieldType;
use reconcile::model::state::Desired;
use reconcile::ops;
use reconcile::plan::Level;
use reconcile::provider::open;
use reconcile::report::Applied;
use serde_yaml::Value;

use super::place::{Place, sql};
use crate::laws::draw::{Draw, numbers};
use crate::laws::world::World;

/// As many as `PROPTEST_CASES` says, else few enough for every run.
const CASES: u32 = 24;

pub fn any_repository_becomes_any_edit_of_it(place: &mut Place) {
    let raised = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    let config = Config {
        cases: raised.unwrap_or(CASES),
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        max_shrink_iters: 64,
        ..Config::default()
    };
    let provider = place.provider;
    let law = |(world, filling, edits): (Vec<u16>, Vec<u16>, Vec<u16>)| {
        let before = World::draw(&mut Draw::new(world));
        let after = before.edited(&mut Draw::new(edits));
        let mut place = Place::fresh(provider).expect("there was one before");
        let mut filling = Draw::new(filling);
        let strategy = filling.one_in(2).then_some(Strategy::Online);
        one(&mut place, (&before, &after), strategy, &mut filling).map_err(|fault| {
            let (before, after) = (before.told(), after.told());
            TestCaseError::fail(format!("{fault}\n\n{strategy:?}\nBEFORE\n{before}\nAFTER\n{after}"))
        })
    };
    let mut runner = TestRunner::new(config);
    let drawn = (numbers(160), numbers(200), numbers(60));
    runner.run(&drawn, law).unwrap_or_else(|fault| panic!("{fault}"));
}

fn one(
    place: &mut Place,
    (before, after): (&World, &World),
    strategy: Option<Strategy>,
    draw: &mut Draw,
) -> Result<(), String> {
    let start = valid(before)?;
    brought(place, &start)?;
    fill(place, before, draw);
    let mut goal = valid(after)?;
    goal.environment.strategy = strategy;
    let plan = place.plan(&goal);
    let found = place.see();
    if plan.findings.iter().any(|finding| finding.level == Level::Refuse) {
        return match place.apply(&plan, Some(&goal)) {
            Ok(report) => Err(format!("a refused plan was applied: {report:#?}")),
            Err(_) if place.see() == found => Ok(()),
            Err(error) => Err(format!("a refused plan changed the target: {error:?}")),
        };
    }
    let expected = rows_after(before, after, &found.rows);
    brought(place, &goal)?;
    let now = place.see();
    for (table, n_rows) in expected {
        let has = now.rows.get(&table).map_or(0, Vec::len);
        if has != n_rows {
            return Err(format!("`{table}` should have {n_rows} rows and has {has}\n{}", sql(&plan)));
        }
    }
    let broken = place.stage.broken();
    if !broken.is_empty() {
        return Err(format!("{broken:?}\n{}", sql(&plan)));
    }
    // Under merge, or without pruning, the target holds more than the goal says.
    if after.merge || !after.prune || before.merge {
        return Ok(());
    }
    let mut fresh = place.another();
    brought(&fresh, &goal)?;
    let (one, other) = (now.objects, fresh.stage.objects());
    if one != other {
        let (one, other) = (format!("{one:#?}"), format!("{other:#?}"));
        let diff = similar::TextDiff::from_lines(other.as_str(), one.as_str());
        let text = diff.unified_diff().context_radius(2).header("fresh", "migrated").to_string();
        return Err(format!("is not equal to a fresh target:\n{text}\n{}", sql(&plan)));
    }
    Ok(())
}

/// The world as an environment that allows what a person may allow.
pub fn valid(world: &World) -> Result<Desired, String> {
    let limits = open::providers().iter().filter_map(|p| Some(((*p).to_owned(), open::name_limits(p)?)));
    let checked = ops::repository::check(&world.files(false), &limits.collect());
    checked.repository.desired("test", &BTreeMap::new()).ok_or_else(|| "is not valid".to_owned())
}

fn brought(place: &Place, desired: &Desired) -> Result<(), String> {
    let plan = place.plan(desired);
    let report = place.apply(&plan, Some(desired)).map_err(|error| format!("{error:?}\n{}", sql(&plan)))?;
    match report.outcome {
        Applied::Done | Applied::Nothing => Ok(()),
        Applied::RolledBack
        | Applied::Partial
        | Applied::NotConverged
        | Applied::Refused
        | Applied::Unfinished => Err(format!("{report:#?}\n{}", sql(&plan))),
    }
}

/// How many rows each table must have: an entity that goes on keeps all of its own, whatever it is called.
fn rows_after(before: &World, after: &World, rows: &crate::stage::Rows) -> BTreeMap<String, usize> {
    let mut expected = BTreeMap::new();
    for name in before.entities.keys() {
        let is_taken = |new: &str| before.entities.contains_key(new) || before.picklists.contains_key(new);
        let renamed = after.renamed.iter().find(|(new, old)| {
            *old == name
                && after.entities.contains_key(&new.name)
                && !is_taken(&new.name)
                && !after.entities.contains_key(name)
        });
        let new = match renamed {
            Some((new, _)) => new.name.clone(),
            None if after.entities.contains_key(name) => name.clone(),
            None => continue,
        };
        expected.insert(new, rows.get(name).map_or(0, Vec::len));
    }
    expected
}

/// Some rows for every entity; those that the target refuses are left out.
pub fn fill(place: &mut Place, world: &World, draw: &mut Draw) {
    let mut number = 0_u32;
    for (name, entity) in &world.entities {
        for _ in 0..draw.below(4) {
            let mut row = BTreeMap::new();
            if entity.primary_key.is_none() {
                number += 1;
                row.insert("id".to_owned(), Value::from(format!("00000000-0000-4000-8000-{number:012}")));
            }
            for (field, declared) in &entity.fields {
                if let Some(value) = value(world, &declared.ty, draw)
                    && !draw.one_in(5)
                {
                    row.insert(field.clone(), value);
                }
            }
            if !row.is_empty() {
                place.stage.insert(&[(name.clone(), vec![row])]);
            }
        }
    }
}

/// None for what points to rows: what an optional one holds, the cases say.
fn value(world: &World, ty: &FieldType, draw: &mut Draw) -> Option<Value> {
    let texts = ["a", "1", "12", "true", "1.5", "2024-02-29", "draft", "", "it's (bad)", "ü"];
    Some(match ty {
        FieldType::Text { .. } => Value::from(*draw.pick(&texts)),
        FieldType::Integer | FieldType::Bigint => Value::from(*draw.pick(&[0, 1, 17, -4, 70_000])),
        FieldType::Decimal { .. } | FieldType::Money => Value::from(*draw.pick(&["0", "1", "2.5", "-7"])),
        FieldType::Float => Value::from(*draw.pick(&[0.0, 1.5, -2.0, 1e9])),
        FieldType::Boolean => Value::from(*draw.pick(&[0, 1])),
        FieldType::Date => Value::from(*draw.pick(&["2024-02-29", "2026-11-21"])),
        FieldType::Time => Value::from(*draw.pick(&["13:45:00", "00:00:00"])),
        FieldType::Datetime => Value::from(*draw.pick(&["2026-11-21T13:45:00Z", "2024-02-29T00:00:00Z"])),
        FieldType::Uuid => Value::from(format!("123e4567-e89b-42d3-a456-{:012}", draw.below(50))),
        FieldType::Json => Value::from(*draw.pick(&["{\"a\":1}", "[]", "1"])),
        FieldType::Picklist { picklist } => {
            let options: Vec<&String> = world.picklists.get(picklist)?.options.keys().collect();
            Value::from(options.get(draw.below(options.len().max(1)))?.as_str())
        }
        FieldType::Binary { .. } | FieldType::Lookup { .. } | FieldType::Autonumber { .. } => return None,
    })
}
