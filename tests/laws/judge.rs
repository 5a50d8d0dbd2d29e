//! What must be true of a plan and of what came of it, reckoned from the worlds and the rows alone.
//! Never asks the planner what it meant.

use std::collections::BTreeMap;

use reconcile::model::field::{Field, FieldType};
use reconcile::plan::{Level, Plan};
use rusqlite::types::Value;

use super::bench::{Bench, Dump, quote};
use super::rows::{Course, rows_came_over};
use super::world::{World, entity_address};

/// The name that an entity goes on under; none where it is not declared any more.
pub fn name_after(name: &str, before: &World, after: &World) -> Option<String> {
    let renamed = after.renamed.iter().find(|(new, old)| {
        let is_free = !before.entities.contains_key(&new.name) && !before.picklists.contains_key(&new.name);
        *old == name && is_free && **new == entity_address(&new.name) && !after.entities.contains_key(name)
    });
    match renamed {
        Some((new, _)) => Some(new.name.clone()),
        None => after.entities.contains_key(name).then(|| name.to_owned()),
    }
}

/// The field that one goes on as.
fn field_after<'a>(
    field: &str,
    before: &World,
    after: &'a World,
    old: &str,
    new: &str,
) -> Option<(&'a String, &'a Field)> {
    let (fields, goal) = (&before.entities[old].fields, &after.entities[new].fields);
    let renamed = goal.iter().find(|(name, one)| {
        one.renamed_from.as_deref() == Some(field) && !fields.contains_key(*name) && !goal.contains_key(field)
    });
    renamed.or_else(|| goal.get_key_value(field))
}

/// The columns of a field, each with the entity that it points to.
fn columns<'a>(name: &str, field: &'a Field) -> Vec<(String, Option<&'a str>)> {
    let polymorphic = field.ty.polymorphic_columns(name);
    match polymorphic.is_empty() {
        true => vec![(name.to_owned(), field.ty.lookup_targets().first().copied())],
        false => polymorphic.into_iter().map(|(column, to)| (column, Some(to))).collect(),
    }
}

/// Where every column of an entity goes that stays; and those whose values must all be nothing.
fn courses(before: &World, after: &World, old: &str, new: &str) -> (Vec<Course>, Vec<String>) {
    let mut found = Vec::new();
    let mut emptied = Vec::new();
    let plain = FieldType::Uuid;
    let course = |old: &str, new: &str, from: &FieldType, to: &FieldType| Course {
        old: old.to_owned(),
        new: new.to_owned(),
        from: from.clone(),
        to: to.clone(),
        is_filled: false,
        options: BTreeMap::new(),
    };
    if before.entities[old].primary_key.is_none() && after.entities[new].primary_key.is_none() {
        found.push(course("id", "id", &plain, &plain));
    }
    for (name, field) in &before.entities[old].fields {
        let Some((new_name, goal)) = field_after(name, before, after, old, new) else {
            if after.merge {
                let options = match &field.ty {
                    FieldType::Picklist { picklist } => renamed_options(before, after, picklist),
                    _ => BTreeMap::new(),
                };
                let stays = |(column, _): (String, _)| Course {
                    options: options.clone(),
                    ..course(&column, &column, &field.ty, &field.ty)
                };
                found.extend(columns(name, field).into_iter().map(stays));
            }
            continue;
        };
        for (column, target) in columns(name, field) {
            let target = target.map(|to| name_after(to, before, after).unwrap_or_else(|| to.to_owned()));
            let goes = columns(new_name, goal).into_iter().find(|(_, to)| match (to, &target) {
                (Some(to), Some(target)) => to == target,
                (Some(_), None) => goal.ty.polymorphic_columns(new_name).is_empty(),
                (None, _) => true,
            });
            let Some((goes, _)) = goes else {
                emptied.push(column);
                continue;
            };
            // Lookups are compared as what they hold, whatever they are called on either side.
            let plain = |ty: &FieldType| match ty {
                FieldType::Lookup { .. } | FieldType::Picklist { .. } => {
                    FieldType::Text { max_length: None, format: None }
                }
                other => other.clone(),
            };
            let options = match (&field.ty, &goal.ty) {
                (FieldType::Picklist { picklist: from }, FieldType::Picklist { picklist: to })
                    if from == to =>
                {
                    renamed_options(before, after, to)
                }
                _ => BTreeMap::new(),
            };
            let is_filled = goal.backfill.is_some() || matches!(goal.ty, FieldType::Autonumber { .. });
            found.push(Course {
                is_filled,
                options,
                ..course(&column, &goes, &plain(&field.ty), &plain(&goal.ty))
            });
        }
    }
    (found, emptied)
}

fn renamed_options(before: &World, after: &World, picklist: &str) -> BTreeMap<String, String> {
    let (Some(old), Some(new)) = (before.picklists.get(picklist), after.picklists.get(picklist)) else {
        return BTreeMap::new();
    };
    let renamed = new.options.iter().filter_map(|(name, choice)| {
        let from = choice.renamed_from.as_ref()?;
        let holds = old.options.contains_key(from) && !old.options.contains_key(name);
        (holds && !new.options.contains_key(from)).then(|| (from.clone(), name.clone()))
    });
    renamed.collect()
}

/// Law 5: every table that stays has its rows, every column that stays its values.
pub fn rows_are_kept(before: &World, after: &World, found: &Dump, now: &Dump) -> Result<(), String> {
    for old in before.entities.keys() {
        let was = &found.rows[old];
        match name_after(old, before, after) {
            Some(new) => {
                let (courses, emptied) = courses(before, after, old, &new);
                let is = now.rows.get(&new).ok_or(format!("table `{new}` is not there"))?;
                rows_came_over(was, is, &courses).map_err(|e| format!("table `{old}` to `{new}`: {e}"))?;
                for column in emptied {
                    if was.iter().any(|row| row[&column] != Value::Null) {
                        return Err(format!("the values of `{old}`.`{column}` are lost"));
                    }
                }
            }
            None if (after.merge || !after.prune) && now.rows.get(old) != Some(was) => {
                return Err(format!("table `{old}` is not what it was, and nobody pruned it"));
            }
            None => {}
        }
    }
    Ok(())
}

/// Law 5: what is destroyed is announced, with the count.
pub fn destruction_is_counted(
    before: &World,
    after: &World,
    found: &Dump,
    plan: &Plan,
) -> Result<(), String> {
    let announced = |code: &str, address, path: Option<&str>| {
        let all = plan.findings.iter().filter(|f| f.code == code && f.address == address);
        all.filter(|f| f.path.as_deref() == path).map(|f| f.rows.unwrap_or_default()).sum::<u64>()
    };
    for (old, entity) in &before.entities {
        let rows = &found.rows[old];
        let Some(new) = name_after(old, before, after) else {
            let said = announced("RK201", entity_address(old), None);
            let lost = if after.merge || !after.prune { 0 } else { rows.len() as u64 };
            if said != lost {
                return Err(format!("table `{old}` has {lost} rows to lose, and {said} are announced"));
            }
            continue;
        };
        for (name, field) in &entity.fields {
            let goes = after.merge || field_after(name, before, after, old, &new).is_some();
            let has = |row: &&BTreeMap<String, Value>| {
                columns(name, field).iter().any(|(column, _)| row[column] != Value::Null)
            };
            let lost = if goes { 0 } else { rows.iter().filter(has).count() as u64 };
            let said = announced("RK203", entity_address(&new), Some(name));
            if said != lost {
                return Err(format!("`{old}`.`{name}` has {lost} values to lose, and {said} are announced"));
            }
        }
    }
    Ok(())
}

/// Runs a plan's statements on a copy, whatever its findings say. An error where SQLite refuses, or where rows
/// point nowhere that did not before.
pub fn forced(bench: &Bench, plan: &Plan) -> Result<Dump, String> {
    let copy = bench.copy();
    let database = copy.database();
    let nowhere = || -> Result<i64, String> {
        let sql = "SELECT count(*) FROM pragma_foreign_key_check";
        database.query_row(sql, [], |row| row.get(0)).map_err(|error| error.to_string())
    };
    let before = nowhere()?;
    let off = rusqlite::config::DbConfig::SQLITE_DBCONFIG_DQS_DDL;
    database.set_db_config(off, false).unwrap();
    database.execute_batch("PRAGMA foreign_keys = OFF; BEGIN").unwrap();
    for statement in plan.steps.iter().flat_map(|step| &step.statements) {
        database.execute_batch(statement).map_err(|error| format!("`{statement}`: {error}"))?;
    }
    if nowhere()? > before {
        return Err("rows point nowhere".to_owned());
    }
    database.execute_batch("COMMIT").unwrap();
    drop(database);
    Ok(copy.dump())
}

/// The definitions of everything but our own tables.
pub fn schema(dump: &Dump) -> BTreeMap<&(String, String), &(String, String)> {
    dump.objects
        .iter()
        .filter(|((kind, name), _)| kind == "trigger" || !name.contains("_reconcile_"))
        .collect()
}

/// The refusals that speak of rows.
const OF_ROWS: [&str; 7] = ["RK204", "RK205", "RK206", "RK207", "RK208", "RK209", "RK210"];

/// Law 6: what is refused for its rows would fail, or lose something.
pub fn refusals_are_true(
    before: &World,
    after: &World,
    found: &Dump,
    plan: &Plan,
    forced: Result<Dump, String>,
) -> Result<(), String> {
    let refused: Vec<&str> =
        plan.findings.iter().filter(|f| f.level == Level::Refuse).map(|f| f.code.as_str()).collect();
    let is_of_rows = refused.iter().all(|code| OF_ROWS.contains(code));
    match forced {
        // SQLite gives a number after a row is there, so that no column of its own says that one must have it.
        Ok(now) if is_of_rows && has_no_number(plan, &now) => Ok(()),
        Ok(now) if is_of_rows => match rows_are_kept(before, after, found, &now) {
            Ok(()) => Err("is refused, and by force it fails nowhere and loses nothing".to_owned()),
            Err(_) => Ok(()),
        },
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Tells whether rows are left without a number that a plan is refused for, because they must have one.
fn has_no_number(plan: &Plan, now: &Dump) -> bool {
    let is_left = |table: &str, column: &str| {
        let mut rows = now.rows.get(table).into_iter().flatten();
        rows.any(|row| row.get(column) == Some(&Value::Null))
    };
    let of_numbers = plan.findings.iter().filter(|f| f.level == Level::Refuse && f.code == "RK206");
    of_numbers.into_iter().any(|finding| {
        let after = plan.changes.iter().find(|change| change.address == finding.address);
        let entity = after.and_then(|change| change.after.as_ref()?.as_entity());
        let field = finding.path.as_deref().unwrap_or_default();
        let ty = entity.and_then(|entity| Some(&entity.fields.get(field)?.ty));
        matches!(ty, Some(FieldType::Autonumber { .. })) && is_left(&finding.address.name, field)
    })
}

/// Changes something that no plan may miss; says what.
pub fn move_target(bench: &Bench, before: &World, chosen: u16) -> String {
    let database = bench.database();
    let name = before.entities.keys().next().unwrap();
    let table = quote(name);
    let column = match before.entities[name].key_fields().first() {
        Some(column) => quote(column),
        None => "rowid".to_owned(),
    };
    let list = before.picklists.keys().next().map(|list| quote(list));
    let mut moves = vec![
        "CREATE TABLE \"moved\" (\"a\")".to_owned(),
        format!("CREATE INDEX \"moved\" ON {table} ({column})"),
        format!("CREATE VIEW \"moved\" AS SELECT * FROM {table}"),
        format!("CREATE TRIGGER \"moved\" AFTER DELETE ON {table} BEGIN SELECT 1; END"),
        format!("ALTER TABLE {table} ADD COLUMN \"moved\" TEXT"),
        "UPDATE \"_reconcile_resource\" SET \"declared\" = NULL".to_owned(),
        "DELETE FROM \"_reconcile_resource\"".to_owned(),
    ];
    moves.extend(list.map(|list| format!("UPDATE {list} SET \"label\" = \"label\" || ' moved'")));
    let chosen = moves.swap_remove(usize::from(chosen) % moves.len());
    database.execute_batch(&chosen).unwrap();
    chosen
}
