//! How far a long statement is, seen over a second connection while the first one waits for its end.
//! Never holds anything up: where the server does not say, nobody is told.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use postgres::{Client, Error};

use super::session::connect;
use super::settings::Settings;
use crate::target::{Going, Listener, Mode};

/// How long a statement runs before anybody asks, and how often it is asked.
const PAUSE: Duration = Duration::from_secs(1);

/// What a batched fill says of itself, as the name of its session: `40/100`, after this.
pub const SAYS: &str = "reconcile fills ";

/// The phase, and what is done of what: of an index by the server's own count, of a fill by what it says itself.
/// Source: the PostgreSQL manual, "CREATE INDEX Progress Reporting": blocks are counted where the table is read, tuples
/// where the index is loaded.
const LOOK: &str = "\
SELECT p.phase, CASE WHEN p.tuples_total > 0 THEN p.tuples_done ELSE p.blocks_done END, \
       CASE WHEN p.tuples_total > 0 THEN p.tuples_total ELSE p.blocks_total END \
  FROM pg_catalog.pg_stat_progress_create_index p WHERE p.pid = $1 \
UNION ALL \
SELECT '', split_part(substr(a.application_name, length($2) + 1), '/', 1)::bigint, \
       split_part(a.application_name, '/', 2)::bigint \
  FROM pg_catalog.pg_stat_activity a \
 WHERE a.pid = $1 AND starts_with(a.application_name, $2) AND a.application_name ~ ' [0-9]{1,15}/[0-9]{1,15}$'";

/// A thread that looks while statements run. It ends when this is dropped.
pub struct Follower(Arc<Shared>);

struct Shared {
    now: Mutex<Now>,
    changed: Condvar,
}

/// What the followed connection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Now {
    Nothing,
    Since(Instant),
    Over,
}

impl Shared {
    fn now(&self) -> MutexGuard<'_, Now> {
        // It is one word: nobody can have left it half written.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, now: Now) {
        *self.now() = now;
        if now == Now::Over {
            self.changed.notify_all();
        }
    }
}

impl Follower {
    /// Follows the statements of the server's process `pid`.
    pub fn start(settings: &Settings, pid: i32, listener: Listener) -> Follower {
        let shared = Arc::new(Shared { now: Mutex::new(Now::Nothing), changed: Condvar::new() });
        let (settings, of_thread) = (settings.clone(), Arc::clone(&shared));
        std::thread::spawn(move || follow(&settings, pid, &of_thread, &listener));
        Follower(shared)
    }

    /// A statement begins.
    pub fn begins(&self) {
        self.0.set(Now::Since(Instant::now()));
    }

    /// It has ended: nothing is told of it any more.
    pub fn ends(&self) {
        self.0.set(Now::Nothing);
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.0.set(Now::Over);
    }
}

fn follow(settings: &Settings, pid: i32, shared: &Shared, listener: &Listener) {
    let mut client: Option<Client> = None;
    loop {
        let waited = shared.changed.wait_timeout(shared.now(), PAUSE);
        let now = *waited.unwrap_or_else(PoisonError::into_inner).0;
        match now {
            Now::Over => return,
            Now::Since(since) if since.elapsed() >= PAUSE => {}
            Now::Nothing | Now::Since(_) => continue,
        }
        let open = match &mut client {
            Some(open) => open,
            // The server may have no connection left: then nobody is told, and the statement goes on.
            None => match connect(settings, Mode::Read) {
                Ok((open, _)) => client.insert(open),
                Err(_) => return,
            },
        };
        match look(open, pid) {
            Ok(Some(going)) if *shared.now() == now => listener(&going),
            Ok(_) => {}
            Err(_) => return,
        }
    }
}

fn look(client: &mut Client, pid: i32) -> Result<Option<Going>, Error> {
    let Some(row) = client.query_opt(LOOK, &[&pid, &SAYS])? else { return Ok(None) };
    let number = |at: usize| -> Result<u64, Error> {
        Ok(u64::try_from(row.try_get::<_, Option<i64>>(at)?.unwrap_or_default()).unwrap_or_default())
    };
    let (done, total) = (number(1)?, number(2)?);
    Ok(Some(Going { phase: row.try_get(0)?, done: done.min(total), total }))
}
