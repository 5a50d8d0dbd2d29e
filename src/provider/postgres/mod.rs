//! PostgreSQL: one schema of one database.
//! Never touches a row or an object that a step does not name.

mod answers;
mod blockers;
mod catalog;
mod dialect;
mod inspect;
mod lexer;
mod limits;
mod names;
mod passfile;
mod refusal;
mod session;
mod settings;
mod shape;
mod task;
mod tls;
mod transaction;
mod types;
mod url;

pub use dialect::{NAME, NAME_LIMITS, PostgresDialect};
pub use session::open;
