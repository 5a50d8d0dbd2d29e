//! Holds the code against the floors of the house: a file names only rooms on a lower floor.
//! Never trusts a picture: it reads every `crate::` path there is.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The floors from the roof to the ground. Rooms on one floor do not name each other.
const FLOORS: &[&[&str]] = &[
    &["main"],
    &["cli"],
    &["ops"],
    &["planner", "provider", "apply", "package", "render", "watch"],
    &["target", "wire"],
    &["report"],
    &["journal", "policy"],
    &["plan"],
    &["diff", "manifest", "validate"],
    &["model"],
    &["yaml"],
    &["source", "signature"],
    &["address", "diagnostic", "fingerprint", "formula"],
];

/// What touches the world, and may be named in few places only.
const WORLD: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::time::SystemTime",
    "rusqlite::Connection::open",
    "jiff::Timestamp::now",
    "std::io::stdin",
    "std::io::stdout",
    "println!",
    "tempfile",
];

/// Where the world may be touched: the sources, a provider's inspection, session and connection, the command line.
fn may_touch_the_world(path: &str) -> bool {
    let edges = ["/inspect.rs", "/session.rs", "/session/connection.rs"];
    path.starts_with("source/")
        || path.starts_with("cli/")
        || path == "main.rs"
        || (path.starts_with("provider/") && edges.iter().any(|edge| path.ends_with(edge)))
}

fn floor(room: &str) -> usize {
    let floor = FLOORS.iter().position(|rooms| rooms.contains(&room));
    floor.unwrap_or_else(|| panic!("room `{room}` has no floor in tests/floors.rs"))
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The code of a file without its comments and its tests.
fn code(text: &str) -> String {
    let before_tests = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    before_tests.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Every source file as its path below `src`, its room and its code.
fn house() -> Vec<(String, String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&src, &mut found);
    let read = |path: PathBuf| {
        let inside = path.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
        let room = inside.split(['/', '.']).next().unwrap().to_owned();
        let text = code(&fs::read_to_string(&path).unwrap());
        (inside, room, text)
    };
    found.into_iter().map(read).filter(|(path, ..)| path != "lib.rs").collect()
}

fn named(text: &str) -> Vec<String> {
    let after = text.split("crate::").skip(1);
    let mut rooms: Vec<String> = Vec::new();
    for rest in after {
        match rest.strip_prefix('{') {
            Some(group) => {
                let group = group.split('}').next().unwrap_or_default();
                rooms.extend(
                    group
                        .split(',')
                        .map(|part| part.trim().split("::").next().unwrap_or_default().to_owned()),
                );
            }
            None => rooms.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()),
        }
    }
    rooms.retain(|room| !room.is_empty());
    rooms
}

#[test]
fn no_file_names_a_room_above_or_beside_its_own() {
    let mut faults = Vec::new();
    for (path, room, text) in house() {
        for other in named(&text).into_iter().filter(|other| *other != room) {
            if floor(&other) <= floor(&room) {
                faults.push(format!("src/{path} names `{other}`, which is not below `{room}`"));
            }
        }
        let is_a_room_of_its_own = !path.contains('/');
        if is_a_room_of_its_own && text.contains("super::") {
            faults.push(format!("src/{path} says `super::`, which hides the room it names"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn only_the_edges_touch_the_world() {
    let mut faults = Vec::new();
    for (path, _, text) in house() {
        if may_touch_the_world(&path) {
            continue;
        }
        for word in WORLD.iter().filter(|word| text.contains(**word)) {
            faults.push(format!("src/{path} names `{word}`"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&src, &mut found);
    for path in found {
        let text = fs::read_to_string(&path).unwrap();
        let head = text.lines().take_while(|l| l.starts_with("//!")).count();
        assert!(head >= 2, "{} does not open with what it is for and what it never does", path.display());
    }
}

#[test]
fn no_file_is_a_drawer() {
    for (path, ..) in house() {
        let name = path.rsplit('/').next().unwrap().trim_end_matches(".rs").to_owned();
        let is_drawer = ["util", "utils", "common", "helpers", "errors", "misc"].contains(&name.as_str());
        assert!(!is_drawer, "src/{path} has a name that says nothing");
    }
}

#[test]
fn no_provider_is_named_outside_its_room() {
    let mut faults: BTreeMap<String, usize> = BTreeMap::new();
    for (path, room, text) in house() {
        let deciding = ["\"sqlite\" =>", "== \"sqlite\"", "\"postgres\" =>", "== \"postgres\""];
        if room != "provider" && deciding.iter().any(|d| text.contains(d)) {
            *faults.entry(path).or_default() += 1;
        }
    }
    assert!(faults.is_empty(), "a target's name decides something in {faults:?}");
}
