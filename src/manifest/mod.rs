//! Manifests: documents to typed resources and environments, with every mistake at its place.
//! Never compares, never looks at a target.

mod check;
mod decode;
mod entity;
pub mod grammar;
mod load;
mod place;

pub use load::{document, load};
pub use place::place;
