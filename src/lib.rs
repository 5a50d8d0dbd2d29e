//! `reconcile`: a declarative GitOps reconciler for application environments.
//! This file lists the rooms of the house, the roof first; `tests/floors.rs` holds them to their floors.

pub mod cli;

pub mod ops;

pub mod apply;
pub mod package;
pub mod planner;
pub mod provider;
pub mod render;
pub mod watch;

pub mod target;
pub mod wire;

pub mod report;

pub mod journal;
pub mod policy;

pub mod plan;

pub mod diff;
pub mod manifest;
pub mod validate;

pub mod model;

pub mod yaml;

pub mod signature;

pub mod address;
pub mod diagnostic;
pub mod fingerprint;
pub mod formula;
pub mod source;
