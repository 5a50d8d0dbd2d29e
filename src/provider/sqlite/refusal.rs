//! What SQLite refuses, in the words of the contract; and a connection that refuses what it should.
//! Never decides what to do about it.

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode};

use crate::target::TargetError;

/// Says in the words of the contract what SQLite refused.
pub fn failed(target: &str, doing: &str, error: &rusqlite::Error) -> TargetError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => TargetError::Open {
            target: target.to_owned(),
            message: "the file is no SQLite database".to_owned(),
        },
        Some(_) | None => TargetError::Failed {
            target: target.to_owned(),
            doing: doing.to_owned(),
            message: message(error),
        },
    }
}

/// What SQLite said, without the statement: that is in the plan.
pub fn message(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}

/// Makes SQLite refuse a name that it does not know instead of taking it for a text.
pub fn strict_names(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false).map(drop)
}
