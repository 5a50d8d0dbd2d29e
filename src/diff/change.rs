//! The difference of one resource between what is declared, what is found and what is owned.
//! Never says how a target makes it: a dialect lowers it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::decision::Verb;
use crate::address::Address;
use crate::model::resource::Resource;
use crate::model::setup::Action;
use crate::model::task::{Task, TaskRecord};

/// Why a path changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The repository says so.
    Declared,
    /// The target has moved away from what was last applied.
    Drifted,
    /// It was applied before and is gone from the target.
    Vanished,
    /// It was applied before and is not declared any more.
    NotDeclared,
    /// It exists already and is not ours yet.
    Adopted,
    /// An earlier apply is taken back.
    RolledBack,
    /// It exists, nobody declared it, and `overwrite` leaves only what is declared.
    Overwritten,
    /// The resource is as it should be, and one of its tasks is not.
    Tasks,
}

/// One setting of a resource or member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SettingChange {
    pub name: String,
    pub reason: Reason,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// One member of a changed resource: a field, key, index, check, relationship or option.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberChange {
    /// `fields`, `keys`, `indexes`, `checks`, `relationships` or `options`.
    pub section: String,
    pub name: String,
    pub verb: Verb,
    pub reason: Reason,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<String>,
    /// For a created member all its settings, for a deleted one all it had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<SettingChange>,
}

impl MemberChange {
    /// The path inside the resource, as `--allow` writes it: the name for fields and options, else with its section.
    pub fn path(&self) -> String {
        match self.section.as_str() {
            "fields" | "options" => self.name.clone(),
            section => format!("{section}/{}", self.name),
        }
    }

    pub fn setting(&self, name: &str) -> Option<&SettingChange> {
        self.settings.iter().find(|s| s.name == name)
    }
}

/// What becomes of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TaskVerb {
    Run,
    /// Only our record of it changes.
    Record,
    /// It leaves our record.
    Forget,
}

/// Why a task runs or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TaskReason {
    /// It has never run here.
    New,
    /// It ran with other SQL.
    Changed,
    /// It ran, and there is something left to do.
    Left,
    /// Nothing is left to do.
    Done,
    /// It ran with this SQL, and something else of it is declared anew.
    Edited,
    /// It is not declared any more.
    NotDeclared,
}

/// One task of a changed resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskChange {
    pub name: String,
    pub verb: TaskVerb,
    pub reason: TaskReason,
    /// Its place among the tasks of its resource, from 0.
    pub place: u32,
    /// As it is declared; for one that is forgotten, as it was.
    pub task: Task,
    /// Why its `unless` can be asked at apply only, in the target's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unasked: Option<String>,
}

impl TaskChange {
    /// The path inside the resource, as `--allow` writes it.
    pub fn path(&self) -> String {
        task_path(&self.name)
    }
}

/// The path of a task inside its resource.
pub fn task_path(name: &str) -> String {
    format!("tasks/{name}")
}

/// Something that nobody declares and that stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    pub address: Address,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    pub reason: String,
}

/// One resource's difference, with what it was and what it will be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    pub address: Address,
    pub action: Action,
    pub verb: Verb,
    pub reason: Reason,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<Address>,
    /// What the target holds now (under the old address where it is renamed).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Resource>,
    /// What the target will hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Resource>,
    /// What the inventory will say we declared; none when we stop owning it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<Resource>,
    /// Values that existing rows get where a field becomes required, by field, in JSON.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub backfill: std::collections::BTreeMap<String, crate::model::field::DefaultValue>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<SettingChange>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberChange>,
    /// Its tasks, but for those with which nothing happens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TaskChange>,
    /// What comes back with it, where an earlier apply is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<Restored>,
}

/// What comes back when an earlier apply is taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Restored {
    /// The revision that the record named then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// What the record said of its tasks then: those that had not run yet run again when they are declared again.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub tasks: std::collections::BTreeMap<String, TaskRecord>,
    /// Whether the rows come from the trash, and not from what has this name now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rows: bool,
    /// The numbers of what comes back from the trash.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<u64>,
}

impl Change {
    /// The address it has in the target now.
    pub fn address_before(&self) -> &Address {
        self.renamed_from.as_ref().unwrap_or(&self.address)
    }

    /// Tells whether the target's own objects change, and not only our record of them.
    pub fn touches_target(&self) -> bool {
        match self.verb {
            Verb::Create | Verb::Delete => true,
            Verb::Adopt | Verb::Update => {
                let comes_back = self.restored.as_ref().is_some_and(|one| one.rows || !one.from.is_empty());
                comes_back || self.before != self.after || self.renamed_from.is_some()
            }
            Verb::Release | Verb::Forget | Verb::Keep => false,
        }
    }

    /// The new name of each renamed member of `section`, with its old one.
    pub fn renames<'a>(&'a self, section: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> + 'a {
        self.members
            .iter()
            .filter(move |m| m.section == section)
            .filter_map(|m| m.renamed_from.as_deref().map(|old| (m.name.as_str(), old)))
    }
}
