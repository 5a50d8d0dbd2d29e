//! Console stories: every `console` block of the README and of `tests/sessions` is run, and its output compared.
//! Never needs the network, a clock or a terminal: what differs from run to run is written `[..]`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One command of a story, with what it prints. `? 12` on the last line is its exit code, where that is not 0.
struct Turn {
    command: String,
    output: Vec<String>,
}

#[test]
fn every_story_still_goes_that_way() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut stories: Vec<PathBuf> = fs::read_dir(root.join("tests/sessions"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "md"))
        .collect();
    stories.sort();
    stories.push(root.join("README.md"));
    let update = std::env::var_os("UPDATE").is_some();
    assert!(
        !(update && std::env::var_os("CI").is_some()),
        "UPDATE=1 rewrites expectations, which CI refuses"
    );
    let mut faults = Vec::new();
    let mut n_turns = 0;
    for story in &stories {
        let text = fs::read_to_string(story).unwrap();
        let (rewritten, turns, differences) = run(root, &text);
        n_turns += turns;
        if update && rewritten != text {
            fs::write(story, rewritten).unwrap();
        } else {
            faults.extend(differences.into_iter().map(|d| format!("{}: {d}", story.display())));
        }
    }
    println!("{} stories, {n_turns} commands", stories.len());
    assert!(n_turns > 0, "the stories hold no command");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Runs a story in a folder of its own, into which the examples are copied. Returns its text with what was really
/// printed, how many commands ran, and what differed.
fn run(root: &Path, text: &str) -> (String, usize, Vec<String>) {
    let place = tempfile::tempdir().unwrap();
    copy(&root.join("examples"), &place.path().join("examples"));
    let mut cwd = place.path().to_owned();
    let mut out = String::new();
    let mut differences = Vec::new();
    let mut n_turns = 0;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        if line.trim() != "```console" {
            continue;
        }
        let mut block = Vec::new();
        while let Some(inner) = lines.next_if(|l| l.trim() != "```") {
            block.push(inner.to_owned());
        }
        for turn in turns(&block) {
            n_turns += 1;
            let found = execute(&turn.command, &mut cwd, place.path());
            if !matches(&turn.output, &found) {
                let show = |lines: &[String]| lines.join("\n") + "\n";
                let (wanted, found) = (show(&turn.output), show(&found));
                let diff = similar::TextDiff::from_lines(&wanted, &found);
                let diff = diff.unified_diff().header("written", "printed").to_string();
                differences.push(format!("$ {}\n{diff}", turn.command));
            }
            out.push_str(&format!("$ {}\n", turn.command.replace('\n', "\n> ")));
            let printed = if matches(&turn.output, &found) { turn.output } else { found };
            printed.iter().for_each(|l| out.push_str(&format!("{l}\n")));
        }
    }
    (out, n_turns, differences)
}

fn turns(block: &[String]) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    for line in block {
        match (line.strip_prefix("$ "), line.strip_prefix("> "), turns.last_mut()) {
            (Some(command), _, _) => turns.push(Turn { command: command.to_owned(), output: Vec::new() }),
            (None, Some(more), Some(turn)) if turn.output.is_empty() => {
                turn.command.push('\n');
                turn.command.push_str(more);
            }
            (None, _, Some(turn)) => turn.output.push(line.clone()),
            (None, _, None) => panic!("a block begins with output: {line}"),
        }
    }
    // An empty line before the next command belongs to the page, not to the output.
    turns
}

/// `sqlite3 FILE "SQL"` needs no shell of SQLite's: the library is here.
fn sqlite(command: &str, cwd: &Path) -> Option<Vec<String>> {
    let (file, sql) = command.strip_prefix("sqlite3 ")?.split_once(' ')?;
    let sql = sql.trim().trim_matches('"').replace("\\\"", "\"");
    let database = rusqlite::Connection::open(cwd.join(file)).unwrap();
    Some(match database.execute_batch(&sql) {
        Ok(()) => Vec::new(),
        Err(error) => vec![format!("Error: {error}"), "? 1".to_owned()],
    })
}

fn execute(command: &str, cwd: &mut PathBuf, home: &Path) -> Vec<String> {
    if let Some(output) = sqlite(command, cwd) {
        return output;
    }
    let binary = Path::new(env!("CARGO_BIN_EXE_reconcile")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap_or_default());
    let where_to = home.join(".cwd");
    let script = format!("exec 2>&1\n{command}\ncode=$?\npwd > '{}'\nexit $code", where_to.display());
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(&*cwd)
        .env_clear()
        .env("PATH", path)
        .env("HOME", home)
        .env("TZ", "Asia/Kathmandu")
        .env("RECONCILE_ACTOR", "ada@laptop")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "Ada")
        .env("GIT_AUTHOR_EMAIL", "ada@example.com")
        .env("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z")
        .env("GIT_COMMITTER_NAME", "Ada")
        .env("GIT_COMMITTER_EMAIL", "ada@example.com")
        .env("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z")
        .output()
        .unwrap();
    if let Ok(now) = fs::read_to_string(&where_to) {
        *cwd = PathBuf::from(now.trim_end());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut lines: Vec<String> = text.lines().map(|l| l.trim_end().to_owned()).collect();
    match output.status.code() {
        Some(0) => {}
        Some(code) => lines.push(format!("? {code}")),
        None => lines.push("? killed".to_owned()),
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// `[..]` stands for any run of characters in one line.
fn matches(wanted: &[String], found: &[String]) -> bool {
    let wanted: Vec<&str> = trimmed(wanted);
    let found: Vec<&str> = trimmed(found);
    wanted.len() == found.len() && wanted.iter().zip(found).all(|(w, f)| line_matches(w, f))
}

fn trimmed(lines: &[String]) -> Vec<&str> {
    let end = lines.iter().rposition(|l| !l.trim().is_empty()).map_or(0, |i| i + 1);
    lines[..end].iter().map(String::as_str).collect()
}

fn line_matches(wanted: &str, found: &str) -> bool {
    let mut parts = wanted.split("[..]");
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = found.strip_prefix(first) else { return false };
    let mut last = None;
    for part in parts {
        last = Some(part);
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    match last {
        None => rest.is_empty(),
        Some("") => true,
        Some(_) => rest.is_empty(),
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if path.is_dir() && name != ".reconcile" {
            copy(&path, &to.join(name));
        } else if path.is_file() {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}
