//! What PostgreSQL refuses, in the words of the contract.
//! Never decides what to do about it, and never shows what a variable holds.

use std::io::ErrorKind;

use postgres::Error;
use postgres::error::{DbError, ErrorPosition, SqlState};

use super::settings::Settings;
use crate::target::TargetError;

/// Says what the server refused. `statement` is what was sent, where a position in it would help.
pub fn failed(settings: &Settings, doing: &str, error: &Error, statement: Option<&str>) -> TargetError {
    TargetError::Failed {
        target: settings.name.clone(),
        doing: doing.to_owned(),
        message: settings.hide(&message(error, statement)),
    }
}

/// Tells of a refusal that may pass by itself: somebody else held what was needed.
pub fn is_busy(error: &Error) -> bool {
    error.code().is_some_and(|code| {
        [SqlState::LOCK_NOT_AVAILABLE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE]
            .contains(code)
    })
}

/// Tells of an error that does not say what became of the statement: the connection or the server went away.
pub fn is_lost(error: &Error) -> bool {
    error
        .code()
        .is_none_or(|code| ["08", "57P", "58", "XX"].iter().any(|class| code.code().starts_with(class)))
}

/// Tells of a refusal that is about the text of a statement and what it names, not about the server.
pub fn is_about_the_text(error: &Error) -> bool {
    // Class 42 is syntax, names and rights; 22 is a value that does not fit; the others are what cannot be said here.
    error.code().is_some_and(|code| {
        ["42", "22", "0A", "2F"].contains(&&code.code()[..2]) || *code == SqlState::READ_ONLY_SQL_TRANSACTION
    })
}

/// What the server or the driver said, in one line.
pub fn message(error: &Error, statement: Option<&str>) -> String {
    let Some(said) = error.as_db_error() else {
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            text.push_str(&format!(": {inner}"));
            cause = inner.source();
        }
        return text;
    };
    let code = said.code();
    let said_so = match *code {
        SqlState::QUERY_CANCELED if said.message().contains("statement timeout") => {
            "it took longer than it may (statement_timeout)".to_owned()
        }
        SqlState::LOCK_NOT_AVAILABLE if said.message().contains("lock timeout") => {
            "it waited for a lock longer than it may (lock_timeout)".to_owned()
        }
        SqlState::ADMIN_SHUTDOWN => "the server ended the connection".to_owned(),
        _ => said.message().to_owned(),
    };
    let mut text = format!("{said_so} (SQLSTATE {})", code.code());
    for more in [said.detail(), said.hint()].into_iter().flatten() {
        text.push_str("; ");
        text.push_str(more.trim_end_matches('.'));
    }
    if let Some(place) = statement.and_then(|statement| place(said, statement)) {
        text.push_str(&format!("; at {place}"));
    }
    // A message of the server may have lines of its own.
    text.split('\n').map(str::trim).collect::<Vec<_>>().join(" ")
}

/// Where in a statement it is: `` `cusomer` in line 2 ``.
fn place(said: &DbError, statement: &str) -> Option<String> {
    let Some(ErrorPosition::Original(position)) = said.position() else { return None };
    let before = usize::try_from(*position).ok()?.checked_sub(1)?;
    let at = statement.char_indices().nth(before).map_or(statement.len(), |(at, _)| at);
    let (done, rest) = statement.split_at(at);
    let line = done.matches('\n').count() + 1;
    let word: String = match rest.chars().next() {
        None => return Some("its end".to_owned()),
        Some('"') => rest.chars().take(1 + rest[1..].find('"').map_or(40, |end| end + 1)).collect(),
        Some(c) if c.is_alphanumeric() || c == '_' => {
            rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').take(40).collect()
        }
        Some(c) => c.to_string(),
    };
    Some(match statement.contains('\n') {
        true => format!("`{word}` in line {line}"),
        false => format!("`{word}`"),
    })
}

/// Why a server could not be connected to, with the next move.
pub fn no_connection(settings: &Settings, error: &Error, remarks: &[String]) -> String {
    let said = match error.code() {
        Some(code) if *code == SqlState::INVALID_PASSWORD => {
            "the server refuses the user or the password; set PGPASSWORD, or add a line to the password file"
                .to_owned()
        }
        Some(code) if *code == SqlState::INVALID_CATALOG_NAME => {
            "the server has no such database; create it, or name another one".to_owned()
        }
        Some(code) if *code == SqlState::TOO_MANY_CONNECTIONS => {
            "the server has no connection left; try again later".to_owned()
        }
        Some(code) if *code == SqlState::CANNOT_CONNECT_NOW => {
            "the server is starting up or shutting down; try again in a moment".to_owned()
        }
        Some(_) | None => {
            let said = message(error, None);
            match said.as_str() {
                // As the driver says it, which knows nothing of where a password may come from.
                said if said.ends_with("password missing") => {
                    "the server asks for a password; set PGPASSWORD, or add a line to the password file"
                        .to_owned()
                }
                _ => match unreached(error) {
                    Some(help) => format!("{}; {help}", settings.hide(&said)),
                    None => settings.hide(&said),
                },
            }
        }
    };
    std::iter::once(&said).chain(remarks).map(String::as_str).collect::<Vec<_>>().join("; ")
}

/// What was refused, as something that may pass where it does; `holders` are those who stand in the way.
pub fn refused(settings: &Settings, doing: &str, error: &Error, holders: Vec<String>) -> TargetError {
    match is_busy(error) {
        true => TargetError::Busy {
            target: settings.name.clone(),
            doing: doing.to_owned(),
            message: settings.hide(&message(error, None)),
            holders,
        },
        false => failed(settings, doing, error, None),
    }
}

/// What to look at where no server answered.
fn unreached(error: &Error) -> Option<&'static str> {
    let kind = std::error::Error::source(error)?.downcast_ref::<std::io::Error>()?.kind();
    match kind {
        ErrorKind::ConnectionRefused | ErrorKind::NotFound => {
            Some("see that the server runs, and that host and port are its own")
        }
        ErrorKind::TimedOut | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
            Some("see that host and port are right, and that no firewall is between")
        }
        ErrorKind::PermissionDenied => Some("see who may use the folder of its socket"),
        _ => None,
    }
}
