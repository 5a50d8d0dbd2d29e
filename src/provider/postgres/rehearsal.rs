//! The steps of a plan run for a try: in a transaction that is rolled back, or on a database made for it alone.
//! Never commits anything to the target, and runs nothing there that a rollback would not take back.

use std::collections::{BTreeMap, BTreeSet};

use postgres::error::SqlState;
use postgres::{Client, Error, SimpleQueryMessage};

use super::lexer::{literal, quote, tokens};
use super::limits::{self, Class, milliseconds};
use super::shape::Table;
use super::{catalog, refusal, scratch, task};
use crate::address::Address;
use crate::model::state::Native;
use crate::plan::{Runs, Step};
use crate::report::rehearsal::{CameOfIt, Lock, Rehearsed};
use crate::target::Left;

/// What every database for a rehearsal is called first.
const DATABASE: &str = "reconcile_rehearsal_";

/// Runs the steps of the transaction on the target itself. Whoever calls it rolls back.
pub fn run_here(client: &mut Client, schema: &str, steps: &[Step]) -> Result<Vec<Rehearsed>, Error> {
    client.batch_execute(&format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = {}; SET LOCAL \
         reconcile.rehearsal = 'on'; {}",
        milliseconds(limits::LOCK),
        limits::CHECK_AT_ONCE
    ))?;
    if client.query_opt("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1", &[&schema])?.is_none() {
        client.batch_execute(&format!("CREATE SCHEMA {}", quote(schema)))?;
    }
    let names_ours = |step: &Step| step.statements.iter().any(|sql| sql.contains(catalog::SCHEMA));
    if steps.iter().any(names_ours) && client.query_opt(catalog::EXISTS, &[])?.is_none() {
        client.batch_execute(catalog::CREATE)?;
    }
    let mut watch = Watch::new(client, schema)?;
    let mut alone: BTreeSet<&Address> = BTreeSet::new();
    let mut ran = Vec::new();
    let mut is_over = false;
    for step in steps {
        let came_of_it = match (is_over, step.runs) {
            (true, _) => CameOfIt::NotReached,
            (false, Runs::Inside) => watch.time(client, |client| in_transaction(client, step, &alone))?,
            (false, Runs::Before | Runs::After) => {
                alone.insert(&step.address);
                CameOfIt::Skipped { because: "it runs outside the transaction".to_owned() }
            }
        };
        is_over |= came_of_it_badly(&came_of_it);
        ran.push(watch.step(client, schema, step, came_of_it)?);
    }
    Ok(ran)
}

/// Runs one step in the open transaction, and takes it back where it fails.
fn in_transaction(client: &mut Client, step: &Step, alone: &BTreeSet<&Address>) -> Result<CameOfIt, Error> {
    client.batch_execute("SAVEPOINT reconcile_step")?;
    match statements(client, step, true) {
        Ok(came_of_it) => Ok(came_of_it),
        Err(error) if error.as_db_error().is_none() => Err(error),
        Err(error) => {
            client.batch_execute("ROLLBACK TO reconcile_step")?;
            let message = refusal::message(&error, None);
            let lacks = [SqlState::UNDEFINED_OBJECT, SqlState::UNDEFINED_COLUMN, SqlState::UNDEFINED_TABLE];
            let is_lacking = error.code().is_some_and(|code| lacks.contains(code));
            Ok(match (refusal::is_busy(&error), is_lacking && alone.contains(&step.address)) {
                (true, _) => CameOfIt::Busy { message },
                (false, true) => {
                    CameOfIt::Skipped { because: "it needs what runs outside the transaction".to_owned() }
                }
                (false, false) => CameOfIt::Failed { message },
            })
        }
    }
}

/// Runs the statements of a step; `is_kept_back` leaves out what no rollback takes back.
fn statements(client: &mut Client, step: &Step, is_kept_back: bool) -> Result<CameOfIt, Error> {
    if let Some(unless) = step.unless() {
        match task::left(client, unless)? {
            Left::Something => {}
            Left::Nothing => {
                return Ok(CameOfIt::Skipped { because: "its `unless` returns a row".to_owned() });
            }
            Left::Unknown(why) => return Ok(CameOfIt::Failed { message: format!("its `unless`: {why}") }),
        }
    }
    let fault = step.statements.iter().find_map(|sql| task::sql_fault(sql)).filter(|_| step.task.is_some());
    if let Some(fault) = fault {
        return Ok(CameOfIt::Failed { message: format!("its SQL {fault}") });
    }
    let sets = |sql: &String| sets_a_sequence(sql) && is_kept_back;
    if step.task.is_some() && step.statements.iter().any(sets) {
        return Ok(CameOfIt::Skipped { because: "no rollback takes back what `setval` does".to_owned() });
    }
    let is_task = step.task.is_some() && is_kept_back;
    if is_task {
        client.batch_execute(limits::CHECK_LATER)?;
    }
    for statement in step.statements.iter().filter(|sql| !sets(sql)) {
        client.batch_execute(&Class::of(statement).set())?;
        client.batch_execute(statement)?;
    }
    if is_task {
        client.batch_execute(limits::CHECK_AT_ONCE)?;
    }
    if step.task.is_some() && is_kept_back {
        let sql = "SELECT current_setting('reconcile.rehearsal', true)";
        let found: Option<String> = client.query_one(sql, &[])?.try_get(0)?;
        if found.as_deref() != Some("on") {
            return Ok(CameOfIt::Failed { message: "it ended the transaction".to_owned() });
        }
    }
    Ok(CameOfIt::Ran)
}

/// Tells whether one lock keeps off more than another.
fn is_stronger(one: &Lock, other: &Lock) -> bool {
    let rank = |lock: &Lock| MODES.iter().position(|mode| *mode == lock.mode);
    rank(one) > rank(other)
}

/// The locks of a table, from the one that keeps off fewest.
const MODES: [&str; 8] = [
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
];

/// Tells of a statement that sets a sequence, which holds at once and for everybody.
fn sets_a_sequence(sql: &str) -> bool {
    tokens(sql).is_ok_and(|all| all.iter().any(|token| token.name().as_deref() == Some("setval")))
}

/// What was there before the first step, and what is locked by now.
struct Watch {
    /// Number, name and file of each table and index.
    files: BTreeMap<u32, (String, Option<u32>)>,
    held: BTreeSet<Lock>,
    milliseconds: u64,
}

impl Watch {
    fn new(client: &mut Client, schema: &str) -> Result<Watch, Error> {
        Ok(Watch { files: files(client, schema)?, held: BTreeSet::new(), milliseconds: 0 })
    }

    /// Takes the time by the server's clock.
    fn time<T>(
        &mut self,
        client: &mut Client,
        run: impl FnOnce(&mut Client) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let clock = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
        let before: i64 = client.query_one(clock, &[])?.try_get(0)?;
        let done = run(client)?;
        let after: i64 = client.query_one(clock, &[])?.try_get(0)?;
        self.milliseconds = u64::try_from(after - before).unwrap_or_default();
        Ok(done)
    }

    /// What came of a step.
    fn step(
        &mut self,
        client: &mut Client,
        schema: &str,
        step: &Step,
        came_of_it: CameOfIt,
    ) -> Result<Rehearsed, Error> {
        let (id, title) = (step.id, step.title.clone());
        let milliseconds = std::mem::take(&mut self.milliseconds);
        if came_of_it != CameOfIt::Ran {
            return Ok(Rehearsed {
                id,
                title,
                came_of_it,
                milliseconds,
                locks: Vec::new(),
                rewritten: Vec::new(),
            });
        }
        let now = files(client, schema)?;
        let mut rewritten = Vec::new();
        for (number, (name, file)) in &mut self.files {
            if let Some((_, new)) = now.get(number)
                && new != file
            {
                rewritten.push(name.clone());
                *file = *new;
            }
        }
        rewritten.sort();
        let sql = "SELECT DISTINCT l.relation, l.mode FROM pg_catalog.pg_locks l \
                   JOIN pg_catalog.pg_class c ON c.oid = l.relation AND c.relkind <> 'i' \
                   WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.granted \
                   AND l.mode <> 'AccessShareLock'";
        let mut locks = Vec::new();
        for row in client.query(sql, &[])? {
            let (number, mode): (u32, String) = (row.try_get(0)?, row.try_get(1)?);
            let Some((table, _)) = self.files.get(&number) else { continue };
            let lock = Lock { table: table.clone(), mode };
            if self.held.insert(lock.clone()) {
                locks.push(lock);
            }
        }
        locks.retain(|one| !self.held.iter().any(|held| held.table == one.table && is_stronger(held, one)));
        locks.sort();
        Ok(Rehearsed { id, title, came_of_it, milliseconds, locks, rewritten })
    }
}

fn files(client: &mut Client, schema: &str) -> Result<BTreeMap<u32, (String, Option<u32>)>, Error> {
    let sql = "SELECT c.oid, c.relname::text, pg_catalog.pg_relation_filenode(c.oid) FROM pg_catalog.pg_class c \
               JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
               WHERE n.nspname = $1 AND c.relkind IN ('r', 'i', 'm')";
    client
        .query(sql, &[&schema])?
        .iter()
        .map(|row| Ok((row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?))))
        .collect()
}

/// The name of an object, and the statement that makes it; none where there is no way to say it.
pub type Source = (String, Option<String>);

/// What makes the objects of a schema that are no tables, each with its name.
pub fn sources(client: &mut Client, schema: &str) -> Result<Vec<Source>, Error> {
    let sql = SOURCES.replace("$schema", &format!("{}::pg_catalog.regnamespace", literal(&quote(schema))));
    let mut found = Vec::new();
    for message in client.simple_query(&sql)? {
        if let SimpleQueryMessage::Row(row) = message
            && let Some(name) = row.get(0)
        {
            found.push((name.to_owned(), row.get(1).map(str::to_owned)));
        }
    }
    Ok(found)
}

/// Name and statement: extensions, domains, sequences, functions, views, triggers, rules, policies.
const SOURCES: &str = "\
SELECT 'extension ' || e.extname, 'CREATE EXTENSION IF NOT EXISTS ' || quote_ident(e.extname), 1 \
FROM pg_catalog.pg_extension e WHERE e.extname <> 'plpgsql' \
UNION ALL SELECT 'domain ' || t.typname, concat_ws(' ', 'CREATE DOMAIN', quote_ident(t.typname), 'AS', \
pg_catalog.format_type(t.typbasetype, t.typtypmod), 'DEFAULT ' || t.typdefault, \
CASE WHEN t.typnotnull THEN 'NOT NULL' END, (SELECT string_agg(pg_catalog.pg_get_constraintdef(o.oid), ' ') \
FROM pg_catalog.pg_constraint o WHERE o.contypid = t.oid AND o.contype = 'c')), 2 \
FROM pg_catalog.pg_type t WHERE t.typnamespace = $schema AND t.typtype = 'd' \
UNION ALL SELECT 'sequence ' || c.relname, 'CREATE SEQUENCE ' || quote_ident(c.relname), 3 \
FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_depend p \
ON p.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND p.objid = c.oid \
AND p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND p.deptype IN ('a', 'i') \
WHERE c.relnamespace = $schema AND c.relkind = 'S' AND p.objid IS NULL \
UNION ALL SELECT 'function ' || p.proname, pg_catalog.pg_get_functiondef(p.oid), 4 \
FROM pg_catalog.pg_proc p LEFT JOIN pg_catalog.pg_depend x \
ON x.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND x.objid = p.oid AND x.deptype = 'e' \
WHERE p.pronamespace = $schema AND x.objid IS NULL AND p.prokind IN ('f', 'p') \
UNION ALL SELECT 'view ' || c.relname, 'CREATE ' || CASE c.relkind WHEN 'm' THEN 'MATERIALIZED ' ELSE '' END \
|| 'VIEW ' || quote_ident(c.relname) || ' AS ' || pg_catalog.pg_get_viewdef(c.oid), 5 \
FROM pg_catalog.pg_class c WHERE c.relnamespace = $schema AND c.relkind IN ('v', 'm') \
UNION ALL SELECT 'trigger ' || g.tgname, pg_catalog.pg_get_triggerdef(g.oid), 6 \
FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid AND c.relnamespace = $schema \
WHERE NOT g.tgisinternal \
UNION ALL SELECT 'rule ' || r.rulename, pg_catalog.pg_get_ruledef(r.oid), 6 \
FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class AND c.relnamespace = $schema \
WHERE r.rulename <> '_RETURN' \
UNION ALL SELECT 'policy ' || p.polname, concat_ws(' ', 'CREATE POLICY', quote_ident(p.polname), 'ON', \
quote_ident(c.relname), 'AS', CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END, 'FOR', \
CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' \
ELSE 'ALL' END, 'TO', (SELECT string_agg(CASE r WHEN 0 THEN 'public' ELSE r::pg_catalog.regrole::text END, ', ') \
FROM unnest(p.polroles) AS r), 'USING (' || pg_catalog.pg_get_expr(p.polqual, p.polrelid) || ')', \
'WITH CHECK (' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) || ')'), 7 FROM pg_catalog.pg_policy p \
JOIN pg_catalog.pg_class c ON c.oid = p.polrelid AND c.relnamespace = $schema \
UNION ALL SELECT 'type ' || t.typname, NULL, 8 FROM pg_catalog.pg_type t \
LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid \
WHERE t.typnamespace = $schema AND (t.typtype = 'r' OR c.relkind = 'c') ORDER BY 3, 1";

/// A name for a database that nobody else has.
pub fn database_name(client: &mut Client) -> Result<String, Error> {
    let sql = "SELECT replace(gen_random_uuid()::text, '-', '')";
    let unique: String = client.query_one(sql, &[])?.try_get(0)?;
    Ok(format!("{DATABASE}{unique}"))
}

/// Makes the definitions of a target in an empty database, and runs every step there as an apply does. Returns what
/// could not be made, and what came of the steps.
pub fn run_elsewhere(
    client: &mut Client,
    schema: &str,
    natives: &[Native],
    sources: &[Source],
    steps: &[Step],
) -> Result<(Vec<String>, Vec<Rehearsed>), Error> {
    let missing = make(client, schema, natives, sources)?;
    let mut watch = Watch::new(client, schema)?;
    let mut ran = Vec::new();
    let (mut is_over, mut is_open) = (false, false);
    for step in steps {
        if is_over {
            ran.push(watch.step(client, schema, step, CameOfIt::NotReached)?);
            continue;
        }
        let is_inside = step.runs == Runs::Inside;
        if is_inside != is_open {
            let begin = format!("BEGIN; {}", limits::CHECK_AT_ONCE);
            client.batch_execute(if is_inside { &begin } else { "COMMIT" })?;
            is_open = is_inside;
        }
        let came_of_it = watch.time(client, |client| match is_inside {
            true => in_transaction(client, step, &BTreeSet::new()),
            false => by_itself(client, step),
        })?;
        is_over = came_of_it_badly(&came_of_it);
        ran.push(watch.step(client, schema, step, came_of_it)?);
    }
    if is_open {
        let ended = client.batch_execute("COMMIT");
        if let (Err(error), Some(last)) = (ended, ran.iter_mut().rfind(|one| one.came_of_it == CameOfIt::Ran))
        {
            last.came_of_it = CameOfIt::Failed { message: refusal::message(&error, None) };
        }
    }
    Ok((missing, ran))
}

fn came_of_it_badly(came_of_it: &CameOfIt) -> bool {
    match came_of_it {
        CameOfIt::Failed { .. } | CameOfIt::Busy { .. } | CameOfIt::NotReached => true,
        CameOfIt::Ran | CameOfIt::Skipped { .. } => false,
    }
}

/// Runs a step in no transaction.
fn by_itself(client: &mut Client, step: &Step) -> Result<CameOfIt, Error> {
    for statement in &step.statements {
        match client.batch_execute(statement) {
            Ok(()) => {}
            Err(error) if error.as_db_error().is_none() => return Err(error),
            Err(error) => return Ok(CameOfIt::Failed { message: refusal::message(&error, None) }),
        }
    }
    Ok(CameOfIt::Ran)
}

/// Makes everything that a schema holds, without rows. Returns what could not be made.
fn make(
    client: &mut Client,
    schema: &str,
    natives: &[Native],
    sources: &[Source],
) -> Result<Vec<String>, Error> {
    client.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {}", quote(schema)))?;
    client.batch_execute(catalog::CREATE)?;
    let names = natives.iter().filter(|native| native.kind == "table").map(|native| native.name.as_str());
    let tables: Vec<Table> = names.filter_map(|name| Table::find(name, natives)).collect();
    let (made, references) = scratch::definitions(natives, &tables);
    let named = |sql: String| (sql.lines().next().unwrap_or_default().to_owned(), sql);
    let mut open: Vec<(String, String)> = made.into_iter().map(named).collect();
    let mut refused = Vec::new();
    for (name, sql) in sources {
        match sql {
            Some(sql) => open.push((name.clone(), sql.clone())),
            None => refused.push(format!("{name}: it is not made again")),
        }
    }
    // What reads others is made when they are there, in however many rounds that takes.
    refused.extend(rounds(client, open)?);
    refused.extend(rounds(client, references.into_iter().map(named).collect())?);
    Ok(refused)
}

fn rounds(client: &mut Client, mut open: Vec<(String, String)>) -> Result<Vec<String>, Error> {
    loop {
        let (mut left, mut said) = (Vec::new(), Vec::new());
        let n_open = open.len();
        for (name, sql) in open {
            match client.batch_execute(&sql) {
                Ok(()) => {}
                Err(error) if error.as_db_error().is_none() => return Err(error),
                Err(error) => {
                    said.push(format!("{name}: {}", refusal::message(&error, None)));
                    left.push((name, sql));
                }
            }
        }
        if left.is_empty() || left.len() == n_open {
            return Ok(said);
        }
        open = left;
    }
}
