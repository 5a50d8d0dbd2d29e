//! One field of an entity: its type, its rules, and the words people read.
//! Never knows how a target stores it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::text::Text;

/// What values a field takes. The parameters belong to the type: they are compared and changed together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum FieldType {
    /// Unicode text of at most `maxLength` characters (no limit where absent).
    Text {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_length: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        format: Option<TextFormat>,
    },
    /// A whole number from -2147483648 to 2147483647.
    Integer,
    /// A whole number of 64 bits.
    Bigint,
    /// A decimal number of `precision` digits, `scale` of them after the point.
    Decimal {
        precision: u8,
        scale: u8,
    },
    /// A decimal number of 19 digits, 4 of them after the point.
    Money,
    /// A binary floating point number of 64 bits.
    Float,
    Boolean,
    /// A calendar day, `2026-11-21`.
    Date,
    /// A time of day, `13:45:00`.
    Time,
    /// An instant with its zone, `2026-11-21T13:45:00Z`.
    Datetime,
    Uuid,
    Json,
    /// Bytes, at most `maxLength` of them (no limit where absent).
    Binary {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_length: Option<u32>,
    },
    /// One option of a picklist.
    Picklist {
        picklist: String,
    },
    /// One row of an entity (`entity`), or of one of several (`entities`).
    Lookup {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        entity: Option<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        entities: Vec<String>,
        #[serde(default, skip_serializing_if = "OnEvent::is_no_action")]
        on_delete: OnEvent,
    },
    /// A text that the target numbers, such as `ORD-{seq:5}`.
    Autonumber {
        format: String,
    },
}

/// What a text holds, for those who show and edit it; no target enforces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TextFormat {
    Email,
    Phone,
    Url,
    Multiline,
    Markdown,
    Html,
    Timezone,
}

/// What happens to a reference when the row it points to is deleted or gets another key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnEvent {
    /// Refused at the end of the statement, as SQL has it where nothing is said.
    #[default]
    NoAction,
    /// Refused at once, where the target knows the difference.
    Restrict,
    Cascade,
    SetNull,
    SetDefault,
}

impl OnEvent {
    pub fn is_no_action(&self) -> bool {
        matches!(self, OnEvent::NoAction)
    }

    /// The word as manifests write it.
    pub fn as_str(self) -> &'static str {
        match self {
            OnEvent::NoAction => "no-action",
            OnEvent::Restrict => "restrict",
            OnEvent::Cascade => "cascade",
            OnEvent::SetNull => "set-null",
            OnEvent::SetDefault => "set-default",
        }
    }
}

impl FieldType {
    /// The word of `type:`.
    pub fn word(&self) -> &'static str {
        match self {
            FieldType::Text { .. } => "text",
            FieldType::Integer => "integer",
            FieldType::Bigint => "bigint",
            FieldType::Decimal { .. } => "decimal",
            FieldType::Money => "money",
            FieldType::Float => "float",
            FieldType::Boolean => "boolean",
            FieldType::Date => "date",
            FieldType::Time => "time",
            FieldType::Datetime => "datetime",
            FieldType::Uuid => "uuid",
            FieldType::Json => "json",
            FieldType::Binary { .. } => "binary",
            FieldType::Picklist { .. } => "picklist",
            FieldType::Lookup { .. } => "lookup",
            FieldType::Autonumber { .. } => "autonumber",
        }
    }

    /// The entities a lookup points to; none for other types. More than one makes it polymorphic.
    pub fn lookup_targets(&self) -> Vec<&str> {
        match self {
            FieldType::Lookup { entity, entities, .. } => {
                entity.iter().chain(entities).map(String::as_str).collect()
            }
            FieldType::Text { .. }
            | FieldType::Integer
            | FieldType::Bigint
            | FieldType::Decimal { .. }
            | FieldType::Money
            | FieldType::Float
            | FieldType::Boolean
            | FieldType::Date
            | FieldType::Time
            | FieldType::Datetime
            | FieldType::Uuid
            | FieldType::Json
            | FieldType::Binary { .. }
            | FieldType::Picklist { .. }
            | FieldType::Autonumber { .. } => Vec::new(),
        }
    }

    /// The columns a polymorphic lookup named `field` takes, with the entity each points to; empty otherwise.
    pub fn polymorphic_columns<'a>(&'a self, field: &str) -> Vec<(String, &'a str)> {
        match self {
            FieldType::Lookup { entity: None, entities, .. } => {
                entities.iter().map(|to| (format!("{field}_{to}"), to.as_str())).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The type as plans print it: `text 200`, `decimal 12,2`, `lookup account`, `picklist order-status`.
    pub fn describe(&self) -> String {
        match self {
            FieldType::Text { max_length, format } => {
                let mut text = String::from("text");
                if let Some(length) = max_length {
                    text.push_str(&format!(" {length}"));
                }
                if let Some(format) = format {
                    text.push_str(&format!(" ({})", format!("{format:?}").to_lowercase()));
                }
                text
            }
            FieldType::Decimal { precision, scale } => format!("decimal {precision},{scale}"),
            FieldType::Binary { max_length: Some(length) } => format!("binary {length}"),
            FieldType::Picklist { picklist } => format!("picklist {picklist}"),
            FieldType::Lookup { on_delete, .. } => {
                let to = self.lookup_targets().join(" or ");
                match on_delete {
                    OnEvent::NoAction => format!("lookup {to}"),
                    OnEvent::Restrict | OnEvent::Cascade | OnEvent::SetNull | OnEvent::SetDefault => {
                        format!("lookup {to} (on delete {})", on_delete.as_str())
                    }
                }
            }
            FieldType::Autonumber { format } => format!("autonumber {format}"),
            FieldType::Integer
            | FieldType::Bigint
            | FieldType::Money
            | FieldType::Float
            | FieldType::Boolean
            | FieldType::Date
            | FieldType::Time
            | FieldType::Datetime
            | FieldType::Uuid
            | FieldType::Json
            | FieldType::Binary { max_length: None } => self.word().to_owned(),
        }
    }
}

/// The value a field takes when none is given: a literal, a word (`now`, `generated`), or the target's own SQL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum DefaultValue {
    Sql {
        sql: String,
    },
    /// A text, number or boolean. `now` on date, time and datetime is the instant of writing;
    /// `generated` on uuid is a new one.
    Value(Value),
}

impl DefaultValue {
    /// The value as plans print it.
    pub fn describe(&self) -> String {
        match self {
            DefaultValue::Sql { sql } => format!("sql {sql}"),
            DefaultValue::Value(Value::String(text)) => text.clone(),
            DefaultValue::Value(value) => value.to_string(),
        }
    }
}

/// One field. An absent setting is one that its author said nothing about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Field {
    #[serde(flatten)]
    pub ty: FieldType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<DefaultValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unique: Option<bool>,
    /// An SQL expression over the fields of the same row that every row must satisfy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text>,
    /// The column's type in the target's own words, with what the other settings do not say (`NVARCHAR(160) COLLATE
    /// NOCASE`), where that is not what the model would make of it. Empty: a column of no type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<String>,
    /// A directive, not a state: the name this field had before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<String>,
    /// A directive, not a state: the value that existing rows get when the field becomes required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backfill: Option<DefaultValue>,
    /// Belongs to an out-of-box definition: referenced, never changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub standard: bool,
}

impl Field {
    /// A field of this type about which nothing else is said.
    pub fn of(ty: FieldType) -> Field {
        Field {
            ty,
            required: None,
            default: None,
            unique: None,
            check: None,
            display_name: None,
            description: None,
            native: None,
            renamed_from: None,
            backfill: None,
            standard: false,
        }
    }

    pub fn is_required(&self) -> bool {
        self.required == Some(true)
    }

    pub fn is_unique(&self) -> bool {
        self.unique == Some(true)
    }
}
