//! The targets that `reconcile` knows, a folder each.
//! Never knows a plan's making or its printing: a provider inspects, lowers and runs.

mod columns;
pub mod open;
mod options;
pub mod postgres;
mod sql;
pub mod sqlite;
mod way;
