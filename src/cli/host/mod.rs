//! The world outside of repository and targets: those who are told, and the host that shows how a commit stands.
//! Never lets a slow receiver keep an apply waiting, and never prints where something is sent to.

pub mod api;
mod bitbucket;
pub mod caller;
pub mod comment;
mod courier;
mod gitea;
mod github;
mod gitlab;
mod herald;
pub mod http;
pub mod pipeline;
pub mod repository;
pub mod status;

pub use herald::{Herald, Outspoken, Remark, SAY_WHERE};
