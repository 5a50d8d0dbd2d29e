//! Desired against actual: one `Change` for each resource that differs.
//! Never goes to a target, never orders and never weighs a risk: the planner does.

mod bind;
pub mod change;
pub mod compare;
pub mod decision;
mod members;
mod renames;
pub mod revert;
pub mod tasks;

pub use bind::bind as bound;
pub use compare::{Comparison, Obstacle, compare};
