//! The steps run in memory against the target's definitions, to see what they would break.
//! Never touches the target and never has a row.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use super::lexer::{Token, quote, tokens};
use super::{autonumber, catalog, references, refusal, task};
use crate::plan::Step;
use crate::target::{Broken, Left};

type Object = (String, String, String, String);

/// How many new objects are rehearsed together. SQLite passes over its whole schema for each object it makes, so
/// thousands at once would take longer than the apply is worth.
const NEW_AT_ONCE: usize = 100;

/// Runs the steps and returns what they break. `connection` is the target, if there is one.
pub fn rehearse(connection: Option<&Connection>, steps: &[Step]) -> rusqlite::Result<Vec<Broken>> {
    if steps.len() <= NEW_AT_ONCE || !steps.iter().all(only_makes) {
        return rehearse_together(connection, steps);
    }
    for some in steps.chunks(NEW_AT_ONCE) {
        let broken = rehearse_together(connection, some)?;
        if !broken.is_empty() {
            return Ok(broken);
        }
    }
    Ok(Vec::new())
}

/// Tells whether a step makes new objects and nothing else: then what other steps make does not matter to it.
fn only_makes(step: &Step) -> bool {
    step.task.is_none()
        && step.statements.iter().all(|sql| sql.starts_with("CREATE ") || sql.starts_with("INSERT INTO "))
        && step.statements.first().is_some_and(|sql| sql.starts_with("CREATE TABLE "))
}

fn rehearse_together(connection: Option<&Connection>, steps: &[Step]) -> rusqlite::Result<Vec<Broken>> {
    let stage = Connection::open_in_memory()?;
    refusal::strict_names(&stage)?;
    stage.execute_batch("PRAGMA foreign_keys = OFF; BEGIN")?;
    if let Some(connection) = connection {
        set(&stage, &concerned(objects(connection)?, steps))?;
    }
    stage.execute_batch(catalog::CREATE)?;
    stage.execute_batch(catalog::UPGRADE)?;
    let before = ailing(&stage)?;
    let loose = references::references_to_nowhere(&stage)?;
    for step in steps {
        // Without rows it says nothing, but it must be a query by the time it is asked.
        if let Some(unless) = step.unless()
            && let Left::Unknown(why) = task::left(&stage, unless)?
        {
            return Ok(vec![Broken::Step { step: step.id, message: format!("its `unless`: {why}") }]);
        }
        for statement in &step.statements {
            if let Err(error) = stage.execute_batch(statement) {
                return Ok(vec![Broken::Step { step: step.id, message: refusal::message(&error) }]);
            }
        }
    }
    // Without rows only a reference shows here that nothing keeps unique at its far end: no apply could commit it.
    let mut untied =
        references::references_to_nowhere(&stage)?.into_iter().filter(|one| !loose.contains(one));
    if let (Some(message), Some(last)) = (untied.next(), steps.last()) {
        return Ok(vec![Broken::Step { step: last.id, message }]);
    }
    let after = ailing(&stage)?;
    let broken = after.into_iter().filter(|(object, _)| !before.contains_key(object));
    Ok(broken.map(|((kind, name), message)| Broken::Object { kind, name, message }).collect())
}

/// Keeps the objects that the steps could break: what they name, what points to it, every view and foreign trigger,
/// and what those read. SQLite reads its whole schema for each object it makes, so all of them would take too long.
fn concerned(objects: Vec<Object>, steps: &[Step]) -> Vec<Object> {
    let mut named = BTreeSet::new();
    let texts = steps.iter().flat_map(|step| step.statements.iter().map(String::as_str).chain(step.unless()));
    for statement in texts {
        match tokens(statement) {
            Ok(tokens) => named.extend(names(&tokens)),
            Err(_) => return objects,
        }
    }
    // The name of an index stands for its table.
    for (_, name, table, _) in &objects {
        if named.contains(&name.to_lowercase()) {
            named.insert(table.to_lowercase());
        }
    }
    let is_foreign = |kind: &str, name: &str| match kind {
        "view" => true,
        "trigger" => !name.starts_with(autonumber::PREFIX),
        _ => false,
    };
    let mut wanted = named.clone();
    for (kind, name, table, sql) in &objects {
        if is_foreign(kind, name) {
            wanted.insert(table.to_lowercase());
            wanted.extend(names(&tokens(sql).unwrap_or_default()));
        } else if kind == "table" && points_to(sql, &named) {
            wanted.insert(name.to_lowercase());
        }
    }
    let is_wanted = |(kind, name, table, sql): &Object| {
        is_virtual(sql) || is_foreign(kind, name) || wanted.contains(&table.to_lowercase())
    };
    objects.into_iter().filter(is_wanted).collect()
}

fn names(tokens: &[Token<'_>]) -> impl Iterator<Item = String> {
    tokens.iter().filter_map(Token::name).map(|name| name.to_lowercase())
}

/// Tells whether a table has a reference to one of these.
fn points_to(sql: &str, tables: &BTreeSet<String>) -> bool {
    let Ok(tokens) = tokens(sql) else { return true };
    tokens.windows(2).any(|pair| {
        let name = pair[0].is("REFERENCES").then(|| pair[1].name()).flatten();
        name.is_some_and(|name| tables.contains(&name.to_lowercase()))
    })
}

fn is_virtual(sql: &str) -> bool {
    sql.get(..14).is_some_and(|start| start.eq_ignore_ascii_case("CREATE VIRTUAL"))
}

/// Makes the target's objects again, without rows. What does not work there does not work here.
fn set(stage: &Connection, objects: &[Object]) -> rusqlite::Result<()> {
    for pass in ["virtual", "table", "index", "view", "trigger"] {
        for (kind, _, _, sql) in objects {
            let wanted = match pass {
                "virtual" => is_virtual(sql),
                _ => kind == pass && !is_virtual(sql),
            };
            if wanted {
                // A virtual table brings its own tables with it, so that some are there already.
                let _ = stage.execute_batch(sql);
            }
        }
    }
    Ok(())
}

fn objects(connection: &Connection) -> rusqlite::Result<Vec<Object>> {
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema \
               WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    rows.collect()
}

/// The views and triggers that do not work, with what SQLite says.
fn ailing(stage: &Connection) -> rusqlite::Result<BTreeMap<(String, String), String>> {
    let objects = objects(stage)?;
    let mut found = BTreeMap::new();
    for (kind, name, table, sql) in &objects {
        let fault = match kind.as_str() {
            "view" => fault(stage, &format!("SELECT * FROM {} LIMIT 0", quote(name))),
            "trigger" => trigger_fault(stage, &objects, (name, table, sql))?,
            _ => None,
        };
        if let Some(message) = fault {
            found.insert((kind.clone(), name.clone()), message);
        }
    }
    Ok(found)
}

fn fault(stage: &Connection, sql: &str) -> Option<String> {
    stage.prepare(sql).err().map(|error| refusal::message(&error))
}

/// Prepares what would fire a trigger, with all other triggers of the table out of the way.
fn trigger_fault(
    stage: &Connection,
    objects: &[Object],
    (name, table, _): (&String, &String, &String),
) -> rusqlite::Result<Option<String>> {
    let others =
        objects.iter().filter(|(kind, other, on, _)| kind == "trigger" && on == table && other != name);
    let drops: Vec<String> =
        others.map(|(_, other, _, _)| format!("DROP TRIGGER {}", quote(other))).collect();
    stage.execute_batch(&format!("SAVEPOINT alone; {}", drops.join("; ")))?;
    let columns: Vec<String> = {
        let mut statement = stage.prepare("SELECT name FROM pragma_table_xinfo(?1) WHERE hidden = 0")?;
        statement.query_map([table], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
    };
    let on = quote(table);
    let sets: Vec<String> = columns.iter().map(|column| format!("{0} = {0}", quote(column))).collect();
    let mut attempts = vec![format!("INSERT INTO {on} DEFAULT VALUES"), format!("DELETE FROM {on}")];
    if !sets.is_empty() {
        attempts.push(format!("UPDATE {on} SET {}", sets.join(", ")));
    }
    let alone = bare_faults(stage, name, &attempts);
    stage.execute_batch("ROLLBACK TO alone; RELEASE alone")?;
    alone
}

/// What the attempts say with the trigger and do not say without it.
fn bare_faults(stage: &Connection, name: &str, attempts: &[String]) -> rusqlite::Result<Option<String>> {
    let with: Vec<Option<String>> = attempts.iter().map(|sql| fault(stage, sql)).collect();
    if with.iter().all(Option::is_none) {
        return Ok(None);
    }
    stage.execute_batch(&format!("DROP TRIGGER {}", quote(name)))?;
    let without = attempts.iter().map(|sql| fault(stage, sql));
    Ok(with
        .into_iter()
        .zip(without)
        .find_map(|(with, without)| with.filter(|with| Some(with) != without.as_ref())))
}
