//! The embedded default target: one SQLite file.
//! Never touches a row or an object that a step does not name.

mod actual;
mod after;
mod ask;
mod ask_back;
mod autonumber;
mod beyond;
mod catalog;
mod conversion;
mod ddl;
mod dialect;
mod inspect;
mod keep;
mod lease;
mod lexer;
mod lift;
mod lower;
mod normalize;
mod notes;
mod parse;
mod parts;
mod picklist;
mod rebuild;
mod references;
mod refusal;
mod rehearse;
mod restore;
mod scratch;
mod session;
mod table;
mod task;
mod tryout;
mod types;
mod wanted;

pub use dialect::{NAME, NAME_LIMITS, SqliteDialect};
pub use session::open;
