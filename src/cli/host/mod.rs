//! The world outside of repository and targets: those who are told, and the host that shows how a commit stands.
//! Never lets a slow receiver keep an apply waiting, and never prints where something is sent to.

mod courier;
mod herald;
pub mod http;
pub mod repository;
pub mod status;

pub use herald::{Herald, Outspoken, Remark};
