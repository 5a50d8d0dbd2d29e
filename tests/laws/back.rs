//! Applies taken back: one by one, all at once, and a way back taken back itself.
//! Never asks the program what there was: it looked before.

use std::collections::BTreeMap;

use reconcile::model::state::Desired;
use reconcile::plan::{Level, Plan};
use reconcile::report::Applied;
use rusqlite::types::Value;

use super::bench::{Bench, desired, rows};
use super::draw::Draw;
use super::world::World;

/// What a way back must bring back, byte for byte.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Every object of the target but our own tables.
    objects: BTreeMap<(String, String), (String, String)>,
    /// The rows of those tables, and our numberings.
    rows: BTreeMap<String, Vec<BTreeMap<String, Value>>>,
    /// What we record of resources, but for the order in which a text lists them.
    record: Vec<(String, serde_json::Value, serde_json::Value, Option<String>)>,
}

impl Seen {
    pub fn of(bench: &Bench) -> Seen {
        let dump = bench.dump();
        let is_ours = |table: &str| table.starts_with("_reconcile_");
        let objects = dump
            .objects
            .into_iter()
            .filter(|((kind, name), (table, _))| !is_ours(table) && (kind == "trigger" || !is_ours(name)));
        let mut seen: BTreeMap<_, _> = dump.rows.into_iter().filter(|(table, _)| !is_ours(table)).collect();
        let numberings = rows(&bench.database(), "_reconcile_sequence").into_iter().filter(
            |row| !matches!(&row["name"], Value::Text(name) if name.starts_with("_reconcile_trash_")),
        );
        seen.insert("_reconcile_sequence".to_owned(), numberings.collect());
        Seen { objects: objects.collect(), rows: seen, record: record(bench) }
    }

    fn difference(&self, other: &Seen) -> String {
        let (one, other) = (format!("{self:#?}"), format!("{other:#?}"));
        let diff = similar::TextDiff::from_lines(&one, &other);
        diff.unified_diff().context_radius(4).header("then", "brought back").to_string()
    }
}

fn record(bench: &Bench) -> Vec<(String, serde_json::Value, serde_json::Value, Option<String>)> {
    let database = bench.database();
    let sql =
        "SELECT address, state, coalesce(declared, 'null'), revision FROM _reconcile_resource ORDER BY 1";
    let mut statement = database.prepare(sql).unwrap();
    let json = |text: String| serde_json::from_str(&text).unwrap();
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, json(row.get(1)?), json(row.get(2)?), row.get(3)?));
    statement.query_map([], read).unwrap().map(Result::unwrap).collect()
}

fn sql(plan: &Plan) -> String {
    plan.steps.iter().flat_map(|step| &step.statements).map(|s| format!("{s};\n")).collect()
}

/// Applies edits one after the other; returns what there was before each, with its number.
pub fn applies(bench: &Bench, world: &World, edits: &[Vec<u16>]) -> Result<Vec<(u64, Seen, String)>, String> {
    let mut seen = Vec::new();
    let mut world = world.clone();
    for edit in edits {
        let next = world.edited(&mut Draw::new(edit.clone()));
        let Ok(goal) = desired(&next.files(false)) else { continue };
        let plan = bench.plan(&goal)?;
        if plan.is_empty() || plan.findings.iter().any(|finding| finding.level == Level::Refuse) {
            continue;
        }
        let before = Seen::of(bench);
        let report = bench.apply(&plan, &goal).map_err(|e| format!("{e:?}\n{}", sql(&plan)))?;
        if report.outcome != Applied::Done {
            return Err(format!("was not applied: {report:#?}\n{}", sql(&plan)));
        }
        let told = format!("AFTER\n{}\nSQL\n{}", next.told(), sql(&plan));
        seen.push((report.entry.unwrap(), before, told));
        world = next;
    }
    Ok(seen)
}

/// Takes one apply back.
pub fn take_back(bench: &Bench, goal: &Desired, id: u64) -> Result<(), String> {
    let back = bench.plan_back(goal, id)?;
    let said = || format!("rolling back {id}:\n{}\n{:#?}", sql(&back.plan), back.plan.findings);
    let json = reconcile::wire::plan::packaged_to_json(&back.plan);
    let read = reconcile::wire::plan::packaged_from_json(&json).map_err(|e| e.to_string())?;
    if read != back.plan {
        return Err(format!("the plan does not read back: {}", said()));
    }
    let report = bench.apply_alone(&back.plan, goal).map_err(|e| format!("{e:?}\n{}", said()))?;
    match report.outcome {
        Applied::Done => Ok(()),
        _ => Err(format!("{report:#?}\n{}", said())),
    }
}

/// Holds what is there against what was.
pub fn is_as_then(bench: &Bench, then: &Seen) -> Result<(), String> {
    let now = Seen::of(bench);
    match now == *then {
        true => Ok(()),
        false => Err(format!("is not as it was:\n{}", then.difference(&now))),
    }
}
