//! What one side of a case declares on a provider, with an environment `test` beside it.
//! Never opens a target.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use reconcile::model::state::Desired;
use reconcile::ops;
use reconcile::provider::open;
use reconcile::render::diagnostics::diagnostics;
use reconcile::render::paint::Paint;
use reconcile::source;

use super::folder::Folder;
use crate::stage::Provider;

/// `before` or `after`, with what is otherwise on this provider.
pub fn side(folder: &Folder, side: &str, provider: &Provider) -> Result<Desired, String> {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    copy(&folder.path.join(side), place);
    copy(&folder.path.join(format!("{side}.{}", provider.name)), place);
    let case = &folder.case;
    let settings = format!("  setup: {{ default: {} }}\n  prune: {}\n", case.action, case.prune);
    in_folder(place, provider, &settings).map_err(|fault| format!("{side}/ is not valid:\n{fault}"))
}

/// The manifests of a folder; `settings` are more lines of the environment's spec.
pub fn in_folder(place: &Path, provider: &Provider, settings: &str) -> Result<Desired, String> {
    let environment = format!(
        "apiVersion: reconcile/v1\nkind: Environment\nmetadata: {{ name: test }}\nspec:\n  target: {}\n{settings}",
        provider.target
    );
    fs::write(place.join("environment-of-the-case.yaml"), environment).unwrap();
    let files = source::work_tree(place, &[]).unwrap();
    let limits = open::providers().iter().filter_map(|p| Some(((*p).to_owned(), open::name_limits(p)?)));
    let checked = ops::repository::check(&files, &limits.collect());
    if checked.has_errors() {
        return Err(diagnostics(&checked.diagnostics, Paint::plain(), &|path| files.text(path)));
    }
    checked.repository.desired("test", &BTreeMap::new()).ok_or_else(|| "there is no environment".to_owned())
}

fn copy(from: &Path, to: &Path) {
    let Ok(entries) = fs::read_dir(from) else { return };
    fs::create_dir_all(to).unwrap();
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else if name != ".gitkeep" {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}
