//! `reconcile`: a declarative GitOps reconciler for application environments.
//! This file lists the rooms of the house, the roof first; `tests/floors.rs` holds them to their floors.

pub mod address;
pub mod diagnostic;
pub mod diff;
pub mod fingerprint;
pub mod journal;
pub mod model;
pub mod plan;
pub mod provider;
pub mod report;
pub mod source;
pub mod target;
