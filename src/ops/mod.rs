//! What each verb does, one file a verb. Targets, files and clocks come in; values go out.
//! Never names a provider or a renderer, never prints and never asks.

pub mod adopt;
pub mod announce;
pub mod apply;
pub mod diff;
pub mod drift;
pub mod export;
pub mod fmt;
pub mod import;
pub mod init;
pub mod package;
pub mod plan;
pub mod preview;
pub mod promote;
pub mod rehearse;
pub mod repository;
pub mod rollback;
pub mod trash;
pub mod trust;
pub mod watch;
pub mod window;
