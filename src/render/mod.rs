//! Values in, text out.
//! Never prints.

pub mod package;
