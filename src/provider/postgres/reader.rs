//! What reads a table or a type from outside its definition: views, rules, policies, triggers, functions.
//! Never ours: it is only told of where a plan would meet it.

use serde::{Deserialize, Serialize};

use crate::model::state::Native;

/// The sort of native that a reader is kept as.
const KIND: &str = "reads";

/// Something that PostgreSQL holds a table, a column or a type for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reader {
    /// `view`, `policy`, `function`.
    pub kind: String,
    pub name: String,
    /// The table that it is on, where it is on one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// The table or type that it reads.
    #[serde(skip)]
    pub of: String,
    /// The column that it reads; none for the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Whether it is on the very table that it reads, and goes with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_own: bool,
}

impl Reader {
    /// The reader as the snapshot keeps it.
    pub fn native(&self) -> Native {
        let definition = serde_json::to_string(self).unwrap_or_default();
        Native { kind: KIND.to_owned(), name: self.name.clone(), table: self.of.clone(), definition }
    }

    /// All readers among the natives of a snapshot, sorted.
    pub fn all(natives: &[Native]) -> Vec<Reader> {
        let read = |native: &Native| {
            let reader: Reader = serde_json::from_str(&native.definition).ok()?;
            Some(Reader { of: native.table.clone(), ..reader })
        };
        let mut all: Vec<Reader> =
            natives.iter().filter(|native| native.kind == KIND).filter_map(read).collect();
        all.sort();
        all
    }

    /// As people know it: `view late-orders`, `trigger watch on order`.
    pub fn describe(&self) -> String {
        let kind = if self.kind == "publication by rows" { "publication" } else { &self.kind };
        match &self.on {
            Some(on) => format!("{kind} `{}` on `{on}`", self.name),
            None => format!("{kind} `{}`", self.name),
        }
    }

    /// Tells whether it holds a column's type fast.
    pub fn holds_type(&self) -> bool {
        !matches!(self.kind.as_str(), "publication" | "foreign key")
    }
}
