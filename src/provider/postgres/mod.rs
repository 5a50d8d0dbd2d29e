//! PostgreSQL: one schema of one database.
//! Never touches a row or an object that a step does not name.

mod answers;
mod autonumber;
mod blockers;
mod catalog;
mod dialect;
mod inspect;
mod lexer;
mod lift;
mod limits;
mod lower;
mod names;
mod native;
mod passfile;
mod picklist;
mod query;
mod refusal;
mod session;
mod settings;
mod shape;
mod spell;
mod task;
mod tls;
mod transaction;
mod types;
mod url;

pub use dialect::{NAME, NAME_LIMITS, PostgresDialect};
pub use session::open;
