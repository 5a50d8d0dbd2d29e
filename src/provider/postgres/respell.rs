//! Expressions of a repository in the server's own words, so that what means the same is no change.
//! Never keeps what it makes: tables of this session alone, in a transaction that is rolled back.

use std::collections::BTreeMap;

use postgres::Client;

use super::inspect;
use super::lexer::{names, quote};
use super::lift::{self, Source, World};
use super::lower;
use super::picklist;
use super::refusal;
use super::settings::Settings;
use super::shape::{Rule, Table};
use super::spell::{self, Spelled};
use crate::address::Address;
use crate::model::entity::Entity;
use crate::model::field::{DefaultValue, FieldType};
use crate::model::resource::Resource;
use crate::model::state::{Desired, Snapshot, State};
use crate::target::Misread;

/// How many tables are drafted at most: their expressions are held against the server before anything is planned.
const MOST: usize = 300;

/// Takes the server's words for a declared expression where they are what is found. Returns the resources whose
/// expressions the server does not take.
pub fn respell(
    client: &mut Client,
    settings: &Settings,
    desired: &mut Desired,
    snapshot: &Snapshot,
) -> Vec<Misread> {
    for (address, declared) in &mut desired.resources {
        let found = snapshot.state.get(address).and_then(|resource| resource.as_entity());
        if let (Some(found), Resource::Entity(entity)) = (found, &*declared.resource) {
            let mut known = entity.clone();
            let owned = snapshot.inventory.get(address).and_then(|owned| owned.declared.as_entity());
            spell::leave_open(&mut known, found, owned);
            if known != *entity {
                declared.resource = std::sync::Arc::new(Resource::Entity(known));
            }
        }
    }
    let state: State = desired
        .resources
        .iter()
        .map(|(address, declared)| (address.clone(), std::sync::Arc::clone(&declared.resource)))
        .collect();
    let mut drafts: BTreeMap<Address, Table> = BTreeMap::new();
    for (address, resource) in &state {
        let Some(entity) = resource.as_entity() else { continue };
        let found = snapshot.state.get(address).and_then(|resource| resource.as_entity());
        if found == Some(entity) || !differs(entity, found) || drafts.len() >= MOST {
            continue;
        }
        drafts.insert(address.clone(), draft(&address.name, entity, &state));
    }
    if drafts.is_empty() {
        return Vec::new();
    }
    let types = |tables: &[&Table]| enumerations(&state, tables);
    let of_all: Vec<&Table> = drafts.values().collect();
    let all: Vec<String> =
        types(&of_all).into_iter().chain(of_all.iter().flat_map(|table| statements(table))).collect();
    let mut misread = Vec::new();
    let tables = match inspect::drafted(client, settings, &all) {
        Ok(tables) => tables,
        // One that does not work spoils all: each by itself then.
        Err(_) => {
            let mut tables = Vec::new();
            for (address, table) in &drafts {
                let own: Vec<String> = types(&[table]).into_iter().chain(statements(table)).collect();
                match inspect::drafted(client, settings, &own) {
                    Ok(found) => tables.extend(found),
                    Err(error) if is_about_the_draft(&error) => {
                        let message = settings.hide(&refusal::message(&error, None));
                        let missing = ["42704", "42883", "42P01"];
                        let lacks_something = error.code().is_some_and(|code| missing.contains(&code.code()));
                        misread.push(Misread { address: address.clone(), message, lacks_something });
                    }
                    // Whoever may not make a table of his own compares by the text alone.
                    Err(_) => return misread,
                }
            }
            tables
        }
    };
    let world = World::default();
    for table in tables {
        let address = Address::new(crate::model::entity::KIND, table.name.as_str());
        let found = snapshot.state.get(&address).and_then(|resource| resource.as_entity());
        let (Some(found), Some(declared)) = (found, desired.resources.get_mut(&address)) else { continue };
        let Resource::Entity(entity) = std::sync::Arc::make_mut(&mut declared.resource) else { continue };
        let source = Source { table: &table, world: &world };
        let spoken = lift::entity(&source, Some(entity), &Spelled::default()).entity;
        spell::adopt(entity, &spoken, found);
    }
    misread
}

/// Tells of an error that the draft itself is wrong, and not that none may be made.
fn is_about_the_draft(error: &postgres::Error) -> bool {
    // Classes 42 (syntax error or access rule violation) without 42501, 22 (data exception), 0A (not supported).
    error.code().is_some_and(|code| {
        let code = code.code();
        code != "42501" && ["42", "22", "0A"].iter().any(|class| code.starts_with(class))
    })
}

/// Tells whether an entity says anything that the server may say otherwise, and that is not found as it is; or that may
/// make no sense any more, because a column that it may speak of has another type, or is gone.
fn differs(entity: &Entity, found: Option<&Entity>) -> bool {
    match found {
        // A plain value is taken, or its column refuses it; SQL of an author's own may be anything.
        None => has_sql(entity),
        Some(found) => {
            let (texts, known) = (spell::texts(entity), spell::texts(found));
            texts.iter().any(|(path, text)| known.get(path) != Some(text))
                || has_sql(entity) && columns(entity) != columns(found)
        }
    }
}

/// The types of an entity's fields.
fn columns(entity: &Entity) -> BTreeMap<&str, (&FieldType, Option<&str>)> {
    entity.fields.iter().map(|(name, field)| (name.as_str(), (&field.ty, field.native.as_deref()))).collect()
}

/// Tells whether an entity says anything in SQL.
fn has_sql(entity: &Entity) -> bool {
    let is_sql = |default: &DefaultValue| matches!(default, DefaultValue::Sql { .. });
    entity.fields.values().any(|field| {
        field.check.is_some() || field.native.is_some() || field.default.as_ref().is_some_and(is_sql)
    }) || !entity.checks.is_empty()
        || entity.keys.values().any(|key| key.sql.is_some())
        || entity.indexes.values().any(|index| index.sql.is_some())
}

/// The table that an entity comes to, with nothing but its columns and expressions.
fn draft(name: &str, entity: &Entity, state: &State) -> Table {
    let mut table = lower::table(name, entity, state);
    table
        .constraints
        .retain(|one| matches!(one.rule, Rule::Check(_) | Rule::Other(_)) || one.using.is_some());
    table.indexes.retain(|index| index.columns.is_none());
    table.comment = None;
    for column in &mut table.columns {
        if column.sequence.take().is_some() {
            column.default = None;
            column.made = super::shape::Made::Plain;
        }
        column.comment = None;
    }
    table
}

/// The enumerated types that some tables speak of, as they will be: of this session alone, they come before those
/// of the same names that are there.
fn enumerations(state: &State, tables: &[&Table]) -> Vec<String> {
    let is_named = |name: &str| {
        tables.iter().any(|table| {
            let columns = table.columns.iter().flat_map(|column| [Some(&column.ty), column.default.as_ref()]);
            let checks = table.constraints.iter().map(|one| match &one.rule {
                Rule::Check(sql) => Some(sql),
                Rule::PrimaryKey | Rule::Unique | Rule::Reference(_) | Rule::Other(_) => None,
            });
            let indexes = table.indexes.iter().map(|index| Some(&index.sql));
            columns.chain(checks).chain(indexes).flatten().any(|sql| names(sql, name))
        })
    };
    let lists = state.iter().filter_map(|(address, resource)| Some((address, resource.as_picklist()?)));
    lists
        .filter(|(address, list)| list.is_enum() && is_named(&address.name))
        .map(|(address, list)| {
            picklist::create_enum(&address.name, list).replacen("CREATE TYPE ", "CREATE TYPE pg_temp.", 1)
        })
        .collect()
}

fn statements(table: &Table) -> Vec<String> {
    let mut lines: Vec<String> = table.columns.iter().map(lower::render_column).collect();
    lines.extend(table.constraints.iter().map(lower::render_constraint));
    let counters = table.columns.iter().flat_map(lower::counters);
    let mut all: Vec<String> =
        counters.map(|sql| sql.replacen("CREATE SEQUENCE", "CREATE TEMPORARY SEQUENCE", 1)).collect();
    all.push(format!("CREATE TEMPORARY TABLE {} (\n  {}\n)", quote(&table.name), lines.join(",\n  ")));
    all.extend(table.indexes.iter().map(|index| lower::render_index(&table.name, index, false)));
    all
}
