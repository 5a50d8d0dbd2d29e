//! The written form of the journal: `--format json` of `history` and of `show`.
//! Never reads a target: entries come in.

use serde::{Deserialize, Serialize};

use super::form::{self, WireError};
use crate::journal::Entry;

/// Major and minor: a newer minor only adds, a newer major is refused.
pub const FORMAT_VERSION: &str = "1.0";

/// The journal of one target, newest first, as `reconcile history --format json` prints it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryDocument {
    pub format_version: String,
    pub kind: HistoryKind,
    pub entries: Vec<Entry>,
}

/// One entry of the journal, as `reconcile show --format json` prints it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EntryDocument {
    pub format_version: String,
    pub kind: EntryKind,
    pub entry: Entry,
}

/// The word that tells this document from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HistoryKind {
    History,
}

/// The word that tells this document from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EntryKind {
    Entry,
}

impl HistoryDocument {
    pub fn new(entries: Vec<Entry>) -> HistoryDocument {
        HistoryDocument { format_version: FORMAT_VERSION.to_owned(), kind: HistoryKind::History, entries }
    }
}

impl EntryDocument {
    pub fn new(entry: Entry) -> EntryDocument {
        EntryDocument { format_version: FORMAT_VERSION.to_owned(), kind: EntryKind::Entry, entry }
    }
}

pub fn to_json(document: &HistoryDocument) -> String {
    form::write(document)
}

pub fn from_json(text: &str) -> Result<HistoryDocument, WireError> {
    form::read("history", FORMAT_VERSION, text)
}

pub fn entry_to_json(document: &EntryDocument) -> String {
    form::write(document)
}

pub fn entry_from_json(text: &str) -> Result<EntryDocument, WireError> {
    form::read("journal entry", FORMAT_VERSION, text)
}
