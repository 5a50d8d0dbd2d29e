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
    pub keeps: Keeps,
    /// What is otherwise on one provider, by its name.
    #[serde(default)]
    pub differs: BTreeMap<String, Difference>,
}

pub type Keeps = BTreeMap<String, BTreeMap<String, Vec<Value>>>;

/// Where one provider is held to something else. What is not named holds there too.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// One sentence for the reader: why it must differ.
    pub because: String,
    pub allow: Option<Vec<String>>,
    pub refuses: Option<Vec<String>>,
    pub keeps: Option<Keeps>,
}

/// What a case says of one provider.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    pub allow: &'a [String],
    pub refuses: &'a [String],
    pub keeps: &'a Keeps,
}

impl Case {
    pub fn on(&self, provider: &str) -> Expected<'_> {
        let differs = self.differs.get(provider);
        Expected {
            allow: differs.and_then(|d| d.allow.as_ref()).unwrap_or(&self.allow),
            refuses: differs.and_then(|d| d.refuses.as_ref()).unwrap_or(&self.refuses),
            keeps: differs.and_then(|d| d.keeps.as_ref()).unwrap_or(&self.keeps),
        }
    }
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
