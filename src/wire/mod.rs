//! The written form of plan, report, journal and package manifest: JSON with a format version.
//! Never decides what is in them: it names the version, writes them one way, and reads them back.

pub mod adoption;
pub mod comparison;
pub mod difference;
pub mod drift;
pub mod form;
pub mod import;
pub mod journal;
pub mod package;
pub mod plan;
pub mod preview;
pub mod report;
pub mod schema;
pub mod standing;
pub mod suspension;
pub mod trash;
pub mod watch;
