//! Which paths are read: YAML files, below the named folders, outside tools' own folders.
//! Never touches a file, so what it refuses says nothing about what exists.

use super::{CONFIG, SourceError};

/// The folders to read, checked; none means all.
pub(super) struct Selection {
    folders: Vec<String>,
}

impl Selection {
    pub fn of(folders: &[String]) -> Result<Selection, SourceError> {
        let checked = |folder: &String| {
            let path = folder.strip_suffix('/').unwrap_or(folder);
            let is_safe = path.split('/').all(|name| !is_hostile(name) && !is_odd(name) && !has_drive(name));
            if is_safe { Ok(path.to_owned()) } else { Err(SourceError::RefusedFolder(folder.clone())) }
        };
        Ok(Selection { folders: folders.iter().map(checked).collect::<Result<_, _>>()? })
    }

    pub fn folders(&self) -> &[String] {
        &self.folders
    }

    /// Tells whether a folder is walked. A folder that was named is, whatever its name.
    pub fn enters(&self, path: &str) -> bool {
        let leads = |folder: &String| folder == path || is_below(folder, path);
        self.folders.iter().any(leads) || (self.covers(path) && !is_skipped(last(path)))
    }

    /// Tells whether a file is read.
    pub fn takes(&self, path: &str) -> bool {
        is_yaml(path) && path != CONFIG && self.covers(path)
    }

    /// Tells whether a link is worth a remark: it stands where a manifest or a folder of them could.
    pub fn misses(&self, link: &str) -> bool {
        let name = last(link);
        match name.rsplit_once('.') {
            None => self.enters(link),
            Some(("", _)) => false,
            Some(_) => self.takes(link),
        }
    }

    fn covers(&self, path: &str) -> bool {
        self.folders.is_empty() || self.folders.iter().any(|folder| is_below(path, folder))
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Folders of tools, which hold copies of manifests at best.
fn is_skipped(name: &str) -> bool {
    name.starts_with('.') || name == "target" || name == "node_modules"
}

fn is_yaml(path: &str) -> bool {
    path.ends_with(".yaml") || path.ends_with(".yml")
}

/// Tells whether a name could lead out of its folder, or into git's own.
pub(super) fn is_hostile(name: &str) -> bool {
    let git = name.eq_ignore_ascii_case(".git") || name.eq_ignore_ascii_case("git~1");
    git || matches!(name, "" | "." | "..") || name.contains(['/', '\0'])
}

/// Tells whether a name would be read differently elsewhere, or could write on a terminal.
pub(super) fn is_odd(name: &str) -> bool {
    name.contains('\\') || name.chars().any(char::is_control)
}

fn has_drive(name: &str) -> bool {
    name.as_bytes().get(1) == Some(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_cannot_lead_out_of_the_repository() {
        for folder in [
            "", "/", "/etc", "..", "../x", "a/../b", "a//b", "./a", ".git", "a/.GIT", "a\nb", "a\\b", "C:/x",
            "\0",
        ] {
            assert!(Selection::of(&[folder.to_owned()]).is_err(), "{folder:?}");
        }
        assert!(Selection::of(&["teams/sales/".to_owned(), ".hidden".to_owned()]).is_ok());
    }

    #[test]
    fn only_what_is_named_is_walked() {
        let all = Selection::of(&[]).unwrap();
        assert!(all.enters("a") && all.takes("a/b.yml") && all.takes("a/reconcile.yaml"));
        assert!(
            !all.enters("a/.b")
                && !all.enters("target")
                && !all.takes("reconcile.yaml")
                && !all.takes("a.json")
        );
        let some = Selection::of(&["a/b".to_owned(), ".c".to_owned()]).unwrap();
        assert!(some.enters("a") && some.enters("a/b") && some.enters("a/b/c") && some.enters(".c"));
        assert!(
            !some.enters("ab") && !some.enters("a/bc") && !some.enters("a/b/target") && !some.enters(".c/.d")
        );
        assert!(some.takes("a/b/x.yaml") && !some.takes("a/x.yaml") && !some.takes("x.yaml"));
        for (link, want) in
            [("x.yaml", true), ("envs", true), ("README.md", false), (".x.yaml", true), (".x", false)]
        {
            assert_eq!(all.misses(link), want, "{link}");
        }
    }
}
