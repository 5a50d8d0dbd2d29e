//! Decides from its bytes whether a YAML file may hold manifests, and remarks on what stands in the way.
//! Never drops a manifest in silence: a file that is not kept is another tool's, or has a note.

use super::{File, Files, Revision, SourceError};
use crate::diagnostic::{self, Diagnostic, Span};

/// The most bytes of one file.
pub const MAX_BYTES: u64 = 1024 * 1024;
/// The most YAML files that are read.
pub const MAX_FILES: usize = 100_000;
/// The most bytes of all files that are kept.
pub const MAX_TOTAL_BYTES: usize = 512 * 1024 * 1024;

/// Collects the files of one reading.
#[derive(Default)]
pub(super) struct Screen {
    files: Vec<File>,
    notes: Vec<Diagnostic>,
    count: usize,
    bytes: usize,
}

impl Screen {
    /// Looks at one file; true if it is kept.
    pub fn file(&mut self, path: &str, bytes: Vec<u8>) -> Result<bool, SourceError> {
        self.count += 1;
        if self.count > MAX_FILES {
            return Err(SourceError::TooMuch(format!("more than {MAX_FILES} YAML files")));
        }
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let message = format!("`{path}` is not UTF-8 text: the byte at {at} cannot be read");
                self.note(path, Diagnostic::error("RV006", message).help("save the file as UTF-8"));
                return Ok(false);
            }
        };
        if is_empty(&text) {
            let found = Diagnostic::warning("RV009", format!("`{path}` is empty"));
            self.note(path, found.help("delete the file if nothing is meant to be here"));
            return Ok(false);
        }
        if !is_ours(text.as_bytes()) {
            if is_cut_short(&text) {
                let found = Diagnostic::warning("RV009", format!("`{path}` ends within its first line"));
                self.note(path, found.help("write the rest of it, or delete the file"));
            }
            return Ok(false);
        }
        if let Some(span) = conflict(&text) {
            let found = Diagnostic::error("RV010", "the file has an unfinished merge").at(span);
            self.note(path, found.help("finish the merge and remove the conflict markers"));
            return Ok(false);
        }
        self.bytes += text.len();
        if self.bytes > MAX_TOTAL_BYTES {
            return Err(SourceError::TooMuch(format!("more than {MAX_TOTAL_BYTES} bytes of manifests")));
        }
        self.files.push(File { path: path.to_owned(), text });
        Ok(true)
    }

    /// Notes a file that is not even loaded.
    pub fn too_large(&mut self, path: &str, size: u64) {
        let message = format!("`{path}` has {size} bytes; a manifest has at most {MAX_BYTES}");
        let help = "split the file; if it holds no manifests, name the folders to read in `reconcile.yaml`";
        self.note(path, Diagnostic::error("RV003", message).help(help));
    }

    pub fn link(&mut self, path: &str) {
        let found = Diagnostic::warning("RV007", format!("`{path}` is a symbolic link and is not followed"));
        self.note(path, found.help("put the file itself here, or name its folder"));
    }

    pub fn submodule(&mut self, path: &str) {
        let found =
            Diagnostic::warning("RV008", format!("`{path}` is a repository of its own and is not read"));
        self.note(path, found.help("run `reconcile` there, or bring its manifests into this repository"));
    }

    /// Notes something that is about no file.
    pub fn remark(&mut self, found: Diagnostic) {
        self.notes.push(found);
    }

    fn note(&mut self, path: &str, found: Diagnostic) {
        self.notes.push(found.in_file(path));
    }

    pub fn finish(mut self, revision: Revision) -> Files {
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        diagnostic::sort(&mut self.notes);
        Files { revision, files: self.files, notes: self.notes }
    }
}

/// Tells whether a file speaks of our `apiVersion`; anything else is another tool's.
pub(super) fn is_ours(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    if text.contains("apiVersion") {
        return text.contains("reconcile/");
    }
    // A manifest whose first line was lost is still somebody's manifest, and its reader says so.
    let begins = |key: &str| text.lines().any(|line| line.starts_with(key));
    begins("kind:") && begins("metadata:") && begins("spec:")
}

fn is_empty(text: &str) -> bool {
    content(text).next().is_none()
}

/// Tells whether a file is the beginning of a manifest, written so far and no further.
fn is_cut_short(text: &str) -> bool {
    let mut lines = content(text);
    let first = lines.next().unwrap_or_default();
    lines.next().is_none() && "apiVersion: reconcile/".starts_with(first)
}

/// The lines that say something.
fn content(text: &str) -> impl Iterator<Item = &str> {
    let is_nothing =
        |line: &&str| line.is_empty() || line.starts_with('#') || *line == "---" || *line == "...";
    text.trim_start_matches('\u{feff}').lines().map(str::trim).filter(move |line| !is_nothing(line))
}

fn conflict(text: &str) -> Option<Span> {
    let mut start = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let marker = line.trim_end();
        let is_marker = line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ") || marker == "=======";
        if is_marker {
            let end = start + marker.len();
            return Some(Span { start: start as u32, end: end as u32, line: index as u32 + 1, column: 1 });
        }
        start += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_kept_or_noted_or_another_tools() {
        let manifest = "apiVersion: reconcile/v1\n";
        for (bytes, want) in [
            (manifest.as_bytes().to_vec(), None),
            (b"apiVersion: apps/v1\n".to_vec(), Some("")),
            (b"\xef\xbb\xbf# x\r\n---\r\n\r\n".to_vec(), Some("RV009")),
            (b"".to_vec(), Some("RV009")),
            (format!("{manifest}\n<<<<<<< HEAD\n").into_bytes(), Some("RV010")),
            (format!("{manifest}=======\r\n").into_bytes(), Some("RV010")),
            (format!("{manifest}  =======\n").into_bytes(), None),
            (format!("{manifest}\u{e9}").bytes().take(manifest.len() + 1).collect(), Some("RV006")),
        ] {
            let mut screen = Screen::default();
            let kept = screen.file("a.yaml", bytes.clone()).unwrap();
            let code = screen.notes.first().map_or("", |note| note.code);
            assert_eq!((!kept).then_some(code), want, "{}", String::from_utf8_lossy(&bytes));
        }
    }
}
