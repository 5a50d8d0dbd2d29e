//! What becomes of the values of a row: kept, converted, filled in; and which of them would not survive.
//! Never shortens or rounds a value: what does not fit is counted, and the table's own checks refuse it.

use std::collections::BTreeMap;

use super::autonumber;
use super::lexer::quote;
use super::lower::{self, World};
use super::table::Table;
use super::types;
use crate::diff::change::Change;
use crate::model::entity::{Entity, GENERATED_KEY};
use crate::model::field::FieldType;
use crate::provider::columns;
use crate::target::Scene;

pub use crate::provider::columns::columns_now;

/// One column of a changed table, as an expression over the table as it is now.
#[derive(Clone, Debug)]
pub struct Projected {
    pub column: String,
    pub sql: String,
}

/// The names of columns after a change, with those they have now, where they have one.
pub fn pairs(
    change: &Change,
    before: &Entity,
    after: &Entity,
    actual: &Table,
    scene: &Scene<'_>,
) -> BTreeMap<String, String> {
    let has = |name: &str| actual.column(name).is_some();
    let mut found = columns::pairs(change, before, after, &has, scene);
    if after.primary_key.is_none() && has(GENERATED_KEY) {
        found.entry(GENERATED_KEY.to_owned()).or_insert_with(|| GENERATED_KEY.to_owned());
    }
    found
}

/// What becomes of a value that the new type cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Losses {
    /// It is converted all the same, so that it can be counted.
    Shown,
    /// It stays what it is, so that the new column refuses it.
    Refused,
}

/// Every column that the model knows after the change, in declared order.
///
/// `sources` names the column of today for each column after.
pub fn projection(
    change: &Change,
    before: &Entity,
    after: &Entity,
    sources: &BTreeMap<String, String>,
    scene: &Scene<'_>,
    losses: Losses,
) -> Vec<Projected> {
    let world = World::State(scene.after);
    let renames: BTreeMap<&str, &str> = change.renames("fields").collect();
    let mut found = Vec::new();
    if after.primary_key.is_none() && !after.fields.contains_key(GENERATED_KEY) {
        let source = sources.get(GENERATED_KEY).cloned();
        let sql = source.as_deref().map_or_else(|| types::NEW_UUID.to_owned(), quote);
        found.push(Projected { column: GENERATED_KEY.to_owned(), sql });
    }
    for (name, field) in &after.fields {
        let old = renames.get(name.as_str()).copied().unwrap_or(name);
        let was = before.fields.get(old);
        for wanted in lower::field_columns(after, name, field, world) {
            if wanted.is_generated() {
                continue;
            }
            let source = sources.get(&wanted.name).cloned();
            let storage = wanted.type_name.to_ascii_uppercase();
            let single = field.ty.polymorphic_columns(name).is_empty();
            let filler = change.backfill.get(name).filter(|_| single);
            let filler = filler.map(|value| types::default_sql(&field.ty, value, &storage));
            let sql = match (&source, was) {
                (Some(source), Some(was)) => {
                    let kept = match losses {
                        Losses::Shown => convert(&quote(source), &was.ty, &field.ty, &storage),
                        Losses::Refused => convert_or_stay(&quote(source), &was.ty, &field.ty, &storage),
                    };
                    // Rows of a field that may be empty stay so.
                    let filler = filler.filter(|_| field.is_required());
                    filler.map_or(kept.clone(), |filler| format!("coalesce({kept}, {filler})"))
                }
                (Some(source), None) => quote(source),
                (None, _) => filler.unwrap_or_else(|| match (&field.ty, &field.default) {
                    (FieldType::Autonumber { format }, _) => {
                        autonumber::number(format, "row_number() OVER ()")
                    }
                    (_, Some(default)) => types::default_sql(&field.ty, default, &storage),
                    (_, None) => "NULL".to_owned(),
                }),
            };
            found.push(Projected { column: wanted.name, sql });
        }
    }
    found
}

fn is_text(ty: &FieldType) -> bool {
    types::storage(ty) == "TEXT" && !matches!(ty, FieldType::Lookup { .. })
}

/// A value of one type as one of another.
pub fn convert(value: &str, from: &FieldType, to: &FieldType, storage: &str) -> String {
    if from == to {
        return value.to_owned();
    }
    match (from, to) {
        (FieldType::Datetime, FieldType::Date) => format!("date({value})"),
        (FieldType::Date, FieldType::Datetime) => format!("{value} || 'T00:00:00Z'"),
        (from, FieldType::Boolean) if is_text(from) => format!(
            "CASE lower({value}) WHEN 'true' THEN 1 WHEN '1' THEN 1 WHEN 'false' THEN 0 WHEN '0' THEN 0 ELSE {value} END"
        ),
        (_, FieldType::Lookup { .. }) => match storage {
            "TEXT" | "INTEGER" | "REAL" | "BLOB" => format!("CAST({value} AS {storage})"),
            _ => value.to_owned(),
        },
        (from, to) if types::storage(from) == types::storage(to) && is_text(from) == is_text(to) => {
            value.to_owned()
        }
        (_, to) => format!("CAST({value} AS {})", types::storage(to)),
    }
}

/// As `convert`, but a value that would be lost stays as it is.
pub fn convert_or_stay(value: &str, from: &FieldType, to: &FieldType, storage: &str) -> String {
    let converted = convert(value, from, to, storage);
    // A key as text is the value itself, and one key for another loses nothing unless the types differ.
    let is_key = matches!(to, FieldType::Lookup { .. });
    if is_key && (storage == "TEXT" || matches!(from, FieldType::Lookup { .. })) {
        return converted;
    }
    match survives(value, &converted, from, to) {
        Some(survives) if converted != value => {
            format!("CASE WHEN {survives} THEN {converted} ELSE {value} END")
        }
        Some(_) | None => converted,
    }
}

/// A condition over `source`, the value of today, and `column`, what becomes of it: true where nothing is lost.
pub fn is_kept(source: &str, column: &str, from: &FieldType, to: &FieldType) -> String {
    let mut terms = vec![format!("{column} IS NOT NULL")];
    terms.extend(types::check(to, column).map(|check| format!("({check})")));
    terms.extend(fits_strictly(to, column));
    terms.extend(survives(source, column, from, to));
    terms.join(" AND ")
}

/// A condition for a `STRICT` column to take a value, which may come from a column of any type.
/// Source: the SQLite documentation, "STRICT Tables".
fn fits_strictly(to: &FieldType, column: &str) -> Option<String> {
    let kind = format!("typeof({column})");
    match (to, types::storage(to)) {
        // Its storage is the one of the key it points to.
        (FieldType::Lookup { .. }, _) => None,
        (_, "TEXT") => Some(format!("{kind} <> 'blob'")),
        (_, "INTEGER") => Some(format!(
            "({kind} = 'integer' OR ({kind} = 'real' AND CAST({column} AS INTEGER) = {column}))"
        )),
        (_, "REAL") => Some(format!("{kind} IN ('real', 'integer')")),
        (_, "BLOB") => Some(format!("{kind} = 'blob'")),
        (_, _) => None,
    }
}

/// What else must hold where a conversion could lose something without a word.
fn survives(source: &str, column: &str, from: &FieldType, to: &FieldType) -> Option<String> {
    // A number in a text is one that JSON would read, so that `7x`, ` ` and `007` are none.
    let is_number = |kinds: &str| {
        format!("(CASE WHEN json_valid({source}) THEN json_type({source}) IN ({kinds}) ELSE 0 END)")
    };
    match (types::storage(from), types::storage(to)) {
        (_, _) if from == to => None,
        (_, _) if matches!((from, to), (FieldType::Datetime, FieldType::Date)) => {
            // SQLite reads thousandths of a second; finer ones have no day that they would be the beginning of.
            Some(format!(
                "strftime('%Y-%m-%d %H:%M:%f', {source}) IS strftime('%Y-%m-%d %H:%M:%f', date({source})) \
                 AND {source} NOT GLOB '*.[0-9][0-9][0-9][0-9]*'"
            ))
        }
        // What a lookup holds is of the type of the key it points to, which the types do not say.
        (_, _) if matches!(to, FieldType::Lookup { .. }) => {
            Some(format!("({column} = {source} OR CAST({column} AS TEXT) = CAST({source} AS TEXT))"))
        }
        ("TEXT", "INTEGER") if matches!(to, FieldType::Boolean) && is_text(from) => None,
        ("TEXT", "INTEGER") => Some(format!(
            "{} AND (CAST({column} AS TEXT) = trim({source}) OR \
             (CAST({source} AS REAL) = {column} AND abs({column}) < 9007199254740992))",
            is_number("'integer', 'real'")
        )),
        // A float has every number of 15 digits, and of the longer ones only some.
        ("TEXT", "REAL") => Some(format!(
            "(CASE WHEN json_valid({source}) THEN CASE json_type({source}) \
             WHEN 'integer' THEN CAST({source} AS INTEGER) = {column} WHEN 'real' THEN \
             length(trim(replace(replace({source}, '-', ''), '.', ''), '0')) <= 15 ELSE 0 END ELSE 0 END)"
        )),
        ("INTEGER", "INTEGER") | ("REAL", "REAL") => None,
        ("INTEGER" | "REAL", "INTEGER" | "REAL") => Some(format!("{column} = {source}")),
        ("BLOB", "TEXT") => Some(is_utf8(source)),
        // Bytes are no number, and a cast would make most of them 0.
        ("BLOB", "INTEGER" | "REAL") => Some("0".to_owned()),
        (_, _) => None,
    }
}

/// A condition that some bytes are text: every character, written anew, is the one that was read.
fn is_utf8(bytes: &str) -> String {
    format!(
        "instr({bytes}, x'00') = 0 AND NOT EXISTS (WITH RECURSIVE \"_reconcile_at\" (\"_reconcile_i\") AS \
         (SELECT 1 UNION ALL SELECT \"_reconcile_i\" + 1 FROM \"_reconcile_at\" WHERE \"_reconcile_i\" < length(CAST({bytes} AS TEXT))) \
         SELECT 1 FROM \"_reconcile_at\" WHERE CAST(char(unicode(substr(CAST({bytes} AS TEXT), \"_reconcile_i\", 1))) AS BLOB) \
         IS NOT CAST(substr(CAST({bytes} AS TEXT), \"_reconcile_i\", 1) AS BLOB) AND length({bytes}) > 0)"
    )
}
