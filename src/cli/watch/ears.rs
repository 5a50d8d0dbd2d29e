//! Hears that refs or files have changed, from the system.
//! Never trusts what it hears: a sound is only a reason to look.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::event::{EventKind, ModifyKind};
use notify::{ErrorKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::desk::{Desk, Message, is_first};
use crate::cli::exit::Failure;
use crate::source;
use crate::watch::Event;
use crate::wire::watch::Word;

/// What is listened to, for as long as this is kept.
pub struct Ears {
    desk: Arc<Desk>,
    refs: Option<RecommendedWatcher>,
    tree: Option<RecommendedWatcher>,
    /// The folders of the work tree that are listened to.
    folders: BTreeSet<PathBuf>,
}

/// Begins to listen to the refs, and to the work tree where that is followed.
pub fn open(desk: &Arc<Desk>) -> Result<Ears, Failure> {
    let mut ears = Ears { desk: Arc::clone(desk), refs: None, tree: None, folders: BTreeSet::new() };
    if !desk.order.once {
        ears.listen_to_refs();
        if desk.order.work_tree {
            ears.listen_to_tree();
        }
    }
    Ok(ears)
}

impl Ears {
    fn listen_to_refs(&mut self) {
        // A folder without a repository has no refs, and can still be followed as a work tree.
        let Ok((own, common)) = source::git_folders(self.desk.context.root()) else { return };
        let desk = Arc::clone(&self.desk);
        let watcher = notify::recommended_watcher(move |heard: notify::Result<notify::Event>| {
            if heard.is_ok_and(|event| is_about_refs(&event)) && is_first(&desk.heard_refs) {
                desk.send(Message::of(Event::RefsTouched));
            }
        });
        let listening = watcher.and_then(|mut watcher| {
            watcher.watch(&common, RecursiveMode::NonRecursive)?;
            watcher.watch(&common.join("refs"), RecursiveMode::Recursive)?;
            if own != common {
                watcher.watch(&own, RecursiveMode::NonRecursive)?;
            }
            Ok(watcher)
        });
        match listening {
            Ok(watcher) => self.refs = Some(watcher),
            Err(error) => self.cannot(&error, "the refs", "they are looked at with every --poll"),
        }
    }

    fn listen_to_tree(&mut self) {
        let desk = Arc::clone(&self.desk);
        let watcher = notify::recommended_watcher(move |heard: notify::Result<notify::Event>| {
            if heard.is_ok_and(|event| is_about_manifests(&event)) && is_first(&desk.heard_tree) {
                desk.send(Message::of(Event::TreeTouched));
            }
        });
        match watcher {
            Ok(watcher) => self.tree = Some(watcher),
            Err(error) => self.cannot(&error, "the work tree", "it is read with every --interval"),
        }
        self.follow(&[]);
    }

    /// Listens to these folders of the work tree; to all that hold manifests where there are none.
    pub fn follow(&mut self, folders: &[PathBuf]) {
        let Some(mut watcher) = self.tree.take() else { return };
        let root = self.desk.context.root().to_owned();
        let mut failed = watch(&mut watcher, &mut self.folders, &root, RecursiveMode::NonRecursive);
        let below = match folders {
            [] => subfolders(&root),
            named => named.to_vec(),
        };
        for folder in below {
            let done = watch(&mut watcher, &mut self.folders, &folder, RecursiveMode::Recursive);
            failed = failed.and(done);
        }
        // What is gone is heard again when it comes back.
        self.folders.retain(|folder| folder.is_dir());
        self.tree = Some(watcher);
        if let Err(error) = failed {
            self.cannot(&error, "the work tree", "it is read with every --interval");
        }
    }

    fn cannot(&self, error: &notify::Error, what: &str, instead: &str) {
        let help = match error.kind {
            ErrorKind::MaxFilesWatch => {
                "; the system lets one watch no more: raise fs.inotify.max_user_watches"
            }
            ErrorKind::Generic(_)
            | ErrorKind::Io(_)
            | ErrorKind::PathNotFound
            | ErrorKind::WatchNotFound
            | ErrorKind::InvalidConfig(_) => "",
        };
        let message = format!("{what} cannot be listened to: {error}{help}; {instead}");
        self.desk.send(Message::of(Event::Passed).telling(super::told(Word::Warning, "", message)));
    }
}

fn watch(
    watcher: &mut RecommendedWatcher,
    known: &mut BTreeSet<PathBuf>,
    folder: &Path,
    mode: RecursiveMode,
) -> notify::Result<()> {
    if known.contains(folder) {
        return Ok(());
    }
    watcher.watch(folder, mode)?;
    known.insert(folder.to_owned());
    Ok(())
}

/// The folders of the root in which manifests may lie.
fn subfolders(root: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(root) else { return Vec::new() };
    let is_read = |name: &str| !(name.starts_with('.') || name == "target" || name == "node_modules");
    let is_folder = |entry: &std::fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    let folders =
        entries.flatten().filter(|entry| is_folder(entry) && is_read(&entry.file_name().to_string_lossy()));
    folders.map(|entry| entry.path()).collect()
}

/// Tells of an event that only says that somebody has read something.
fn is_reading(event: &notify::Event) -> bool {
    matches!(event.kind, EventKind::Access(_))
}

fn is_about_refs(event: &notify::Event) -> bool {
    let is_ref = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let is_inside = path.components().any(|part| part.as_os_str() == "refs");
        !name.ends_with(".lock") && (is_inside || name == "HEAD" || name == "packed-refs")
    };
    event.need_rescan() || (!is_reading(event) && event.paths.iter().any(is_ref))
}

fn is_about_manifests(event: &notify::Event) -> bool {
    let is_one = |path: &PathBuf| match path.extension() {
        Some(extension) => extension == "yaml" || extension == "yml",
        // It may be a folder of them.
        None => !matches!(event.kind, EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_))),
    };
    event.need_rescan() || (!is_reading(event) && event.paths.iter().any(is_one))
}

#[cfg(test)]
mod tests {
    use notify::event::{AccessKind, CreateKind, DataChange, Flag, RenameMode};

    use super::*;

    #[test]
    fn only_what_may_matter_is_heard() {
        let event = |kind: EventKind, path: &str| notify::Event::new(kind).add_path(PathBuf::from(path));
        let renamed = EventKind::Modify(ModifyKind::Name(RenameMode::To));
        let written = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        let made = EventKind::Create(CreateKind::Any);
        assert!(is_about_refs(&event(renamed, "/r/.git/refs/heads/main")));
        assert!(is_about_refs(&event(renamed, "/r/.git/packed-refs")));
        assert!(!is_about_refs(&event(written, "/r/.git/index")));
        assert!(!is_about_refs(&event(made, "/r/.git/refs/heads/main.lock")));
        assert!(!is_about_refs(&event(EventKind::Access(AccessKind::Any), "/r/.git/HEAD")));
        assert!(
            is_about_manifests(&event(written, "/r/a.yaml")) && is_about_manifests(&event(made, "/r/new"))
        );
        assert!(
            !is_about_manifests(&event(written, "/r/dev.db"))
                && !is_about_manifests(&event(written, "/r/db"))
        );
        assert!(!is_about_manifests(&event(EventKind::Access(AccessKind::Any), "/r/a.yaml")));
        // The system has lost count: then anything may have happened.
        let lost = notify::Event::new(EventKind::Other).set_flag(Flag::Rescan);
        assert!(is_about_refs(&lost) && is_about_manifests(&lost));
    }
}
