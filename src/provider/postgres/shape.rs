//! A table as PostgreSQL's catalog has it: what is read, compared and changed.
//! Never knows what a manifest says: `lift` and `lower` go between.

use serde::{Deserialize, Serialize};

use crate::model::entity::Deferral;
use crate::model::state::Native;

/// One table with all that belongs to it. It is kept as JSON among the snapshot's natives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    pub name: String,
    /// In the order of their numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<Column>,
    /// By name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<Constraint>,
    /// By name; those that keep a constraint are not among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<Index>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// What of it no manifest can say: `unlogged`, `row security`, `replica identity full`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    /// As `format_type` says it.
    #[serde(rename = "type")]
    pub ty: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_null: bool,
    /// As `pg_get_expr` says it; the expression of a generated column too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    #[serde(default, skip_serializing_if = "Made::is_plain")]
    pub made: Made,
    /// Where it is another one than its type's, in quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The sequence that belongs to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<Sequence>,
    /// The enumerated type of the same schema that is its type.
    #[serde(rename = "enum", default, skip_serializing_if = "Option::is_none")]
    pub enumeration: Option<String>,
}

/// How a column comes by its values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Made {
    #[default]
    Plain,
    IdentityAlways,
    IdentityByDefault,
    Stored,
    Virtual,
}

impl Made {
    pub fn is_plain(&self) -> bool {
        *self == Made::Plain
    }

    /// Tells of a column whose values are computed.
    pub fn is_generated(self) -> bool {
        matches!(self, Made::Stored | Made::Virtual)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    pub name: String,
    /// Whether that is another name than PostgreSQL would give it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_named: bool,
    /// `START 10 INCREMENT 5`, where it is not what PostgreSQL would make.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub options: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constraint {
    pub name: String,
    pub rule: Rule,
    /// The columns it is on, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// Whether the rows that are there were held against it.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub validated: bool,
    #[serde(default, skip_serializing_if = "Deferral::is_never")]
    pub deferral: Deferral,
    /// All of its index that follows `USING`, where a unique one says more than columns: `INCLUDE`, `NULLS NOT DISTINCT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub using: Option<String>,
    /// What no manifest can say of it: `NO INHERIT`, `MATCH FULL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beyond: Option<String>,
}

impl Constraint {
    /// Tells of one that says no more than its rule.
    pub fn is_plain(&self) -> bool {
        self.beyond.is_none() && self.using.is_none() && self.deferral.is_never()
    }
}

fn yes() -> bool {
    true
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    PrimaryKey,
    Unique,
    /// The expression as `pg_get_expr` says it.
    Check(String),
    Reference(Reference),
    /// Any other, in full.
    Other(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// In the same schema.
    pub table: String,
    pub columns: Vec<String>,
    pub on_delete: Event,
    pub on_update: Event,
}

/// What a foreign key does when what it points to goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    NoAction,
    Restrict,
    Cascade,
    SetNull,
    SetDefault,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    pub name: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unique: bool,
    /// Where it is on plain columns in their plain order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
    /// All that follows the table's name and `USING`, where it is not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sql: String,
    /// Whether it was built to its end.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub valid: bool,
}

impl Table {
    /// The table as the snapshot keeps it.
    pub fn native(&self) -> Native {
        let definition = serde_json::to_string(self).unwrap_or_default();
        Native { kind: "table".to_owned(), name: self.name.clone(), table: self.name.clone(), definition }
    }

    /// Finds a table among the natives of a snapshot.
    pub fn find(name: &str, natives: &[Native]) -> Option<Table> {
        let native = natives.iter().find(|native| native.kind == "table" && native.name == name)?;
        serde_json::from_str(&native.definition).ok()
    }

    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    pub fn constraint(&self, name: &str) -> Option<&Constraint> {
        self.constraints.iter().find(|constraint| constraint.name == name)
    }

    pub fn index(&self, name: &str) -> Option<&Index> {
        self.indexes.iter().find(|index| index.name == name)
    }

    /// The columns of the primary key; empty where there is none.
    pub fn primary_key(&self) -> &[String] {
        let key = self.constraints.iter().find(|constraint| constraint.rule == Rule::PrimaryKey);
        key.map_or(&[], |key| key.columns.as_slice())
    }
}
