//! The lock of an apply and the transaction under it: taken, fenced, given back.
//! Never begins where somebody else holds the lock or has come after us.

use std::sync::Arc;

use postgres::Client;

use super::{Connected, PostgresTarget, context};
use crate::journal::Holder;
use crate::provider::postgres::catalog::{self, Catalog};
use crate::provider::postgres::follow::Follower;
use crate::provider::postgres::lexer::quote;
use crate::provider::postgres::refusal;
use crate::provider::postgres::settings::Settings;
use crate::provider::postgres::transaction::PostgresSession;
use crate::provider::postgres::{lease, limits};
use crate::target::{Listener, Mode, TargetError};

impl PostgresTarget {
    /// Says who holds the lock, as far as that can be read.
    pub(super) fn locked(&mut self) -> TargetError {
        let target = self.settings.name.clone();
        let unknown = || ("another program".to_owned(), "an unknown time".to_owned());
        let Some(Connected { client, .. }) = &mut self.connected else {
            let (holder, since) = unknown();
            return TargetError::Locked { target, holder, since };
        };
        let known = Catalog::new(client, &self.settings.schema).lock_holder().ok().flatten();
        let (mut holder, since) = known.map_or_else(unknown, |known| (known.actor, known.since));
        let sql = "SELECT pid FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 \
                   AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()) \
                   AND ((classid::bigint << 32) | objid::bigint) = $1";
        let key = catalog::lock_key(&self.settings.schema);
        if let Ok(Some(row)) = client.query_opt(sql, &[&key])
            && let Ok(pid) = row.try_get::<_, i32>(0)
        {
            holder.push_str(&format!(" (process {pid} of the server)"));
        }
        TargetError::Locked { target, holder, since }
    }

    /// Connects for writing.
    pub(super) fn writable(&mut self) -> Result<(), TargetError> {
        match self.mode {
            Mode::Read => return Err(self.cannot_open("it was opened for reading only")),
            Mode::Write => {}
        }
        if self.connected()?.server.is_standby {
            let message = "the server is a standby and takes no writes; name the primary server";
            return Err(self.cannot_open(message));
        }
        Ok(())
    }

    /// Takes the lock, whoever left it behind, and returns the fence that makes it ours.
    pub(super) fn take_lock(&mut self, holder: &Holder) -> Result<i64, TargetError> {
        self.writable()?;
        let settings = &self.settings;
        let Some(Connected { client, server }) = &mut self.connected else {
            return Err(self.cannot_open("it is not open"));
        };
        let refused =
            |error: postgres::Error| refusal::refused(settings, "take its lock", &error, Vec::new());
        let key = catalog::lock_key(&settings.schema);
        let row = client.query_one("SELECT pg_try_advisory_lock($1)", &[&key]).map_err(refused)?;
        if !row.try_get::<_, bool>(0).map_err(refused)? {
            return Err(self.locked());
        }
        let held = self.lease.as_ref();
        let mut take = || {
            if let Some(held) = held
                && let Some(holder) = lease::successor(client, &settings.schema, held).map_err(refused)?
            {
                return Err(TargetError::Superseded { target: settings.name.clone(), holder });
            }
            let mut catalog = Catalog::new(client, &settings.schema);
            make(&mut catalog, settings)?;
            catalog.take_lock(holder).map_err(refused)
        };
        let taken = take();
        match &taken {
            Ok(_) => server.has_catalog = true,
            Err(_) => give_back(client),
        }
        taken
    }

    /// Opens the one transaction of an apply, under the lock that has this fence.
    pub(super) fn begin(&mut self, fence: i64) -> Result<PostgresSession<'_>, TargetError> {
        let opened = match &mut self.connected {
            Some(Connected { client, .. }) => transaction_of(client, &self.settings, fence),
            None => Err(TargetError::Open {
                target: self.settings.name.clone(),
                message: "it is not open".to_owned(),
            }),
        };
        match opened {
            Ok(true) => {}
            Ok(false) => {
                self.give_back();
                return Err(self.locked());
            }
            Err(error) => {
                self.give_back();
                return Err(error);
            }
        }
        match &mut self.connected {
            Some(Connected { client, server }) => {
                let follower = follower(client, &self.settings, self.listener.as_ref());
                let context = context(&self.settings, server);
                Ok(PostgresSession::new(client, &self.settings, context, fence, follower)
                    .heeding(self.lease.as_ref()))
            }
            None => unreachable!("BUG: a connection that was just used is not there"),
        }
    }

    pub(super) fn give_back(&mut self) {
        if let Some(Connected { client, .. }) = &mut self.connected {
            give_back(client);
        }
    }
}

/// Makes our tables where they are not there yet.
pub fn make(catalog: &mut Catalog<'_>, settings: &Settings) -> Result<(), TargetError> {
    let refused = |error: postgres::Error| {
        refusal::refused(settings, "make the tables of its record", &error, Vec::new())
    };
    match catalog.version().map_err(refused)? {
        Some(found) if found > catalog::VERSION => {
            return Err(TargetError::Newer { target: settings.name.clone(), found, known: catalog::VERSION });
        }
        Some(_) => return Ok(()),
        None => {}
    }
    // Two that make them at once would both fail.
    let sql =
        format!("BEGIN; SELECT pg_advisory_xact_lock({});{}COMMIT", catalog::making_key(), catalog::CREATE);
    let made = catalog.client.batch_execute(&sql);
    made.map_err(|error| {
        // Should this fail, the connection is gone, and so is the transaction.
        let _ = catalog.client.batch_execute("ROLLBACK");
        refused(error)
    })
}

/// Follows what a connection does, for whoever wants to be told.
fn follower(client: &mut Client, settings: &Settings, listener: Option<&Listener>) -> Option<Follower> {
    let listener = listener?;
    // Without its number nobody is told, and the apply goes on.
    let pid =
        client.query_one("SELECT pg_catalog.pg_backend_pid()", &[]).and_then(|row| row.try_get(0)).ok()?;
    Some(Follower::start(settings, pid, Arc::clone(listener)))
}

/// Ends whatever is open on a connection, and gives its lock back.
pub fn give_back(client: &mut Client) {
    if client.is_closed() {
        return;
    }
    // Nothing can be said from here; the server gives back what belongs to a connection that ends.
    let _ = client.batch_execute("ROLLBACK");
    let _ = client.batch_execute("SELECT pg_advisory_unlock_all()");
}

/// Opens the transaction and makes the schema, where it is not there. False where somebody else has taken the lock over.
pub fn transaction_of(client: &mut Client, settings: &Settings, fence: i64) -> Result<bool, TargetError> {
    let refused = |error: postgres::Error| refusal::refused(settings, "begin", &error, Vec::new());
    // A variable of the transaction: it is gone when a statement has ended it.
    let sql = format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL reconcile.fence = '{fence}'; {}",
        limits::CHECK_AT_ONCE
    );
    client.batch_execute(&sql).map_err(refused)?;
    if Catalog::new(client, &settings.schema).fence().map_err(refused)? != Some(fence) {
        return Ok(false);
    }
    let sql = "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1";
    if client.query_opt(sql, &[&settings.schema]).map_err(refused)?.is_none() {
        // Whoever may use a schema that is there need not be one who may make schemas.
        client.batch_execute(&format!("CREATE SCHEMA {}", quote(&settings.schema))).map_err(refused)?;
    }
    Ok(true)
}
