//! The words of the house: kinds, setup actions, environments, states. One file per kind.
//! Never touches a file, a target or a clock.

pub mod entity;
pub mod environment;
pub mod expression;
pub mod field;
mod field_form;
pub mod name;
pub mod notify;
pub mod picklist;
pub mod policy;
pub mod power;
pub mod repository;
pub mod resource;
pub mod schedule;
pub mod secret;
pub mod setting;
pub mod setup;
pub mod shape;
pub mod state;
pub mod task;
pub mod template;
pub mod text;
pub mod trash;
pub mod unreviewed;
pub mod window;
pub mod written;
