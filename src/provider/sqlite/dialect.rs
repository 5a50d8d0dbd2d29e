//! The pure half of the target: it needs no connection.
//! Never touches the world.

use super::{ask, beyond, ddl, keep, normalize, task};
use crate::diff::change::Change;
use crate::model::name::NameLimits;
use crate::model::resource::Resource;
use crate::model::state::Snapshot;
use crate::model::trash::Moved;
use crate::target::{Beyond, Dialect, Question, Scene, Work};

/// The provider's name.
pub const NAME: &str = "sqlite";

/// SQLite bounds a statement and no name; two names that differ in case only are one.
pub const NAME_LIMITS: NameLimits = NameLimits {
    max_bytes: 800,
    ignores_case: true,
    reserved_prefixes: &["sqlite_"],
    reserves_members: true,
    indexes_sql: false,
    tasks: task::RULES,
};

/// The pure half of the target.
#[derive(Clone, Copy, Debug, Default)]
pub struct SqliteDialect;

impl Dialect for SqliteDialect {
    fn name(&self) -> &'static str {
        NAME
    }

    fn name_limits(&self) -> NameLimits {
        NAME_LIMITS
    }

    fn normalize(&self, resource: &mut Resource) {
        normalize::resource(resource);
    }

    fn keep(&self, change: &Change, scene: &Scene<'_>, number: u64) -> Option<(Work, Moved)> {
        keep::keep(change, scene, number)
    }

    fn is_normal(&self, resource: &Resource) -> bool {
        normalize::is_plain(resource)
    }

    fn lower(&self, change: &Change, scene: &Scene<'_>) -> Vec<Work> {
        ddl::work(change, scene)
    }

    fn ask(&self, change: &Change, question: &Question, scene: &Scene<'_>) -> Option<String> {
        ask::query(change, question, scene)
    }

    fn beyond(&self, snapshot: &Snapshot) -> Vec<Beyond> {
        beyond::of(snapshot)
    }
}
