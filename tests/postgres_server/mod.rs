//! A PostgreSQL for tests: a private cluster of this process on a unix socket, or the server that the environment names.
//! Never outlives the process, and never touches a database that it did not make.

mod cluster;
mod programs;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use postgres::{Client, NoTls};

use cluster::Cluster;

/// Names a server on which databases may be made, in the place of a private one.
const SERVER: &str = "RECONCILE_TEST_POSTGRES";
/// Makes it a failure that there is no server.
const REQUIRED: &str = "RECONCILE_REQUIRE_POSTGRES";

/// A fresh database, which goes when this value does.
pub struct Database {
    pub url: String,
    name: String,
}

impl Database {
    /// A connection of the test's own, which sees what is in `schema` without naming it.
    // Not every test asks the database itself.
    #[allow(dead_code)]
    pub fn connect(&self, schema: &str) -> Client {
        let mut client = connect(&self.url);
        let quoted = schema.replace('"', "\"\"");
        client.batch_execute(&format!("SET search_path TO \"{quoted}\"")).unwrap();
        client
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Some(Server { maintenance, cluster }) = server() else { return };
        let name = std::mem::take(&mut self.name);
        // A private cluster goes with the process, and to make a database takes far longer than to empty one.
        if cluster.is_some() {
            USED.lock().unwrap_or_else(PoisonError::into_inner).push(name);
            return;
        }
        // A test that has failed already is not to fail a second time here.
        if let Ok(mut client) = Client::connect(maintenance, NoTls) {
            let _ = client.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// The databases of the private cluster that nobody uses any more.
static USED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// A fresh database on the one server of this process. None where there is no server, which is said once.
pub fn database() -> Option<Database> {
    let server = server()?;
    let used = USED.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let name = match used {
        Some(name) => emptied(server, name),
        None => made(server),
    };
    Some(Database { url: with_database(&server.maintenance, &name), name })
}

fn made(server: &Server) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("reconcile_test_{}_{number}", std::process::id());
    let mut client = connect(&server.maintenance);
    // Whoever had this process number before may have been killed.
    client.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).unwrap();
    client.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0")).unwrap();
    name
}

/// Brings a database back to what `template0` is, which has one schema and nothing in it.
fn emptied(server: &Server, name: String) -> String {
    let mut client = connect(&with_database(&server.maintenance, &name));
    client
        .batch_execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid();
             DO $$
             DECLARE one name;
             BEGIN
               FOR one IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
               LOOP EXECUTE format('DROP SCHEMA %I CASCADE', one); END LOOP;
             END $$;
             CREATE SCHEMA public",
        )
        .unwrap();
    name
}

/// A server of the test's own, with settings that no other test has. None where there is none on this machine.
// Most tests share one.
#[allow(dead_code)]
pub fn cluster(settings: &[&str]) -> Option<Cluster> {
    server()?.cluster.as_ref()?;
    Some(Cluster::start(&programs::find().ok()?, settings).unwrap_or_else(|why| panic!("{why}")))
}

struct Server {
    /// A database from which others are made.
    maintenance: String,
    /// Stops when the process ends, however it ends.
    cluster: Option<Cluster>,
}

fn server() -> Option<&'static Server> {
    static SERVER_OF_THIS_PROCESS: OnceLock<Result<Server, String>> = OnceLock::new();
    let made = SERVER_OF_THIS_PROCESS.get_or_init(|| {
        let made = make();
        if let Err(why) = &made {
            eprintln!("skipped on PostgreSQL: {why}; install it, or name a server in {SERVER}");
        }
        made
    });
    match made {
        Ok(server) => Some(server),
        Err(why) => {
            let is_required = std::env::var_os(REQUIRED).is_some_and(|value| value != "0");
            assert!(!is_required, "{REQUIRED} is set, and {why}");
            None
        }
    }
}

fn make() -> Result<Server, String> {
    if let Ok(url) = std::env::var(SERVER) {
        Client::connect(&url, NoTls).map_err(|e| format!("{SERVER} cannot be reached: {e}"))?;
        return Ok(Server { maintenance: url, cluster: None });
    }
    let cluster = Cluster::start(&programs::find()?, &[])?;
    Ok(Server { maintenance: cluster.url(), cluster: Some(cluster) })
}

fn connect(url: &str) -> Client {
    Client::connect(url, NoTls).unwrap_or_else(|e| panic!("cannot connect to `{url}`: {e}"))
}

/// The same server by its url, and another database.
fn with_database(url: &str, name: &str) -> String {
    let (scheme, rest) = url.split_once("://").expect("a url begins with a scheme");
    let (place, parameters) = rest.split_once('?').map_or((rest, None), |(place, p)| (place, Some(p)));
    let authority = place.split_once('/').map_or(place, |(authority, _)| authority);
    let parameters = parameters.map(|p| format!("?{p}")).unwrap_or_default();
    format!("{scheme}://{authority}/{name}{parameters}")
}
