//! The rows of an entity as a change would leave them, as one query over the table as it is.
//! Never looks at the data itself: a query is a text until the target runs it.

use std::collections::BTreeMap;

use super::conversion::{self, Losses};
use super::lexer::{literal, quote};
use super::lower::{self, World};
use super::parse;
use super::table::Table;
use super::types;
use crate::diff::change::Change;
use crate::journal::past::{Hop, Line};
use crate::model::entity::{Entity, GENERATED_KEY};
use crate::model::field::{Field, FieldType};
use crate::model::resource::Resource;
use crate::model::trash::Moved;
use crate::provider::way;
use crate::target::Scene;

pub use crate::provider::way::{Origin, alive};

/// The rows after a change, with every column of today under another name (`from`).
#[derive(Clone, Debug)]
pub struct After {
    pub select: String,
    pub outputs: Vec<Output>,
    /// The primary key.
    pub key: Vec<String>,
}

/// One column after the change.
#[derive(Clone, Debug)]
pub struct Output {
    pub column: String,
    pub type_name: String,
    /// The column of today whose values it has, untouched.
    pub carried: Option<String>,
    /// Whether some rows get a value that would be another one each time.
    pub is_fresh: bool,
    /// Whether the query tells which values would be lost (`lost`).
    pub tells_losses: bool,
}

/// The name under which a query knows a column of today.
pub fn from(column: &str) -> String {
    format!("_reconcile_from_{column}")
}

/// The name of the column that tells which values of another would be lost.
pub fn lost(column: &str) -> String {
    format!("_reconcile_lost_{column}")
}

/// The name of the column of the trash that holds the values of another as they were.
pub fn was(column: &str) -> String {
    format!("was {column}")
}

/// The name of the column of the trash that holds what became of values.
pub fn became(column: &str) -> String {
    format!("now {column}")
}

/// The name of the column of the trash that finds a row again.
pub fn key(column: &str) -> String {
    format!("key {column}")
}

/// The table that is read: its name, and the names its columns have there, by their present ones.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    pub table: &'a str,
    pub actual: &'a Table,
    pub renamed: &'a BTreeMap<String, String>,
}

/// The rows of one changed entity.
pub fn after(
    change: &Change,
    before: &Entity,
    after: &Entity,
    source: Source<'_>,
    scene: &Scene<'_>,
    losses: Losses,
) -> After {
    match scene.aside.lines.get(&change.address) {
        Some(line) => back(line, Some(source), scene, losses),
        None => forth(change, before, after, source, scene, losses),
    }
}

fn forth(
    change: &Change,
    before: &Entity,
    after: &Entity,
    source: Source<'_>,
    scene: &Scene<'_>,
    losses: Losses,
) -> After {
    let actual = source.actual;
    let mut sources = conversion::pairs(change, before, after, actual, scene);
    let renamed = renamed_columns(change, after, &sources, scene);
    for (column, (alias, _)) in &renamed {
        sources.insert(column.clone(), alias.clone());
    }
    let projection = conversion::projection(change, before, after, &sources, scene, losses);
    let shape = lower::shape(&change.address.name, after, World::State(scene.after));
    let mut outputs: Vec<Output> = Vec::new();
    let mut columns = Vec::new();
    for projected in &projection {
        let type_name =
            shape.table.column(&projected.column).map(|c| c.type_name.clone()).unwrap_or_default();
        // In a strict table a cast to a column's own type changes nothing.
        let cast =
            |from: &str| actual.strict && projected.sql == format!("CAST({} AS {type_name})", quote(from));
        let from = sources.get(&projected.column).filter(|from| projected.sql == quote(from) || cast(from));
        let same_type = |from: &&String| {
            let was = actual.column(from).map(|column| column.type_name.as_str()).unwrap_or_default();
            was.eq_ignore_ascii_case(&type_name)
        };
        outputs.push(Output {
            carried: from.filter(same_type).cloned(),
            is_fresh: !sources.contains_key(&projected.column) && projected.sql != "NULL",
            column: projected.column.clone(),
            type_name,
            tells_losses: false,
        });
        columns.push(format!("{} AS {}", projected.sql, quote(&projected.column)));
    }
    for column in &actual.columns {
        columns.push(format!("{} AS {}", quote(&column.name), quote(&from(&column.name))));
    }
    let table = match renamed.is_empty() {
        true => quote(source.table),
        false => {
            let more = renamed.values().map(|(alias, sql)| format!("{sql} AS {}", quote(alias)));
            format!("(SELECT *, {} FROM {})", more.collect::<Vec<_>>().join(", "), quote(source.table))
        }
    };
    let select = format!("SELECT {} FROM {table}", columns.join(", "));
    After { select, outputs, key: shape.table.primary_key() }
}

/// The columns that hold options of a picklist and will be something else, where the plan gives those options other
/// names before: each column after, with another name for its source and that source under the new names.
fn renamed_columns(
    change: &Change,
    after: &Entity,
    sources: &BTreeMap<String, String>,
    scene: &Scene<'_>,
) -> BTreeMap<String, (String, String)> {
    let mut found = BTreeMap::new();
    let present = scene.before.get(change.address_before()).and_then(|resource| resource.as_entity());
    let Some(present) = present.filter(|_| !scene.aside.options.is_empty()) else { return found };
    for (column, from) in sources {
        let was = present.fields.get(from).map(|field| &field.ty);
        let Some(FieldType::Picklist { picklist }) = was else { continue };
        let Some(options) = scene.aside.options.get(picklist) else { continue };
        if after.fields.get(column).map(|field| &field.ty) != was {
            let alias = format!("_reconcile_renamed_{from}");
            found.insert(column.clone(), (alias, with_options(&quote(from), options)));
        }
    }
    found
}

/// A value under the new name of its option.
pub fn with_options(value: &str, options: &[(String, String)]) -> String {
    let arms: Vec<String> =
        options.iter().map(|(new, old)| format!("WHEN {} THEN {}", literal(old), literal(new))).collect();
    format!("CASE {value} {} ELSE {value} END", arms.join(" "))
}

/// The table of an entity as it was, read from the target's own words for it.
pub fn table_of(hop: &Hop, scene: &Scene<'_>) -> Table {
    let native = hop.natives.iter().find(|native| native.kind == "table");
    let read = native.and_then(|native| parse::table(&native.definition).ok());
    let drawn = || match &hop.state {
        Resource::Entity(entity) => lower::shape(&hop.address.name, entity, World::State(scene.after)).table,
        Resource::Picklist(_) => Table {
            name: hop.address.name.clone(),
            columns: Vec::new(),
            constraints: Vec::new(),
            strict: true,
            without_rowid: false,
        },
    };
    read.unwrap_or_else(drawn)
}

/// The rows of a resource that goes back, each hop a query over the one before. `source` is the table that is there
/// now; none where the rows come from the trash.
pub fn back(line: &Line, source: Option<Source<'_>>, scene: &Scene<'_>, losses: Losses) -> After {
    let mut level = match (source, &line.destroyed) {
        (Some(source), None) => Level::present(line, source, scene),
        (_, Some(destroyed)) => Level::destroyed(destroyed, scene),
        (None, None) => Level::default(),
    };
    for hop in &line.hops {
        level = level.before(hop, scene, losses);
    }
    let oldest = line.hops.last().or(line.destroyed.as_ref());
    let table = oldest.map(|hop| table_of(hop, scene));
    After {
        select: level.select,
        outputs: level.outputs,
        key: table.map(|table| table.primary_key()).unwrap_or_default(),
    }
}

/// The rows of one table between two applies.
#[derive(Clone, Debug, Default)]
pub struct Level {
    pub select: String,
    outputs: Vec<Output>,
    /// What it was then.
    entity: Entity,
    /// The columns of today that go through.
    passing: Vec<String>,
}

impl Level {
    /// The table that is there now.
    pub fn present(line: &Line, source: Source<'_>, scene: &Scene<'_>) -> Level {
        let now =
            line.now.as_ref().and_then(|now| scene.before.get(now)).and_then(|resource| resource.as_entity());
        let there = |name: &String| source.renamed.get(name).unwrap_or(name).clone();
        let mut columns = Vec::new();
        let mut outputs = Vec::new();
        for column in &source.actual.columns {
            let name = &column.name;
            columns.push(format!("{} AS {}", quote(&there(name)), quote(name)));
            columns.push(format!("{} AS {}", quote(&there(name)), quote(&from(name))));
            outputs.push(Output {
                column: name.clone(),
                type_name: column.type_name.clone(),
                carried: Some(name.clone()),
                is_fresh: false,
                tells_losses: false,
            });
        }
        Level {
            select: format!("SELECT {} FROM {}", columns.join(", "), quote(source.table)),
            outputs,
            entity: now.cloned().unwrap_or_default(),
            passing: source.actual.columns.iter().map(|column| column.name.clone()).collect(),
        }
    }

    /// The rows that went into the trash as a whole; none where they are not there any more.
    pub fn destroyed(hop: &Hop, scene: &Scene<'_>) -> Level {
        let table = table_of(hop, scene);
        let stored: Vec<_> = table.columns.iter().filter(|column| !column.is_generated()).collect();
        let names: Vec<String> = stored.iter().map(|column| quote(&column.name)).collect();
        let select = match alive(hop, scene) {
            Some(moved) => format!("SELECT {} FROM {}", names.join(", "), quote(&moved.table)),
            None => {
                let nulls: Vec<String> = names.iter().map(|name| format!("NULL AS {name}")).collect();
                format!("SELECT {} WHERE false", nulls.join(", "))
            }
        };
        let output = |column: &&super::table::Column| Output {
            column: column.name.clone(),
            type_name: column.type_name.clone(),
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

    fn output(&self, column: &str) -> Option<&Output> {
        self.outputs.iter().find(|output| output.column.eq_ignore_ascii_case(column))
    }

    /// What of the trash belongs to a row: the columns of both sides.
    pub fn same_row(moved: &Moved) -> String {
        let pair = |column: &String| format!("kept.{} = rows.{}", quote(&key(column)), quote(column));
        moved.key.iter().map(pair).collect::<Vec<_>>().join(" AND ")
    }

    /// The rows as they were before one apply.
    pub fn before(self, hop: &Hop, scene: &Scene<'_>, losses: Losses) -> Level {
        let table = table_of(hop, scene);
        let kept = alive(hop, scene).filter(|moved| !moved.is_whole() && !moved.key.is_empty());
        let entity = hop.state.as_entity().cloned().unwrap_or_default();
        let (mut columns, mut outputs) = (Vec::new(), Vec::new());
        for column in table.columns.iter().filter(|column| !column.is_generated()) {
            let made = self.column(hop, &entity, &column.name, &column.type_name, kept, losses);
            columns.push(format!("{} AS {}", made.sql, quote(&column.name)));
            columns.extend(made.lost.as_ref().map(|sql| format!("{sql} AS {}", quote(&lost(&column.name)))));
            outputs.push(Output {
                column: column.name.clone(),
                type_name: column.type_name.clone(),
                carried: made.carried,
                is_fresh: made.is_fresh,
                tells_losses: made.lost.is_some(),
            });
        }
        columns.extend(self.passing.iter().map(|name| format!("rows.{}", quote(&from(name)))));
        let join = kept
            .map(|moved| format!(" LEFT JOIN {} AS kept ON {}", quote(&moved.table), Level::same_row(moved)));
        let select = format!(
            "SELECT {} FROM ({}) AS rows{}",
            columns.join(", "),
            self.select,
            join.unwrap_or_default()
        );
        Level { select, outputs, entity, passing: self.passing }
    }

    fn column(
        &self,
        hop: &Hop,
        older: &Entity,
        column: &str,
        type_name: &str,
        kept: Option<&Moved>,
        losses: Losses,
    ) -> Made {
        let storage = type_name.to_ascii_uppercase();
        let moved = kept.and_then(|moved| moved.column(column));
        let was = |column: &str| format!("kept.{}", quote(&was(column)));
        let next = match moved {
            Some(moved) => moved.became.clone(),
            None => next(hop, older, &self.entity, column),
        };
        let next = next.filter(|next| self.output(next).is_some());
        let Some(next) = next else {
            // It was dropped: rows that came since get what a new one would have.
            let (filler, is_fresh) = filler(older, column, &storage);
            let sql = match moved {
                Some(_) => format!("CASE WHEN kept.rowid IS NULL THEN {filler} ELSE {} END", was(column)),
                None => filler,
            };
            return Made { sql, lost: None, carried: None, is_fresh };
        };
        let value = format!("rows.{}", quote(&next));
        let output = self.output(&next);
        let (old_type, new_type) = (type_of(older, column), type_of(&self.entity, &next));
        let followed = followed(hop, older).and_then(|older| type_of(&older, column));
        let (plain, may_lose) = match (&old_type, &new_type) {
            (Some(old), Some(new)) if followed.as_ref() != Some(new) => {
                let sql = match losses {
                    Losses::Shown => conversion::convert(&value, new, old, &storage),
                    Losses::Refused => conversion::convert_or_stay(&value, new, old, &storage),
                };
                let shown = conversion::convert(&value, new, old, &storage);
                let lost = format!(
                    "{value} IS NOT NULL AND NOT ({})",
                    conversion::is_kept(&value, &shown, new, old)
                );
                (sql, Some(lost))
            }
            (_, _) => (value.clone(), None),
        };
        let earlier =
            output.filter(|output| output.tells_losses).map(|_| format!("rows.{}", quote(&lost(&next))));
        let terms: Vec<String> =
            earlier.into_iter().chain(may_lose).map(|term| format!("({term})")).collect();
        let lost = (!terms.is_empty() && losses == Losses::Shown).then(|| terms.join(" OR "));
        let is_fresh = output.is_some_and(|output| output.is_fresh);
        let same_type = output.is_some_and(|output| output.type_name.eq_ignore_ascii_case(type_name));
        match moved {
            Some(_) => {
                let is_untouched = format!(
                    "kept.rowid IS NOT NULL AND {value} IS kept.{} AND typeof({value}) = typeof(kept.{})",
                    quote(&became(&next)),
                    quote(&became(&next))
                );
                Made {
                    sql: format!("CASE WHEN {is_untouched} THEN {} ELSE {plain} END", was(column)),
                    lost: lost.map(|lost| format!("CASE WHEN {is_untouched} THEN 0 ELSE {lost} END")),
                    carried: None,
                    is_fresh,
                }
            }
            None => {
                let carried = output.and_then(|output| output.carried.clone());
                let carried = carried.filter(|_| plain == value && same_type);
                Made { sql: plain, lost, carried, is_fresh }
            }
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
fn filler(entity: &Entity, column: &str, storage: &str) -> (String, bool) {
    if column == GENERATED_KEY && entity.primary_key.is_none() && !entity.fields.contains_key(GENERATED_KEY) {
        return (types::NEW_UUID.to_owned(), true);
    }
    match entity.fields.get(column) {
        Some(Field { ty: FieldType::Autonumber { .. }, .. }) | None => ("NULL".to_owned(), false),
        // Where a row may be without a value, one that came since is: what was without one then is not told apart.
        Some(field) => match field.default.as_ref().filter(|_| field.is_required()) {
            Some(default) => (types::default_sql(&field.ty, default, storage), true),
            None => ("NULL".to_owned(), false),
        },
    }
}

/// The type of what one column holds.
fn type_of(entity: &Entity, column: &str) -> Option<FieldType> {
    let Some((name, to)) = field_of(entity, column) else { return entity.field_type(column) };
    let ty = entity.fields.get(name).map(|field| field.ty.clone())?;
    Some(match (ty, to) {
        (FieldType::Lookup { on_delete, .. }, Some(to)) => {
            FieldType::Lookup { entity: Some(to.to_owned()), entities: Vec::new(), on_delete }
        }
        (ty, _) => ty,
    })
}

/// An entity under the names that the apply gave to what it points to.
fn followed(hop: &Hop, entity: &Entity) -> Option<Entity> {
    let mut resource = Resource::Entity(entity.clone());
    resource.follow_renames(&hop.names);
    resource.as_entity().cloned()
}

/// Names are one where they are written alike but for the case of their letters.
fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// The field that a column belongs to, with the entity it points to where it is a lookup.
pub fn field_of<'a>(entity: &'a Entity, column: &str) -> Option<(&'a str, Option<&'a str>)> {
    way::field_of(entity, column, same)
}

/// The column that went on with the values of another after an apply.
pub fn next(hop: &Hop, older: &Entity, newer: &Entity, column: &str) -> Option<String> {
    way::next(hop, older, newer, column, same)
}

/// Follows one column of then to what there is of it now.
pub fn origin(line: &Line, column: &str, scene: &Scene<'_>) -> Origin {
    way::origin(line, column, scene, same)
}

/// The rows that one hop starts from: how the resource was just after that apply.
pub fn rows_after(line: &Line, hop: usize, source: Option<Source<'_>>, scene: &Scene<'_>) -> String {
    let newer = Line { hops: line.hops[..hop].to_vec(), ..line.clone() };
    back(&newer, source, scene, Losses::Refused).select
}
