//! Rows for every declared entity: valid, told apart by their numbers, the same at every run.
//! Never asks the provider how it stores a value: what it would refuse here, it would refuse from everybody.

use std::collections::BTreeMap;

use reconcile::model::entity::{Entity, GENERATED_KEY};
use reconcile::model::field::{Field, FieldType};
use reconcile::model::picklist::Picklist;
use reconcile::model::resource::Resource;
use reconcile::model::state::Desired;
use rusqlite::Connection;
use rusqlite::types::Value;

/// Fills the table of every entity with as many rows as `count` says. Every required field has a value, and every
/// third of the others.
pub fn fill(database: &Connection, desired: &Desired, count: impl Fn(&str) -> usize) {
    let mut entities = BTreeMap::new();
    let mut picklists = BTreeMap::new();
    for (address, declared) in &desired.resources {
        match &*declared.resource {
            Resource::Entity(entity) => drop(entities.insert(address.name.as_str(), entity)),
            Resource::Picklist(picklist) => drop(picklists.insert(address.name.as_str(), picklist)),
        }
    }
    let mut filler = Filler { database, entities, picklists, filled: BTreeMap::new() };
    let mut waiting: Vec<&str> = filler.entities.keys().copied().collect();
    database.execute_batch("BEGIN").unwrap();
    while !waiting.is_empty() {
        let (ready, rest): (Vec<&str>, Vec<&str>) = waiting.iter().partition(|name| filler.is_ready(name));
        assert!(!ready.is_empty(), "required lookups go in a circle among {rest:?}");
        for name in ready {
            filler.fill(name, count(name));
        }
        waiting = rest;
    }
    database.execute_batch("COMMIT").unwrap();
}

struct Filler<'a> {
    database: &'a Connection,
    entities: BTreeMap<&'a str, &'a Entity>,
    picklists: BTreeMap<&'a str, &'a Picklist>,
    /// How many rows each filled entity has.
    filled: BTreeMap<&'a str, usize>,
}

impl<'a> Filler<'a> {
    fn is_ready(&self, name: &str) -> bool {
        self.entities[name].fields.values().filter(|field| field.is_required()).all(|field| {
            let targets = field.ty.lookup_targets();
            targets.is_empty() || targets.iter().any(|to| self.filled.contains_key(to))
        })
    }

    fn fill(&mut self, name: &'a str, count: usize) {
        let entity = self.entities[name];
        for row in 0..count {
            let mut cells: Vec<(String, Value)> = Vec::new();
            if entity.primary_key.is_none() {
                cells.push((GENERATED_KEY.to_owned(), self.key(name, row)));
            }
            for (place, (field_name, field)) in entity.fields.iter().enumerate() {
                let in_key = entity.key_fields().contains(&field_name.as_str());
                if in_key {
                    cells.push((field_name.clone(), self.key(name, row)));
                } else if field.is_required() || (row + place) % 3 == 0 {
                    cells.extend(self.cell(field_name, field, row));
                }
            }
            let quoted: Vec<String> = cells.iter().map(|(column, _)| format!("\"{column}\"")).collect();
            let marks = vec!["?"; cells.len()].join(", ");
            let sql = format!("INSERT INTO \"{name}\" ({}) VALUES ({marks})", quoted.join(", "));
            let values: Vec<Value> = cells.iter().map(|(_, value)| value.clone()).collect();
            let result =
                self.database.prepare_cached(&sql).unwrap().execute(rusqlite::params_from_iter(values));
            result.unwrap_or_else(|error| panic!("row {row} of {name}: {error}: {cells:?}"));
        }
        self.filled.insert(name, count);
    }

    /// The key of a row; an entity whose key is a lookup shares it with the row it points to.
    fn key(&self, entity: &str, row: usize) -> Value {
        let fields = &self.entities[entity].fields;
        let [name] = self.entities[entity].key_fields()[..] else { panic!("{entity} has a key of several") };
        match fields.get(name).map(|field| &field.ty) {
            Some(FieldType::Lookup { entity: Some(to), .. }) => self.key(to, row),
            Some(FieldType::Uuid) | None => Value::Text(uuid(entity, row)),
            Some(other) => panic!("the key of {entity} is {}", other.describe()),
        }
    }

    /// The column and value of a field; none where there is nothing to point to yet, or the target numbers it.
    fn cell(&self, name: &str, field: &Field, row: usize) -> Option<(String, Value)> {
        let point = |to: &str| {
            let count = *self.filled.get(to)?;
            Some(self.key(to, row % count))
        };
        let value = match &field.ty {
            FieldType::Autonumber { .. } => return None,
            FieldType::Lookup { entity: Some(to), .. } => point(to)?,
            FieldType::Lookup { entity: None, .. } => {
                let mut columns = field.ty.polymorphic_columns(name);
                columns.retain(|(_, to)| self.filled.contains_key(to));
                let (column, to) = columns.get(row % columns.len().max(1))?;
                return Some((column.clone(), point(to)?));
            }
            FieldType::Text { max_length, .. } => {
                let length = max_length.unwrap_or(200) as usize;
                Value::Text(format!("{row} {name}").chars().take(length).collect())
            }
            FieldType::Integer | FieldType::Bigint => Value::Integer(number(field) as i64),
            FieldType::Decimal { .. } | FieldType::Money | FieldType::Float => Value::Real(number(field)),
            FieldType::Boolean => Value::Integer((row % 2) as i64),
            FieldType::Date => Value::Text(format!("2025-03-{:02}", row % 28 + 1)),
            FieldType::Time => Value::Text(format!("{:02}:30:00", row % 24)),
            FieldType::Datetime => Value::Text(format!("2025-03-{:02}T08:00:00Z", row % 28 + 1)),
            FieldType::Uuid => Value::Text(uuid(name, row)),
            FieldType::Json => Value::Text(format!("{{\"row\":{row}}}")),
            FieldType::Binary { .. } => Value::Blob(vec![(row % 256) as u8]),
            FieldType::Picklist { picklist } => {
                let open: Vec<&String> = self.picklists[picklist.as_str()]
                    .options
                    .iter()
                    .filter(|o| !o.1.is_retired())
                    .map(|o| o.0)
                    .collect();
                Value::Text(open[row % open.len()].clone())
            }
        };
        Some((name.to_owned(), value))
    }
}

/// One, or the least value of a range that does not begin before it.
fn number(field: &Field) -> f64 {
    let range = field.check.as_deref().and_then(|sql| sql.split_once(" BETWEEN "));
    let least = range.and_then(|(_, range)| range.split_once(" AND ")?.0.parse::<f64>().ok());
    least.unwrap_or(1.0).max(1.0)
}

fn uuid(name: &str, row: usize) -> String {
    let mixed =
        name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{mixed:08x}-0000-4000-8000-{row:012x}")
}
