//! Manifests: documents to typed resources and environments, with every mistake at its place.
//! Never compares, never looks at a target.

mod bindings;
mod canonical;
mod check;
mod config;
mod decode;
mod document;
mod entity;
pub mod grammar;
mod load;
mod overlay;
mod patch;
mod patched;
mod place;
mod placeholder;
mod policy;
pub mod schema;
mod secret;
mod sinks;
mod standard;
mod tally;
mod variants;
mod waivers;
mod windows;

pub use bindings::bindings;
pub use canonical::canonical;
pub use config::{Config, config};
pub use load::{document, environments, load};
pub use place::place;
pub use tally::Tally;
