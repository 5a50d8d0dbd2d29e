//! YAML text to nodes that know their place, and values back to canonical text.
//! Never touches a file, and never knows what a document means.

mod comments;
mod emit;
mod locate;
mod node;
mod place;
mod read;
mod scalar;

pub use comments::{has_comments, has_inner_comments, leading_comments};
pub use emit::{emit, emit_all};
pub use locate::{Part, locate};
pub use node::{Node, NodeKind, Plain};
pub use place::narrow;
pub use read::{Document, MAX_BYTES, MAX_DEPTH, MAX_FOUND, MAX_NODES, read};
