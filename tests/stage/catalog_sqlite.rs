//! What a SQLite database is, by its own catalog and in a form that ignores the order of columns.
//! Never uses the provider's own reading: it is what the provider is held against.

use std::collections::BTreeMap;

use rusqlite::Connection;
use rusqlite::types::Value;

/// Every object that is not SQLite's or ours, by kind and name, as lines that compare.
pub fn objects(database: &Connection) -> BTreeMap<String, Vec<String>> {
    let mut objects = BTreeMap::new();
    let mut statement = database.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema").unwrap();
    let rows = statement
        .query_map([], |r| {
            Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?, r.get::<_, Option<String>>(3)?))
        })
        .unwrap();
    for row in rows {
        let (kind, name, sql) = row.unwrap();
        if name.starts_with("sqlite_") || (name.starts_with("_reconcile_") && kind != "trigger") {
            continue;
        }
        let sql = sql.unwrap_or_default();
        let lines = if kind == "table" { table(database, &name, &sql) } else { vec![squeezed(&sql)] };
        objects.insert(format!("{kind} {name}"), lines);
    }
    objects
}

fn table(database: &Connection, name: &str, sql: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let quoted = name.replace('"', "\"\"");
    let mut add = |pragma: &str, columns: &[usize]| {
        let mut statement = database.prepare(&format!("PRAGMA {pragma}(\"{quoted}\")")).unwrap();
        let rows = statement.query_map([], |r| {
            let cell = |i: &usize| Ok(format!("{:?}", r.get::<_, Value>(*i)?));
            columns.iter().map(cell).collect::<rusqlite::Result<Vec<String>>>()
        });
        lines.extend(rows.unwrap().map(|row| format!("{pragma} {}", row.unwrap().join(" "))));
    };
    // Name, type, not null, default, key position, hidden.
    add("table_xinfo", &[1, 2, 3, 4, 5, 6]);
    add("foreign_key_list", &[1, 2, 3, 4, 5, 6]);
    // Name, unique, origin, partial.
    add("index_list", &[1, 2, 3, 4]);
    lines.extend(parts(sql).into_iter().map(|part| format!("part {part}")));
    lines.sort();
    lines
}

/// The items of a CREATE TABLE, each on its own, and what follows the last parenthesis.
fn parts(sql: &str) -> Vec<String> {
    let (Some(open), Some(close)) = (opening(sql), sql.rfind(')')) else { return vec![squeezed(sql)] };
    let mut parts = vec![squeezed(&sql[close + 1..])];
    let (mut depth, mut quote, mut part) = (0, None, String::new());
    for c in sql[open + 1..close].chars() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            (None, ',') if depth == 0 => {
                parts.push(squeezed(&part));
                part.clear();
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    parts.push(squeezed(&part));
    parts
}

/// White space folded, and no quotes: SQLite quotes a name when it follows a rename.
/// Where the first parenthesis stands that is no part of a name.
fn opening(sql: &str) -> Option<usize> {
    let mut in_name = false;
    let is_opening = |(_, c): &(usize, char)| {
        in_name ^= *c == '"';
        *c == '(' && !in_name
    };
    sql.char_indices().find(is_opening).map(|(at, _)| at)
}

fn squeezed(text: &str) -> String {
    text.replace('"', "").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// All rows of every table that is not SQLite's or ours, by table; columns by name.
pub fn rows(database: &Connection) -> BTreeMap<String, Vec<BTreeMap<String, Value>>> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
               AND name NOT LIKE '\\_reconcile\\_%' ESCAPE '\\' ORDER BY name";
    let mut statement = database.prepare(sql).unwrap();
    let names: Vec<String> = statement.query_map([], |r| r.get(0)).unwrap().map(Result::unwrap).collect();
    names.into_iter().map(|name| (name.clone(), of_table(database, &name))).collect()
}

/// All rows of our own record, but for the lock and the journal.
pub fn record(database: &Connection) -> BTreeMap<String, Vec<BTreeMap<String, Value>>> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE '\\_reconcile\\_%' ESCAPE '\\' \
               AND name NOT IN ('_reconcile_lock', '_reconcile_journal') ORDER BY name";
    let mut statement = database.prepare(sql).unwrap();
    let names: Vec<String> = statement.query_map([], |r| r.get(0)).unwrap().map(Result::unwrap).collect();
    names.into_iter().map(|name| (name.clone(), of_table(database, &name))).collect()
}

fn of_table(database: &Connection, name: &str) -> Vec<BTreeMap<String, Value>> {
    let quoted = name.replace('"', "\"\"");
    let mut statement = database.prepare(&format!("SELECT * FROM \"{quoted}\" ORDER BY 1")).unwrap();
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let rows = statement.query_map([], |r| {
        columns.iter().enumerate().map(|(i, c)| Ok((c.clone(), r.get::<_, Value>(i)?))).collect()
    });
    rows.unwrap().map(Result::unwrap).collect()
}
