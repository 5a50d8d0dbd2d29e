//! Rows for a generated world, and what a value must have become after a change.
//! Never asks the program: the meaning of a conversion is written here a second time.

use std::collections::BTreeMap;

use reconcile::model::field::FieldType;
use rusqlite::Connection;
use rusqlite::types::Value;

use super::bench::quote;
use super::draw::Draw;
use super::world::World;

/// Fills every table; what the table itself refuses is left out.
pub fn fill(world: &World, database: &Connection, draw: &mut Draw) {
    let mut number = 0_u32;
    // A second round finds rows to point at that the first did not.
    for _ in 0..2 {
        for (name, entity) in &world.entities {
            for _ in 0..draw.below(4) {
                let mut row: Vec<(String, Value)> = Vec::new();
                if entity.primary_key.is_none() {
                    number += 1;
                    row.push(("id".to_owned(), Value::Text(format!("00000000-0000-4000-8000-{number:012}"))));
                }
                for (field_name, field) in &entity.fields {
                    if draw.one_in(5) {
                        continue;
                    }
                    let columns = field.ty.polymorphic_columns(field_name);
                    if columns.is_empty() {
                        let value = value(world, database, &field.ty, draw);
                        row.push((field_name.clone(), value));
                    } else {
                        let (column, to) = draw.pick(&columns);
                        let to = FieldType::Lookup {
                            entity: Some((*to).to_owned()),
                            entities: Vec::new(),
                            on_delete: Default::default(),
                        };
                        row.push((column.clone(), value(world, database, &to, draw)));
                    }
                }
                insert(database, name, &row);
            }
        }
    }
}

fn insert(database: &Connection, table: &str, row: &[(String, Value)]) {
    let names: Vec<String> = row.iter().map(|(name, _)| quote(name)).collect();
    let marks = vec!["?"; row.len()].join(", ");
    let sql = match row.is_empty() {
        true => format!("INSERT INTO {} DEFAULT VALUES", quote(table)),
        false => format!("INSERT INTO {} ({}) VALUES ({marks})", quote(table), names.join(", ")),
    };
    let values = rusqlite::params_from_iter(row.iter().map(|(_, value)| value));
    match database.execute(&sql, values) {
        Ok(_) => {}
        Err(rusqlite::Error::SqliteFailure(error, _))
            if error.code == rusqlite::ErrorCode::ConstraintViolation => {}
        Err(error) => panic!("`{sql}`: {error}"),
    }
}

const TEXTS: [&str; 16] = [
    "a",
    "1",
    "12",
    "true",
    "0",
    "1.5",
    "2024-02-29",
    "13:45:00",
    "2026-11-21T13:45:00Z",
    "it's (bad)",
    "123e4567-e89b-42d3-a456-426614174000",
    "{\"a\":1}",
    "draft",
    "",
    "größe 数",
    "9007199254740993",
];

fn value(world: &World, database: &Connection, ty: &FieldType, draw: &mut Draw) -> Value {
    let text = |text: &&str| Value::Text((*text).to_owned());
    match ty {
        FieldType::Text { .. } => text(draw.pick(&TEXTS)),
        FieldType::Integer => Value::Integer(*draw.pick(&[0, 1, -5, 70_000, 2_147_483_647])),
        FieldType::Bigint => Value::Integer(*draw.pick(&[0, 1, -5, 9_007_199_254_740_993, i64::MIN])),
        FieldType::Decimal { .. } | FieldType::Money => {
            Value::Real(*draw.pick(&[0.0, 1.5, 12.25, -3.0, 99.99]))
        }
        FieldType::Float => {
            Value::Real(*draw.pick(&[0.0, 1.0, 0.1 + 0.2, 1e20, -1e-7, 123_456_789.123_456_78]))
        }
        FieldType::Boolean => Value::Integer(*draw.pick(&[0, 1])),
        FieldType::Date => text(draw.pick(&["2024-02-29", "1999-12-31"])),
        FieldType::Time => text(draw.pick(&["13:45:00", "00:00"])),
        FieldType::Datetime => text(draw.pick(&[
            "2026-11-21T13:45:00Z",
            "2024-02-29T00:00:00Z",
            "2024-02-29T00:00:00+01:00",
            "2024-02-29T00:00:00.500Z",
        ])),
        FieldType::Uuid => {
            text(draw.pick(&["123e4567-e89b-42d3-a456-426614174000", "123E4567-E89B-42D3-A456-426614174001"]))
        }
        FieldType::Json => text(draw.pick(&["{\"a\":1}", "\"x\"", "12", "null", "[]"])),
        FieldType::Binary { .. } => Value::Blob(draw.pick(&[vec![], vec![65], vec![0, 255]]).clone()),
        FieldType::Picklist { picklist } => one_of(database, picklist, "name", draw),
        FieldType::Lookup { entity: Some(to), .. } => {
            let far = world.entities.get(to).map(|far| far.key_fields()[0].to_owned());
            one_of(database, to, far.as_deref().unwrap_or("id"), draw)
        }
        FieldType::Lookup { .. } | FieldType::Autonumber { .. } => Value::Null,
    }
}

fn one_of(database: &Connection, table: &str, column: &str, draw: &mut Draw) -> Value {
    let sql = format!("SELECT {0} FROM {1} ORDER BY 1", quote(column), quote(table));
    let mut statement = database.prepare(&sql).unwrap();
    let all: Vec<Value> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    if all.is_empty() { Value::Null } else { draw.pick(&all).clone() }
}

const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

/// A value of a type in words that do not depend on how it is stored.
fn meaning(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Integer(number) => format!("number {number}"),
        // The whole numbers that 64 bits hold; the bounds are powers of two, which a float has exactly.
        #[allow(clippy::cast_possible_truncation)]
        Value::Real(number) if number.fract() == 0.0 && (-TWO_TO_63..TWO_TO_63).contains(number) => {
            format!("number {}", *number as i64)
        }
        Value::Real(number) => format!("number {number:?}"),
        Value::Text(text) => format!("text {text}"),
        Value::Blob(bytes) => format!("bytes {bytes:?}"),
    }
}

fn number(text: &str) -> Option<Value> {
    let text = text.trim();
    text.parse().map(Value::Integer).ok().or_else(|| text.parse().map(Value::Real).ok())
}

fn is_number(ty: &FieldType) -> bool {
    use FieldType::{Bigint, Boolean, Decimal, Float, Integer, Money};
    matches!(ty, Integer | Bigint | Boolean | Decimal { .. } | Money | Float)
}

/// What a value of `from` must be under `to`, and what the value found there is, in comparable words.
///
/// None where the value cannot be had under that type at all.
pub fn converted(from: &FieldType, to: &FieldType, old: &Value, new: &Value) -> (Option<String>, String) {
    let same = || (Some(meaning(old)), meaning(new));
    if from == to || *old == Value::Null {
        return same();
    }
    match (from, to, old, new) {
        (_, FieldType::Boolean, Value::Text(text), _) => {
            let truth = match text.to_lowercase().as_str() {
                "1" | "true" => Some("number 1"),
                "0" | "false" => Some("number 0"),
                _ => None,
            };
            (truth.map(str::to_owned), meaning(new))
        }
        (FieldType::Date, FieldType::Datetime, Value::Text(text), _) => {
            (Some(format!("text {text}T00:00:00Z")), meaning(new))
        }
        (FieldType::Datetime, FieldType::Date, Value::Text(text), _) => {
            let instant: jiff::Timestamp = text.parse().unwrap();
            let time = instant.strftime("%H:%M:%S%.f").to_string();
            let day = format!("text {}", instant.strftime("%Y-%m-%d"));
            ((time == "00:00:00").then_some(day), meaning(new))
        }
        (_, to, Value::Text(text), _) if is_number(to) => (number(text).as_ref().map(meaning), meaning(new)),
        (_, _, Value::Integer(_) | Value::Real(_), Value::Text(_) | Value::Blob(_)) => {
            let text = match new {
                Value::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                Value::Text(text) => text.clone(),
                Value::Null | Value::Integer(_) | Value::Real(_) => String::new(),
            };
            (Some(meaning(old)), number(&text).as_ref().map_or_else(|| meaning(new), meaning))
        }
        (_, _, Value::Text(text), Value::Blob(bytes)) => {
            (Some(format!("{:?}", text.as_bytes())), format!("{bytes:?}"))
        }
        (_, _, Value::Blob(bytes), Value::Text(text)) => {
            (Some(format!("{bytes:?}")), format!("{:?}", text.as_bytes()))
        }
        (_, _, _, _) => same(),
    }
}

/// Where the values of one column go.
#[derive(Clone, Debug)]
pub struct Course {
    pub old: String,
    pub new: String,
    pub from: FieldType,
    pub to: FieldType,
    /// What the rows without a value get; none where they stay without.
    pub is_filled: bool,
    /// The options that have another name now.
    pub options: BTreeMap<String, String>,
}

/// Tells whether rows came over whole: each row before is a row after.
pub fn rows_came_over(
    before: &[BTreeMap<String, Value>],
    after: &[BTreeMap<String, Value>],
    courses: &[Course],
) -> Result<(), String> {
    if before.len() != after.len() {
        return Err(format!("{} rows have become {}", before.len(), after.len()));
    }
    let fits = |old: &BTreeMap<String, Value>, new: &BTreeMap<String, Value>| {
        courses.iter().all(|course| {
            let null = Value::Null;
            let (was, is) = (old.get(&course.old).unwrap_or(&null), new.get(&course.new).unwrap_or(&null));
            if *was == Value::Null && course.is_filled {
                return true;
            }
            let renamed = match was {
                Value::Text(option) => course.options.get(option).cloned().map(Value::Text),
                _ => None,
            };
            let (want, found) = converted(&course.from, &course.to, renamed.as_ref().unwrap_or(was), is);
            want.as_ref() == Some(&found)
        })
    };
    let mut open: Vec<&BTreeMap<String, Value>> = after.iter().collect();
    // Rows that hold the most are matched first, so that an emptier one does not take their place.
    let mut rows: Vec<&BTreeMap<String, Value>> = before.iter().collect();
    rows.sort_by_key(|row| row.values().filter(|value| **value == Value::Null).count());
    for row in rows {
        match open.iter().position(|new| fits(row, new)) {
            Some(found) => drop(open.remove(found)),
            None => return Err(format!("no row after is\n  {row:?}\nby {courses:?}\nof\n  {open:?}")),
        }
    }
    Ok(())
}
