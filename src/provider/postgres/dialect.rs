//! The pure half of the target: it needs no connection.
//! Never touches the world.

use super::names::MAX_BYTES;
use super::task;
use crate::diff::change::Change;
use crate::model::name::NameLimits;
use crate::model::resource::Resource;
use crate::model::trash::Moved;
use crate::target::{Dialect, Question, Scene, Work};

/// The provider's name.
pub const NAME: &str = "postgres";

/// PostgreSQL 15: identifiers are cut at 63 bytes, and `pg_` belongs to the system.
pub const NAME_LIMITS: NameLimits =
    NameLimits { max_bytes: MAX_BYTES, ignores_case: false, reserved_prefixes: &["pg_"], tasks: task::RULES };

/// The pure half of the target.
#[derive(Clone, Copy, Debug, Default)]
pub struct PostgresDialect;

impl Dialect for PostgresDialect {
    fn name(&self) -> &'static str {
        NAME
    }

    fn name_limits(&self) -> NameLimits {
        NAME_LIMITS
    }

    fn normalize(&self, _resource: &mut Resource) {}

    fn keep(&self, _change: &Change, _scene: &Scene<'_>, _number: u64) -> Option<(Work, Moved)> {
        None
    }

    fn lower(&self, _change: &Change, _scene: &Scene<'_>) -> Vec<Work> {
        Vec::new()
    }

    fn ask(&self, _change: &Change, _question: &Question, _scene: &Scene<'_>) -> Option<String> {
        None
    }
}
