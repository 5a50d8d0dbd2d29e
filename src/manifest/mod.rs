//! Manifests: documents to typed resources and environments, with every mistake at its place.
//! Never compares, never looks at a target.

pub mod check;
pub mod grammar;
pub mod schema;
