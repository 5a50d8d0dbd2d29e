//! The pure half of the target: it needs no connection.
//! Never touches the world.

use std::sync::Arc;

use super::{ask, beyond, breaks, ddl, keep, limits, locks, lower, names, normalize, task};
use crate::address::Address;
use crate::diff::change::Change;
use crate::model::name::NameLimits;
use crate::model::resource::Resource;
use crate::model::state::{Native, Snapshot, State};
use crate::model::trash::Moved;
use crate::plan::{Finding, Step};
use crate::target::{Beyond, Dialect, Question, Scene, Work};

/// The provider's name.
pub const NAME: &str = "postgres";

/// PostgreSQL 15: identifiers are cut at 63 bytes, and a table or an index that begins with `pg_` may be the
/// system's.
pub const NAME_LIMITS: NameLimits = NameLimits {
    max_bytes: names::MAX_BYTES,
    ignores_case: false,
    reserved_prefixes: &["pg_"],
    reserves_members: false,
    indexes_sql: true,
    tasks: task::RULES,
};

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

    fn normalize(&self, resource: &mut Resource) {
        normalize::resource(resource);
    }

    fn keep(&self, change: &Change, scene: &Scene<'_>, number: u64) -> Option<(Work, Moved)> {
        keep::keep(change, scene, number)
    }

    fn is_normal(&self, resource: &Resource) -> bool {
        normalize::is_normal(resource)
    }

    fn lower(&self, change: &Change, scene: &Scene<'_>) -> Vec<Work> {
        ddl::work(change, scene)
    }

    fn locks(&self, step: &Step) -> u64 {
        limits::locks(step)
    }

    fn lookups_follow(&self) -> bool {
        true
    }

    fn ask(&self, change: &Change, question: &Question, scene: &Scene<'_>) -> Option<String> {
        ask::query(change, question, scene)
    }

    fn drawn(&self, state: &State) -> Vec<Native> {
        let entity = |(address, resource): (&Address, &Arc<Resource>)| {
            let table = lower::table(&address.name, resource.as_entity()?, state);
            Some(Native {
                kind: "table".to_owned(),
                name: table.name.clone(),
                table: table.name.clone(),
                definition: serde_json::to_string(&table).ok()?,
            })
        };
        state.iter().filter_map(entity).collect()
    }

    fn remarks(&self, steps: &[Step], scene: &Scene<'_>) -> Vec<Finding> {
        let mut found = breaks::findings(steps, scene);
        found.extend(locks::findings(steps, scene));
        found
    }

    fn beyond(&self, snapshot: &Snapshot) -> Vec<Beyond> {
        beyond::of(snapshot)
    }
}
