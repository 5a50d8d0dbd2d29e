//! PostgreSQL: one schema of one database.
//! Never touches a row or an object that a step does not name.

pub mod ask;
mod autonumber;
pub mod conversion;
mod json_text;
mod kind;
mod lexer;
mod lift;
mod lower;
mod names;
mod native;
mod picklist;
mod projection;
mod shape;
mod spell;
mod types;
