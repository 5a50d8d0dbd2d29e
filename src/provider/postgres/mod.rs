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
mod alter;
mod autonumber;
mod beyond;
mod ddl;
mod enumeration;
mod lift;
mod lower;
mod native;
mod normalize;
mod online;
mod picklist;
mod query;
mod spell;
mod types;
mod url;

pub use dialect::{NAME, NAME_LIMITS, PostgresDialect};
pub use session::open;
