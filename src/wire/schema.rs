//! JSON Schemas (draft 2020-12) of the documents that `reconcile` writes, for those who read them.
//! Never describes manifests: their schemas are made where they are decoded.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;

use super::adoption::AdoptionDocument;
use super::comparison::DiffDocument;
use super::difference::DifferenceDocument;
use super::drift::DriftDocument;
use super::form;
use super::import::ImportDocument;
use super::journal::{EntryDocument, HistoryDocument};
use super::package::{Inspection, Manifest};
use super::plan::PlanDocument;
use super::preview::Line;
use super::report::ReportDocument;
use super::standing::StatusDocument;
use super::suspension::SuspensionDocument;
use super::trash::TrashDocument;
use super::watch::WatchEvent;

/// Returns each schema with the name of its file, which is also its `$id`.
pub fn schemas() -> Vec<(&'static str, String)> {
    vec![
        schema::<PlanDocument>("plan.schema.json", "Plans of reconcile"),
        schema::<Line>("preview.schema.json", "Previews of reconcile, one object a line"),
        schema::<ReportDocument>("report.schema.json", "Reports of reconcile"),
        schema::<HistoryDocument>("history.schema.json", "Journal of reconcile"),
        schema::<EntryDocument>("entry.schema.json", "Journal entry of reconcile"),
        schema::<DriftDocument>("drift.schema.json", "Drift of reconcile"),
        schema::<AdoptionDocument>("adoption.schema.json", "Adoptions of reconcile"),
        schema::<DifferenceDocument>("package-difference.schema.json", "Package differences of reconcile"),
        schema::<DiffDocument>("diff.schema.json", "Differences of reconcile"),
        schema::<ImportDocument>("import.schema.json", "Imports of reconcile"),
        schema::<StatusDocument>("status.schema.json", "Standings of reconcile"),
        schema::<SuspensionDocument>("suspension.schema.json", "Suspensions of reconcile"),
        schema::<TrashDocument>("trash.schema.json", "Trash of reconcile"),
        schema::<WatchEvent>("watch.schema.json", "What happens in a watch of reconcile, one a line"),
        schema::<Manifest>("package.schema.json", "Package manifest of reconcile"),
        schema::<Inspection>("package-inspection.schema.json", "Inspected packages of reconcile"),
    ]
}

fn schema<T: JsonSchema>(file: &'static str, title: &str) -> (&'static str, String) {
    let mut schema = SchemaGenerator::default().into_root_schema_for::<T>();
    schema.insert("$id".to_owned(), Value::from(file));
    schema.insert("title".to_owned(), Value::from(title));
    (file, form::write(&schema))
}
