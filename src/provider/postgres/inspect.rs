//! Reads what is in a schema.
//! Never writes anything.

use postgres::Client;

use super::catalog::Catalog;
use crate::model::state::Snapshot;
use crate::target::TargetError;

/// What an inspection is of.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The target for people.
    pub target: &'a str,
    pub schema: &'a str,
    /// `150018`.
    pub version: u32,
    /// `PostgreSQL 15.18`.
    pub server: &'a str,
}

/// Reads all of a target.
pub fn snapshot(client: &mut Client, context: &Context<'_>) -> Result<Snapshot, TargetError> {
    let failed = |error: postgres::Error| TargetError::Failed {
        target: context.target.to_owned(),
        doing: "be read".to_owned(),
        message: super::refusal::message(&error, None),
    };
    let mut catalog = Catalog::new(client, context.schema);
    let initialized = catalog.version().map_err(failed)?.is_some();
    let last_trash = if initialized { catalog.trash().map_err(failed)?.1 } else { 0 };
    Ok(Snapshot { server: context.server.to_owned(), initialized, last_trash, ..Snapshot::default() })
}
