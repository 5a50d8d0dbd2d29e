//! How a server is asked to let us in: the ways that are tried, and what every connection sets first.
//! Never connects.

use postgres::Config;
use postgres::config::{ChannelBinding as Binding, SslMode as Attempt, SslNegotiation, TargetSessionAttrs};
use postgres::error::SqlState;

use super::catalog;
use super::lexer::quote;
use super::limits::{self, milliseconds};
use super::settings::{ChannelBinding, Connection, Host, SslMode};
use crate::target::Mode;

/// The ways in which a server is tried, as libpq tries them.
pub fn attempts(host: &Host, mode: SslMode) -> &'static [Attempt] {
    match mode {
        // A socket is never encrypted.
        _ if host.is_socket() => &[Attempt::Disable],
        SslMode::Disable => &[Attempt::Disable],
        SslMode::Allow => &[Attempt::Disable, Attempt::Require],
        SslMode::Prefer => &[Attempt::Prefer, Attempt::Disable],
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => &[Attempt::Require],
    }
}

/// Tells of a refusal that another way of encrypting may change.
pub fn is_about_encryption(error: &postgres::Error) -> bool {
    error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
        || error.to_string().contains("TLS handshake")
}

/// Tells of a refusal that every other host of the list would repeat.
pub fn is_final(error: &postgres::Error) -> bool {
    error.code().is_some_and(|code| {
        [
            SqlState::INVALID_PASSWORD,
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
            SqlState::INVALID_CATALOG_NAME,
        ]
        .contains(code)
    })
}

/// What the driver is told of one way to one server.
pub fn configuration(connection: &Connection, host: &Host, attempt: Attempt) -> Config {
    let mut config = Config::new();
    config.host(&host.name).port(host.port).ssl_mode(attempt).application_name(&connection.application_name);
    config.keepalives_idle(std::time::Duration::from_secs(60));
    if let Some(address) = host.address {
        config.hostaddr(address);
    }
    if let Some(user) = &connection.user {
        config.user(user);
    }
    if let Some(database) = &connection.database {
        config.dbname(database);
    }
    if let Some(password) = &host.password {
        config.password(&password.0);
    }
    if let Some(options) = &connection.options {
        config.options(options);
    }
    if let Some(timeout) = connection.connect_timeout {
        config.connect_timeout(timeout);
    }
    if connection.needs_primary {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
    if connection.ssl.is_direct && attempt == Attempt::Require {
        config.ssl_negotiation(SslNegotiation::Direct);
    }
    config.channel_binding(match connection.channel_binding {
        ChannelBinding::Disable => Binding::Disable,
        ChannelBinding::Prefer => Binding::Prefer,
        ChannelBinding::Require => Binding::Require,
    });
    config
}

/// What every connection sets before anything else, and what it wants to know.
pub fn setup(schema: &str, mode: Mode) -> String {
    let read_only = match mode {
        Mode::Read => "on",
        Mode::Write => "off",
    };
    format!(
        "SET search_path = {schema}; SET lock_timeout = {lock}; SET statement_timeout = {question}; \
         SET client_min_messages = warning; SET standard_conforming_strings = on; SET DateStyle = ISO; \
         SET IntervalStyle = postgres; SET TimeZone = 'UTC'; SET extra_float_digits = 1; SET bytea_output = hex; \
         SET quote_all_identifiers = off; SET transform_null_equals = off; SET jit = off; \
         SET tcp_keepalives_idle = 60; SET default_transaction_read_only = {read_only}; \
         SELECT current_setting('server_version_num'), current_setting('server_version'), pg_is_in_recovery(), \
         EXISTS ({catalog}), (SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'statement_timeout')",
        catalog = catalog::EXISTS,
        schema = quote(schema),
        lock = milliseconds(limits::LOCK),
        question = milliseconds(limits::QUESTION),
    )
}
