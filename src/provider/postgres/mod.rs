//! PostgreSQL: one schema of one database.
//! Never touches a row or an object that a step does not name.

mod lexer;
mod names;
mod shape;
mod types;
