//! A case folder, read: why it is there, what it starts from, what it leads to, what must come of it.
//! Never applies anything.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_yaml::Value;

/// `case.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// One sentence for the reader.
    pub why: String,
    #[serde(default = "overwrite")]
    pub action: String,
    #[serde(default = "yes")]
    pub prune: bool,
    /// Which providers it runs on.
    pub targets: Vec<String>,
    /// The findings that must be raised and are allowed.
    #[serde(default)]
    pub allow: Vec<String>,
    /// The findings that must refuse the plan.
    #[serde(default)]
    pub refuses: Vec<String>,
    /// Table, column, values after the apply in key order.
    #[serde(default)]
    pub keeps: BTreeMap<String, BTreeMap<String, Vec<Value>>>,
}

fn overwrite() -> String {
    "overwrite".to_owned()
}

fn yes() -> bool {
    true
}

/// One folder.
#[derive(Debug)]
pub struct Folder {
    pub path: PathBuf,
    /// `entity/rename-field`.
    pub name: String,
    pub case: Case,
    /// Table, rows, column and value.
    pub rows: Vec<(String, Vec<BTreeMap<String, Value>>)>,
}

/// Every case below `tests/cases`, by name.
pub fn all(root: &Path) -> Vec<Folder> {
    let mut found = Vec::new();
    walk(root, root, &mut found);
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<Folder>) {
    let case = folder.join("case.yaml");
    if case.is_file() {
        let name = folder.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&case).unwrap();
        let case = serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{name}/case.yaml: {e}"));
        let rows = rows(&folder.join("rows.yaml"), &name);
        found.push(Folder { path: folder.to_owned(), name, case, rows });
        return;
    }
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(root, &path, found);
        }
    }
}

fn rows(path: &Path, name: &str) -> Vec<(String, Vec<BTreeMap<String, Value>>)> {
    let Ok(text) = fs::read_to_string(path) else { return Vec::new() };
    let tables: serde_yaml::Mapping =
        serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{name}/rows.yaml: {e}"));
    let table = |(table, rows): (Value, Value)| {
        let rows = serde_yaml::from_value(rows).unwrap_or_else(|e| panic!("{name}/rows.yaml: {e}"));
        (table.as_str().unwrap().to_owned(), rows)
    };
    tables.into_iter().map(table).collect()
}
