//! The written form of reports: `--format json` of an apply.
//! Never judges an outcome: the report does.

use serde::{Deserialize, Serialize};

use super::form::{self, WireError};
use crate::report::Report;

/// Major and minor: a newer minor only adds, a newer major is refused.
pub const FORMAT_VERSION: &str = "1.0";

/// The reports of one or several applies, as `reconcile apply --format json` prints them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportDocument {
    pub format_version: String,
    pub kind: ReportKind,
    /// One report for each environment, in the order they were applied.
    pub reports: Vec<Report>,
}

/// The word that tells this document from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReportKind {
    Report,
}

impl ReportDocument {
    pub fn new(reports: Vec<Report>) -> ReportDocument {
        ReportDocument { format_version: FORMAT_VERSION.to_owned(), kind: ReportKind::Report, reports }
    }
}

pub fn to_json(document: &ReportDocument) -> String {
    form::write(document)
}

pub fn from_json(text: &str) -> Result<ReportDocument, WireError> {
    form::read("report", FORMAT_VERSION, text)
}
