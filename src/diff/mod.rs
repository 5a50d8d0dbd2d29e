//! Desired against actual: one `Change` for each resource that differs.
//! Never goes to a target, never orders and never weighs a risk: the planner does.

pub mod change;
pub mod decision;
