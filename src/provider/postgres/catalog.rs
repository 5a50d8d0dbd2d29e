//! Our own tables in a database, in the schema `reconcile`: what we manage in each target schema, the journal, the lock.
//! Never holds a row of anybody's data outside of the trash, and never pastes a value into a statement.

use std::collections::{BTreeMap, HashMap};

use postgres::types::ToSql;
use postgres::{Client, Error, Row as PgRow, Statement};

use super::NAME;
use super::lexer::quote;
use super::spell::Spelled;
use crate::address::Address;
use crate::diff::change::{Change, Restored, TaskChange, TaskVerb};
use crate::diff::decision::Verb;
use crate::fingerprint::Fingerprint;
use crate::journal::{Entry, Holder};
use crate::model::resource::Resource;
use crate::model::trash::Moved;
use crate::plan::Step;

/// The version of these tables; a target with a higher one is left alone.
pub const VERSION: u32 = 1;

/// The schema that they are in.
pub const SCHEMA: &str = "reconcile";

/// Asks the server's own catalog whether they are there: whoever may not look into our schema is told so, and not
/// that it is empty.
pub const EXISTS: &str = "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n \
                          ON n.oid = c.relnamespace WHERE n.nspname = 'reconcile' AND c.relname = 'meta'";

/// Makes the tables where they are not there yet.
pub const CREATE: &str = r#"
CREATE SCHEMA IF NOT EXISTS "reconcile";
CREATE TABLE IF NOT EXISTS "reconcile"."meta" ("key" text PRIMARY KEY, "value" text NOT NULL);
CREATE TABLE IF NOT EXISTS "reconcile"."resource" (
  "target" text, "address" text, "state" json NOT NULL, "declared" json, "revision" text, "spelled" json,
  PRIMARY KEY ("target", "address")
);
CREATE TABLE IF NOT EXISTS "reconcile"."task" (
  "target" text, "address" text, "name" text, "place" bigint NOT NULL, "task" json NOT NULL, "ran" text,
  "entry" bigint, PRIMARY KEY ("target", "address", "name")
);
CREATE TABLE IF NOT EXISTS "reconcile"."journal" (
  "id" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "target" text NOT NULL, "finished" text NOT NULL,
  "entry" json NOT NULL
);
CREATE INDEX IF NOT EXISTS "journal_target_idx" ON "reconcile"."journal" ("target", "id");
CREATE TABLE IF NOT EXISTS "reconcile"."trash" (
  "number" bigint PRIMARY KEY, "target" text NOT NULL, "entry" bigint NOT NULL, "kept" text NOT NULL,
  "until" text NOT NULL, "moved" json NOT NULL
);
CREATE TABLE IF NOT EXISTS "reconcile"."document" (
  "target" text, "address" text, "spec" json NOT NULL, PRIMARY KEY ("target", "address")
);
CREATE TABLE IF NOT EXISTS "reconcile"."lock" (
  "target" text PRIMARY KEY, "actor" text NOT NULL, "since" text NOT NULL, "fence" bigint NOT NULL
);
CREATE TABLE IF NOT EXISTS "reconcile"."progress" (
  "target" text, "step" bigint, "title" text NOT NULL, "statements" json NOT NULL, PRIMARY KEY ("target", "step")
);
INSERT INTO "reconcile"."meta" ("key", "value") VALUES ('catalog', '1') ON CONFLICT ("key") DO NOTHING;
"#;

/// The key of the advisory lock that a session holds while it changes a target schema.
pub fn lock_key(schema: &str) -> i64 {
    key(&format!("reconcile target {schema}"))
}

/// The key of the advisory lock under which these tables are made.
pub fn making_key() -> i64 {
    key("reconcile catalog")
}

fn key(text: &str) -> i64 {
    let digits = Fingerprint::of_bytes(text.as_bytes()).to_string();
    let digits: String = digits.chars().filter(char::is_ascii_hexdigit).rev().take(16).collect();
    u64::from_str_radix(&digits, 16).map_or(0, u64::cast_signed)
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value)
        .unwrap_or_else(|error| unreachable!("BUG: our own record does not turn into JSON: {error}"))
}

fn whole(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Our tables over one connection, for one target schema.
pub struct Catalog<'a> {
    pub client: &'a mut Client,
    schema: &'a str,
    prepared: HashMap<&'static str, Statement>,
    /// What `record` has gathered.
    pub states: States,
}

/// Rows of our record, as the columns that they are written in.
#[derive(Debug, Default)]
pub struct States {
    addresses: Vec<String>,
    states: Vec<String>,
    declared: Vec<Option<String>>,
    revisions: Vec<Option<String>>,
}

impl States {
    /// Forgets what was not written.
    pub fn clear(&mut self) {
        *self = States::default();
    }
}

impl<'a> Catalog<'a> {
    pub fn new(client: &'a mut Client, schema: &'a str) -> Catalog<'a> {
        Catalog { client, schema, prepared: HashMap::new(), states: States::default() }
    }

    fn statement(&mut self, sql: &'static str) -> Result<Statement, Error> {
        if let Some(known) = self.prepared.get(sql) {
            return Ok(known.clone());
        }
        let statement = self.client.prepare(sql)?;
        self.prepared.insert(sql, statement.clone());
        Ok(statement)
    }

    /// Runs a statement whose first parameter is the target schema.
    fn execute(&mut self, sql: &'static str, values: &[&(dyn ToSql + Sync)]) -> Result<u64, Error> {
        let statement = self.statement(sql)?;
        let all: Vec<&(dyn ToSql + Sync)> =
            std::iter::once(&self.schema as _).chain(values.iter().copied()).collect();
        self.client.execute(&statement, &all)
    }

    /// Asks a query whose first parameter is the target schema.
    fn query(&mut self, sql: &'static str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<PgRow>, Error> {
        let statement = self.statement(sql)?;
        let all: Vec<&(dyn ToSql + Sync)> =
            std::iter::once(&self.schema as _).chain(values.iter().copied()).collect();
        self.client.query(&statement, &all)
    }

    /// The version of the catalog that is there; none where there is none.
    pub fn version(&mut self) -> Result<Option<u32>, Error> {
        let found = self.client.query(EXISTS, &[])?;
        if found.is_empty() {
            return Ok(None);
        }
        let rows = self
            .client
            .query("SELECT \"value\" FROM \"reconcile\".\"meta\" WHERE \"key\" = 'catalog'", &[])?;
        let text: Option<String> = rows.first().map(|row| row.try_get(0)).transpose()?;
        // A version that does not read is none that we know.
        Ok(Some(text.map_or(0, |text| text.parse().unwrap_or(u32::MAX))))
    }

    /// Writes what one change leaves behind: the resource as it is now, and what of it we own; the former once
    /// `write_states` is called.
    pub fn record(&mut self, change: &Change, revision: Option<&str>) -> Result<(), Error> {
        if change.address_before() != &change.address {
            let sql = "UPDATE \"reconcile\".\"task\" SET \"address\" = $3 WHERE \"target\" = $1 AND \"address\" = $2";
            let (before, after) = (change.address_before().to_string(), change.address.to_string());
            self.execute(sql, &[&before, &after])?;
            self.delete(change.address_before())?;
        }
        for task in &change.tasks {
            self.record_task(&change.address, task)?;
        }
        // What is brought back is recorded as it was then.
        let revision = match &change.restored {
            Some(restored) => {
                self.restore_tasks(&change.address, restored)?;
                restored.revision.as_deref()
            }
            None => revision,
        };
        match change.verb {
            Verb::Create | Verb::Adopt | Verb::Update => match &change.after {
                Some(after) => {
                    self.upsert(&change.address, after, change.declared.as_ref(), revision);
                    Ok(())
                }
                None => Ok(()),
            },
            Verb::Release => {
                self.forget_tasks(&change.address)?;
                match change.after.as_ref().or(change.before.as_ref()) {
                    Some(state) => {
                        self.upsert(&change.address, state, None, None);
                        Ok(())
                    }
                    None => {
                        let sql = "UPDATE \"reconcile\".\"resource\" SET \"declared\" = NULL \
                                   WHERE \"target\" = $1 AND \"address\" = $2";
                        self.execute(sql, &[&change.address.to_string()]).map(drop)
                    }
                }
            }
            Verb::Delete | Verb::Forget => self.delete(&change.address),
            Verb::Keep => Ok(()),
        }
    }

    /// Writes how the server spells what is recorded of resources.
    pub fn spell(&mut self, spelled: &BTreeMap<Address, Spelled>) -> Result<(), Error> {
        if spelled.is_empty() {
            return Ok(());
        }
        let addresses: Vec<String> = spelled.keys().map(Address::to_string).collect();
        let words: Vec<Option<String>> =
            spelled.values().map(|spelled| (!spelled.is_empty()).then(|| json(spelled))).collect();
        let sql = "UPDATE \"reconcile\".\"resource\" AS r SET \"spelled\" = s.words::json \
                   FROM unnest($2::text[], $3::text[]) AS s (address, words) \
                   WHERE r.\"target\" = $1 AND r.\"address\" = s.address";
        self.execute(sql, &[&addresses, &words]).map(drop)
    }

    /// Keeps in mind what `write_states` writes: what is made may take the place of what is renamed or gone after it.
    fn upsert(
        &mut self,
        address: &Address,
        state: &Resource,
        declared: Option<&Resource>,
        revision: Option<&str>,
    ) {
        self.states.addresses.push(address.to_string());
        self.states.states.push(json(state));
        self.states.declared.push(declared.map(json));
        self.states.revisions.push(revision.map(str::to_owned));
    }

    /// Writes what `record` has gathered, all in one statement.
    pub fn write_states(&mut self) -> Result<(), Error> {
        let states = std::mem::take(&mut self.states);
        if states.addresses.is_empty() {
            return Ok(());
        }
        let sql = "INSERT INTO \"reconcile\".\"resource\" (\"target\", \"address\", \"state\", \"declared\", \
                   \"revision\") SELECT $1, s.address, s.state::json, s.declared::json, s.revision \
                   FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS s (address, state, declared, revision) \
                   ON CONFLICT (\"target\", \"address\") DO UPDATE SET \"state\" = excluded.\"state\", \
                   \"declared\" = excluded.\"declared\", \"revision\" = excluded.\"revision\"";
        let columns: [&(dyn ToSql + Sync); 4] =
            [&states.addresses, &states.states, &states.declared, &states.revisions];
        self.execute(sql, &columns).map(drop)
    }

    /// Writes what becomes of one task. One that did not run keeps what our record says of its last run.
    fn record_task(&mut self, address: &Address, change: &TaskChange) -> Result<(), Error> {
        let ran = match change.verb {
            TaskVerb::Run => change.task.fingerprint_on(NAME).map(|ran| ran.to_string()),
            TaskVerb::Record => None,
            TaskVerb::Forget => {
                let sql = "DELETE FROM \"reconcile\".\"task\" \
                           WHERE \"target\" = $1 AND \"address\" = $2 AND \"name\" = $3";
                return self.execute(sql, &[&address.to_string(), &change.name]).map(drop);
            }
        };
        let sql = "INSERT INTO \"reconcile\".\"task\" AS had (\"target\", \"address\", \"name\", \"place\", \"task\", \
                   \"ran\") VALUES ($1, $2, $3, $4, $5::text::json, $6) \
                   ON CONFLICT (\"target\", \"address\", \"name\") DO UPDATE SET \"place\" = excluded.\"place\", \
                   \"task\" = excluded.\"task\", \
                   \"entry\" = CASE WHEN excluded.\"ran\" IS NULL THEN had.\"entry\" END, \
                   \"ran\" = coalesce(excluded.\"ran\", had.\"ran\")";
        let place = i64::from(change.place);
        let task = json(&change.task);
        self.execute(sql, &[&address.to_string(), &change.name, &place, &task, &ran]).map(drop)
    }

    /// Writes the tasks of a resource as our record had them before the applies that are taken back.
    fn restore_tasks(&mut self, address: &Address, restored: &Restored) -> Result<(), Error> {
        self.forget_tasks(address)?;
        let sql = "INSERT INTO \"reconcile\".\"task\" (\"target\", \"address\", \"name\", \"place\", \"task\", \
                   \"ran\") VALUES ($1, $2, $3, $4, $5::text::json, $6)";
        for (name, record) in &restored.tasks {
            let ran = record.ran.map(|ran| ran.to_string());
            let (place, task) = (i64::from(record.place), json(&record.task));
            self.execute(sql, &[&address.to_string(), name, &place, &task, &ran])?;
        }
        Ok(())
    }

    fn forget_tasks(&mut self, address: &Address) -> Result<(), Error> {
        let sql = "DELETE FROM \"reconcile\".\"task\" WHERE \"target\" = $1 AND \"address\" = $2";
        self.execute(sql, &[&address.to_string()]).map(drop)
    }

    fn delete(&mut self, address: &Address) -> Result<(), Error> {
        self.forget_tasks(address)?;
        let sql = "DELETE FROM \"reconcile\".\"resource\" WHERE \"target\" = $1 AND \"address\" = $2";
        self.execute(sql, &[&address.to_string()]).map(drop)
    }

    /// Notes what tidies up after a step that runs alone: what takes it back, or the step itself.
    pub fn note_step(&mut self, step: &Step, statements: &[String]) -> Result<(), Error> {
        let sql = "INSERT INTO \"reconcile\".\"progress\" (\"target\", \"step\", \"title\", \"statements\") \
                   VALUES ($1, $2, $3, $4::text::json) ON CONFLICT (\"target\", \"step\") DO UPDATE SET \
                   \"title\" = excluded.\"title\", \"statements\" = excluded.\"statements\"";
        self.execute(sql, &[&i64::from(step.id), &step.title, &json(&statements)]).map(drop)
    }

    /// Tells whether something may be left of a step.
    pub fn has_step(&mut self, step: u32) -> Result<bool, Error> {
        let sql = "SELECT 1 FROM \"reconcile\".\"progress\" WHERE \"target\" = $1 AND \"step\" = $2";
        Ok(!self.query(sql, &[&i64::from(step)])?.is_empty())
    }

    /// Forgets a step of which nothing is left.
    pub fn forget_step(&mut self, step: u32) -> Result<(), Error> {
        let sql = "DELETE FROM \"reconcile\".\"progress\" WHERE \"target\" = $1 AND \"step\" = $2";
        self.execute(sql, &[&i64::from(step)]).map(drop)
    }

    /// Forgets every step that ran before the transaction which commits now. `kept` are those that run after it.
    pub fn forget_steps(&mut self, kept: &[i64]) -> Result<(), Error> {
        let sql = "DELETE FROM \"reconcile\".\"progress\" WHERE \"target\" = $1 AND \"step\" <> ALL ($2)";
        self.execute(sql, &[&kept]).map(drop)
    }

    /// What an apply that was cut off has left: each step with its title and the statements that tidy up, the last
    /// first.
    pub fn left_steps(&mut self) -> Result<Vec<(u32, String, Vec<String>)>, Error> {
        let sql = "SELECT \"step\", \"title\", \"statements\"::text FROM \"reconcile\".\"progress\" \
                   WHERE \"target\" = $1 ORDER BY \"step\" DESC";
        let read = |row: &PgRow| {
            let statements: String = row.try_get(2)?;
            let step = u32::try_from(row.try_get::<_, i64>(0)?).unwrap_or_default();
            Ok((step, row.try_get(1)?, serde_json::from_str(&statements).unwrap_or_default()))
        };
        self.query(sql, &[])?.iter().map(read).collect()
    }

    /// Keeps one entry of the journal and returns its number.
    pub fn keep(&mut self, entry: &Entry) -> Result<u64, Error> {
        let sql = "INSERT INTO \"reconcile\".\"journal\" (\"target\", \"finished\", \"entry\") \
                   VALUES ($1, $2, $3::text::json) RETURNING \"id\"";
        let rows = self.query(sql, &[&entry.finished, &json(entry)])?;
        rows.first().map_or(Ok(0), |row| row.try_get(0).map(whole))
    }

    /// Says of the tasks that ran in this transaction which entry of the journal tells of it.
    pub fn enter_tasks(&mut self, entry: u64) -> Result<(), Error> {
        let sql = "UPDATE \"reconcile\".\"task\" SET \"entry\" = $2 \
                   WHERE \"target\" = $1 AND \"ran\" IS NOT NULL AND \"entry\" IS NULL";
        self.execute(sql, &[&signed(entry)]).map(drop)
    }

    /// Reads entries of the journal as text, newest first; one where `id` is given.
    pub fn entries(&mut self, id: Option<u64>, limit: usize) -> Result<Vec<(u64, String)>, Error> {
        let sql = "SELECT \"id\", \"entry\"::text FROM \"reconcile\".\"journal\" \
                   WHERE \"target\" = $1 AND ($2::bigint IS NULL OR \"id\" = $2) ORDER BY \"id\" DESC LIMIT $3";
        let (id, limit) = (id.map(signed), i64::try_from(limit).unwrap_or(i64::MAX));
        let read = |row: &PgRow| Ok((whole(row.try_get(0)?), row.try_get(1)?));
        self.query(sql, &[&id, &limit])?.iter().map(read).collect()
    }

    /// The number of the newest entry of the journal.
    pub fn newest_entry(&mut self) -> Result<Option<u64>, Error> {
        if self.version()?.is_none() {
            return Ok(None);
        }
        let rows =
            self.query("SELECT max(\"id\") FROM \"reconcile\".\"journal\" WHERE \"target\" = $1", &[])?;
        let newest: Option<i64> = rows.first().map_or(Ok(None), |row| row.try_get(0))?;
        Ok(newest.map(whole))
    }

    /// Counts what was moved aside.
    pub fn count_moved(&mut self, moved: &mut [Moved]) -> Result<(), Error> {
        for one in moved {
            let sql = format!("SELECT count(*) FROM \"reconcile\".{}", quote(&one.table));
            one.rows = Some(whole(self.client.query_one(&sql, &[])?.try_get(0)?));
        }
        Ok(())
    }

    /// Notes what an entry moved aside, and that its numbers are given.
    pub fn note_moved(&mut self, entry: &Entry, id: u64, until: &str) -> Result<(), Error> {
        let sql = "INSERT INTO \"reconcile\".\"trash\" (\"target\", \"number\", \"entry\", \"kept\", \"until\", \
                   \"moved\") VALUES ($1, $2, $3, $4, $5, $6::text::json)";
        for moved in &entry.trash {
            let number = signed(moved.number);
            self.execute(sql, &[&number, &signed(id), &entry.finished, &until, &json(moved)])?;
        }
        let Some(last) = entry.trash.iter().map(|moved| signed(moved.number)).max() else { return Ok(()) };
        let sql = "INSERT INTO \"reconcile\".\"meta\" AS had (\"key\", \"value\") VALUES ('trash', $1::bigint::text) \
                   ON CONFLICT (\"key\") DO UPDATE SET \
                   \"value\" = greatest(had.\"value\"::bigint, excluded.\"value\"::bigint)::text";
        self.client.execute(sql, &[&last]).map(drop)
    }

    /// Forgets things of the trash that are not there any more.
    pub fn forget_moved(&mut self, numbers: &[u64]) -> Result<(), Error> {
        if numbers.is_empty() {
            return Ok(());
        }
        let numbers: Vec<i64> = numbers.iter().copied().map(signed).collect();
        let sql = "DELETE FROM \"reconcile\".\"trash\" WHERE \"target\" = $1 AND \"number\" = ANY ($2)";
        self.execute(sql, &[&numbers]).map(drop)
    }

    /// Drops the table of something in the trash. Somebody else may have dropped it already.
    pub fn drop_kept(&mut self, table: &str) -> Result<(), Error> {
        self.client.batch_execute(&format!("DROP TABLE IF EXISTS \"reconcile\".{}", quote(table)))
    }

    /// Writes who holds the lock from now on, and returns the fence: every holder has a higher one than all before.
    pub fn take_lock(&mut self, holder: &Holder) -> Result<i64, Error> {
        let sql = "INSERT INTO \"reconcile\".\"lock\" AS had (\"target\", \"actor\", \"since\", \"fence\") \
                   VALUES ($1, $2, $3, 1) ON CONFLICT (\"target\") DO UPDATE SET \"actor\" = excluded.\"actor\", \
                   \"since\" = excluded.\"since\", \"fence\" = had.\"fence\" + 1 RETURNING \"fence\"";
        let rows = self.query(sql, &[&holder.actor, &holder.since])?;
        rows.first().map_or(Ok(0), |row| row.try_get(0))
    }

    /// The fence of the last holder. Nobody can take the lock over before this transaction has ended.
    pub fn fence(&mut self) -> Result<Option<i64>, Error> {
        let sql = "SELECT \"fence\" FROM \"reconcile\".\"lock\" WHERE \"target\" = $1 FOR UPDATE";
        self.query(sql, &[])?.first().map(|row| row.try_get(0)).transpose()
    }

    /// The fence of the last holder, without keeping anybody out.
    pub fn held_fence(&mut self) -> Result<Option<i64>, Error> {
        let sql = "SELECT \"fence\" FROM \"reconcile\".\"lock\" WHERE \"target\" = $1";
        self.query(sql, &[])?.first().map(|row| row.try_get(0)).transpose()
    }

    /// Who took the lock last.
    pub fn lock_holder(&mut self) -> Result<Option<Holder>, Error> {
        let sql = "SELECT \"actor\", \"since\" FROM \"reconcile\".\"lock\" WHERE \"target\" = $1";
        let read = |row: &PgRow| Ok(Holder { actor: row.try_get(0)?, since: row.try_get(1)? });
        self.query(sql, &[])?.first().map(read).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_has_a_lock_of_its_own() {
        // They are part of what two versions of `reconcile` agree on.
        assert_eq!(lock_key("shop"), lock_key("shop"));
        assert_ne!(lock_key("shop"), lock_key("Shop"));
        assert_ne!(lock_key("shop"), 0);
        assert_ne!(making_key(), lock_key(""));
        assert_eq!(SCHEMA, "reconcile");
    }
}
