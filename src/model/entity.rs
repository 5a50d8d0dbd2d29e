//! The kind `entity`: a table of rows with typed fields, keys, indexes, checks and relationships.
//! Never knows how a target stores it.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::field::{Field, FieldType, OnEvent};
use super::text::Text;
use crate::address::Kind;

pub const KIND: Kind = Kind::of("entity");

/// The generated primary key of an entity that names none.
pub const GENERATED_KEY: &str = "id";

/// One entity. Members keep the order they were declared in; their order is no state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Entity {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text>,
    /// Installed where absent, checked where present, never changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub standard: bool,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub fields: IndexMap<String, Field>,
    /// Names of fields; absent means the generated uuid `id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_key: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub keys: IndexMap<String, Key>,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub indexes: IndexMap<String, Index>,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub checks: IndexMap<String, Check>,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub relationships: IndexMap<String, Relationship>,
    /// The options of this table in the target's own words (`none`, `WITHOUT ROWID`), where they are not those
    /// that we would give it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<String>,
}

/// An alternate key: its fields together are unique.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Key {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// What is unique in the target's own words, where that is more than some fields:
    /// `btree (lower(email)) WHERE (active)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
    /// What keeps it in the target, where that is not an index that we named; `Keeper` reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub standard: bool,
}

/// An index that makes reading by these fields fast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// What is indexed in the target's own words, where that is more than some fields: `gin (tags)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
    /// The index of the target, where that is not one that we named; `Keeper` reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub standard: bool,
}

/// What keeps a key or an index in a target, as `native` says it: `index NAME`, `constraint NAME`, `constraint`,
/// `deferred constraint NAME`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper<'a> {
    Index(&'a str),
    /// A constraint of the table, perhaps with a name.
    Constraint(Option<&'a str>, Deferral),
}

/// When a constraint is held against a row that breaks it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deferral {
    /// At once, always.
    #[default]
    Never,
    /// At once, where the transaction does not ask for its end.
    Deferrable,
    /// At the end of the transaction, where it does not ask for at once.
    Deferred,
}

impl Deferral {
    /// Reads what SQL says of it; nothing is `Never`.
    pub fn read(words: &str) -> Option<Deferral> {
        let words: Vec<String> = words.split_whitespace().map(str::to_uppercase).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            [] | ["NOT", "DEFERRABLE"] => Some(Deferral::Never),
            ["DEFERRABLE"] | ["DEFERRABLE", "INITIALLY", "IMMEDIATE"] => Some(Deferral::Deferrable),
            ["DEFERRABLE", "INITIALLY", "DEFERRED"] => Some(Deferral::Deferred),
            _ => None,
        }
    }

    /// What SQL says of it; empty for `Never`.
    pub fn sql(self) -> &'static str {
        match self {
            Deferral::Never => "",
            Deferral::Deferrable => "DEFERRABLE",
            Deferral::Deferred => "DEFERRABLE INITIALLY DEFERRED",
        }
    }

    pub fn is_never(&self) -> bool {
        *self == Deferral::Never
    }
}

impl<'a> Keeper<'a> {
    /// Reads a `native`; the name is all that follows the word and one space.
    pub fn read(native: &'a str) -> Option<Keeper<'a>> {
        let ways = [("deferrable ", Deferral::Deferrable), ("deferred ", Deferral::Deferred)];
        let way = ways.iter().find_map(|(word, way)| Some((native.strip_prefix(word)?, *way)));
        let (rest, deferral) = way.unwrap_or((native, Deferral::Never));
        match rest.split_once(' ') {
            Some(("index", name)) if !name.is_empty() && deferral.is_never() => Some(Keeper::Index(name)),
            Some(("constraint", name)) if !name.is_empty() => Some(Keeper::Constraint(Some(name), deferral)),
            None if rest == "constraint" => Some(Keeper::Constraint(None, deferral)),
            Some(_) | None => None,
        }
    }

    pub fn name(self) -> Option<&'a str> {
        match self {
            Keeper::Index(name) => Some(name),
            Keeper::Constraint(name, _) => name,
        }
    }
}

impl std::fmt::Display for Keeper<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (name, deferral) = match self {
            Keeper::Index(name) => return write!(f, "index {name}"),
            Keeper::Constraint(name, deferral) => (name, deferral),
        };
        f.write_str(match deferral {
            Deferral::Never => "constraint",
            Deferral::Deferrable => "deferrable constraint",
            Deferral::Deferred => "deferred constraint",
        })?;
        name.iter().try_for_each(|name| write!(f, " {name}"))
    }
}

/// An SQL expression over the fields of one row that every row must satisfy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    pub sql: String,
    /// What the target says of it besides: `NOT VALID`, of one that only new rows are held against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub standard: bool,
}

/// A foreign key that is no single-field lookup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Relationship {
    pub fields: Vec<String>,
    pub references: References,
    #[serde(default, skip_serializing_if = "OnEvent::is_no_action")]
    pub on_delete: OnEvent,
    #[serde(default, skip_serializing_if = "OnEvent::is_no_action")]
    pub on_update: OnEvent,
    /// What the target says of it besides: `DEFERRABLE INITIALLY DEFERRED`, `NOT VALID`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub standard: bool,
}

/// The far end of a relationship.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct References {
    pub entity: String,
    pub fields: Vec<String>,
}

/// What a `native` says of a check or a relationship.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Besides {
    pub deferral: Deferral,
    /// Whether only new rows are held against it.
    pub is_not_valid: bool,
}

impl Besides {
    /// Reads it; none where it says anything else.
    pub fn read(native: &str) -> Option<Besides> {
        let words: Vec<String> = native.split_whitespace().map(str::to_uppercase).collect();
        let words = words.join(" ");
        let rest = words.strip_suffix("NOT VALID");
        let deferral = Deferral::read(rest.unwrap_or(&words))?;
        Some(Besides { deferral, is_not_valid: rest.is_some() })
    }

    /// Reads it; nothing is said where there is none.
    pub fn of(native: Option<&str>) -> Besides {
        native.and_then(Besides::read).unwrap_or_default()
    }

    /// The same in one spelling; none where nothing is said.
    pub fn native(self) -> Option<String> {
        let valid = if self.is_not_valid { "NOT VALID" } else { "" };
        let words = format!("{} {valid}", self.deferral.sql());
        Some(words.trim().to_owned()).filter(|words| !words.is_empty())
    }
}

impl Entity {
    /// The names of the primary key's fields; `id` where it is generated.
    pub fn key_fields(&self) -> Vec<&str> {
        match &self.primary_key {
            Some(names) => names.iter().map(String::as_str).collect(),
            None => vec![GENERATED_KEY],
        }
    }

    /// The type of a field by name, the generated key included.
    pub fn field_type(&self, name: &str) -> Option<FieldType> {
        if self.primary_key.is_none() && name == GENERATED_KEY {
            return Some(FieldType::Uuid);
        }
        self.fields.get(name).map(|field| field.ty.clone())
    }

    /// Drops what is a directive and no state: `renamedFrom` and `backfill`.
    pub fn strip_directives(&mut self) {
        for field in self.fields.values_mut() {
            field.renamed_from = None;
            field.backfill = None;
        }
        for key in self.keys.values_mut() {
            key.renamed_from = None;
        }
        for index in self.indexes.values_mut() {
            index.renamed_from = None;
        }
    }
}
