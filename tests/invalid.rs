//! Broken repositories: each folder of `tests/cases/invalid` is checked, and what is said of it compared.
//! Never plans: nothing here may get that far.

use std::fs;
use std::path::Path;

use reconcile::ops;
use reconcile::provider::open;
use reconcile::render::diagnostics::diagnostics;
use reconcile::render::paint::Paint;
use reconcile::source;

#[test]
fn every_mistake_is_told_as_written() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/invalid");
    let update = std::env::var_os("UPDATE").is_some();
    assert!(
        !(update && std::env::var_os("CI").is_some()),
        "UPDATE=1 rewrites expectations, which CI refuses"
    );
    let limits =
        || open::providers().iter().filter_map(|p| Some(((*p).to_owned(), open::name_limits(p)?))).collect();
    let mut folders: Vec<_> = fs::read_dir(&root).unwrap().map(|e| e.unwrap().path()).collect();
    folders.sort();
    let mut faults = Vec::new();
    for folder in &folders {
        let files = source::work_tree(folder, &[]).unwrap();
        let checked = ops::repository::check(&files, &limits());
        let found = diagnostics(&checked.diagnostics, Paint::plain(), &|path| files.text(path));
        let path = folder.join("errors.txt");
        let wanted = fs::read_to_string(&path).unwrap_or_default();
        if found.is_empty() {
            faults.push(format!("{}: nothing is said", folder.display()));
        } else if update {
            fs::write(path, found).unwrap();
        } else if wanted != found {
            let diff = similar::TextDiff::from_lines(wanted.as_str(), &found);
            faults.push(format!(
                "{}:\n{}",
                folder.display(),
                diff.unified_diff().header("errors.txt", "found")
            ));
        }
    }
    println!("{} broken repositories", folders.len());
    assert!(folders.len() > 20);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
