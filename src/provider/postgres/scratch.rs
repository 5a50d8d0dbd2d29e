//! The tables that some steps are about, made again as temporary ones in a transaction that is rolled back.
//! Never locks a table against anybody, and never leaves anything behind.

use std::collections::{BTreeMap, BTreeSet};

use postgres::{Client, Error};

use super::after;
use super::catalog;
use super::keep;
use super::lexer::{literal, quote, tokens};
use super::limits::{self, milliseconds};
use super::lower;
use super::restore;
use super::shape::{Rule, Table};
use crate::model::state::Native;
use crate::plan::Step;

/// Most bytes of rows that are copied.
const MAX_BYTES: i64 = 64 << 20;

/// What of a schema is made again.
#[derive(Clone, Copy, Debug)]
pub struct Original<'a> {
    pub schema: &'a str,
    pub natives: &'a [Native],
    /// Whether our own tables are there.
    pub has_catalog: bool,
}

/// Opens the transaction and makes the tables with their rows; false where these are too many.
pub fn open(client: &mut Client, original: &Original<'_>, steps: &[Step]) -> Result<bool, Error> {
    let tables = concerned(original.natives, steps);
    client.batch_execute(&format!(
        "BEGIN READ WRITE; SET LOCAL statement_timeout = {}",
        milliseconds(limits::QUESTION)
    ))?;
    if size(client, original.schema, &tables)? > MAX_BYTES {
        return Ok(false);
    }
    // Nothing else is in sight, so that no step can reach a real table.
    client.batch_execute("SET LOCAL search_path = pg_temp")?;
    if !original.has_catalog {
        client.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {}", quote(catalog::SCHEMA)))?;
    }
    for statement in statements(original, &tables) {
        client.batch_execute(&statement)?;
    }
    client.batch_execute(limits::CHECK_AT_ONCE)?;
    Ok(true)
}

/// A statement as it can run inside the transaction, should it be meant to run outside of one.
pub fn inside(statement: &str) -> String {
    match statement.starts_with("DO $reconcile$") {
        true => statement.replace("    COMMIT;\n", ""),
        false => statement.replacen("INDEX CONCURRENTLY ", "INDEX ", 1),
    }
}

/// The tables that steps name, and those that references tie to them.
fn concerned(natives: &[Native], steps: &[Step]) -> BTreeMap<String, Table> {
    let names = natives.iter().filter(|native| native.kind == "table").map(|native| native.name.as_str());
    let all: BTreeMap<&str, Table> =
        names.filter_map(|name| Some((name, Table::find(name, natives)?))).collect();
    let texts = steps.iter().flat_map(|step| step.statements.iter().map(String::as_str).chain(step.unless()));
    let mut named = BTreeSet::new();
    for text in texts {
        // Dollar quotes hold statements too.
        let inner = text.split("$reconcile$").nth(1).unwrap_or_default();
        for part in [text, inner] {
            named.extend(tokens(part).unwrap_or_default().iter().filter_map(|token| token.name()));
        }
    }
    let mut wanted: BTreeSet<&str> = all.keys().copied().filter(|name| named.contains(*name)).collect();
    let points = |table: &Table| {
        let far = table.constraints.iter().filter_map(|one| match &one.rule {
            Rule::Reference(far) => Some(far.table.clone()),
            Rule::PrimaryKey | Rule::Unique | Rule::Check(_) | Rule::Other(_) => None,
        });
        far.collect::<Vec<String>>()
    };
    loop {
        let far: BTreeSet<String> = wanted.iter().filter_map(|name| all.get(name)).flat_map(points).collect();
        let holds = |table: &Table| points(table).iter().any(|far| wanted.contains(far.as_str()));
        let more: Vec<&str> = all
            .iter()
            .filter(|(name, table)| !wanted.contains(*name) && (far.contains(**name) || holds(table)))
            .map(|(name, _)| *name)
            .collect();
        if more.is_empty() {
            break;
        }
        wanted.extend(more);
    }
    all.into_iter()
        .filter(|(name, _)| wanted.contains(name))
        .map(|(name, table)| (name.to_owned(), table))
        .collect()
}

fn size(client: &mut Client, schema: &str, tables: &BTreeMap<String, Table>) -> Result<i64, Error> {
    let names: Vec<&str> = tables.keys().map(String::as_str).collect();
    let sql = "SELECT coalesce(sum(pg_catalog.pg_table_size(c.oid)), 0)::bigint FROM pg_catalog.pg_class c \
               JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = ANY ($2)";
    client.query_one(sql, &[&schema, &names])?.try_get(0)
}

/// Everything that makes tables again with the enumerated types of their columns, and what makes their references.
pub fn definitions(natives: &[Native], tables: &[Table]) -> (Vec<String>, Vec<String>) {
    let mut all = Vec::new();
    for native in natives.iter().filter(|native| native.kind == "enum") {
        let options: Vec<String> = native.definition.lines().map(literal).collect();
        all.push(format!("CREATE TYPE {} AS ENUM ({})", quote(&native.name), options.join(", ")));
    }
    let mut references = Vec::new();
    for table in tables {
        let spelled =
            Table { columns: table.columns.iter().map(restore::spelled).collect(), ..table.clone() };
        let (made, later) = lower::create(&spelled, &|_| false);
        all.extend(made);
        let add = |one| format!("ALTER TABLE {} ADD {}", quote(&table.name), lower::render_constraint(one));
        references.extend(later.iter().map(add));
    }
    (all, references)
}

/// Everything that makes the tables again, with their rows.
fn statements(original: &Original<'_>, tables: &BTreeMap<String, Table>) -> Vec<String> {
    let place = |name: &str| format!("{}.{}", quote(original.schema), quote(name));
    let listed: Vec<Table> = tables.values().cloned().collect();
    let (mut all, references) = definitions(original.natives, &listed);
    for table in tables.values() {
        let stored: Vec<_> = table.columns.iter().filter(|column| !column.made.is_generated()).collect();
        let names: Vec<String> = stored.iter().map(|column| quote(&column.name)).collect();
        let values: Vec<String> =
            stored.iter().map(|column| restore::typed(column, &after::value(column, ""))).collect();
        if !names.is_empty() {
            all.push(format!(
                "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}",
                quote(&table.name),
                names.join(", "),
                values.join(", "),
                place(&table.name)
            ));
        }
        let sequences = table.columns.iter().filter_map(|column| column.sequence.as_ref());
        all.extend(sequences.map(|one| keep::copy_sequence(&place(&one.name), &quote(&one.name))));
    }
    all.extend(references);
    all
}
