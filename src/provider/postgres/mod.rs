//! PostgreSQL: one schema of one database.
//! Never touches a row or an object that a step does not name.

mod alter;
mod answers;
pub mod ask;
mod autonumber;
mod beyond;
mod blockers;
mod catalog;
pub mod conversion;
mod ddl;
mod dialect;
mod enumeration;
mod inspect;
mod json_text;
mod kind;
mod lexer;
mod lift;
mod limits;
mod lower;
mod names;
mod native;
mod normalize;
mod online;
mod passfile;
mod picklist;
mod projection;
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
