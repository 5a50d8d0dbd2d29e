//! What importing a package would come to, as written: every resource with its action, choices and messages.
//! Never decides anything: the import does.

use serde::{Deserialize, Serialize};

use super::form;
use crate::address::Address;
use crate::model::setup::Action;
use crate::model::task::When;
use crate::plan::Plan;
use crate::source::Revision;

pub const FORMAT_VERSION: &str = "1.0";

/// A package held against one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportCheck {
    /// The package's name.
    pub package: String,
    pub environment: String,
    pub target: String,
    /// What the package was made from.
    pub provenance: Revision,
    /// By address.
    pub resources: Vec<ResourceCheck>,
    /// What the package needs, and neither holds nor finds in the target.
    pub missing: Vec<Missing>,
    /// What concerns no single resource.
    pub remarks: Vec<Remark>,
}

/// One resource of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceCheck {
    pub address: Address,
    pub kind: String,
    pub state: Weight,
    /// What it would be set up with.
    pub action: Action,
    /// What may be chosen.
    pub actions: Vec<Action>,
    /// Its address in the target, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound_to: Option<Address>,
    /// In the order in which they run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TaskCheck>,
    pub remarks: Vec<Remark>,
}

/// One task of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskCheck {
    pub name: String,
    pub when: When,
    /// Whether it stays behind, because the importer or the setup action says so.
    pub left_out: bool,
}

/// How much a remark stands in the way. `warning` does not.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    Ok,
    Warning,
    Error,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Remark {
    pub weight: Weight,
    pub message: String,
    /// The next move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// Something that is needed and is nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Missing {
    pub address: Address,
    /// Who needs it: `entity/order/status`.
    pub needed_by: Vec<String>,
}

/// What `import --format json` writes where nothing is applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportDocument {
    pub format_version: String,
    /// Always `import`.
    pub kind: String,
    pub check: ImportCheck,
    /// None while an error stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
}

impl ImportCheck {
    /// How many errors stand in the way.
    pub fn n_errors(&self) -> usize {
        let all = self.resources.iter().flat_map(|r| &r.remarks).chain(&self.remarks);
        all.filter(|remark| remark.weight == Weight::Error).count()
    }
}

pub fn to_json(check: ImportCheck, plan: Option<Plan>) -> String {
    let format_version = FORMAT_VERSION.to_owned();
    form::write(&ImportDocument { format_version, kind: "import".to_owned(), check, plan })
}
