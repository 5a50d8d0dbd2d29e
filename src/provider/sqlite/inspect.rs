//! One inspection: everything a database holds, in a handful of statements however many tables there are.
//! Never writes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rusqlite::Connection;

use super::lexer::quote;
use super::lower::{self, Known, World};
use super::table::{Index, Shape, Table, Trigger};
use super::{autonumber, catalog, lift, parse, picklist, types};
use crate::address::Address;
use crate::model::entity::{self, Entity};
use crate::model::picklist as model;
use crate::model::resource::Resource;
use crate::model::state::{Native, Owned, Snapshot, State};
use crate::model::task::TaskRecord;
use crate::model::trash::Trashed;
use crate::target::TargetError;

/// How many lists one statement reads; SQLite joins at most 500 queries.
const LISTS_AT_ONCE: usize = 400;

/// Reads all of a database. `target` names it in errors.
pub fn snapshot(connection: &Connection, target: &str) -> Result<Snapshot, TargetError> {
    let failed = |error: rusqlite::Error| super::refusal::failed(target, "read its definitions", &error);
    let version = catalog::version(connection).map_err(failed)?;
    if let Some(found) = version.filter(|found| *found > catalog::VERSION) {
        return Err(TargetError::Newer { target: target.to_owned(), found, known: catalog::VERSION });
    }
    let rows = if version.is_some() { catalog::rows(connection).map_err(failed)? } else { Vec::new() };
    let (mut recorded, mut inventory) = read_record(rows, target)?;
    for row in catalog::tasks(connection, version.unwrap_or_default()).map_err(failed)? {
        read_task(row, target, &mut inventory)?;
    }
    let objects = objects(connection).map_err(failed)?;
    let mut found = Found { snapshot: Snapshot { inventory, ..Snapshot::default() }, lists: Vec::new() };
    found.read_tables(&objects, &mut recorded);
    found.read_options(connection, &recorded).map_err(failed)?;
    let mut snapshot = found.snapshot;
    snapshot.natives = objects.natives;
    snapshot.server = server();
    snapshot.initialized = version.is_some();
    // Targets of the first version have no trash.
    if version.is_some_and(|found| found > 1) {
        (snapshot.trash, snapshot.last_trash) = trash(connection, target)?;
    }
    Ok(snapshot)
}

/// What the trash holds, and the last number given.
pub fn trash(connection: &Connection, target: &str) -> Result<(Vec<Trashed>, u64), TargetError> {
    let failed = |error: rusqlite::Error| super::refusal::failed(target, "read its trash", &error);
    let (rows, last) = catalog::trash(connection).map_err(failed)?;
    let read = |row: catalog::Kept| {
        let moved = serde_json::from_str(&row.moved).map_err(|error| TargetError::Record {
            target: target.to_owned(),
            message: format!("the trash of entry {}: {error}", row.entry),
        })?;
        Ok(Trashed { moved, entry: row.entry, kept: row.kept, until: row.until })
    };
    Ok((rows.into_iter().map(read).collect::<Result<_, TargetError>>()?, last))
}

/// The product and its version.
pub fn server() -> String {
    format!("SQLite {}", rusqlite::version())
}

fn read_record(
    rows: Vec<catalog::Row>,
    target: &str,
) -> Result<(State, BTreeMap<Address, Owned>), TargetError> {
    let mut recorded = State::new();
    let mut inventory = BTreeMap::new();
    for row in rows {
        let unread = |what: &str, error: String| TargetError::Record {
            target: target.to_owned(),
            message: format!("the {what} of `{}`: {error}", row.address),
        };
        let address: Address = row.address.parse().map_err(|e| unread("address", format!("{e}")))?;
        let read = |text: &str| serde_json::from_str::<Resource>(text).map(Arc::new);
        let state = read(&row.state).map_err(|e| unread("state", e.to_string()))?;
        if let Some(text) = &row.declared {
            // Mostly we declare all that there is, and then it need not be read twice.
            let declared = match *text == row.state {
                true => Arc::clone(&state),
                false => read(text).map_err(|e| unread("declaration", e.to_string()))?,
            };
            inventory.insert(
                address.clone(),
                Owned { declared, revision: row.revision.clone(), tasks: BTreeMap::new() },
            );
        }
        recorded.insert(address, state);
    }
    Ok((recorded, inventory))
}

/// Puts a recorded task to the resource that it belongs to.
fn read_task(
    row: catalog::TaskRow,
    target: &str,
    inventory: &mut BTreeMap<Address, Owned>,
) -> Result<(), TargetError> {
    let unread = |error: String| TargetError::Record {
        target: target.to_owned(),
        message: format!("the task `{}` of `{}`: {error}", row.name, row.address),
    };
    let address: Address = row.address.parse().map_err(|e| unread(format!("{e}")))?;
    let task = serde_json::from_str(&row.task).map_err(|e| unread(e.to_string()))?;
    let ran = row.ran.as_deref().map(str::parse).transpose().map_err(|e| unread(format!("{e}")))?;
    if let Some(owned) = inventory.get_mut(&address) {
        owned.tasks.insert(row.name, TaskRecord { task, place: row.place, ran });
    }
    Ok(())
}

/// The objects of a database: those that are no business of ours, and our triggers.
struct Objects {
    /// Sorted by kind and name.
    natives: Vec<Native>,
    ours: Vec<Native>,
    /// The tables in which a virtual table keeps what it holds.
    shadows: BTreeSet<String>,
}

impl Objects {
    fn all(&self) -> impl Iterator<Item = &Native> {
        self.natives.iter().chain(&self.ours)
    }
}

fn objects(connection: &Connection) -> rusqlite::Result<Objects> {
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema \
               WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        Ok(Native { kind: row.get(0)?, name: row.get(1)?, table: row.get(2)?, definition: row.get(3)? })
    })?;
    let mut objects = Objects { natives: Vec::new(), ours: Vec::new(), shadows: BTreeSet::new() };
    for native in rows {
        let native = native?;
        let is_ours = |name: &str| name.get(..catalog::PREFIX.len()) == Some(catalog::PREFIX);
        match is_ours(&native.name) || is_ours(&native.table) {
            true => objects.ours.push(native),
            false => objects.natives.push(native),
        }
    }
    let is_virtual = |native: &Native| {
        let head = native.definition.get(..14);
        native.kind == "table" && head.is_some_and(|head| head.eq_ignore_ascii_case("CREATE VIRTUAL"))
    };
    if objects.natives.iter().any(is_virtual) {
        let sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow'";
        let mut statement = connection.prepare(sql)?;
        objects.shadows = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    }
    Ok(objects)
}

struct Found {
    snapshot: Snapshot,
    /// The names of the tables that are picklists.
    lists: Vec<String>,
}

impl Found {
    /// Takes what is read already out of the record.
    fn read_tables(&mut self, objects: &Objects, recorded: &mut State) {
        let mut hanging: BTreeMap<&str, Vec<&Native>> = BTreeMap::new();
        for native in objects.all().filter(|native| matches!(native.kind.as_str(), "index" | "trigger")) {
            hanging.entry(native.table.as_str()).or_default().push(native);
        }
        let hanging_on = |table: &str| hanging.get(table).map(Vec::as_slice).unwrap_or_default();
        let (mut rest, mut unchanged) = (Vec::new(), Vec::new());
        for native in objects.natives.iter().filter(|native| native.kind == "table") {
            let address = Address::new(entity::KIND, native.name.as_str());
            match recorded.get(&address).and_then(|r| r.as_entity()) {
                // What we recorded is word for word what is there: nothing needs to be read.
                Some(entity) if is_unchanged(native, hanging_on(&native.name), entity, recorded) => {
                    unchanged.push(address);
                }
                Some(_) => rest.push(native),
                None if native.definition == picklist::create(&native.name) => {
                    self.lists.push(native.name.clone());
                }
                None if objects.shadows.contains(&native.name) => {
                    let reason = "it belongs to a virtual table".to_owned();
                    self.snapshot.opaque.insert(native.name.clone(), reason);
                }
                None => rest.push(native),
            }
        }
        if !rest.is_empty() {
            let tables = known(objects, recorded);
            for native in rest {
                self.read_table(native, hanging_on(&native.name), recorded, &tables);
            }
        }
        let read = unchanged.into_iter().filter_map(|address| recorded.remove_entry(&address));
        self.snapshot.state.extend(read);
    }

    fn read_table(
        &mut self,
        native: &Native,
        hanging: &[&Native],
        recorded: &State,
        tables: &BTreeMap<String, Known>,
    ) {
        let name = native.name.as_str();
        let hint = recorded.get(&Address::new(entity::KIND, name)).and_then(|r| r.as_entity());
        let table = match parse::table(&native.definition) {
            Ok(table) => table,
            Err(unread) => {
                self.snapshot.opaque.insert(name.to_owned(), unread.to_string());
                return;
            }
        };
        if hint.is_none() && picklist::is_picklist(&table) {
            self.lists.push(name.to_owned());
            return;
        }
        let mut shape = shape(table, name, hanging.iter().copied());
        if let Some(fault) = lift::name_fault(&shape) {
            self.snapshot.opaque.insert(name.to_owned(), fault);
            return;
        }
        if recorded.contains_key(&Address::new(model::KIND, name)) {
            let reason = "it is recorded as a picklist and is not built as one any more".to_owned();
            self.snapshot.opaque.insert(name.to_owned(), reason);
            return;
        }
        lift::prepare(&mut shape, hint, tables);
        let entity = lift::entity(&shape, hint, tables);
        self.snapshot.state.insert(Address::new(entity::KIND, name), Arc::new(Resource::Entity(entity)));
    }

    fn read_options(&mut self, connection: &Connection, recorded: &State) -> rusqlite::Result<()> {
        for names in self.lists.chunks(LISTS_AT_ONCE) {
            let mut lists: Vec<Vec<picklist::Row>> = vec![Vec::new(); names.len()];
            let term = |(number, name): (usize, &String)| {
                format!(
                    "SELECT {number} AS list, CAST(\"name\" AS TEXT), CAST(\"label\" AS TEXT), \
                     CAST(\"color\" AS TEXT), \"retired\" IS 1, \"position\" AS place, rowid AS row FROM {}",
                    quote(name)
                )
            };
            let terms: Vec<String> = names.iter().enumerate().map(term).collect();
            let sql = format!("{} ORDER BY list, place, row", terms.join(" UNION ALL "));
            let mut statement = connection.prepare(&sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let option = picklist::Row {
                    name: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
                    label: row.get::<_, Option<String>>(2)?.unwrap_or_default(),
                    color: row.get(3)?,
                    retired: row.get(4)?,
                };
                if let Some(list) = lists.get_mut(usize::from(row.get::<_, u16>(0)?)) {
                    list.push(option);
                }
            }
            for (name, rows) in names.iter().zip(&lists) {
                let address = Address::new(model::KIND, name);
                let hint = recorded.get(&address).and_then(|r| r.as_picklist());
                let resource = Resource::Picklist(picklist::lift(rows, hint));
                self.snapshot.state.insert(address, Arc::new(resource));
            }
        }
        Ok(())
    }
}

/// Puts a table together with its indexes and triggers.
pub fn shape<'a>(mut table: Table, name: &str, hanging: impl Iterator<Item = &'a Native>) -> Shape {
    name.clone_into(&mut table.name);
    let mut shape = Shape { table, indexes: Vec::new(), triggers: Vec::new() };
    for native in hanging {
        if native.kind == "index" {
            let index = parse::index(&native.definition).unwrap_or_else(|_| Index {
                name: native.name.clone(),
                unique: false,
                columns: None,
                sql: native.definition.clone(),
            });
            shape.indexes.push(Index { name: native.name.clone(), ..index });
        } else {
            shape.triggers.push(Trigger { name: native.name.clone(), sql: native.definition.clone() });
        }
    }
    shape
}

/// Tells whether a table is word for word what its recorded entity comes to.
fn is_unchanged(native: &Native, hanging: &[&Native], entity: &Entity, recorded: &State) -> bool {
    let wanted = lower::shape(&native.name, entity, World::State(recorded));
    if wanted.table.render() != native.definition {
        return false;
    }
    let is_own = |native: &&&Native| native.kind == "index" || native.name.starts_with(autonumber::PREFIX);
    let mut actual: Vec<&str> =
        hanging.iter().filter(is_own).map(|native| native.definition.as_str()).collect();
    let indexes = wanted.indexes.iter().map(|index| index.sql.as_str());
    let mut words: Vec<&str> =
        indexes.chain(wanted.triggers.iter().map(|trigger| trigger.sql.as_str())).collect();
    actual.sort_unstable();
    words.sort_unstable();
    actual == words
}

/// What lifting needs to know of all tables.
fn known(objects: &Objects, recorded: &State) -> BTreeMap<String, Known> {
    let tables = objects.natives.iter().filter(|native| native.kind == "table");
    tables
        .filter_map(|native| {
            let table = parse::table(&native.definition).ok()?;
            let is_entity = recorded.contains_key(&Address::new(entity::KIND, native.name.as_str()));
            Some((native.name.to_ascii_lowercase(), known_table(&native.name, &table, is_entity)))
        })
        .collect()
}

/// What lifting needs to know of one table.
pub fn known_table(name: &str, table: &Table, is_entity: bool) -> Known {
    let key = table.primary_key();
    let key_type = key.first().and_then(|column| table.column(column)).map(|column| &column.type_name);
    Known {
        name: name.to_owned(),
        storage: key_type.map_or("TEXT", |type_name| types::storage(&types::guess(type_name))),
        is_picklist: !is_entity && picklist::is_picklist(table),
        key,
    }
}
