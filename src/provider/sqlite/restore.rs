//! An entity brought back to what it was: its very definitions, the rows that are there, and what the trash kept.
//! Never makes up a definition: what the target said then is said again.

use std::collections::BTreeMap;

use super::actual::actual;
use super::after::{self, After, Origin, Source};
use super::autonumber;
use super::conversion::Losses;
use super::ddl;
use super::keep;
use super::lexer::{literal, quote};
use super::lower::{self, World};
use super::table::Shape;
use super::wanted;
use crate::address::Address;
use crate::diff::change::Change;
use crate::journal::past::Line;
use crate::model::entity::{self, Entity};
use crate::model::field::FieldType;
use crate::model::resource::Resource;
use crate::model::state::Native;
use crate::target::{Cost, Scene, Stage, Work};

/// The statements that bring one entity back.
pub fn work(change: &Change, line: &Line, goal: &Entity, scene: &Scene<'_>) -> Work {
    let mut work = match &change.before {
        Some(Resource::Entity(before)) if !keep::is_replaced(change) => {
            from_present(change, line, before, goal, scene)
        }
        Some(Resource::Entity(before)) => {
            let mut work = from_trash(change, line, goal, scene);
            let name = &change.address.name;
            let mut first = vec![format!("DROP TABLE {}", quote(name))];
            let moved = scene.aside.moved.get(&change.address);
            first.extend(numbered(before).map(|field| ddl::end_sequence(name, field, moved)));
            work.statements.splice(0..0, first);
            work
        }
        Some(Resource::Picklist(_)) | None => from_trash(change, line, goal, scene),
    };
    for hop in line.all_hops() {
        let Some(moved) = after::alive(hop, scene) else { continue };
        work.statements.push(drop_kept(&moved.table));
        // What of its numberings has not gone on by now does not.
        work.statements.extend((!moved.sequences.is_empty()).then(|| forget_sequences(&moved.table)));
    }
    work
}

/// Tells whether the values of a column follow when options of a picklist get their old names back: those of a
/// column that chooses from the same list then. Others come back as they were.
pub fn follows(table: &str, column: &str, picklist: &str, scene: &Scene<'_>) -> bool {
    let present = Address::new(entity::KIND, table);
    let Some((address, line)) =
        scene.aside.lines.iter().find(|(_, line)| line.now.as_ref() == Some(&present))
    else {
        return true;
    };
    let Some(goal) = scene.after.get(address).and_then(|resource| resource.as_entity()) else { return true };
    goal.fields.iter().any(|(name, field)| {
        matches!(&field.ty, FieldType::Picklist { picklist: own } if own == picklist)
            && after::origin(line, name, scene) == Origin::Present(column.to_owned())
    })
}

fn numbered(entity: &Entity) -> impl Iterator<Item = &str> {
    let fields = entity.fields.iter();
    fields
        .filter(|(_, field)| matches!(field.ty, FieldType::Autonumber { .. }))
        .map(|(name, _)| name.as_str())
}

/// The definitions of then, in the target's own words where it said any.
struct Definitions {
    table: String,
    columns: Vec<String>,
    indexes: Vec<Native>,
    triggers: Vec<Native>,
}

fn definitions(line: &Line, name: &str, goal: &Entity, scene: &Scene<'_>) -> Definitions {
    let drawn = lower::shape(name, goal, World::State(scene.after));
    let natives = line.natives();
    let of_kind =
        |kind: &str| natives.iter().filter(|native| native.kind == kind).cloned().collect::<Vec<_>>();
    let native = |kind: &str, title: &str, definition: String| Native {
        kind: kind.to_owned(),
        name: title.to_owned(),
        table: name.to_owned(),
        definition,
    };
    let table = natives.iter().find(|native| native.kind == "table");
    let oldest = line.hops.last().or(line.destroyed.as_ref());
    let shape = oldest.map_or_else(|| drawn.table.clone(), |hop| after::table_of(hop, scene));
    let indexes = match table {
        Some(_) => of_kind("index"),
        None => drawn.indexes.iter().map(|index| native("index", &index.name, index.sql.clone())).collect(),
    };
    let mut triggers = of_kind("trigger");
    triggers
        .extend(ddl::numbering(&shape, goal).into_iter().map(|one| native("trigger", &one.name, one.sql)));
    let stored = shape.columns.iter().filter(|column| !column.is_generated());
    Definitions {
        columns: stored.map(|column| column.name.clone()).collect(),
        table: table.map_or_else(|| drawn.table.render(), |native| native.definition.clone()),
        indexes,
        triggers,
    }
}

/// Makes it again and fills it from the trash, if that still has its rows.
fn from_trash(change: &Change, line: &Line, goal: &Entity, scene: &Scene<'_>) -> Work {
    let name = &change.address.name;
    let then = definitions(line, name, goal, scene);
    let mut statements = vec![then.table];
    let has_rows = line.destroyed.as_ref().is_some_and(|hop| after::alive(hop, scene).is_some());
    if has_rows {
        let rows = after::back(line, None, scene, Losses::Refused);
        statements.push(fill(name, &then.columns, &rows.select));
    }
    statements.extend(then.indexes.into_iter().chain(then.triggers).map(|native| native.definition));
    statements.extend(sequences_back(change, line, goal, scene));
    let title = match has_rows {
        true => format!("bring back table {} with its rows", quote(name)),
        false => format!("make table {} again", quote(name)),
    };
    Work { title, statements, cost: Cost::Rewrite, stage: Stage::Inside }
}

fn fill(table: &str, columns: &[String], select: &str) -> String {
    let columns = columns.iter().map(|column| quote(column)).collect::<Vec<_>>().join(", ");
    format!("INSERT INTO {} ({columns})\n  SELECT {columns}\n  FROM ({select})", quote(table))
}

/// Brings a table that is there back to what it was.
fn from_present(change: &Change, line: &Line, before: &Entity, goal: &Entity, scene: &Scene<'_>) -> Work {
    let (old, new) = (change.address_before().name.as_str(), change.address.name.as_str());
    let shape = actual(old, before, scene.natives, scene.before, scene);
    let none = BTreeMap::new();
    let unnamed = Source { table: old, actual: &shape.table, renamed: &none };
    let rows = after::back(line, Some(unnamed), scene, Losses::Refused);
    let carried: BTreeMap<String, String> = rows
        .outputs
        .iter()
        .filter_map(|output| Some((output.column.clone(), output.carried.clone()?)))
        .collect();
    let mut statements = Vec::new();
    let renames = ddl::renames(old, new, &carried, &shape.table);
    let mut now = shape.clone();
    if !renames.is_empty() {
        let ours = ddl::numbering(&shape.table, before);
        statements.extend(ours.iter().map(|one| format!("DROP TRIGGER IF EXISTS {}", quote(&one.name))));
        statements.extend(renames.iter().cloned());
        match ddl::renamed_natives(&shape, scene.natives, &renames) {
            Some(natives) => {
                now = actual(new, &wanted::renamed(change, before), &natives, scene.after, scene)
            }
            None => {
                let title = ddl::rename_title(old, new, &renames);
                return Work { title, statements, cost: Cost::Instant, stage: Stage::Inside };
            }
        }
    }
    statements.extend(sequences_aside(change, line, before, goal, scene));
    let then = definitions(line, new, goal, scene);
    let wanted = actual(new, goal, line.natives(), scene.after, scene);
    let is_same = wanted.table == now.table && rows.outputs.iter().all(|output| output.carried.is_some());
    let title = match is_same {
        true => {
            statements.extend(around(&then, &now, before, goal, !renames.is_empty(), (old, new), scene));
            match renames.is_empty() {
                true => format!("bring back what hangs on table {}", quote(new)),
                false => ddl::rename_title(old, new, &renames),
            }
        }
        false => {
            let place = present_names(&shape, &now);
            let source = Source { table: new, actual: &shape.table, renamed: &place };
            let rows = after::back(line, Some(source), scene, Losses::Refused);
            statements.extend(made_again(change, &then, &now, &rows, (before, goal), scene));
            format!("bring table {} back to what it was", quote(new))
        }
    };
    statements.extend(sequences_back(change, line, goal, scene));
    Work {
        title,
        statements,
        cost: if is_same { Cost::Instant } else { Cost::Rewrite },
        stage: Stage::Inside,
    }
}

/// The names of columns before a renaming, with those after it: it leaves every column in its place.
fn present_names(before: &Shape, after: &Shape) -> BTreeMap<String, String> {
    let pairs = before.table.columns.iter().zip(&after.table.columns);
    pairs.map(|(old, new)| (old.name.clone(), new.name.clone())).collect()
}

/// The names of the indexes that an entity itself has.
fn own_indexes(table: &str, entity: &Entity, scene: &Scene<'_>) -> Vec<String> {
    let shape = lower::shape(table, entity, World::State(scene.after));
    shape.indexes.into_iter().map(|index| index.name).collect()
}

/// What is to hang on a table: what the entity had of its own, and what others have hung on it since.
fn hanging(
    then: &Definitions,
    now: &Shape,
    (before, goal): (&Entity, &Entity),
    (old, new): (&str, &str),
    scene: &Scene<'_>,
) -> (Vec<Native>, Vec<Native>) {
    let own: Vec<String> = own_indexes(new, goal, scene);
    let own_now: Vec<String> =
        own_indexes(old, before, scene).into_iter().chain(own_indexes(new, before, scene)).collect();
    let native = |kind: &str, name: &str, definition: &str| Native {
        kind: kind.to_owned(),
        name: name.to_owned(),
        table: new.to_owned(),
        definition: definition.to_owned(),
    };
    let mut indexes: Vec<Native> =
        then.indexes.iter().filter(|index| own.contains(&index.name)).cloned().collect();
    let others =
        now.indexes.iter().filter(|index| !own_now.contains(&index.name) && !own.contains(&index.name));
    indexes.extend(others.map(|index| native("index", &index.name, &index.sql)));
    let is_ours = |name: &str| name.starts_with(autonumber::PREFIX);
    let mut triggers: Vec<Native> = then.triggers.iter().filter(|one| is_ours(&one.name)).cloned().collect();
    let others = now.triggers.iter().filter(|one| !is_ours(&one.name));
    triggers.extend(others.map(|one| native("trigger", &one.name, &one.sql)));
    (indexes, triggers)
}

/// For a table that stays: only what hangs on it is exchanged.
fn around(
    then: &Definitions,
    now: &Shape,
    before: &Entity,
    goal: &Entity,
    triggers_are_gone: bool,
    names: (&str, &str),
    scene: &Scene<'_>,
) -> Vec<String> {
    let (indexes, triggers) = hanging(then, now, (before, goal), names, scene);
    let mut statements = Vec::new();
    let is_kept = |name: &str, sql: &str, wanted: &[Native]| {
        wanted.iter().any(|one| one.name == name && one.definition == sql)
    };
    let gone = now.indexes.iter().filter(|index| !is_kept(&index.name, &index.sql, &indexes));
    statements.extend(gone.map(|index| format!("DROP INDEX {}", quote(&index.name))));
    let there =
        |name: &str, sql: &str| now.indexes.iter().any(|index| index.name == name && index.sql == sql);
    let new = indexes.iter().filter(|index| !there(&index.name, &index.definition));
    statements.extend(new.map(|index| index.definition.clone()));
    let ours = match triggers_are_gone {
        true => Vec::new(),
        false => ddl::numbering(&now.table, before),
    };
    let gone = ours.iter().filter(|one| !is_kept(&one.name, &one.sql, &triggers));
    statements.extend(gone.map(|one| format!("DROP TRIGGER IF EXISTS {}", quote(&one.name))));
    let all = now.triggers.iter().chain(&ours);
    let held: Vec<(&str, &str)> = all.map(|one| (one.name.as_str(), one.sql.as_str())).collect();
    let new = triggers.iter().filter(|one| !held.contains(&(one.name.as_str(), one.definition.as_str())));
    statements.extend(new.map(|one| one.definition.clone()));
    statements
}

/// Puts the rows aside as they are to be, and makes the table again in the words of then.
fn made_again(
    change: &Change,
    then: &Definitions,
    now: &Shape,
    rows: &After,
    (before, goal): (&Entity, &Entity),
    scene: &Scene<'_>,
) -> Vec<String> {
    let (old, new) = (change.address_before().name.as_str(), change.address.name.as_str());
    let aside = format!("_reconcile_old_{new}");
    let from = |column: &str| format!("rows.{}", quote(&after::from(column)));
    let noted: BTreeMap<String, String> = keep::noted(change, scene, &from).keys.into_iter().collect();
    let columns: Vec<String> = then.columns.iter().map(|column| quote(column)).collect();
    let value =
        |column: &String| noted.get(column).cloned().unwrap_or_else(|| format!("rows.{}", quote(column)));
    let values: Vec<String> = then.columns.iter().map(value).collect();
    let columns = columns.join(", ");
    let mut statements = vec![
        // Without types, so that no value becomes another.
        format!("CREATE TABLE {} ({columns})", quote(&aside)),
        format!(
            "INSERT INTO {} ({columns})\n  SELECT {}\n  FROM ({}) AS rows",
            quote(&aside),
            values.join(", "),
            rows.select
        ),
        format!("DROP TABLE {}", quote(new)),
        then.table.clone(),
        format!("INSERT INTO {} ({columns}) SELECT {columns} FROM {}", quote(new), quote(&aside)),
        format!("DROP TABLE {}", quote(&aside)),
    ];
    let (indexes, triggers) = hanging(then, now, (before, goal), (old, new), scene);
    statements.extend(indexes.into_iter().chain(triggers).map(|native| native.definition));
    statements
}

/// Numberings of today that end.
fn sequences_aside(
    change: &Change,
    line: &Line,
    before: &Entity,
    goal: &Entity,
    scene: &Scene<'_>,
) -> Vec<String> {
    let table = change.address_before().name.as_str();
    let moved = scene.aside.moved.get(&change.address);
    let goes_on = |field: &str| {
        numbered(goal).any(|name| after::origin(line, name, scene) == Origin::Present(field.to_owned()))
    };
    numbered(before)
        .filter(|field| !goes_on(field))
        .map(|field| ddl::end_sequence(table, field, moved))
        .collect()
}

/// Numberings of then: from today's, from the trash, or anew.
fn sequences_back(change: &Change, line: &Line, goal: &Entity, scene: &Scene<'_>) -> Vec<String> {
    let before = change.before.as_ref().and_then(Resource::as_entity);
    let mut statements = Vec::new();
    for field in numbered(goal) {
        let sequence = autonumber::sequence(&change.address.name, field);
        let is_numbered = |name: &str| {
            before.is_some_and(|entity| numbered(entity).any(|other| other == name))
                && !keep::is_replaced(change)
        };
        let from = match after::origin(line, field, scene) {
            Origin::Present(name) if is_numbered(&name) => {
                Some(autonumber::sequence(&change.address_before().name, &name))
            }
            Origin::Present(name) => numbering_aside(line, &name, field, scene),
            Origin::Kept { moved, column, hop } => {
                let table = &line.hops[hop].address.name;
                Some(keep::sequence_aside(&moved.table, &autonumber::sequence(table, &column)))
            }
            Origin::Whole { moved, column } => {
                let table = &moved.address.name;
                Some(keep::sequence_aside(&moved.table, &autonumber::sequence(table, &column)))
            }
            Origin::Nothing => None,
        };
        match from {
            Some(from) if from == sequence => {}
            Some(from) => statements.push(keep::move_sequence(&from, &sequence)),
            None => statements.push(autonumber::start(&change.address.name, field)),
        }
    }
    statements
}

/// Where the numbering waits of a field that is there and is not numbered today.
fn numbering_aside(line: &Line, _present: &str, field: &str, scene: &Scene<'_>) -> Option<String> {
    let mut name = field.to_owned();
    for hop in line.hops.iter().rev() {
        let sequence = autonumber::sequence(&hop.address.name, &name);
        if let Some(moved) = after::alive(hop, scene).filter(|moved| moved.sequences.contains(&sequence)) {
            return Some(keep::sequence_aside(&moved.table, &sequence));
        }
        name = hop.renamed.iter().find(|(_, old)| **old == name).map_or(name.clone(), |(new, _)| new.clone());
    }
    None
}

/// The statement that drops a table of the trash.
pub fn drop_kept(table: &str) -> String {
    format!("DROP TABLE {}", quote(table))
}

/// The statement that drops the numberings that wait beside a table of the trash.
pub fn forget_sequences(table: &str) -> String {
    let aside = keep::sequence_aside(table, "");
    let length = aside.chars().count();
    format!("DELETE FROM \"_reconcile_sequence\" WHERE substr(\"name\", 1, {length}) = {}", literal(&aside))
}
