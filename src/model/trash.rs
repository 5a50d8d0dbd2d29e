//! What a plan moves aside before it destroys or changes it, and what a target still keeps of that.
//! Never says how a target stores it, beyond the names that find it again.

use serde::{Deserialize, Serialize};

use crate::address::Address;

/// How many days things stay in the trash where an environment does not say.
pub const DEFAULT_DAYS: u32 = 7;

/// Rows or values that one plan moves aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Moved {
    /// Never given twice by one target.
    pub number: u64,
    /// The target's name for what holds them.
    pub table: String,
    /// What they belonged to, before the plan.
    pub address: Address,
    /// The columns whose values are kept; none where the rows are kept whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<MovedColumn>>,
    /// The columns of the resource, after the plan, by which its rows are found again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<String>,
    /// Numbering that goes on where it was when it is brought back, by its name in the target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sequences: Vec<String>,
    /// How many rows it came to hold; counted when it was applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
}

/// One column whose values are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MovedColumn {
    /// Its name before the plan.
    pub column: String,
    /// The field it belonged to, before the plan.
    pub field: String,
    /// The column that holds what became of its values; none where it was dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub became: Option<String>,
}

/// Something a target keeps in its trash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Trashed {
    #[serde(flatten)]
    pub moved: Moved,
    /// The journal's number of the apply that moved it here.
    pub entry: u64,
    /// Since when, in RFC 3339.
    pub kept: String,
    /// Until when; the first apply after that purges it.
    pub until: String,
}

impl Moved {
    pub fn is_whole(&self) -> bool {
        self.columns.is_none()
    }

    /// The fields whose values are kept, each once and in order; none where the rows are kept whole.
    pub fn fields(&self) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        for column in self.columns.iter().flatten() {
            if !found.contains(&column.field.as_str()) {
                found.push(&column.field);
            }
        }
        found
    }

    /// The kept column of this name.
    pub fn column(&self, name: &str) -> Option<&MovedColumn> {
        self.columns.iter().flatten().find(|kept| kept.column.eq_ignore_ascii_case(name))
    }

    /// What it holds, for people: `entity/order`, `entity/order: fax, total`.
    pub fn describe(&self) -> String {
        match self.columns {
            None => self.address.to_string(),
            Some(_) => format!("{}: {}", self.address, self.fields().join(", ")),
        }
    }
}
