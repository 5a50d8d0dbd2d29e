//! Reads and writes the files that people name on the command line: packages, reports, bindings.
//! Never writes through a link, and never leaves half a file behind.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The longest file that is read.
pub const MAX_BYTES: u64 = 256 << 20;

/// A file that was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("cannot read `{}`: {why}", .path.display())]
    Unreadable { path: PathBuf, why: io::Error },
    #[error("cannot read `{}`: it is no file", .0.display())]
    NotAFile(PathBuf),
    #[error("cannot read `{}`: it is more than {limit} bytes long", .path.display())]
    TooLong { path: PathBuf, limit: u64 },
    #[error("cannot write `{}`: {why}", .path.display())]
    Unwritable { path: PathBuf, why: io::Error },
    #[error("cannot write `{}`: a link stands there, and it would lead the content elsewhere", .0.display())]
    Link(PathBuf),
    #[error("cannot write `{}`: it is there already, and is not written over", .0.display())]
    Taken(PathBuf),
    #[error("cannot write `{}`: something that is no file stands there", .0.display())]
    Occupied(PathBuf),
}

/// Writes a whole file, or none: a new file beside it takes its place. Only its owner may read it.
pub fn save(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let failed = |why: io::Error| FileError::Unwritable { path: path.to_owned(), why };
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => return Err(FileError::Link(path.to_owned())),
        Ok(found) if !found.is_file() => return Err(FileError::Occupied(path.to_owned())),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    if path.file_name().is_none() {
        return Err(FileError::Occupied(path.to_owned()));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Made with O_EXCL under a name that nobody can guess, for its owner alone. Taking the place of `path` does
    // not follow a link that was put there meanwhile.
    let mut file = tempfile::Builder::new().prefix(".reconcile-").tempfile_in(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Who may read a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    Owner,
    Everyone,
}

/// Writes a file that is not there yet. What stands there stays, a link as well.
pub fn create(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), FileError> {
    let failed = |why: io::Error| FileError::Unwritable { path: path.to_owned(), why };
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(match readers {
            Readers::Owner => 0o600,
            Readers::Everyone => 0o644,
        });
    }
    let mut file = options.open(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => FileError::Taken(path.to_owned()),
        _ => failed(error),
    })?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|error| {
        fs::remove_file(path).ok();
        failed(error)
    })
}

/// Adds to the end of a file, which is made where it is not there.
pub fn append(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let failed = |why: io::Error| FileError::Unwritable { path: path.to_owned(), why };
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
        return Err(FileError::Link(path.to_owned()));
    }
    let mut file = File::options().append(true).create(true).open(path).map_err(failed)?;
    file.write_all(bytes).map_err(failed)
}

/// Reads a whole file of at most `MAX_BYTES`.
pub fn load(path: &Path) -> Result<Vec<u8>, FileError> {
    load_at_most(path, MAX_BYTES)
}

fn load_at_most(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let failed = |why: io::Error| FileError::Unreadable { path: path.to_owned(), why };
    // Asked before it is opened, because opening a pipe waits for someone to write to it.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(FileError::NotAFile(path.to_owned()));
    }
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    match bytes.len() as u64 > limit {
        true => Err(FileError::TooLong { path: path.to_owned(), limit }),
        false => Ok(bytes),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zip");
        save(&path, b"first").unwrap();
        save(&path, b"second").unwrap();
        assert_eq!(load(&path).unwrap(), b"second");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn nothing_is_written_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, path) = (folder.path().join("victim"), folder.path().join("a.zip"));
        fs::write(&victim, "kept").unwrap();
        for to in [victim.clone(), folder.path().join("nowhere")] {
            symlink(&to, &path).unwrap();
            assert!(matches!(save(&path, b"new"), Err(FileError::Link(_))));
            fs::remove_file(&path).unwrap();
        }
        assert_eq!(fs::read_to_string(&victim).unwrap(), "kept");
        assert!(!folder.path().join("nowhere").exists());
        assert!(matches!(save(folder.path(), b"new"), Err(FileError::Occupied(_))));
        assert!(matches!(save(Path::new(".."), b"new"), Err(FileError::Occupied(_))));
        assert!(matches!(save(&folder.path().join("no/a"), b""), Err(FileError::Unwritable { .. })));
    }

    #[test]
    fn a_new_file_takes_nobodys_place() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("a.key"), folder.path().join("link"));
        create(&path, b"secret", Readers::Owner).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        symlink(folder.path().join("nowhere"), &link).unwrap();
        for taken in [&path, &link] {
            assert!(matches!(create(taken, b"new", Readers::Everyone), Err(FileError::Taken(_))));
        }
        assert_eq!(load(&path).unwrap(), b"secret");
        assert!(!folder.path().join("nowhere").exists());
        assert!(matches!(
            create(&folder.path().join("no/a"), b"", Readers::Owner),
            Err(FileError::Unwritable { .. })
        ));
    }

    #[test]
    fn no_more_is_read_than_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zip");
        fs::write(&path, "12345").unwrap();
        assert_eq!(load_at_most(&path, 5).unwrap(), b"12345");
        assert!(matches!(load_at_most(&path, 4), Err(FileError::TooLong { limit: 4, .. })));
        assert!(matches!(load(folder.path()), Err(FileError::NotAFile(_))));
        assert!(matches!(load(&folder.path().join("b")), Err(FileError::Unreadable { .. })));
    }
}
