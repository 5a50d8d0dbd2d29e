//! Text that people read, in one language or in several.
//! Never decides which language a reader gets: `first` is for places that can show only one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `Order`, or `{ en: Order, de: Auftrag }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum Text {
    Plain(String),
    Languages(BTreeMap<String, String>),
}

impl Text {
    /// Returns the plain text, else the English one, else the first language's.
    pub fn first(&self) -> &str {
        match self {
            Text::Plain(text) => text,
            Text::Languages(map) => {
                map.get("en").or_else(|| map.values().next()).map(String::as_str).unwrap_or_default()
            }
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text::Plain(text.to_owned())
    }
}
