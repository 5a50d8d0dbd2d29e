//! One inspection: everything a schema holds, in one message to the server however many tables there are; a second
//! one reads the options of picklists, where there are any.
//! Never writes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use postgres::{Client, Error, SimpleQueryMessage, SimpleQueryRow};

use super::lexer::quote;
use super::lift::{self, World};
use super::query::{self, Part};
use super::reader::Reader;
use super::settings::Settings;
use super::shape::{Column, Constraint, Event, Index, Made, Reference, Rule, Sequence, Table};
use super::spell::Spelled;
use super::{catalog, names, picklist, refusal};
use crate::address::Address;
use crate::diff::change::Change;
use crate::model::entity::{self, Deferral};
use crate::model::picklist as model;
use crate::model::resource::Resource;
use crate::model::state::{Native, Owned, Snapshot, State};
use crate::model::task::TaskRecord;
use crate::model::trash::Trashed;
use crate::target::TargetError;

/// What an inspection needs to know.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    pub settings: &'a Settings,
    /// Whether our own tables are there.
    pub has_catalog: bool,
    /// Whether a transaction is open already.
    pub is_inside: bool,
    /// What this very transaction has changed and recorded: the server's words for it are taken for what they spell.
    pub recorded: &'a [Change],
}

/// What was found, and how the server spells what was just recorded.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub snapshot: Snapshot,
    pub spelled: BTreeMap<Address, Spelled>,
}

/// The rows of one part; a cell is a text or nothing.
type Rows = Vec<SimpleQueryRow>;

/// Reads all of a schema.
pub fn snapshot(client: &mut Client, context: &Context<'_>) -> Result<Found, TargetError> {
    let failed =
        |error: postgres::Error| refusal::failed(context.settings, "read its definitions", &error, None);
    let target = context.settings.name.as_str();
    let statements = query::statements(&context.settings.schema, context.has_catalog);
    let mut sql: Vec<String> = Vec::with_capacity(statements.len() + 2);
    if !context.is_inside {
        sql.push("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY".to_owned());
    }
    sql.extend(statements.iter().map(|(_, sql)| sql.clone()));
    if !context.is_inside {
        sql.push("COMMIT".to_owned());
    }
    let mut parts = results(client.simple_query(&sql.join(";\n")).map_err(failed)?);
    if !context.is_inside {
        parts.remove(0);
    }
    let mut read = Read::default();
    for ((part, _), rows) in statements.iter().zip(parts) {
        read.part(*part, &rows, target)?;
    }
    read.lift(client, context)
}

/// Reads what the trash of a schema holds, and nothing else. Our own tables are there.
pub fn trash(client: &mut Client, settings: &Settings) -> Result<Vec<Trashed>, TargetError> {
    let (part, sql) = query::trash(&settings.schema);
    let messages = client.simple_query(&sql);
    let messages = messages.map_err(|error| refusal::failed(settings, "read its trash", &error, None))?;
    let mut read = Read::default();
    for rows in results(messages) {
        read.part(part, &rows, &settings.name)?;
    }
    Ok(read.trash)
}

/// Reads the tables that `statements` make, as the server has them, and makes none of them: they are this session's
/// alone and rolled back.
pub fn drafted(client: &mut Client, settings: &Settings, statements: &[String]) -> Result<Vec<Table>, Error> {
    let parts = query::temporary();
    // A table called `text` must not take the place of the type.
    let path = format!("SET LOCAL search_path = pg_catalog, pg_temp, {}", quote(&settings.schema));
    let mut sql = vec!["BEGIN READ WRITE".to_owned(), path];
    sql.extend(statements.iter().cloned());
    let n_made = sql.len();
    sql.extend(parts.iter().map(|(_, sql)| sql.clone()));
    let result = client.simple_query(&sql.join(";\n"));
    // Should this fail, the next statement says so.
    let _ = client.batch_execute("ROLLBACK");
    let mut read = Read::default();
    for ((part, _), rows) in parts.iter().zip(results(result?).into_iter().skip(n_made)) {
        // Only our own record can fail to be read, and none is.
        let _ = read.part(*part, &rows, &settings.name);
    }
    let mut tables = read.tables;
    Ok(read.order.iter().filter_map(|number| Some(tables.remove(number)?.table)).collect())
}

/// The rows of each statement of a message.
fn results(messages: Vec<SimpleQueryMessage>) -> Vec<Rows> {
    let mut all = Vec::new();
    let mut rows = Vec::new();
    for message in messages {
        match message {
            SimpleQueryMessage::Row(row) => rows.push(row),
            SimpleQueryMessage::CommandComplete(_) => all.push(std::mem::take(&mut rows)),
            _ => {}
        }
    }
    all
}

fn text(row: &SimpleQueryRow, place: usize) -> String {
    row.get(place).unwrap_or_default().to_owned()
}

fn optional(row: &SimpleQueryRow, place: usize) -> Option<String> {
    row.get(place).map(str::to_owned)
}

fn flag(row: &SimpleQueryRow, place: usize) -> bool {
    row.get(place) == Some("t")
}

fn oid(row: &SimpleQueryRow, place: usize) -> u32 {
    row.get(place).and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn whole(row: &SimpleQueryRow, place: usize) -> u64 {
    row.get(place).and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// The numbers in `{1,2}` or `1 2`.
fn numbers(text: Option<&str>) -> Vec<i32> {
    let text = text.unwrap_or_default();
    text.split(|c: char| !(c.is_ascii_digit() || c == '-')).filter_map(|number| number.parse().ok()).collect()
}

/// What a sequence says of its start, increment, smallest, largest and cached numbers, where `serial` would say
/// otherwise.
fn sequence_options(ty: Option<&str>, numbers: [i64; 5], cycles: bool) -> String {
    let [start, increment, smallest, largest, cache] = numbers;
    let own_largest = match ty {
        Some("smallint") => i64::from(i16::MAX),
        Some("integer") => i64::from(i32::MAX),
        Some(_) | None => i64::MAX,
    };
    let mut options = Vec::new();
    let mut say = |is_own: bool, text: String| {
        if is_own {
            options.push(text);
        }
    };
    say(start != 1, format!("START WITH {start}"));
    say(increment != 1, format!("INCREMENT BY {increment}"));
    say(smallest != 1, format!("MINVALUE {smallest}"));
    say(largest != own_largest, format!("MAXVALUE {largest}"));
    say(cache != 1, format!("CACHE {cache}"));
    say(cycles, "CYCLE".to_owned());
    options.join(" ")
}

/// What is known of one table while it is read.
#[derive(Debug, Default)]
struct Open {
    table: Table,
    /// Its columns by number, as places in `table.columns`.
    places: HashMap<i32, usize>,
    /// Why no manifest can say it.
    fault: Option<String>,
}

impl Open {
    fn names(&self, numbers: &[i32]) -> Vec<String> {
        let name =
            |number: &i32| self.places.get(number).map(|place| self.table.columns[*place].name.clone());
        numbers.iter().filter_map(name).collect()
    }
}

#[derive(Default)]
struct Read {
    tables: HashMap<u32, Open>,
    /// In the order of their names.
    order: Vec<u32>,
    enums: BTreeMap<String, picklist::EnumType>,
    natives: Vec<Native>,
    server: String,
    lock_room: Option<u64>,
    recorded: State,
    inventory: BTreeMap<Address, Owned>,
    spelled: BTreeMap<Address, Spelled>,
    trash: Vec<Trashed>,
    last_trash: u64,
    unfinished: Vec<String>,
    is_recorded: bool,
}

impl Read {
    fn part(&mut self, part: Part, rows: &Rows, target: &str) -> Result<(), TargetError> {
        match part {
            Part::Version => {
                let text = rows.first().map(|row| text(row, 0)).unwrap_or_default();
                // A version that does not read is none that we know.
                let found = text.parse().unwrap_or(u32::MAX);
                if found > catalog::VERSION {
                    let (target, known) = (target.to_owned(), catalog::VERSION);
                    return Err(TargetError::Newer { target, found, known });
                }
            }
            Part::Server => {
                let version = rows.first().map(|row| text(row, 0)).unwrap_or_default();
                let number = version.split_whitespace().next().unwrap_or_default();
                self.server = format!("PostgreSQL {number}");
                self.lock_room = rows.first().map(|row| whole(row, 1)).filter(|room| *room > 0);
            }
            Part::Tables => rows.iter().for_each(|row| self.table(row)),
            Part::Columns => rows.iter().for_each(|row| self.column(row)),
            Part::Sequences => rows.iter().for_each(|row| self.sequence(row)),
            Part::Constraints => rows.iter().for_each(|row| self.constraint(row)),
            Part::Indexes => rows.iter().for_each(|row| self.index(row)),
            Part::Enums => rows.iter().for_each(|row| {
                let found = self.enums.entry(text(row, 0)).or_default();
                found.options.extend(optional(row, 1));
                found.comment = optional(row, 2);
            }),
            Part::Objects => {
                let native = |row: &SimpleQueryRow| Native {
                    kind: text(row, 0),
                    name: text(row, 1),
                    table: text(row, 2),
                    definition: text(row, 3),
                };
                self.natives.extend(rows.iter().map(native));
            }
            Part::Reads => {
                let reader = |row: &SimpleQueryRow| Reader {
                    kind: text(row, 0),
                    name: text(row, 1),
                    on: optional(row, 2),
                    of: text(row, 3),
                    column: optional(row, 4),
                    is_own: flag(row, 5),
                };
                self.natives.extend(rows.iter().map(|row| reader(row).native()));
            }
            Part::Resources => {
                self.is_recorded = true;
                for row in rows {
                    self.resource(row, target)?;
                }
            }
            Part::Tasks => {
                for row in rows {
                    self.task(row, target)?;
                }
            }
            Part::Trash => {
                for row in rows {
                    self.trashed(row, target)?;
                }
            }
            Part::Unfinished => self.unfinished = rows.iter().map(|row| text(row, 0)).collect(),
            Part::LastTrash => self.last_trash = rows.first().map(|row| whole(row, 0)).unwrap_or_default(),
        }
        Ok(())
    }

    fn table(&mut self, row: &SimpleQueryRow) {
        let number = oid(row, 0);
        let mut table = Table { name: text(row, 1), comment: optional(row, 10), ..Table::default() };
        let fault = match (row.get(2), flag(row, 4)) {
            (Some("f"), _) => Some("it is a foreign table".to_owned()),
            (_, true) => Some(format!("it is a partition of `{}`", text(row, 9))),
            (Some("p"), _) => Some(format!("it is partitioned by {}", text(row, 11))),
            (_, _) => optional(row, 9).map(|parents| format!("it inherits from `{parents}`")),
        };
        if row.get(3) == Some("u") {
            table.options.push("unlogged".to_owned());
        }
        if flag(row, 5) {
            table.options.push(if flag(row, 6) { "forced row security" } else { "row security" }.to_owned());
        }
        match row.get(7) {
            Some("f") => table.options.push("replica identity full".to_owned()),
            Some("n") => table.options.push("replica identity nothing".to_owned()),
            Some("i") => table.options.push("replica identity by an index".to_owned()),
            Some(_) | None => {}
        }
        table.options.extend(optional(row, 8).filter(|options| !options.is_empty()));
        self.order.push(number);
        self.tables.insert(number, Open { table, fault, ..Open::default() });
    }

    fn column(&mut self, row: &SimpleQueryRow) {
        let Some(open) = self.tables.get_mut(&oid(row, 0)) else { return };
        let made = match (row.get(5), row.get(6)) {
            (Some("a"), _) => Made::IdentityAlways,
            (Some("d"), _) => Made::IdentityByDefault,
            (_, Some("s")) => Made::Stored,
            (_, Some("v")) => Made::Virtual,
            (_, _) => Made::Plain,
        };
        let column = Column {
            name: text(row, 2),
            ty: text(row, 3),
            not_null: flag(row, 4),
            default: optional(row, 7),
            made,
            collation: optional(row, 8),
            comment: optional(row, 9),
            sequence: None,
            enumeration: optional(row, 10),
        };
        let number = row.get(1).and_then(|text| text.parse().ok()).unwrap_or_default();
        open.places.insert(number, open.table.columns.len());
        open.table.columns.push(column);
    }

    fn sequence(&mut self, row: &SimpleQueryRow) {
        let Some(open) = self.tables.get_mut(&oid(row, 0)) else { return };
        let number = row.get(1).and_then(|text| text.parse().ok()).unwrap_or_default();
        let Some(place) = open.places.get(&number) else { return };
        let column = &mut open.table.columns[*place];
        let number =
            |place: usize| row.get(place).and_then(|text| text.parse::<i64>().ok()).unwrap_or_default();
        let options = sequence_options(row.get(3), [4, 5, 6, 7, 8].map(number), flag(row, 9));
        let name = text(row, 2);
        let is_named = name != names::counter(&open.table.name, &column.name);
        column.sequence = Some(Sequence { name, is_named, options, comment: optional(row, 10) });
    }

    fn constraint(&mut self, row: &SimpleQueryRow) {
        let event = |place: usize| match row.get(place) {
            Some("r") => Event::Restrict,
            Some("c") => Event::Cascade,
            Some("n") => Event::SetNull,
            Some("d") => Event::SetDefault,
            Some(_) | None => Event::NoAction,
        };
        let Some(open) = self.tables.get(&oid(row, 0)) else { return };
        let columns = open.names(&numbers(row.get(3)));
        let mut beyond = Vec::new();
        let mut say = |is_so: bool, words: &str| {
            if is_so {
                beyond.push(words.to_owned());
            }
        };
        say(row.get(2) == Some("c") && flag(row, 7), "NO INHERIT");
        say(row.get(15) == Some("f"), "MATCH FULL");
        say(row.get(16).is_some(), "ON DELETE SET of some columns");
        say(row.get(17) == Some("false"), "NOT ENFORCED");
        // When it is held against a row is told apart.
        let other = || {
            let text = text(row, 8);
            let plain = [" INITIALLY DEFERRED", " DEFERRABLE"]
                .iter()
                .fold(text.as_str(), |text, words| text.strip_suffix(words).unwrap_or(text));
            Rule::Other(plain.to_owned())
        };
        let rule = match row.get(2) {
            Some("p") => Rule::PrimaryKey,
            Some("u") => Rule::Unique,
            Some("c") => Rule::Check(text(row, 8)),
            Some("f") if flag(row, 11) => {
                let far = self.tables.get(&oid(row, 9)).map(|far| far.names(&numbers(row.get(12))));
                Rule::Reference(Reference {
                    table: text(row, 10),
                    columns: far.unwrap_or_default(),
                    on_delete: event(13),
                    on_update: event(14),
                })
            }
            Some(_) | None => other(),
        };
        let constraint = Constraint {
            name: text(row, 1),
            rule,
            columns,
            validated: flag(row, 4),
            deferral: match (flag(row, 5), flag(row, 6)) {
                (_, true) => Deferral::Deferred,
                (true, false) => Deferral::Deferrable,
                (false, false) => Deferral::Never,
            },
            using: None,
            beyond: (!beyond.is_empty()).then(|| beyond.join(" ")),
        };
        if let Some(open) = self.tables.get_mut(&oid(row, 0)) {
            open.table.constraints.push(constraint);
        }
    }

    fn index(&mut self, row: &SimpleQueryRow) {
        let Some(open) = self.tables.get_mut(&oid(row, 0)) else { return };
        let sql = optional(row, 6);
        if let Some(name) = row.get(5) {
            // What its constraint says is enough, unless the index says more.
            if let Some(sql) = sql
                && let Some(constraint) = open.table.constraints.iter_mut().find(|one| one.name == name)
            {
                match &constraint.rule {
                    Rule::Unique => constraint.using = Some(sql),
                    Rule::PrimaryKey => constraint.beyond = Some(format!("USING {sql}")),
                    Rule::Check(_) | Rule::Reference(_) | Rule::Other(_) => {}
                }
            }
            return;
        }
        let columns = sql.is_none().then(|| open.names(&numbers(row.get(4))));
        let index = Index {
            name: text(row, 1),
            unique: flag(row, 2),
            columns,
            sql: sql.unwrap_or_default(),
            valid: flag(row, 3),
        };
        open.table.indexes.push(index);
    }

    fn resource(&mut self, row: &SimpleQueryRow, target: &str) -> Result<(), TargetError> {
        let unread = |what: &str, error: String| TargetError::Record {
            target: target.to_owned(),
            message: format!("the {what} of `{}`: {error}", text(row, 0)),
        };
        let address: Address = text(row, 0).parse().map_err(|error| unread("address", format!("{error}")))?;
        let read = |text: &str| serde_json::from_str::<Resource>(text).map(Arc::new);
        let stored = row.get(1).unwrap_or_default();
        let state = read(stored).map_err(|error| unread("state", error.to_string()))?;
        if let Some(text) = row.get(2) {
            let declared = match text.is_empty() {
                true => Arc::clone(&state),
                false => read(text).map_err(|error| unread("declaration", error.to_string()))?,
            };
            let owned = Owned { declared, revision: optional(row, 3), tasks: BTreeMap::new() };
            self.inventory.insert(address.clone(), owned);
        }
        if let Some(text) = row.get(4) {
            let spelled =
                serde_json::from_str(text).map_err(|error| unread("spelling", error.to_string()))?;
            self.spelled.insert(address.clone(), spelled);
        }
        self.recorded.insert(address, state);
        Ok(())
    }

    fn task(&mut self, row: &SimpleQueryRow, target: &str) -> Result<(), TargetError> {
        let unread = |error: String| TargetError::Record {
            target: target.to_owned(),
            message: format!("the task `{}` of `{}`: {error}", text(row, 1), text(row, 0)),
        };
        let address: Address = text(row, 0).parse().map_err(|error| unread(format!("{error}")))?;
        let task = serde_json::from_str(&text(row, 3)).map_err(|error| unread(error.to_string()))?;
        let ran = row.get(4).map(str::parse).transpose().map_err(|error| unread(format!("{error}")))?;
        let place = row.get(2).and_then(|text| text.parse().ok()).unwrap_or_default();
        if let Some(owned) = self.inventory.get_mut(&address) {
            owned.tasks.insert(text(row, 1), TaskRecord { task, place, ran });
        }
        Ok(())
    }

    fn trashed(&mut self, row: &SimpleQueryRow, target: &str) -> Result<(), TargetError> {
        let entry = whole(row, 0);
        let moved = serde_json::from_str(&text(row, 3)).map_err(|error| TargetError::Record {
            target: target.to_owned(),
            message: format!("the trash of entry {entry}: {error}"),
        })?;
        self.trash.push(Trashed { moved, entry, kept: text(row, 1), until: text(row, 2) });
        Ok(())
    }

    /// Puts everything in the model's words.
    fn lift(mut self, client: &mut Client, context: &Context<'_>) -> Result<Found, TargetError> {
        let mut found = Found::default();
        let snapshot = &mut found.snapshot;
        let mut world = World::default();
        let mut lists: Vec<String> = Vec::new();
        for number in &self.order {
            let Some(open) = self.tables.get(number) else { continue };
            let name = &open.table.name;
            let is_entity = self.recorded.contains_key(&Address::new(entity::KIND, name.as_str()));
            let is_picklist = open.fault.is_none() && !is_entity && picklist::is_picklist(&open.table);
            if is_picklist {
                lists.push(name.clone());
            }
            if open.fault.is_none() {
                world.add(&open.table, is_picklist);
            }
        }
        let recorded: BTreeMap<&Address, &Change> =
            context.recorded.iter().map(|change| (&change.address, change)).collect();
        for number in &self.order {
            let Some(open) = self.tables.remove(number) else { continue };
            let name = open.table.name.clone();
            let address = Address::new(entity::KIND, name.as_str());
            self.natives.push(open.table.native());
            if lists.contains(&name) {
                continue;
            }
            let fault = open.fault.or_else(|| lift::name_fault(&open.table)).or_else(|| {
                let is_list = self.recorded.contains_key(&Address::new(model::KIND, name.as_str()));
                is_list.then(|| "it is recorded as a picklist and is not built as one any more".to_owned())
            });
            if let Some(fault) = fault {
                snapshot.opaque.insert(name, fault);
                continue;
            }
            let hint = self.recorded.get(&address).and_then(|resource| resource.as_entity());
            let none = Spelled::default();
            let spelled = self.spelled.get(&address).unwrap_or(&none);
            let source = lift::Source { table: &open.table, world: &world };
            let entity = match recorded.get(&address).and_then(|change| change.after.as_ref()) {
                Some(after) => {
                    let plain = lift::entity(&source, hint, &none).entity;
                    let trusted = after.as_entity().map(|after| Spelled::trust(after, &plain));
                    let trusted = trusted.unwrap_or_default();
                    let entity = lift::entity(&source, hint, &trusted).entity;
                    found.spelled.insert(address.clone(), trusted);
                    entity
                }
                None => lift::entity(&source, hint, spelled).entity,
            };
            let resource = Resource::Entity(entity);
            // Mostly nothing has moved, and the record's own can be shared.
            let state = match self.recorded.remove(&address) {
                Some(recorded) if *recorded == resource => recorded,
                Some(_) | None => Arc::new(resource),
            };
            snapshot.state.insert(address, state);
        }
        for (name, found) in &self.enums {
            let address = Address::new(model::KIND, name.as_str());
            let hint = self.recorded.get(&address).and_then(|resource| resource.as_picklist());
            let resource = Resource::Picklist(picklist::lift_enum(found, hint));
            snapshot.state.insert(address, Arc::new(resource));
            let definition = found.options.join("\n");
            let (kind, table) = ("enum".to_owned(), name.clone());
            self.natives.push(Native { kind, name: name.clone(), table, definition });
        }
        if !lists.is_empty() {
            let failed = |error: postgres::Error| {
                refusal::failed(context.settings, "read its picklists", &error, None)
            };
            let terms: Vec<String> =
                lists.iter().enumerate().map(|(number, name)| picklist::read(number, &quote(name))).collect();
            let sql = format!("{} ORDER BY 1, 6, 2", terms.join(" UNION ALL "));
            let mut options: Vec<Vec<picklist::Row>> = vec![Vec::new(); lists.len()];
            for message in client.simple_query(&sql).map_err(failed)? {
                let SimpleQueryMessage::Row(row) = message else { continue };
                let place = row.get(0).and_then(|text| text.parse::<usize>().ok());
                if let Some(list) = place.and_then(|place| options.get_mut(place)) {
                    list.push(picklist::Row {
                        name: text(&row, 1),
                        label: text(&row, 2),
                        color: optional(&row, 3),
                        retired: flag(&row, 4),
                    });
                }
            }
            for (name, rows) in lists.iter().zip(&options) {
                let address = Address::new(model::KIND, name.as_str());
                let hint = self.recorded.get(&address).and_then(|resource| resource.as_picklist());
                let resource = Resource::Picklist(picklist::lift(rows, hint));
                snapshot.state.insert(address, Arc::new(resource));
            }
        }
        self.natives.sort_by(|a, b| (&a.kind, &a.name, &a.table).cmp(&(&b.kind, &b.name, &b.table)));
        snapshot.natives = self.natives;
        snapshot.inventory = self.inventory;
        snapshot.server = self.server;
        snapshot.lock_room = self.lock_room;
        snapshot.initialized = self.is_recorded;
        snapshot.trash = self.trash;
        snapshot.last_trash = self.last_trash;
        snapshot.unfinished = self.unfinished;
        Ok(found)
    }
}
