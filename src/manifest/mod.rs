//! Manifests: documents to typed resources and environments, with every mistake at its place.
//! Never compares, never looks at a target.

mod bindings;
mod canonical;
mod check;
mod config;
mod decode;
mod entity;
pub mod grammar;
mod load;
mod place;
pub mod schema;

pub use bindings::bindings;
pub use canonical::canonical;
pub use config::{Config, config};
pub use load::{document, environments, load};
pub use place::place;
