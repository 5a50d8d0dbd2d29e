//! What is read from work trees and from revisions, each built here through git's own objects.
//! Never uses a repository of the machine that runs the tests.

use std::fs;
use std::path::Path;

use git2::{ObjectType, Oid, Repository, Signature};
use reconcile::source::{Files, MAX_BYTES, SourceError, at_revision, root_config, tip, tracked, work_tree};
use tempfile::TempDir;

const MANIFEST: &str = "apiVersion: reconcile/v1\nkind: Entity\n";

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Place {
        Place { folder: tempfile::tempdir().unwrap() }
    }

    fn with(files: &[(&str, &str)]) -> Place {
        let place = Place::new();
        files.iter().for_each(|(path, text)| place.write(path, text.as_bytes()));
        place
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Commits everything in the folder, to a repository that is made if there is none.
    fn commit(&self) -> String {
        let repository = Repository::open(self.root()).or_else(|_| Repository::init(self.root())).unwrap();
        let mut index = repository.index().unwrap();
        index.add_all(["*"], git2::IndexAddOption::FORCE, None).unwrap();
        index.update_all(["*"], None).unwrap();
        index.write().unwrap();
        let tree = index.write_tree().unwrap();
        self.commit_tree(&repository, tree)
    }

    fn commit_tree(&self, repository: &Repository, tree: Oid) -> String {
        let tree = repository.find_tree(tree).unwrap();
        let author = Signature::new("a", "a@b", &git2::Time::new(0, 0)).unwrap();
        let parent = repository.head().ok().and_then(|head| head.peel_to_commit().ok());
        let parents: Vec<_> = parent.iter().collect();
        repository.commit(Some("HEAD"), &author, &author, "x", &tree, &parents).unwrap().to_string()
    }

    /// Commits one tree of raw entries, which git itself would not write.
    fn commit_raw(&self, entries: &[(&str, &[u8], Oid)]) -> String {
        let repository = Repository::open(self.root()).or_else(|_| Repository::init(self.root())).unwrap();
        let mut bytes = Vec::new();
        for (mode, name, id) in entries {
            bytes.extend([mode.as_bytes(), b" ", name, b"\0", id.as_bytes()].concat());
        }
        let tree = repository.odb().unwrap().write(ObjectType::Tree, &bytes).unwrap();
        self.commit_tree(&repository, tree)
    }

    fn blob(&self, bytes: &[u8]) -> Oid {
        Repository::open(self.root()).or_else(|_| Repository::init(self.root())).unwrap().blob(bytes).unwrap()
    }

    fn read(&self) -> Files {
        work_tree(self.root(), &[]).unwrap()
    }

    fn at(&self, rev: &str) -> Result<Files, SourceError> {
        at_revision(self.root(), rev, &[])
    }
}

fn paths(files: &Files) -> Vec<&str> {
    files.files.iter().map(|file| file.path.as_str()).collect()
}

fn notes(files: &Files) -> Vec<String> {
    let show =
        |d: &reconcile::diagnostic::Diagnostic| format!("{} {}", d.code, d.file.as_deref().unwrap_or("-"));
    files.notes.iter().map(show).collect()
}

#[test]
fn a_work_tree_and_its_commit_give_the_same_files() {
    let place = Place::with(&[
        ("b.yaml", MANIFEST),
        ("a/x.yml", MANIFEST),
        ("a-b/x.yaml", "# ours\r\napiVersion: reconcile/v1\r\n"),
        ("reconcile.yaml", "folders: [a]\n"),
        ("sub/reconcile.yaml", MANIFEST),
        ("compose.yaml", "services: {}\n"),
        ("note.txt", MANIFEST),
        ("empty.yaml", "# nothing\n---\n"),
        ("target/x.yaml", MANIFEST),
        ("a/node_modules/x.yaml", MANIFEST),
        (".hidden/x.yaml", MANIFEST),
        ("merge.yaml", &format!("{MANIFEST}\n<<<<<<< HEAD\na\n=======\nb\n>>>>>>> x\n")),
        ("large.yaml", &format!("{MANIFEST}{}", "#".repeat(MAX_BYTES as usize))),
    ]);
    place.write("latin.yaml", b"apiVersion: reconcile/v1 # \xe9\n");
    let alone = place.read();
    assert_eq!((alone.revision.label().as_str(), alone.revision.dirty), ("the work tree", true));
    let commit = place.commit();
    let (here, there) = (place.read(), place.at("HEAD").unwrap());
    assert_eq!(paths(&here), ["a-b/x.yaml", "a/x.yml", "b.yaml", "sub/reconcile.yaml"]);
    assert_eq!(
        notes(&here),
        ["RV009 empty.yaml", "RV003 large.yaml", "RV006 latin.yaml", "RV010 merge.yaml"]
    );
    assert_eq!(here.notes[3].span.map(|s| (s.line, s.column)), Some((4, 1)));
    assert_eq!(here, there);
    assert_eq!((&alone.files, &alone.notes), (&here.files, &here.notes));
    assert_eq!(here.revision.commit.as_ref(), Some(&commit));
    assert_eq!(here.revision.label(), commit[..7]);
    assert_eq!(here.text("a-b/x.yaml"), Some("# ours\r\napiVersion: reconcile/v1\r\n"));
    assert_eq!(here.text("a"), None);
}

#[test]
fn a_revision_is_dirty_when_a_manifest_differs() {
    let place = Place::with(&[("a.yaml", MANIFEST), ("b.yaml", MANIFEST), ("compose.yaml", "a: 1\n")]);
    let commit = place.commit();
    let dirty = || place.read().revision.dirty;
    assert!(!dirty());
    place.write("compose.yaml", b"a: 2\n");
    place.write("new.txt", b"x");
    assert!(!dirty(), "another tool's file");
    place.write("a.yaml", MANIFEST.replace('\n', "\r\n").as_bytes());
    assert!(!dirty(), "line ends");
    place.write("a.yaml", b"apiVersion: reconcile/v2\n");
    assert!(dirty(), "a change");
    assert_eq!(place.read().revision.label(), format!("{} + changes", &commit[..7]));
    place.write("a.yaml", MANIFEST.as_bytes());
    place.write("c.yaml", MANIFEST.as_bytes());
    assert!(dirty(), "a new manifest");
    fs::remove_file(place.root().join("c.yaml")).unwrap();
    assert!(!dirty());
    fs::remove_file(place.root().join("b.yaml")).unwrap();
    assert!(dirty(), "a manifest that is gone");
    place.write("b.yaml", b"# was a manifest\n");
    assert!(dirty(), "a manifest that is none any more");
    place.write("b.yaml", MANIFEST.as_bytes());
    place.write("reconcile.yaml", b"a: 1\n");
    assert!(dirty(), "settings");
}

#[test]
fn a_root_below_the_repository_has_its_own_paths() {
    let place = Place::with(&[("x.yaml", MANIFEST), ("in/a.yaml", MANIFEST), ("in/deep/b.yaml", MANIFEST)]);
    place.commit();
    place.write("x.yaml", b"changed");
    let root = place.root().join("in");
    let here = work_tree(&root, &[]).unwrap();
    assert_eq!(paths(&here), ["a.yaml", "deep/b.yaml"]);
    assert_eq!(here, at_revision(&root, "HEAD", &[]).unwrap());
    fs::create_dir(place.root().join("late")).unwrap();
    let late = at_revision(&place.root().join("late"), "HEAD", &[]);
    assert!(matches!(late, Err(SourceError::NotAtRevision { .. })), "{late:?}");
}

#[test]
fn folders_narrow_what_is_read() {
    let place = Place::with(&[
        ("x.yaml", MANIFEST),
        ("a/b/c.yaml", MANIFEST),
        (".d/e.yaml", MANIFEST),
        ("a/f.yaml", MANIFEST),
    ]);
    place.commit();
    let folders = ["a/b/".to_owned(), ".d".to_owned()];
    let here = work_tree(place.root(), &folders).unwrap();
    assert_eq!(paths(&here), [".d/e.yaml", "a/b/c.yaml"]);
    assert_eq!(here, at_revision(place.root(), "HEAD", &folders).unwrap());
    for (folder, missing) in
        [("no", true), ("x.yaml", true), ("../x", false), ("/etc", false), ("a/./b", false)]
    {
        for read in [
            work_tree(place.root(), &[folder.to_owned()]),
            at_revision(place.root(), "HEAD", &[folder.to_owned()]),
        ] {
            let want = |e: &SourceError| match missing {
                true => matches!(e, SourceError::MissingFolder(_)),
                false => matches!(e, SourceError::RefusedFolder(_)),
            };
            assert!(read.as_ref().is_err_and(want), "{folder}: {read:?}");
        }
    }
}

#[cfg(unix)]
#[test]
fn links_are_never_followed() {
    use std::os::unix::fs::symlink;
    let outside = Place::with(&[("secret.yaml", MANIFEST)]);
    let place = Place::with(&[("a.yaml", MANIFEST), ("README.txt", "x")]);
    symlink(outside.root().join("secret.yaml"), place.root().join("b.yaml")).unwrap();
    symlink(outside.root(), place.root().join("envs")).unwrap();
    symlink("README.txt", place.root().join("README.md")).unwrap();
    symlink("nowhere", place.root().join("c.yml")).unwrap();
    place.commit();
    let here = place.read();
    assert_eq!(paths(&here), ["a.yaml"]);
    assert_eq!(notes(&here), ["RV007 b.yaml", "RV007 c.yml", "RV007 envs"]);
    assert_eq!(here, place.at("HEAD").unwrap());
    let envs = work_tree(place.root(), &["envs".to_owned()]);
    assert!(matches!(envs, Err(SourceError::MissingFolder(_))), "{envs:?}");
    symlink(outside.root().join("secret.yaml"), place.root().join("reconcile.yaml")).unwrap();
    place.commit();
    for rev in [None, Some("HEAD")] {
        let config = root_config(place.root(), rev);
        assert!(matches!(config, Err(SourceError::Unreadable { .. })), "{config:?}");
    }
}

#[test]
fn a_repository_inside_the_repository_is_not_read() {
    let place = Place::with(&[("a.yaml", MANIFEST), ("inner/b.yaml", MANIFEST)]);
    Repository::init(place.root().join("inner")).unwrap();
    let here = place.read();
    assert_eq!((paths(&here), notes(&here)), (vec!["a.yaml"], vec!["RV008 inner".to_owned()]));
    let manifest = place.blob(MANIFEST.as_bytes());
    place.commit_raw(&[("100644", b"a.yaml", manifest), ("160000", b"inner", manifest)]);
    let there = place.at("HEAD").unwrap();
    assert_eq!((paths(&there), notes(&there)), (vec!["a.yaml"], vec!["RV008 inner".to_owned()]));
}

#[test]
fn a_tree_with_strange_names_is_refused() {
    let place = Place::new();
    let manifest = place.blob(MANIFEST.as_bytes());
    for name in
        [&b".."[..], b".", b".git", b".GIT", b"GIT~1", b"a/b.yaml", b"a\\b.yaml", b"a\nb.yaml", b"\xff.yaml"]
    {
        let commit = place.commit_raw(&[("100644", name, manifest)]);
        let read = place.at(&commit);
        let strange = matches!(&read, Err(SourceError::StrangeName(_)));
        assert!(strange, "{}: {read:?}", String::from_utf8_lossy(name));
        assert!(!read.unwrap_err().to_string().contains('\n'));
    }
    let twice = place.commit_raw(&[("100644", b"a.yaml", manifest), ("100644", b"a.yaml", manifest)]);
    assert!(matches!(place.at(&twice), Err(SourceError::StrangeName(_))));
}

#[test]
fn a_tree_that_holds_itself_many_times_is_refused() {
    let place = Place::new();
    let mut id = place.blob(MANIFEST.as_bytes());
    let repository = Repository::open(place.root()).unwrap();
    for level in 0..12 {
        let mode = if level == 0 { "100644" } else { "40000" };
        let extension = if level == 0 { ".yaml" } else { "" };
        let entry = |n: u8| [format!("{mode} {n}{extension}\0").as_bytes(), id.as_bytes()].concat();
        let bytes: Vec<u8> = (0..10).flat_map(entry).collect();
        id = repository.odb().unwrap().write(ObjectType::Tree, &bytes).unwrap();
    }
    place.commit_tree(&repository, id);
    let read = place.at("HEAD");
    assert!(matches!(read, Err(SourceError::TooMuch(_))), "{:?}", read.err());
}

#[test]
fn a_revision_that_is_none_is_refused_with_its_neighbours() {
    let place = Place::with(&[("a.yaml", MANIFEST)]);
    let commit = place.commit();
    let repository = Repository::open(place.root()).unwrap();
    let head = repository.head().unwrap().peel_to_commit().unwrap();
    repository.branch("release-2024", &head, false).unwrap();
    for rev in ["HEAD", &commit, &commit[..8], "release-2024", "HEAD^0"] {
        assert_eq!(place.at(rev).unwrap().revision.commit.as_ref(), Some(&commit), "{rev}");
    }
    let unknown = place.at("relase-2024").unwrap_err().to_string();
    assert_eq!(unknown, "there is no revision `relase-2024`; the nearest are `release-2024`");
    assert_eq!(place.at("zzz").unwrap_err().to_string(), "there is no revision `zzz`");
    for rev in ["", " ", "-x", "--upload-pack=x", "a\nb", "\0"] {
        assert!(matches!(place.at(rev), Err(SourceError::RefusedRevision(_))), "{rev:?}");
    }
    for rev in ["HEAD:a.yaml", "HEAD^{tree}", "HEAD~9", "a..b", "@{u}", "^", "~", ":", "💥"] {
        assert!(place.at(rev).is_err(), "{rev}");
    }
}

#[test]
fn the_world_says_no_in_plain_words() {
    let place = Place::with(&[("a.yaml", MANIFEST)]);
    assert!(matches!(place.at("HEAD"), Err(SourceError::NoRepository(_))));
    for root in [place.root().join("no"), place.root().join("a.yaml")] {
        assert!(matches!(work_tree(&root, &[]), Err(SourceError::NotAFolder(_))));
        assert!(matches!(at_revision(&root, "HEAD", &[]), Err(SourceError::NotAFolder(_))));
        assert!(matches!(root_config(&root, None), Err(SourceError::NotAFolder(_))));
    }
    Repository::init(place.root()).unwrap();
    assert!(matches!(place.at("HEAD"), Err(SourceError::UnknownRevision { .. })));
    assert_eq!(place.read().revision.commit, None);
    let format = "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n";
    fs::write(place.root().join(".git/config"), format).unwrap();
    let refused = place.at("HEAD").unwrap_err().to_string();
    assert_eq!(
        refused,
        "cannot use the git repository: its objects are named by SHA-256, which cannot be read yet"
    );
    let here = place.read();
    assert_eq!((paths(&here), notes(&here)), (vec!["a.yaml"], vec!["RV011 -".to_owned()]));
    fs::write(
        place.root().join(".git/config"),
        format.replace("objectformat = sha256", "refstorage = reftable"),
    )
    .unwrap();
    assert!(place.at("HEAD").unwrap_err().to_string().contains("reftable"));
}

#[test]
fn settings_come_from_the_same_place_as_the_files() {
    let place = Place::with(&[("a.yaml", MANIFEST)]);
    let first = place.commit();
    place.write("reconcile.yaml", b"folders: [a]\n");
    place.commit();
    place.write("reconcile.yaml", b"folders: [b]\n");
    let text = |rev| root_config(place.root(), rev).unwrap().map(|file| file.text);
    assert_eq!(text(None).as_deref(), Some("folders: [b]\n"));
    assert_eq!(text(Some("HEAD")).as_deref(), Some("folders: [a]\n"));
    assert_eq!(text(Some(&first)), None);
}

#[test]
fn the_address_of_the_origin_is_kept_without_its_secrets() {
    let place = Place::with(&[("a.yaml", MANIFEST)]);
    place.commit();
    let repository = Repository::open(place.root()).unwrap();
    repository.remote("origin", "https://me:hunter2@example.org/a/b.git?token=hunter2").unwrap();
    let want = Some("https://example.org/a/b.git".to_owned());
    assert_eq!(place.read().revision.repository, want);
    assert_eq!(place.at("HEAD").unwrap().revision.repository, want);
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_stops_the_reading() {
    use std::os::unix::net::UnixListener;
    let place = Place::with(&[("a.yaml", MANIFEST)]);
    let _socket = UnixListener::bind(place.root().join("b.yaml")).unwrap();
    let read = work_tree(place.root(), &[]);
    assert!(matches!(&read, Err(SourceError::Unreadable { path, .. }) if path == "b.yaml"), "{read:?}");
}

#[test]
fn a_bare_repository_has_revisions() {
    let place = Place::new();
    let repository = Repository::init_bare(place.root()).unwrap();
    let blob = repository.blob(MANIFEST.as_bytes()).unwrap();
    let mut tree = repository.treebuilder(None).unwrap();
    tree.insert("a.yaml", blob, 0o100644).unwrap();
    let tree = tree.write().unwrap();
    place.commit_tree(&repository, tree);
    assert_eq!(paths(&place.at("HEAD").unwrap()), ["a.yaml"]);
}

#[test]
fn a_name_follows_a_remote_only_where_it_is_none_of_ours() {
    let place = Place::with(&[("a.yaml", MANIFEST)]);
    let commit = place.commit();
    let repository = Repository::open(place.root()).unwrap();
    let head = repository.head().unwrap().peel_to_commit().unwrap();
    for remote in ["origin", "origin/fork"] {
        repository.remote(remote, "https://example.com/a.git").unwrap();
    }
    for branch in ["stable", "origin/ours"] {
        repository.branch(branch, &head, false).unwrap();
    }
    let refspec =
        |name: &str| tracked(place.root(), name).unwrap().map(|one| (one.remote.clone(), one.refspec()));
    let of = |remote: &str, refspec: &str| Some((remote.to_owned(), refspec.to_owned()));
    let main = of("origin", "+refs/heads/main:refs/remotes/origin/main");
    assert_eq!((refspec("origin/main"), refspec("refs/remotes/origin/main")), (main.clone(), main));
    // The longest name of a remote counts.
    let fork = of("origin/fork", "+refs/heads/a/b:refs/remotes/origin/fork/a/b");
    assert_eq!(refspec("origin/fork/a/b"), fork);
    for ours in ["stable", "origin/ours", "HEAD", "HEAD~1", "refs/heads/stable", "originality/main", &commit]
    {
        assert_eq!(refspec(ours), None, "{ours}");
    }
    for no_branch in ["origin/", "origin/a..b", "origin/a b", "origin/-"] {
        assert!(refspec(no_branch).is_none_or(|(_, refspec)| !refspec.contains([' ', '~'])), "{no_branch}");
    }
    for refused in ["--upload-pack=sh", "", "a\nb"] {
        assert!(matches!(tracked(place.root(), refused), Err(SourceError::RefusedRevision(_))), "{refused}");
        assert!(matches!(tip(place.root(), refused), Err(SourceError::RefusedRevision(_))), "{refused}");
    }
    let found = tip(place.root(), "stable").unwrap();
    assert_eq!((found.commit, found.made), (commit, jiff::Timestamp::from_second(0).ok()));
}
