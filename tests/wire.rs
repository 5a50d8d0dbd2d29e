//! The written forms say everything: what is read back is what was written.
//! Never judges what a plan says.

mod generated;

use proptest::prelude::*;
use reconcile::plan::Plan;
use reconcile::wire::form::WireError;
use reconcile::wire::journal::{EntryDocument, HistoryDocument};
use reconcile::wire::plan::PlanDocument;
use reconcile::wire::report::ReportDocument;
use reconcile::wire::{journal, package, plan, report, schema};
use serde_json::Value;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_plan_reads_back_as_written(plans in proptest::collection::vec(generated::plan(), 0..3)) {
        let document = PlanDocument::new(plans);
        let text = plan::to_json(&document);
        let read = plan::from_json(&text).unwrap();
        prop_assert_eq!(&read, &document);
        // Two entities are equal whatever the order of their fields; their bytes are not.
        prop_assert_eq!(plan::to_json(&read), text);
        for one in &document.plans {
            let text = plan::packaged_to_json(one);
            let read = plan::packaged_from_json(&text).unwrap();
            prop_assert_eq!(&read, one);
            prop_assert_eq!(read.fingerprint(), one.fingerprint());
            prop_assert_eq!(plan::packaged_to_json(&read), text);
        }
    }

    #[test]
    fn a_report_reads_back_as_written(reports in proptest::collection::vec(generated::report(), 0..3)) {
        let document = ReportDocument::new(reports);
        let text = report::to_json(&document);
        prop_assert_eq!(report::from_json(&text).unwrap(), document);
        prop_assert!(text.ends_with(char::is_whitespace));
    }

    #[test]
    fn the_journal_reads_back_as_written(entries in proptest::collection::vec(generated::entry(), 0..3)) {
        let document = HistoryDocument::new(entries);
        let text = journal::to_json(&document);
        let read = journal::from_json(&text).unwrap();
        prop_assert_eq!(&read, &document);
        prop_assert_eq!(journal::to_json(&read), text);
        for entry in document.entries {
            let document = EntryDocument::new(entry);
            prop_assert_eq!(journal::entry_from_json(&journal::entry_to_json(&document)).unwrap(), document);
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_document_is_as_its_schema_says(
        plans in proptest::collection::vec(generated::plan(), 0..3),
        reports in proptest::collection::vec(generated::report(), 0..3),
        entries in proptest::collection::vec(generated::entry(), 1..3),
        parts in generated::parts(),
    ) {
        let packed = reconcile::package::Package::new(parts.about, parts.resources, None, None).unwrap();
        check("plan.schema.json", &plan::to_json(&PlanDocument::new(plans)));
        check("report.schema.json", &report::to_json(&ReportDocument::new(reports)));
        check("entry.schema.json", &journal::entry_to_json(&EntryDocument::new(entries[0].clone())));
        check("history.schema.json", &journal::to_json(&HistoryDocument::new(entries)));
        check("package.schema.json", &package::to_json(packed.manifest()));
    }
}

fn check(schema: &str, document: &str) {
    let schemas = schema::schemas();
    let (_, text) = schemas.iter().find(|(name, _)| *name == schema).unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap();
    let document: Value = serde_json::from_str(document).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(&document).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert_eq!(errors, Vec::<String>::new(), "{schema}");
}

#[test]
fn a_schema_says_what_it_is() {
    for (name, text) in schema::schemas() {
        let schema: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(schema["$id"], name);
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
        assert!(schema["title"].is_string() && schema["description"].is_string(), "{name}");
        assert!(!text.contains("\"$ref\": \"http") && !text.contains("\"$ref\": \"file"), "{name}");
    }
    assert_eq!(schema::schemas(), schema::schemas());
}

#[test]
fn a_newer_minor_is_read_and_another_major_refused() {
    let text = plan::to_json(&PlanDocument::new(Vec::new()));
    let newer = text.replace("\"1.0\"", "\"1.7\"").replace("\"plans\"", "\"news\": {\"a\": [1]}, \"plans\"");
    assert_eq!(plan::from_json(&newer).unwrap().plans, Vec::<Plan>::new());
    let next = plan::from_json(&text.replace("\"1.0\"", "\"2.0\"").replace("plans", "plots"));
    assert!(matches!(next, Err(WireError::Newer { document: "plan", .. })), "{next:?}");
    let odd = plan::from_json(&text.replace("\"1.0\"", "\"one\""));
    assert!(matches!(odd, Err(WireError::Unknown { .. })), "{odd:?}");
    let other = plan::from_json(&report::to_json(&ReportDocument::new(Vec::new())));
    assert!(matches!(other, Err(WireError::Malformed { .. })), "{other:?}");
    let hostile = plan::from_json("{\"formatVersion\": \"1.0\", \"kind\": \"\\u001b[2J\", \"plans\": []}");
    assert!(!hostile.unwrap_err().to_string().contains('\u{1b}'));
    for text in ["", "[", "null", "{}", "[1]", &"[".repeat(100_000), &"{\"a\":".repeat(100_000)] {
        assert!(matches!(plan::from_json(text), Err(WireError::Malformed { .. })));
    }
}
