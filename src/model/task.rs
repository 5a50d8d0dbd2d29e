//! Work beside a resource that no state can express: a backfill, a one-off statement.
//! Never understands SQL: each kind of target judges its own.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::fingerprint::Fingerprint;

/// One task of a resource's `setup.tasks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub when: When,
    /// What runs: one statement or several.
    pub sql: TaskSql,
    /// A query that returns a row when nothing is left to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unless: Option<TaskSql>,
}

/// On which side of its resource's own change a task runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// Right before the resource is changed.
    Before,
    /// Once every resource of the plan is made or changed, and before anything is deleted.
    After,
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            When::Before => "before",
            When::After => "after",
        })
    }
}

/// SQL for every kind of target, or for each its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum TaskSql {
    One(String),
    /// By the provider's name.
    PerTarget(BTreeMap<String, String>),
}

impl Task {
    /// Of the SQL that would run on one kind of target: what makes a task that ran another one.
    pub fn fingerprint_on(&self, provider: &str) -> Option<Fingerprint> {
        self.sql.on(provider).map(|sql| Fingerprint::of_bytes(sql.as_bytes()))
    }
}

impl TaskSql {
    /// The text for one kind of target, without the white space around it.
    pub fn on(&self, provider: &str) -> Option<&str> {
        match self {
            TaskSql::One(sql) => Some(sql.trim()),
            TaskSql::PerTarget(texts) => texts.get(provider).map(|sql| sql.trim()),
        }
    }
}

/// What the target's own record says of one task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskRecord {
    /// As it was last declared.
    pub task: Task,
    /// Its place among the tasks of its resource, from 0.
    pub place: u32,
    /// Of the SQL that ran last; none where it never ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ran: Option<Fingerprint>,
}

/// How a kind of target judges the SQL of tasks: each says why a text cannot run there, if it cannot.
#[derive(Clone, Copy, Debug)]
pub struct TaskRules {
    pub sql_fault: fn(&str) -> Option<String>,
    pub unless_fault: fn(&str) -> Option<String>,
}

impl TaskRules {
    /// Of a kind of target that cannot judge yet: a text only must be there.
    pub const PRESENT: TaskRules = TaskRules { sql_fault: absent, unless_fault: absent };
}

fn absent(sql: &str) -> Option<String> {
    sql.trim().is_empty().then(|| "is empty".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_has_one_text_or_one_for_each_target() {
        let one: TaskSql = serde_json::from_str("\" SELECT 1\\n\"").unwrap();
        assert_eq!((one.on("sqlite"), one.on("postgres")), (Some("SELECT 1"), Some("SELECT 1")));
        let several: TaskSql = serde_json::from_str(r#"{ "sqlite": "SELECT 2" }"#).unwrap();
        assert_eq!((several.on("sqlite"), several.on("postgres")), (Some("SELECT 2"), None));
    }
}
