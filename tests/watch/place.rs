//! A git repository with environments, and watchers of it as processes of their own.
//! Never goes by how long anything takes: whoever waits for something waits until it comes, or far too long.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Far longer than anything takes.
const TOO_LONG: Duration = Duration::from_secs(120);

/// A repository in a folder of its own.
pub struct Place {
    pub root: PathBuf,
    _folder: Option<TempDir>,
}

impl Place {
    /// A repository whose environment `staging` applies by itself; `settings` are lines of its spec.
    pub fn new(settings: &str) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let place = Place { root: folder.path().join("shop"), _folder: Some(folder) };
        fs::create_dir(&place.root).unwrap();
        place.git(&["init", "-q", "-b", "main"]);
        place.environment("staging", &format!("  autoApply: true\n{settings}"));
        place.write(".gitignore", ".reconcile/\n");
        place
    }

    /// The same repository in another folder.
    pub fn at(root: PathBuf) -> Place {
        Place { root, _folder: None }
    }

    pub fn environment(&self, name: &str, settings: &str) {
        let head =
            format!("apiVersion: reconcile/v1\nkind: Environment\nmetadata: {{ name: {name} }}\nspec:\n");
        let target = format!("  target: {{ sqlite: .reconcile/{name}.db }}\n");
        let target = if settings.contains("  target:") { String::new() } else { target };
        self.write(&format!("environments/{name}.yaml"), &format!("{head}{target}{settings}"));
    }

    /// An entity with these fields, in the short form: `a: { type: integer }`.
    pub fn entity(&self, name: &str, fields: &[&str]) {
        let head = format!(
            "apiVersion: reconcile/v1\nkind: Entity\nmetadata: {{ name: {name} }}\nspec:\n  fields:\n"
        );
        let fields: String = fields.iter().map(|field| format!("    {field}\n")).collect();
        self.write(&format!("resources/{name}.yaml"), &format!("{head}{fields}"));
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn remove(&self, path: &str) {
        fs::remove_file(self.root.join(path)).unwrap();
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        let output = git(&self.root).args(arguments).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Commits everything. Returns the commit's name.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Runs `reconcile` to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        command(&self.root).args(arguments).output().unwrap()
    }

    /// Runs `reconcile`, which must go well, and returns what it prints.
    pub fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "reconcile {arguments:?}: {said}");
        said
    }

    pub fn watch(&self, arguments: &[&str]) -> Watcher {
        self.watch_with(arguments, &[])
    }

    pub fn watch_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Watcher {
        let mut command = command(&self.root);
        command.args(["watch", "--format", "json"]).args(arguments).envs(variables.iter().copied());
        Watcher::start(command)
    }

    pub fn database(&self, name: &str) -> PathBuf {
        self.root.join(format!(".reconcile/{name}.db"))
    }

    /// Asks the database of an environment itself: each row as its columns with a space between them.
    pub fn ask(&self, name: &str, sql: &str) -> Vec<String> {
        let database = rusqlite::Connection::open(self.database(name)).unwrap();
        database.busy_timeout(TOO_LONG).unwrap();
        let mut statement = database.prepare(sql).unwrap();
        let n_columns = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            let column = |at: usize| match row.get_unwrap::<_, rusqlite::types::Value>(at) {
                rusqlite::types::Value::Text(text) => text,
                rusqlite::types::Value::Integer(number) => number.to_string(),
                other => format!("{other:?}"),
            };
            Ok((0..n_columns).map(column).collect::<Vec<_>>().join(" "))
        };
        statement.query_map([], row).unwrap().map(Result::unwrap).collect()
    }

    pub fn execute(&self, name: &str, sql: &str) {
        let database = rusqlite::Connection::open(self.database(name)).unwrap();
        database.busy_timeout(TOO_LONG).unwrap();
        database.execute_batch(sql).unwrap();
    }

    /// The tables that are not our own.
    pub fn tables(&self, name: &str) -> Vec<String> {
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' \
                   AND name NOT LIKE 'sqlite%' ORDER BY name";
        self.ask(name, sql)
    }

    /// How every apply of the journal ended, with its commit: `applied 4f2a91c…`.
    pub fn journal(&self, name: &str) -> Vec<String> {
        let sql = "SELECT json_extract(entry, '$.outcome.result') || ' ' || json_extract(entry, '$.revision.commit') \
                   FROM _reconcile_journal ORDER BY id";
        self.ask(name, sql)
    }
}

fn git(root: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(root).env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", root);
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "Ada").env(format!("GIT_{who}_EMAIL"), "ada@example.com");
    }
    command
}

fn command(root: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reconcile"));
    command.current_dir(root).env("RECONCILE_ACTOR", "ada@laptop").env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// A watcher as a process of its own, and all that it has said.
pub struct Watcher {
    pub child: Child,
    said: Arc<(Mutex<Said>, Condvar)>,
    /// How much of it was looked at.
    seen: usize,
}

#[derive(Default)]
struct Said {
    events: Vec<Value>,
    complaints: String,
    is_over: bool,
}

impl Watcher {
    fn start(mut command: Command) -> Watcher {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said: Arc<(Mutex<Said>, Condvar)> = Arc::default();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let listening = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let line = line.unwrap();
                let event = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
                listening.0.lock().unwrap().events.push(event);
                listening.1.notify_all();
            }
            listening.0.lock().unwrap().is_over = true;
            listening.1.notify_all();
        });
        let listening = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let complaints = &mut listening.0.lock().unwrap().complaints;
                complaints.push_str(&line);
                complaints.push('\n');
            }
        });
        Watcher { child, said, seen: 0 }
    }

    /// Waits for the next event that is the one.
    pub fn wait(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + TOO_LONG;
        let mut said = self.said.0.lock().unwrap();
        loop {
            while let Some(event) = said.events.get(self.seen) {
                self.seen += 1;
                if is_it(event) {
                    return event.clone();
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!said.is_over && !left.is_zero(), "{what} never came:\n{}", all(&said));
            said = self.said.1.wait_timeout(said, left).unwrap().0;
        }
    }

    /// Waits for the next event of this type.
    pub fn word(&mut self, word: &str) -> Value {
        self.wait(word, |event| event["type"] == word)
    }

    /// Waits until this commit was applied, or is what is there.
    pub fn reaches(&mut self, commit: &str) -> Value {
        self.wait(commit, |event| {
            let is_good = ["applied", "synced", "healed"].iter().any(|word| event["type"] == *word);
            is_good && event["revision"]["commit"] == commit
        })
    }

    /// All that it has said so far, of one type.
    pub fn all(&self, word: &str) -> Vec<Value> {
        let said = self.said.0.lock().unwrap();
        said.events.iter().filter(|event| event["type"] == word).cloned().collect()
    }

    pub fn complaints(&self) -> String {
        self.said.0.lock().unwrap().complaints.clone()
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Waits until the process has ended.
    pub fn end(&mut self) -> ExitStatus {
        let deadline = Instant::now() + TOO_LONG;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end:\n{}", all(&self.said.0.lock().unwrap()));
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Asks it to stop and waits until it has.
    pub fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.end()
    }

    /// How many files it has open.
    #[cfg(target_os = "linux")]
    pub fn n_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// How long it has kept processors busy.
    #[cfg(target_os = "linux")]
    pub fn busy(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let after = stat.rsplit_once(')').unwrap().1;
        let ticks: u64 =
            after.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum();
        // A tick is a hundredth of a second on every Linux that we know.
        Duration::from_millis(ticks * 10)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn all(said: &Said) -> String {
    let events: String = said.events.iter().map(|event| format!("{event}\n")).collect();
    format!("{events}{}", said.complaints)
}

/// Waits until something holds.
pub fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + TOO_LONG;
    while !holds() {
        assert!(Instant::now() < deadline, "{what} never held");
        std::thread::sleep(Duration::from_millis(10));
    }
}
