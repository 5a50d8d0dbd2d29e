//! The JSON Schemas under `schemas/` are what the program writes, and the examples pass them.
//! Never fetches a schema from elsewhere.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn the_schemas_are_fresh() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let place = tempfile::tempdir().unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_reconcile"))
        .args(["--quiet", "schema", "--out"])
        .arg(place.path())
        .status()
        .unwrap();
    assert!(status.success());
    let names = |folder: &Path| {
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        names
    };
    if std::env::var_os("UPDATE").is_some() && std::env::var_os("CI").is_none() {
        for name in names(place.path()) {
            fs::copy(place.path().join(&name), root.join(&name)).unwrap();
        }
    }
    assert_eq!(names(place.path()), names(&root), "run UPDATE=1 cargo test --test schemas");
    for name in names(&root) {
        let (written, kept) = (
            fs::read_to_string(place.path().join(&name)).unwrap(),
            fs::read_to_string(root.join(&name)).unwrap(),
        );
        assert!(written == kept, "{name:?} is stale; run UPDATE=1 cargo test --test schemas");
    }
}

#[test]
fn every_example_passes_its_schema() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let schema = fs::read_to_string(root.join("schemas/manifest.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let mut n_documents = 0;
    for example in ["shop", "crm"] {
        let files = reconcile::source::work_tree(&root.join("examples").join(example), &[]).unwrap();
        for file in files.files {
            for document in reconcile::yaml::read(&file.text).0 {
                let value = serde_json::to_value(document.node.to_value()).unwrap();
                let faults: Vec<String> =
                    schema.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
                assert!(faults.is_empty(), "{}: {}", file.path, faults.join("; "));
                n_documents += 1;
            }
            let first = file.text.lines().next().unwrap_or_default().to_owned();
            let path = first.strip_prefix("# yaml-language-server: $schema=").unwrap_or_else(|| {
                panic!("{} does not say in its first line which schema an editor checks it with", file.path)
            });
            let folder = root.join("examples").join(example).join(&file.path);
            assert!(folder.parent().unwrap().join(path).is_file(), "{}: {path} is no file", file.path);
        }
    }
    assert!(n_documents > 20);
}

#[test]
fn the_settings_of_a_repository_pass_their_schema_where_the_program_takes_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let schema = fs::read_to_string(root.join("schemas/config.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    for (text, is_good) in [
        ("folders: [resources]\n", true),
        ("notify:\n  - { slack: { url: \"${env:SLACK_URL}\" }, events: [failed] }\n", true),
        ("notify:\n  - { webhook: { url: \"https://example.com\", headers: { X-Team: a } } }\n", true),
        ("host: { kind: gitlab, api: \"https://git.example.com/api/v4\" }\n", true),
        ("notify:\n  - { events: [failed] }\n", false),
        ("notify:\n  - { command: [a], slack: { url: \"${env:SLACK_URL}\" } }\n", false),
        ("notify:\n  - { command: [a], events: [done] }\n", false),
        ("host: { kind: cvs }\n", false),
        ("notfy: []\n", false),
    ] {
        let document = reconcile::yaml::read(text).0.remove(0);
        let value = serde_json::to_value(document.node.to_value()).unwrap();
        let file = reconcile::source::File { path: "reconcile.yaml".to_owned(), text: text.to_owned() };
        let found = reconcile::manifest::config(&file).1;
        assert_eq!(found.is_empty(), is_good, "{text}{found:?}");
        assert_eq!(schema.is_valid(&value), is_good, "{text}");
    }
}
