//! Questions about rows, as queries.
//! Never looks at the data itself: a query is a text until the target runs it, and raises no error whatever it finds.

use super::after;
use super::ask_back;
use super::conversion;
use super::key_sql;
use super::kind::Kind;
use super::lexer::{literal, quote};
use super::lower::{self, columns_of};
use super::projection::{self, Projected, Seen};
use super::shape::Table;
use super::types::guarded;
use crate::address::Address;
use crate::diff::change::Change;
use crate::model::entity;
use crate::model::field::FieldType;
use crate::model::resource::Resource;
use crate::model::state::State;
use crate::target::{Question, Scene};

/// The column that carries a row's key through a query.
pub const KEY: &str = "\"_reconcile_key\"";

/// The rows that were asked for.
const FOUND: &str = "\"_reconcile_found\"";

/// The far end of a reference.
const THERE: &str = "\"_reconcile_there\"";

/// Writes a question as a query. None where there are no rows that it could be asked of.
pub fn query(change: &Change, question: &Question, scene: &Scene<'_>) -> Option<String> {
    if let Question::OptionUse { option } = question {
        return option_use(change, option, scene);
    }
    if let (Some(line), Some(Resource::Entity(goal))) =
        (scene.aside.lines.get(&change.address), &change.after)
        && !matches!(question, Question::Rows | Question::Values { .. })
    {
        return ask_back::query(change, line, goal, question, scene);
    }
    let name = change.address_before().name.as_str();
    let before = match change.before.as_ref()? {
        Resource::Entity(before) => before,
        // An enumerated type has no rows of its own.
        Resource::Picklist(list) => {
            return (*question == Question::Rows && !list.is_enum()).then(|| n_rows(name));
        }
    };
    let actual = Table::find(name, scene.natives)?;
    match question {
        Question::Rows => return Some(n_rows(name)),
        Question::Values { field } => {
            let columns = projection::columns_now(before, field, scene);
            let there = columns.iter().filter(|column| actual.column(column).is_some());
            let held: Vec<String> = there.map(|column| format!("{} IS NOT NULL", quote(column))).collect();
            let rows = format!("SELECT {} AS {KEY} FROM {} WHERE {}", key(&actual), quote(name), any(&held));
            return (!held.is_empty()).then(|| count(Expected::Many, &rows));
        }
        Question::NullsAfter { .. }
        | Question::DuplicatesAfter { .. }
        | Question::DuplicatesBy { .. }
        | Question::OrphansAfter { .. }
        | Question::NoOptionAfter { .. }
        | Question::ViolationsAfter { .. }
        | Question::UnfitAfter { .. }
        | Question::OptionUse { .. }
        | Question::ComesBack { .. }
        | Question::RowGone => {}
    }
    let Some(Resource::Entity(after)) = &change.after else { return None };
    let seen = Seen { change, before, after, actual: &actual, scene };
    let source = Source::Change(&seen);
    let rows = match question {
        Question::UnfitAfter { before, after } => unfit(&seen, before, after)?,
        Question::NullsAfter { .. }
        | Question::DuplicatesAfter { .. }
        | Question::DuplicatesBy { .. }
        | Question::OrphansAfter { .. }
        | Question::NoOptionAfter { .. }
        | Question::ViolationsAfter { .. }
        | Question::Rows
        | Question::Values { .. }
        | Question::OptionUse { .. }
        | Question::ComesBack { .. }
        | Question::RowGone => found(&source, question, scene)?,
    };
    Some(count(Expected::Few, &rows))
}

fn n_rows(table: &str) -> String {
    format!("SELECT count(*), '[]' FROM {}", quote(table))
}

/// How many rows a question is likely to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// So few that they are put aside and counted from there.
    Few,
    /// So many that reading them twice is less than putting them aside.
    Many,
}

/// One row: how many keys `rows` gives, and five of them.
pub fn count(expected: Expected, rows: &str) -> String {
    let put_aside = match expected {
        Expected::Few => "MATERIALIZED",
        Expected::Many => "NOT MATERIALIZED",
    };
    format!(
        "WITH {FOUND} AS {put_aside} ({rows})\nSELECT (SELECT count(*) FROM {FOUND}), \
         (SELECT coalesce(json_agg({KEY} ORDER BY {KEY} COLLATE \"C\"), '[]')::text FROM \
         (SELECT {KEY} FROM {FOUND} ORDER BY {KEY} COLLATE \"C\" LIMIT 5) AS first)"
    )
}

pub fn any(terms: &[String]) -> String {
    format!("({})", terms.join(" OR "))
}

pub fn all(terms: &[String]) -> String {
    format!("({})", terms.join(" AND "))
}

/// A row's key as text: its primary key, else its place.
pub fn key(table: &Table) -> String {
    key_text(table.primary_key())
}

/// As `key`, of columns that are called so.
pub fn key_text(columns: &[String]) -> String {
    if columns.is_empty() {
        return "ctid::text".to_owned();
    }
    let text = |column: &String| format!("coalesce({}::text, '')", quote(column));
    columns.iter().map(text).collect::<Vec<_>>().join(" || ', ' || ")
}

/// Rows as a change would leave them.
pub enum Source<'a> {
    Change(&'a Seen<'a>),
    /// A way back: the query of the rows with their key, and their columns.
    Back {
        change: &'a Change,
        goal: &'a entity::Entity,
        rows: String,
        columns: Vec<Projected>,
    },
}

impl Source<'_> {
    /// A query of the rows: their key, and all columns or those named.
    fn rows(&self, only: Option<&[String]>) -> (String, Vec<Projected>) {
        match self {
            Source::Change(seen) => {
                let columns = seen.columns(only);
                let rows = match columns.iter().any(|column| column.is_computed) {
                    true => with_computed(seen, only),
                    false => select(seen, only, only.is_none(), &columns),
                };
                (rows, columns)
            }
            Source::Back { rows, columns, .. } => {
                let is_asked = |one: &&Projected| only.is_none_or(|only| only.contains(&one.column));
                (rows.clone(), columns.iter().filter(is_asked).cloned().collect())
            }
        }
    }

    fn change(&self) -> &Change {
        match self {
            Source::Change(seen) => seen.change,
            Source::Back { change, .. } => change,
        }
    }

    fn goal(&self) -> &entity::Entity {
        match self {
            Source::Change(seen) => seen.after,
            Source::Back { goal, .. } => goal,
        }
    }
}

/// The rows of a changed table: their key and columns; for some columns which of their values would be lost, for all
/// what no manifest knows, which an author's expression may read.
fn select(seen: &Seen<'_>, only: Option<&[String]>, is_all: bool, columns: &[Projected]) -> String {
    let mut outputs = vec![format!("{} AS {KEY}", key(seen.actual))];
    for column in columns {
        outputs.push(format!("{} AS {}", column.sql, quote(&column.column)));
    }
    if only.is_some() {
        let lost = |column: &Projected| {
            Some(format!("{} AS {}", column.lost.as_ref()?, quote(&after::lost(&column.column))))
        };
        outputs.extend(columns.iter().filter_map(lost));
    }
    let is_foreign = |name: &String| {
        field_of_today(seen, name).is_none() && !columns.iter().any(|column| column.column == *name)
    };
    let names = seen.actual.columns.iter().map(|column| &column.name).filter(|_| is_all);
    outputs.extend(names.filter(|name| is_foreign(name)).map(|name| quote(name)));
    format!("SELECT {} FROM {}", outputs.join(", "), quote(&seen.change.address_before().name))
}

/// The rows with the columns that are computed from others as they will be.
fn with_computed(seen: &Seen<'_>, only: Option<&[String]>) -> String {
    let (computed, plain): (Vec<Projected>, Vec<Projected>) =
        seen.columns(None).into_iter().partition(|column| column.is_computed);
    let more: Vec<String> =
        computed.iter().map(|column| format!("{} AS {}", column.sql, quote(&column.column))).collect();
    let own = quote(&seen.change.address.name);
    format!("SELECT *, {} FROM ({}) AS {own}", more.join(", "), select(seen, only, true, &plain))
}

/// The field of today that a column belongs to.
fn field_of_today<'a>(seen: &'a Seen<'_>, column: &str) -> Option<&'a str> {
    let names = seen.before.fields.keys().map(String::as_str);
    let generated = (column == entity::GENERATED_KEY && seen.before.primary_key.is_none())
        .then_some(entity::GENERATED_KEY);
    names
        .filter(|name| projection::columns_now(seen.before, name, seen.scene).iter().any(|own| own == column))
        .chain(generated)
        .next()
}

/// The keys of the rows in question.
pub fn found(source: &Source<'_>, question: &Question, scene: &Scene<'_>) -> Option<String> {
    // Under the table's own name, so that an author's expression may say it.
    let own = quote(&source.change().address.name);
    let where_ =
        |rows: String, condition: &str| format!("SELECT {KEY} FROM ({rows}) AS {own} WHERE {condition}");
    match question {
        Question::NullsAfter { field } => {
            let columns = columns_of(source.goal(), std::slice::from_ref(field));
            let (rows, columns) = source.rows(Some(&columns));
            let terms: Vec<String> =
                columns.iter().map(|column| format!("{} IS NULL", quote(&column.column))).collect();
            // A value that is lost is told of as such.
            let lost = columns.iter().filter(|column| column.lost.is_some());
            let stay = lost.map(|column| format!("{} IS NOT TRUE", quote(&after::lost(&column.column))));
            let terms: Vec<String> = terms.into_iter().chain(stay).collect();
            (!columns.is_empty()).then(|| where_(rows, &all(&terms)))
        }
        Question::DuplicatesAfter { fields } => {
            let names = columns_of(source.goal(), fields);
            let (rows, columns) = source.rows(Some(&names));
            let there: Vec<String> =
                names.iter().map(|column| format!("{} IS NOT NULL", quote(column))).collect();
            // JSON as it was written can be compared as text alone.
            let equal = |column: &Projected| match Kind::of(&column.ty) {
                Kind::Written => format!("{}::text", quote(&column.column)),
                _ => quote(&column.column),
            };
            let list: Vec<String> = columns.iter().map(equal).collect();
            let is_whole = !names.is_empty() && columns.len() == names.len();
            is_whole.then(|| {
                format!(
                    "SELECT {KEY} FROM (SELECT {KEY}, count(*) OVER (PARTITION BY {}) AS \"_reconcile_same\" \
                     FROM ({rows}) AS {own} WHERE {}) AS {own} WHERE \"_reconcile_same\" > 1",
                    list.join(", "),
                    all(&there)
                )
            })
        }
        Question::DuplicatesBy { sql } if key_sql::excludes(sql) => {
            let (rows, _) = source.rows(None);
            Some(clashing(&rows, &own, &key_sql::exclusion(sql)?))
        }
        Question::DuplicatesBy { sql } => {
            let key = key_sql::read(sql)?;
            let (rows, _) = source.rows(None);
            let mut terms: Vec<String> = key.predicate.iter().map(|text| format!("({text})")).collect();
            if !key.nulls_are_equal {
                terms.extend(key.parts.iter().map(|part| format!("({part}) IS NOT NULL")));
            }
            let terms = if terms.is_empty() { "true".to_owned() } else { all(&terms) };
            Some(format!(
                "SELECT {KEY} FROM (SELECT {KEY}, count(*) OVER (PARTITION BY {}) AS \"_reconcile_same\" FROM \
                 ({rows}) AS {own} WHERE {terms}) AS {own} WHERE \"_reconcile_same\" > 1",
                key.parts.iter().map(|part| format!("({part})")).collect::<Vec<_>>().join(", ")
            ))
        }
        Question::OrphansAfter { fields, entity, to } => orphans(source, fields, entity, to, scene),
        Question::NoOptionAfter { field, picklist } => {
            let names = columns_of(source.goal(), std::slice::from_ref(field));
            let (rows, columns) = source.rows(Some(&names));
            let column = quote(&columns.first()?.column);
            let list = scene.after.get(picklist).and_then(|found| found.as_picklist());
            let options = list.iter().flat_map(|list| list.options.keys());
            let options: Vec<String> = options.map(|name| literal(name)).collect();
            let is_none = match options.is_empty() {
                true => "true".to_owned(),
                false => format!("{column}::text NOT IN ({})", options.join(", ")),
            };
            Some(where_(rows, &all(&[format!("{column} IS NOT NULL"), is_none])))
        }
        Question::ViolationsAfter { sql } => {
            let (rows, _) = source.rows(None);
            Some(where_(rows, &format!("NOT ({})", guarded(sql))))
        }
        Question::Rows
        | Question::Values { .. }
        | Question::UnfitAfter { .. }
        | Question::OptionUse { .. }
        | Question::ComesBack { .. }
        | Question::RowGone => None,
    }
}

/// The rows that exclude each other.
fn clashing(rows: &str, own: &str, apart: &key_sql::Exclusion) -> String {
    let value = |at: usize| format!("\"_reconcile_{at}\"");
    let values: Vec<String> = apart
        .parts
        .iter()
        .enumerate()
        .map(|(at, (expression, _))| format!("({expression}) AS {}", value(at)))
        .collect();
    let holds: Vec<String> = apart
        .parts
        .iter()
        .enumerate()
        .map(|(at, (_, operator))| format!("one.{} {operator} other.{}", value(at), value(at)))
        .collect();
    format!(
        "WITH \"_reconcile_sides\" AS MATERIALIZED (SELECT {KEY}, {} FROM ({rows}) AS {own} WHERE {})\n\
         SELECT {KEY} FROM \"_reconcile_sides\" AS one WHERE EXISTS (SELECT 1 FROM \"_reconcile_sides\" AS other WHERE \
         other.{KEY} <> one.{KEY} AND {})",
        values.join(", "),
        apart.predicate.as_deref().unwrap_or("true"),
        holds.join(" AND ")
    )
}

/// The rows whose reference would point nowhere.
fn orphans(
    source: &Source<'_>,
    fields: &[String],
    entity: &Address,
    to: &[String],
    scene: &Scene<'_>,
) -> Option<String> {
    let own = quote(&source.change().address.name);
    let polymorphic = match fields {
        [field] => source.goal().fields.get(field).map(|f| f.ty.polymorphic_columns(field)),
        _ => None,
    };
    let target =
        polymorphic.and_then(|columns| columns.into_iter().find(|(_, target)| *target == entity.name));
    let names = target.map(|(column, _)| vec![column]).unwrap_or_else(|| columns_of(source.goal(), fields));
    let (rows, columns) = source.rows(Some(&names));
    let of = |name: &String| columns.iter().find(|column| column.column == *name);
    let columns: Vec<&Projected> = names.iter().map(of).collect::<Option<_>>()?;
    let held: Vec<String> = names.iter().map(|column| format!("{} IS NOT NULL", quote(column))).collect();
    let held = all(&held);
    let (far, there) = match *entity == source.change().address {
        true => {
            let (rows, there) = source.rows(Some(to));
            let ty = |name: &String| {
                there.iter().find(|column| column.column == *name).map(|column| column.ty.clone())
            };
            (format!("({rows})"), to.iter().map(|name| Some((name.clone(), ty(name)?))).collect())
        }
        false => match ask_back::far_rows(entity, scene) {
            Some((rows, columns)) => {
                let of = |name: &String| columns.iter().find(|(column, _)| column == name).cloned();
                (rows, to.iter().map(of).collect())
            }
            None => far_end(entity, to, scene),
        },
    };
    let Some(there) = there else {
        // It is made by this very plan and has no rows yet.
        return Some(format!("SELECT {KEY} FROM ({rows}) AS {own} WHERE {held}"));
    };
    let same = columns.iter().zip(&there).map(|(column, (far, ty))| {
        let (here, there) = (format!("{own}.{}", quote(&column.column)), format!("{THERE}.{}", quote(far)));
        match is_comparable(&column.ty, ty) {
            true => format!("{there} = {here}"),
            false => format!("{there}::text = {here}::text"),
        }
    });
    let same = all(&same.collect::<Vec<_>>());
    Some(format!(
        "SELECT {KEY} FROM ({rows}) AS {own} WHERE {held} AND NOT EXISTS (SELECT 1 FROM {far} AS {THERE} WHERE {same})"
    ))
}

/// Tells whether PostgreSQL compares values of two types as they are.
fn is_comparable(one: &str, other: &str) -> bool {
    let (one, other) = (Kind::of(one), Kind::of(other));
    let is_whole = |kind: Kind<'_>| matches!(kind, Kind::Whole(_));
    one.unbounded() == other.unbounded() || is_whole(one) && is_whole(other)
}

/// The columns of a far end, each with its type; none where there are no rows.
type Columns = Option<Vec<(String, String)>>;

/// The table that a reference to another entity points to now, and its columns there.
fn far_end(entity: &Address, to: &[String], scene: &Scene<'_>) -> (String, Columns) {
    let name = scene.name_before(&entity.name);
    let before =
        scene.before.get(&Address::new(entity.kind.clone(), name)).and_then(|found| found.as_entity());
    let table = Table::find(name, scene.natives);
    let (Some(before), Some(table)) = (before, table) else { return (quote(name), None) };
    let after = scene.after.get(entity).and_then(|found| found.as_entity());
    let far = |field: &String| {
        // A key that is renamed by this plan still has its former name.
        let place = after.and_then(|after| after.key_fields().iter().position(|key| key == field));
        let former = place.and_then(|place| before.key_fields().get(place).map(|key| (*key).to_owned()));
        let is_there = before.field_type(field).is_some();
        let column = if is_there { field.clone() } else { former.unwrap_or_else(|| field.clone()) };
        let ty = table.column(&column)?.ty.clone();
        Some((column, ty))
    };
    (quote(name), to.iter().map(far).collect())
}

/// The rows that hold a value which the new type cannot hold unchanged.
fn unfit(seen: &Seen<'_>, before: &str, after: &str) -> Option<String> {
    let (was, goal) = (seen.before.fields.get(before)?, seen.after.fields.get(after)?);
    let sources = seen.pairs();
    let typed = lower::columns(&seen.change.address.name, seen.after, after, goal, seen.scene.after);
    let mut terms = Vec::new();
    for old in projection::columns_now(seen.before, before, seen.scene) {
        let Some(column) = seen.actual.column(&old) else { continue };
        let value = quote(&old);
        let new = sources.iter().find(|(_, source)| **source == old).map(|(new, _)| new);
        let wanted = new.and_then(|new| typed.iter().find(|column| column.name == *new));
        let kept = match wanted {
            // Whether it is an option is another question.
            Some(wanted) if wanted.enumeration.is_some() => "true".to_owned(),
            Some(wanted) => conversion::kept(&value, &was.ty, &goal.ty, &column.ty, &wanted.ty),
            // The lookup does not point to this entity any more.
            None => "false".to_owned(),
        };
        match kept.as_str() {
            "true" => {}
            "false" => terms.push(format!("{value} IS NOT NULL")),
            _ => terms.push(format!("({value} IS NOT NULL AND NOT ({kept}))")),
        }
    }
    let table = quote(&seen.change.address_before().name);
    (!terms.is_empty())
        .then(|| format!("SELECT {} AS {KEY} FROM {table} WHERE {}", key(seen.actual), any(&terms)))
}

/// The tables and columns that hold options of a picklist, under either of its names.
fn users(old: &str, new: &str, state: &State) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (address, resource) in state {
        let Some(entity) = resource.as_entity() else { continue };
        for (field_name, field) in &entity.fields {
            if matches!(&field.ty, FieldType::Picklist { picklist } if picklist == old || picklist == new) {
                found.push((address.name.clone(), field_name.clone()));
            }
        }
    }
    found
}

fn option_use(change: &Change, option: &str, scene: &Scene<'_>) -> Option<String> {
    let (old, new) = (change.address_before().name.as_str(), change.address.name.as_str());
    let terms: Vec<String> = users(old, new, scene.before)
        .into_iter()
        .filter_map(|(name, column)| {
            let table = Table::find(&name, scene.natives)?;
            let value = match Kind::of(&table.column(&column)?.ty) {
                Kind::Text(_) => quote(&column),
                _ => format!("{}::text", quote(&column)),
            };
            Some(format!(
                "SELECT {} || {} AS {KEY} FROM {} WHERE {value} = {}",
                literal(&format!("{name} ")),
                key(&table),
                quote(&name),
                literal(option)
            ))
        })
        .collect();
    (!terms.is_empty()).then(|| count(Expected::Many, &terms.join(" UNION ALL ")))
}
