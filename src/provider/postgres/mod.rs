//! PostgreSQL: one schema of one database.
//! Never touches a row or an object that a step does not name.

pub mod ask;
pub mod conversion;
mod json_text;
mod kind;
mod lexer;
mod names;
mod projection;
mod shape;
mod types;
