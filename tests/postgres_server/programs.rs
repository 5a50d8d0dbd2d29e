//! Where PostgreSQL's own programs are on this machine.
//! Never starts a server.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The programs of one version.
pub struct Programs {
    pub initdb: PathBuf,
    pub postgres: PathBuf,
    /// `postgres (PostgreSQL) 15.18`, as a part of a file name.
    pub version: String,
}

/// Looks on the path, where Debian keeps them, and where `pg_config` says.
pub fn find() -> Result<Programs, String> {
    let found = folders().into_iter().find_map(|folder| {
        let (initdb, postgres) = (folder.join("initdb"), folder.join("postgres"));
        (initdb.is_file() && postgres.is_file()).then_some((initdb, postgres))
    });
    let Some((initdb, postgres)) = found else {
        return Err("there are no `initdb` and `postgres` on this machine".to_owned());
    };
    let said = said(&postgres, "--version").ok_or("`postgres --version` does not run")?;
    let version = said.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
    Ok(Programs { initdb, postgres, version })
}

fn folders() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut of_debian: Vec<(u32, PathBuf)> = Path::new("/usr/lib/postgresql")
        .read_dir()
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            Some((path.file_name()?.to_str()?.parse().ok()?, path.join("bin")))
        })
        .collect();
    of_debian.sort();
    folders.extend(of_debian.into_iter().rev().map(|(_, folder)| folder));
    folders.extend(said(Path::new("pg_config"), "--bindir").map(PathBuf::from));
    folders
}

fn said(program: &Path, argument: &str) -> Option<String> {
    let output = Command::new(program).arg(argument).output().ok().filter(|o| o.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
