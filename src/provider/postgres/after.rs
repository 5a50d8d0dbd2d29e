//! The rows of an entity as a change would leave them, as one query over the table as it is and the trash.
//! Never looks at the data itself: a query is a text until the target runs it.

use super::catalog;
use super::conversion;
use super::kind::Kind;
use super::lexer::quote;
use super::projection::{self, Seen};
use super::shape::{Column, Table};
use super::way::{self, alive, table_of};
use super::{lower, names, types};
use crate::diff::change::Change;
use crate::journal::past::{Hop, Line};
use crate::model::entity::{Entity, GENERATED_KEY};
use crate::model::field::{Field, FieldType};
use crate::model::trash::Moved;
use crate::target::Scene;

/// The column that carries a row's place in the table of today through a query.
pub const PLACE: &str = "\"_reconcile_place\"";

/// The rows after a change, with every column of today under another name (`from`).
#[derive(Clone, Debug)]
pub struct After {
    pub select: String,
    pub outputs: Vec<Output>,
    /// The primary key.
    pub key: Vec<String>,
    /// Where it is one look at the table of today: every name with its expression.
    pub parts: Vec<(String, String)>,
}

impl After {
    /// The rows with no more than these names. Where all of them are columns as they are, it is the table itself, and
    /// the names stand for its columns.
    pub fn only(&self, names: &[String], table: &Table) -> Rows<'_> {
        let used: Vec<&(String, String)> =
            self.parts.iter().filter(|(name, _)| names.contains(name)).collect();
        if used.is_empty() {
            return Rows { from: format!("({}) AS rows", self.select), plain: Vec::new() };
        }
        let is_plain = |sql: &str| table.columns.iter().any(|column| value(column, "") == sql);
        if used.iter().all(|(_, sql)| is_plain(sql)) {
            return Rows { from: quote(&table.name), plain: used };
        }
        let columns: Vec<String> =
            used.iter().map(|(name, sql)| format!("{sql} AS {}", quote(name))).collect();
        let from = format!("(SELECT {} FROM {}) AS rows", columns.join(", "), quote(&table.name));
        Rows { from, plain: Vec::new() }
    }
}

/// What stands after `FROM`, and what names stand for there.
pub struct Rows<'a> {
    pub from: String,
    plain: Vec<&'a (String, String)>,
}

impl Rows<'_> {
    pub fn name(&self, name: &str) -> String {
        let found = self.plain.iter().find(|(own, _)| own == name);
        found.map_or_else(|| quote(name), |(_, sql)| sql.clone())
    }
}

/// One column after the change.
#[derive(Clone, Debug)]
pub struct Output {
    pub column: String,
    /// An option of an enumerated type is text in a query: its type may go or not be there yet.
    pub ty: String,
    /// The column of today whose values it has, untouched; its type may be wider or narrower.
    pub carried: Option<String>,
    /// Whether some rows get a value that would be another one each time.
    pub is_fresh: bool,
    /// Whether the query tells which values would be lost (`lost`).
    pub tells_losses: bool,
}

/// The name under which a query knows a column of today.
pub fn from(column: &str) -> String {
    names::fit(format!("_reconcile_from_{column}"))
}

/// The name of the column that tells which values of another would be lost.
pub fn lost(column: &str) -> String {
    names::fit(format!("_reconcile_lost_{column}"))
}

/// The name of the column of the trash that holds the values of another as they were.
pub fn was(column: &str) -> String {
    names::fit(format!("was {column}"))
}

/// The name of the column of the trash that holds what became of values.
pub fn became(column: &str) -> String {
    names::fit(format!("now {column}"))
}

/// The name of the column of the trash that finds a row again.
pub fn key(column: &str) -> String {
    names::fit(format!("key {column}"))
}

/// A table of the trash.
pub fn kept_table(moved: &Moved) -> String {
    format!("{}.{}", quote(catalog::SCHEMA), quote(&moved.table))
}

/// A column's values in a query, and their type.
pub fn value(column: &Column, place: &str) -> String {
    match column.enumeration {
        Some(_) => format!("{place}{}::text", quote(&column.name)),
        None => format!("{place}{}", quote(&column.name)),
    }
}

/// The type of a column's values in a query.
pub fn value_type(column: &Column) -> String {
    if column.enumeration.is_some() { "text".to_owned() } else { column.ty.clone() }
}

/// A condition that two values of one type are the same.
pub fn is_same(one: &str, other: &str, ty: &str) -> String {
    match Kind::of(ty) {
        // These need not know when they are equal.
        Kind::Written | Kind::Other(_) => format!("{one}::text IS NOT DISTINCT FROM {other}::text"),
        Kind::Text(_)
        | Kind::Padded(_)
        | Kind::Whole(_)
        | Kind::Numeric(_)
        | Kind::Float(_)
        | Kind::Boolean
        | Kind::Date
        | Kind::Time(_)
        | Kind::Local(_)
        | Kind::Instant(_)
        | Kind::Uuid
        | Kind::Json
        | Kind::Bytes => format!("{one} IS NOT DISTINCT FROM {other}"),
    }
}

/// The rows of one changed entity.
pub fn after(change: &Change, before: &Entity, goal: &Entity, actual: &Table, scene: &Scene<'_>) -> After {
    match scene.aside.lines.get(&change.address) {
        Some(line) => back(line, Some((&actual.name, actual)), scene),
        None => forth(change, before, goal, actual, scene),
    }
}

fn forth(change: &Change, before: &Entity, goal: &Entity, actual: &Table, scene: &Scene<'_>) -> After {
    let seen = Seen { change, before, after: goal, actual, scene };
    let (mut outputs, mut parts) = (Vec::new(), Vec::new());
    let is_enum = |ty: &str| actual.columns.iter().any(|one| one.enumeration.is_some() && one.ty == ty);
    for mut projected in seen.columns(None).into_iter().filter(|column| !column.is_computed) {
        if is_enum(&projected.ty) {
            projected.bare = format!("({})::text", projected.bare);
            "text".clone_into(&mut projected.ty);
        }
        parts.push((projected.column.clone(), projected.bare.clone()));
        outputs.push(Output {
            is_fresh: projected.is_new && !projected.bare.starts_with("NULL::"),
            carried: projected.carried,
            column: projected.column,
            ty: projected.ty,
            tells_losses: false,
        });
    }
    parts.extend(actual.columns.iter().map(|column| (from(&column.name), value(column, ""))));
    let columns: Vec<String> = parts.iter().map(|(name, sql)| format!("{sql} AS {}", quote(name))).collect();
    let key = lower::table(&change.address.name, goal, scene.after).primary_key().to_vec();
    let select = format!("SELECT {} FROM {}", columns.join(", "), quote(&actual.name));
    After { select, outputs, key, parts }
}

/// The rows of a resource that goes back, each hop a query over the one before. `source` is the name of the table
/// that is there now and how it was inspected; none where the rows come from the trash.
pub fn back(line: &Line, source: Option<(&str, &Table)>, scene: &Scene<'_>) -> After {
    let mut level = match (source, &line.destroyed) {
        (Some((name, actual)), None) => Level::present(line, name, actual, scene),
        (_, Some(destroyed)) => Level::destroyed(destroyed, scene),
        (None, None) => Level::default(),
    };
    for hop in &line.hops {
        level = level.before(hop, scene);
    }
    let oldest = line.hops.last().or(line.destroyed.as_ref());
    let key = oldest.map(|hop| table_of(hop, scene).primary_key().to_vec()).unwrap_or_default();
    After { select: level.select, outputs: level.outputs, key, parts: Vec::new() }
}

/// The rows that one hop starts from: how the resource was just after that apply.
pub fn rows_after(line: &Line, hop: usize, source: Option<(&str, &Table)>, scene: &Scene<'_>) -> String {
    let newer = Line { hops: line.hops[..hop].to_vec(), ..line.clone() };
    back(&newer, source, scene).select
}

/// The condition that what the trash kept belongs to a row.
pub fn same_row(moved: &Moved) -> String {
    let pair = |column: &String| format!("kept.{} = rows.{}", quote(&key(column)), quote(column));
    moved.key.iter().map(pair).collect::<Vec<_>>().join(" AND ")
}

/// The rows of one table between two applies.
#[derive(Clone, Debug, Default)]
struct Level {
    select: String,
    outputs: Vec<Output>,
    /// What it was then.
    entity: Entity,
    /// The columns of today that go through, in quotes.
    passing: Vec<String>,
}

impl Level {
    /// The table that is there now.
    fn present(line: &Line, name: &str, actual: &Table, scene: &Scene<'_>) -> Level {
        let mut columns = vec![format!("ctid AS {PLACE}")];
        let mut outputs = Vec::new();
        for column in &actual.columns {
            columns.push(format!("{} AS {}", value(column, ""), quote(&column.name)));
            columns.push(format!("{} AS {}", value(column, ""), quote(&from(&column.name))));
            outputs.push(Output {
                column: column.name.clone(),
                ty: value_type(column),
                carried: Some(column.name.clone()),
                is_fresh: false,
                tells_losses: false,
            });
        }
        let own = actual.columns.iter().map(|column| quote(&from(&column.name)));
        Level {
            select: format!("SELECT {} FROM {}", columns.join(", "), quote(name)),
            outputs,
            entity: way::present(line, scene).cloned().unwrap_or_default(),
            passing: std::iter::once(PLACE.to_owned()).chain(own).collect(),
        }
    }

    /// The rows that went into the trash as a whole; none where they are not there any more.
    fn destroyed(hop: &Hop, scene: &Scene<'_>) -> Level {
        let table = table_of(hop, scene);
        let stored: Vec<&Column> = table.columns.iter().filter(|one| !one.made.is_generated()).collect();
        let names: Vec<String> = stored.iter().map(|column| quote(&column.name)).collect();
        let select = match alive(hop, scene) {
            Some(moved) => format!("SELECT {} FROM {}", names.join(", "), kept_table(moved)),
            None => {
                let null =
                    |column: &&Column| format!("NULL::{} AS {}", value_type(column), quote(&column.name));
                format!("SELECT {} WHERE false", stored.iter().map(null).collect::<Vec<_>>().join(", "))
            }
        };
        let output = |column: &&Column| Output {
            column: column.name.clone(),
            ty: value_type(column),
            carried: None,
            is_fresh: false,
            tells_losses: false,
        };
        Level {
            select,
            outputs: stored.iter().map(output).collect(),
            entity: hop.state.as_entity().cloned().unwrap_or_default(),
            passing: Vec::new(),
        }
    }

    /// The rows as they were before one apply.
    fn before(self, hop: &Hop, scene: &Scene<'_>) -> Level {
        let table = table_of(hop, scene);
        let kept = alive(hop, scene).filter(|moved| !moved.is_whole() && !moved.key.is_empty());
        let entity = hop.state.as_entity().cloned().unwrap_or_default();
        let (mut columns, mut outputs) = (Vec::new(), Vec::new());
        for column in table.columns.iter().filter(|column| !column.made.is_generated()) {
            let made = self.column(hop, &entity, column, kept);
            columns.push(format!("{} AS {}", made.sql, quote(&column.name)));
            columns.extend(made.lost.as_ref().map(|sql| format!("{sql} AS {}", quote(&lost(&column.name)))));
            outputs.push(Output {
                column: column.name.clone(),
                ty: value_type(column),
                carried: made.carried,
                is_fresh: made.is_fresh,
                tells_losses: made.lost.is_some(),
            });
        }
        columns.extend(self.passing.iter().map(|name| format!("rows.{name}")));
        let join =
            kept.map(|moved| format!(" LEFT JOIN {} AS kept ON {}", kept_table(moved), same_row(moved)));
        let select = format!(
            "SELECT {} FROM ({}) AS rows{}",
            columns.join(", "),
            self.select,
            join.unwrap_or_default()
        );
        Level { select, outputs, entity, passing: self.passing }
    }

    fn column(&self, hop: &Hop, older: &Entity, column: &Column, kept: Option<&Moved>) -> Made {
        let name = column.name.as_str();
        let ty = value_type(column);
        let moved = kept.and_then(|moved| moved.columns.iter().flatten().find(|one| one.column == name));
        let was = format!("kept.{}", quote(&was(name)));
        let next = match moved {
            Some(moved) => moved.became.clone(),
            None => way::next(hop, older, &self.entity, name),
        };
        let output = next.and_then(|next| self.outputs.iter().find(|output| output.column == next));
        let Some(output) = output else {
            // It was dropped: rows that came since get what a new one would have.
            let (filler, is_fresh) = filler(older, name, &ty);
            let sql = match moved {
                Some(_) => format!("CASE WHEN kept.ctid IS NULL THEN {filler} ELSE {was} END"),
                None => filler,
            };
            return Made { sql, lost: None, carried: None, is_fresh };
        };
        let value = format!("rows.{}", quote(&output.column));
        let (new, old) = (way::type_of(&self.entity, &output.column), way::type_of(older, name));
        let is_kept = conversion::kept(&value, &new, &old, &output.ty, &ty);
        let plain = match (output.ty == ty, is_kept == "true") {
            (true, _) => value.clone(),
            (false, true) => conversion::carried_over(&value, &output.ty, &ty),
            (false, false) => {
                format!("CASE WHEN {is_kept} THEN {} END", conversion::carried_over(&value, &output.ty, &ty))
            }
        };
        let may_lose = (is_kept != "true").then(|| format!("({value} IS NOT NULL AND NOT ({is_kept}))"));
        let earlier = output.tells_losses.then(|| format!("rows.{}", quote(&lost(&output.column))));
        let terms: Vec<String> = earlier.into_iter().chain(may_lose).collect();
        let lost = (!terms.is_empty()).then(|| terms.join(" OR "));
        match moved {
            Some(_) => {
                let now = format!("kept.{}", quote(&became(&output.column)));
                let is_untouched = format!("kept.ctid IS NOT NULL AND {}", is_same(&value, &now, &output.ty));
                Made {
                    sql: format!("CASE WHEN {is_untouched} THEN {was} ELSE {plain} END"),
                    lost: lost.map(|lost| format!("CASE WHEN {is_untouched} THEN false ELSE {lost} END")),
                    carried: None,
                    is_fresh: output.is_fresh,
                }
            }
            None => Made {
                carried: output.carried.clone().filter(|_| conversion::is_same_value(&output.ty, &ty)),
                sql: plain,
                lost,
                is_fresh: output.is_fresh,
            },
        }
    }
}

struct Made {
    sql: String,
    lost: Option<String>,
    carried: Option<String>,
    is_fresh: bool,
}

/// What a row that has no value in a column gets, and whether it would be another one each time.
fn filler(entity: &Entity, column: &str, ty: &str) -> (String, bool) {
    if column == GENERATED_KEY && entity.primary_key.is_none() && !entity.fields.contains_key(GENERATED_KEY) {
        return (projection::NEW_UUID.to_owned(), true);
    }
    let nothing = || (format!("NULL::{ty}"), false);
    match entity.fields.get(column) {
        Some(Field { ty: FieldType::Autonumber { .. }, .. }) | None => nothing(),
        // Where a row may be without a value, one that came since is: what was without one then is not told apart.
        Some(field) => match field.default.as_ref().filter(|_| field.is_required()) {
            Some(default) => (format!("({})::{ty}", types::default_sql(&field.ty, default)), true),
            None => nothing(),
        },
    }
}
