//! Questions about rows, as queries.
//! Never looks at the data itself: a query is a text until the target runs it.

use std::collections::BTreeMap;

use super::actual;
use super::ask_back;
use super::conversion::{self, Losses, is_kept};
use super::lexer::{literal, quote};
use super::lower;
use super::table::Table;
use super::types::guarded;
use crate::address::Address;
use crate::diff::change::Change;
use crate::model::entity::Entity;
use crate::model::resource::Resource;
use crate::target::{Question, Scene};

/// The column that carries a row's key through a query.
pub const KEY: &str = "\"_reconcile_key\"";

/// The rows as the change would leave them. No table of anybody's has this name.
pub const AFTER: &str = "\"_reconcile_after\"";

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
        Resource::Picklist(_) => {
            return matches!(question, Question::Rows)
                .then(|| format!("SELECT count(*), '[]' FROM {}", quote(name)));
        }
    };
    if *question == Question::Rows {
        return Some(format!("SELECT count(*), '[]' FROM {}", quote(name)));
    }
    let actual = actual::actual(name, before, scene.natives, scene.before, scene).table;
    if let Question::Values { field } = question {
        let columns = conversion::columns_now(before, field, scene);
        let there: Vec<&String> = columns.iter().filter(|column| actual.column(column).is_some()).collect();
        let held: Vec<String> = there.iter().map(|column| format!("{} IS NOT NULL", quote(column))).collect();
        let rows = format!("SELECT {} AS {KEY} FROM {} WHERE {}", key(&actual), quote(name), any(&held));
        return (!held.is_empty()).then(|| count(None, &rows));
    }
    let Some(Resource::Entity(after)) = &change.after else { return None };
    let seen = Seen { change, before, after, actual: &actual, scene };
    let condition = seen.condition(question)?;
    // Under the table's own name, so that an author's expression may say it.
    let rows = format!("SELECT * FROM {AFTER} AS {} WHERE {condition}", quote(&change.address.name));
    Some(count(Some(&seen.after()), &rows))
}

/// One row: how many rows `rows` gives, and the keys of five of them.
pub fn count(with: Option<&str>, rows: &str) -> String {
    let with = with.map_or_else(String::new, |with| format!("{AFTER} AS ({with}),\n  "));
    format!(
        "WITH {with}{FOUND} AS ({rows})\nSELECT (SELECT count(*) FROM {FOUND}), \
         (SELECT json_group_array({KEY}) FROM (SELECT {KEY} FROM {FOUND} ORDER BY {KEY} LIMIT 5))"
    )
}

pub fn any(terms: &[String]) -> String {
    format!("({})", terms.join(" OR "))
}

pub fn all(terms: &[String]) -> String {
    format!("({})", terms.join(" AND "))
}

/// A row's key as text: its primary key, else the number SQLite gave it.
fn key(table: &Table) -> String {
    key_of(table, &quote)
}

/// As `key`, where the columns are called otherwise.
pub fn key_of(table: &Table, name_of: &dyn Fn(&str) -> String) -> String {
    let columns = table.primary_key();
    if columns.is_empty() {
        return "CAST(rowid AS TEXT)".to_owned();
    }
    let text = |column: &String| format!("coalesce(CAST({} AS TEXT), '')", name_of(column));
    columns.iter().map(text).collect::<Vec<_>>().join(" || ', ' || ")
}

/// A changed entity and its rows, as they would be.
pub struct Seen<'a> {
    pub change: &'a Change,
    pub before: &'a Entity,
    pub after: &'a Entity,
    pub actual: &'a Table,
    pub scene: &'a Scene<'a>,
}

impl Seen<'_> {
    /// The rows as the change would leave them, each with its key, and each of today's columns under
    /// another name.
    fn after(&self) -> String {
        let sources = conversion::pairs(self.change, self.before, self.after, self.actual, self.scene);
        let projection =
            conversion::projection(self.change, self.before, self.after, &sources, self.scene, Losses::Shown);
        let mut columns = vec![format!("{} AS {KEY}", key(self.actual))];
        let mut known: BTreeMap<String, ()> = BTreeMap::new();
        for projected in &projection {
            known.insert(projected.column.to_lowercase(), ());
            columns.push(format!("{} AS {}", projected.sql, quote(&projected.column)));
        }
        for column in &self.actual.columns {
            columns.push(format!("{} AS {}", quote(&column.name), quote(&source(&column.name))));
        }
        format!("SELECT {} FROM {}", columns.join(", "), quote(&self.change.address_before().name))
    }

    fn columns(&self, fields: &[String]) -> Vec<String> {
        lower::columns_of(self.after, fields).iter().map(|column| quote(column)).collect()
    }

    /// The condition that the rows in question fulfil.
    pub fn condition(&self, question: &Question) -> Option<String> {
        match question {
            Question::NullsAfter { field } => {
                let columns = self.columns(std::slice::from_ref(field));
                Some(all(&columns.iter().map(|column| format!("{column} IS NULL")).collect::<Vec<_>>()))
            }
            Question::DuplicatesAfter { fields } => {
                let columns = self.columns(fields);
                let there: Vec<String> =
                    columns.iter().map(|column| format!("{column} IS NOT NULL")).collect();
                let list = columns.join(", ");
                Some(format!(
                    "({list}) IN (SELECT {list} FROM {AFTER} WHERE {} GROUP BY {list} HAVING count(*) > 1)",
                    all(&there)
                ))
            }
            Question::OrphansAfter { fields, entity, to } => Some(self.orphans(fields, entity, to)),
            Question::NoOptionAfter { field, picklist } => {
                let column = self.columns(std::slice::from_ref(field)).pop()?;
                let list = self.scene.after.get(picklist).and_then(|r| r.as_picklist());
                let names: Vec<String> = list
                    .map(|list| list.options.keys().map(|name| literal(name)).collect())
                    .unwrap_or_default();
                Some(format!("{column} IS NOT NULL AND {column} NOT IN ({})", names.join(", ")))
            }
            Question::ViolationsAfter { sql } => Some(format!("NOT ({})", guarded(sql))),
            Question::UnfitAfter { before, after } => self.unfit(before, after),
            // Its own words are for its own parser.
            Question::DuplicatesBy { .. }
            | Question::Rows
            | Question::Values { .. }
            | Question::OptionUse { .. }
            | Question::ComesBack { .. }
            | Question::RowGone => None,
        }
    }

    fn orphans(&self, fields: &[String], entity: &Address, to: &[String]) -> String {
        let polymorphic = match fields {
            [field] => self.after.fields.get(field).map(|f| f.ty.polymorphic_columns(field)),
            _ => None,
        };
        let own = polymorphic
            .and_then(|columns| columns.into_iter().find(|(_, target)| *target == entity.name))
            .map(|(column, _)| vec![quote(&column)]);
        let columns = own.unwrap_or_else(|| self.columns(fields));
        let held = all(&columns.iter().map(|column| format!("{column} IS NOT NULL")).collect::<Vec<_>>());
        let pairs = |there: &[String]| {
            let same = columns.iter().zip(there);
            let here = quote(&self.change.address.name);
            let same = same.map(|(column, far)| format!("{THERE}.{} = {here}.{column}", quote(far)));
            all(&same.collect::<Vec<_>>())
        };
        if *entity == self.change.address {
            return format!("{held} AND NOT EXISTS (SELECT 1 FROM {AFTER} AS {THERE} WHERE {})", pairs(to));
        }
        if let Some(far) = ask_back::far_rows(entity, self.scene) {
            return format!("{held} AND NOT EXISTS (SELECT 1 FROM {far} AS {THERE} WHERE {})", pairs(to));
        }
        let name = self.scene.name_before(&entity.name);
        let before = self.scene.before.get(&Address::new(entity.kind.clone(), name));
        let Some(before) = before.and_then(|r| r.as_entity()) else {
            // It is made by this very plan and has no rows yet.
            return held;
        };
        let after = self.scene.after.get(entity).and_then(|r| r.as_entity());
        let far = to.iter().map(|field| {
            // A key that is renamed by this plan still has its former name.
            let place = after.and_then(|after| after.key_fields().iter().position(|key| key == field));
            let former = place.and_then(|place| before.key_fields().get(place).map(|key| (*key).to_owned()));
            let is_there = before.field_type(field).is_some();
            if is_there { field.clone() } else { former.unwrap_or_else(|| field.clone()) }
        });
        let far: Vec<String> = far.collect();
        format!("{held} AND NOT EXISTS (SELECT 1 FROM {} AS {THERE} WHERE {})", quote(name), pairs(&far))
    }

    fn unfit(&self, before: &str, after: &str) -> Option<String> {
        let (was, field) = (self.before.fields.get(before)?, self.after.fields.get(after)?);
        let sources = conversion::pairs(self.change, self.before, self.after, self.actual, self.scene);
        let mut terms = Vec::new();
        for old in conversion::columns_now(self.before, before, self.scene) {
            if self.actual.column(&old).is_none() {
                continue;
            }
            let value = quote(&source(&old));
            let new = sources.iter().find(|(_, source)| **source == old).map(|(new, _)| quote(new));
            terms.push(match new {
                Some(new) => {
                    format!("({value} IS NOT NULL AND NOT ({}))", is_kept(&value, &new, &was.ty, &field.ty))
                }
                // The lookup does not point to this entity any more.
                None => format!("({value} IS NOT NULL)"),
            });
        }
        (!terms.is_empty()).then(|| any(&terms))
    }
}

/// The name under which a query knows a column of today.
fn source(column: &str) -> String {
    format!("_reconcile_from_{column}")
}

fn option_use(change: &Change, option: &str, scene: &Scene<'_>) -> Option<String> {
    let (old, new) = (change.address_before().name.as_str(), change.address.name.as_str());
    let terms: Vec<String> = actual::users(old, new, scene.before)
        .into_iter()
        .map(|(table, column)| {
            let address = Address::new(crate::model::entity::KIND, table.as_str());
            let entity = scene.before.get(&address).and_then(|r| r.as_entity());
            let shape =
                entity.map(|entity| actual::actual(&table, entity, scene.natives, scene.before, scene));
            let key = shape.map_or_else(|| "rowid".to_owned(), |shape| key(&shape.table));
            format!(
                "SELECT {} || {key} AS {KEY} FROM {} WHERE {} = {}",
                literal(&format!("{table} ")),
                quote(&table),
                quote(&column),
                literal(option)
            )
        })
        .collect();
    (!terms.is_empty()).then(|| count(None, &terms.join(" UNION ALL ")))
}
