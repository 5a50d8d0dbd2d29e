//! A connection to the server: the files that libpq would look into, TLS, logging in, and what the server says of itself.
//! Never sends a password that is not asked for, and never takes a server that it does not know.

use std::path::Path;
use std::time::Duration;

use postgres::config::SslMode as Attempt;
use postgres::{Client, SimpleQueryMessage};
use rustls::ClientConfig;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::provider::postgres::login::{attempts, configuration, is_about_encryption, is_final, setup};
use crate::provider::postgres::refusal::{self, failed};
use crate::provider::postgres::settings::{Connection, Found, Host, Root, Settings, SslMode};
use crate::provider::postgres::tls::{self, Demand};
use crate::target::{Mode, TargetError};

/// The first and the last of PostgreSQL's versions that this is known to work with.
const VERSIONS: std::ops::RangeInclusive<u32> = 13..=18;

/// What a server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// `150018`.
    pub version: u32,
    /// `PostgreSQL 15.18`.
    pub name: String,
    /// Whether it only follows another one.
    pub is_standby: bool,
    /// Whether our own tables are there.
    pub has_catalog: bool,
    /// How long a statement may take by what role, database and URL say.
    pub patience: Duration,
}

/// Reads a file that libpq would look into.
fn file(path: &Path) -> Found {
    match path.metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Found::Missing,
        Err(_) => return Found::Unreadable,
        Ok(data) if !data.is_file() => return Found::Unreadable,
        Ok(_) => {}
    }
    match std::fs::read_to_string(path) {
        Ok(text) if is_open(path) => Found::Open(text),
        Ok(text) => Found::Text(text),
        Err(_) => Found::Unreadable,
    }
}

/// Tells whether others than its owner may read a file.
#[cfg(unix)]
fn is_open(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|data| data.permissions().mode() & 0o077 != 0)
}

/// Tells whether others than its owner may read a file: libpq does not ask either.
#[cfg(not(unix))]
fn is_open(_: &Path) -> bool {
    false
}

fn bytes(path: &Path, setting: &str) -> Result<Vec<u8>, String> {
    std::fs::read(path)
        .map_err(|error| format!("its `{setting}` `{}` cannot be read: {error}", path.display()))
}

/// What a connection is encrypted with.
fn encryption(connection: &Connection) -> Result<ClientConfig, String> {
    let ssl = &connection.ssl;
    let demand = match (ssl.mode, &ssl.root) {
        (SslMode::Disable | SslMode::Allow | SslMode::Prefer, _) | (SslMode::Require, Root::None) => {
            Demand::Nothing
        }
        // As libpq: whoever names those he trusts wants them asked.
        (SslMode::Require | SslMode::VerifyCa, _) => Demand::Chain,
        (SslMode::VerifyFull, _) => Demand::ChainAndName,
    };
    let roots = match (demand, &ssl.root) {
        (Demand::Nothing, _) | (_, Root::None) => Vec::new(),
        (_, Root::System) => rustls_native_certs::load_native_certs().certs,
        (_, Root::File(path)) => tls::certificates(&bytes(path, "sslrootcert")?)
            .map_err(|fault| format!("its `sslrootcert` `{}` {fault}", path.display()))?,
    };
    let own = match &ssl.client {
        Some((certificate, key)) => Some((bytes(certificate, "sslcert")?, bytes(key, "sslkey")?)),
        None => None,
    };
    let own = own.as_ref().map(|(certificate, key)| tls::Client { certificate, key });
    let mut config = tls::config(demand, roots, own)?;
    if ssl.is_direct {
        config.alpn_protocols = vec![b"postgresql".to_vec()];
    }
    Ok(config)
}

pub fn cannot_open(settings: &Settings, message: impl Into<String>) -> TargetError {
    let message = settings.hide(&message.into());
    TargetError::Open { target: settings.name.clone(), message }
}

/// Connects, and makes the connection what every connection is.
pub fn connect(settings: &Settings, mode: Mode) -> Result<(Client, Server), TargetError> {
    let mut client = log_in(settings)?;
    let server = set_up(&mut client, settings, mode)?;
    Ok((client, server))
}

/// Connects to the first server of the list that lets us in.
fn log_in(settings: &Settings) -> Result<Client, TargetError> {
    let connection = settings.connection(&file).map_err(|message| cannot_open(settings, message))?;
    let needs_tls = |host: &Host| attempts(host, connection.ssl.mode) != [Attempt::Disable];
    let encryption = match connection.hosts.iter().any(needs_tls) {
        true => Some(encryption(&connection).map_err(|message| cannot_open(settings, message))?),
        false => None,
    };
    let mut refused = None;
    'hosts: for host in &connection.hosts {
        for attempt in attempts(host, connection.ssl.mode) {
            let config = configuration(&connection, host, *attempt);
            let connected = match &encryption {
                Some(encryption) => config.connect(MakeRustlsConnect::new(encryption.clone())),
                None => config.connect(postgres::NoTls),
            };
            match connected {
                Ok(client) => return Ok(client),
                Err(error) => {
                    let (is_final, goes_on) = (is_final(&error), is_about_encryption(&error));
                    let message = refusal::no_connection(settings, &error, &connection.remarks);
                    // The first refusal of a server says more than the one of a way round it.
                    refused = refused.or(Some(message));
                    if !goes_on && is_final {
                        break 'hosts;
                    }
                    if !goes_on {
                        break;
                    }
                }
            }
        }
    }
    Err(cannot_open(settings, refused.unwrap_or_else(|| "it names no server".to_owned())))
}

/// Sets what every connection sets, and sees to it that the server is one that is known.
fn set_up(client: &mut Client, settings: &Settings, mode: Mode) -> Result<Server, TargetError> {
    let said = client
        .simple_query(&setup(&settings.schema, mode))
        .map_err(|error| failed(settings, "set up the connection", &error, None))?;
    let row = said.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let get = |at: usize| row.and_then(|row| row.get(at)).unwrap_or_default().to_owned();
    let patience = get(4).parse().ok().filter(|limit| *limit > 0);
    let patience = patience.map_or(Duration::MAX, Duration::from_millis);
    let version: u32 = get(0).parse().unwrap_or_default();
    // `15.18 (Debian 15.18-0+deb12u1)`
    let name = format!("PostgreSQL {}", get(1).split(' ').next().unwrap_or_default());
    let (first, last) = (VERSIONS.start(), VERSIONS.end());
    match version / 10_000 {
        known if VERSIONS.contains(&known) => {}
        old if old < *first => {
            return Err(cannot_open(
                settings,
                format!(
                    "the server is {name}, and `reconcile` works with {first} to {last}; upgrade the server"
                ),
            ));
        }
        _ => {
            return Err(cannot_open(
                settings,
                format!(
                    "the server is {name}, and this `reconcile` knows {first} to {last}; use a newer `reconcile`"
                ),
            ));
        }
    }
    Ok(Server { version, name, is_standby: get(2) == "t", has_catalog: get(3) == "t", patience })
}
