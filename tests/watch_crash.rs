//! Watchers that are killed at any moment, with others beside them, while commits come in a row.
//! Never goes by how long anything takes; chance is seeded.

#[path = "watch/place.rs"]
#[allow(dead_code)]
mod place;
#[allow(dead_code)]
mod postgres_server;
mod receiver;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use place::{Place, Watcher, until};

/// The same numbers every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.current_dir(folder).args(arguments).env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", folder);
    let output = git.output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// An entity with these fields and a task that leaves a row.
fn note(number: u64, fields: &[String]) -> String {
    let fields: String = fields.iter().map(|field| format!("    {field}\n")).collect();
    format!(
        "apiVersion: reconcile/v1\nkind: Entity\nmetadata: {{ name: note }}\nsetup:\n  tasks:\n    count:\n      when: after\n      \
         sql: INSERT INTO tally (id, n) VALUES (hex(randomblob(16)), {number})\nspec:\n  fields:\n{fields}"
    )
}

/// Every moment of an apply at which a process can end.
const MOMENTS: [&str; 7] = ["locked", "checked", "before:1", "after:1", "recorded", "verified", "committed"];

#[test]
fn the_newest_good_commit_wins_whoever_is_killed() {
    let n_commits: u64 = if std::env::var_os("RECONCILE_LONG").is_some() { 200 } else { 40 };
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    git(root, &["init", "-q", "--bare", "-b", "main", "origin.git"]);
    git(root, &["clone", "-q", "origin.git", "author"]);
    let author = Place::at(root.join("author"));
    author.git(&["checkout", "-q", "-B", "main"]);
    let target = root.join("staging.db");
    author.environment(
        "staging",
        &format!(
            "  target: {{ sqlite: {:?} }}\n  autoApply: true\n  allow: [RK230]\n",
            target.display().to_string()
        ),
    );
    author.entity("note", &["f0: { type: integer }"]);
    let hook = receiver::Receiver::answering(&["200"]);
    author.write(
        "reconcile.yaml",
        "notify:\n  - { name: hook, webhook: { url: \"${env:HOOK}\" }, events: [applied] }\n",
    );
    author.entity("tally", &["n: { type: integer }"]);
    let mut authored = vec![author.commit("0")];
    author.git(&["push", "-q", "origin", "main"]);
    let watched: Vec<Place> = ["one", "two"]
        .iter()
        .map(|name| {
            git(root, &["clone", "-q", "origin.git", name]);
            Place::at(root.join(name))
        })
        .collect();

    let mut chance = Chance(20_261_126);
    let quick = ["--ref", "origin/main", "--poll", "150ms", "--interval", "2s", "--lease", "1s"];
    let start = |place: &Place, chance: &mut Chance| -> Watcher {
        match chance.below(3) {
            0 => {
                let moment = format!("kill:{}", MOMENTS[usize::try_from(chance.below(7)).unwrap()]);
                place.watch_with(&quick, &[("RECONCILE_FAULT", &moment), ("HOOK", &hook.url)])
            }
            _ => place.watch_with(&quick, &[("HOOK", &hook.url)]),
        }
    };
    let mut watchers: Vec<Watcher> = watched.iter().map(|place| start(place, &mut chance)).collect();
    let mut fields = vec!["f0: { type: integer }".to_owned()];
    let mut n_killed = 0;
    let mut newest = String::new();
    for number in 1..=n_commits {
        if number % 9 == 0 {
            author.write("resources/note.yaml", "apiVersion: reconcile/v1\nkind: Entity\nmetadata: {");
        } else {
            fields.push(format!("f{number}: {{ type: integer }}"));
            author.write("resources/note.yaml", &note(number, &fields));
        }
        newest = author.commit(&number.to_string());
        authored.push(newest.clone());
        author.git(&["push", "-q", "origin", "main"]);
        std::thread::sleep(std::time::Duration::from_millis(chance.below(120)));
        for (which, place) in watched.iter().enumerate() {
            let has_ended = watchers[which].child.try_wait().unwrap().is_some();
            if has_ended || chance.below(8) == 0 {
                // SIGKILL: nothing is dropped, nothing is flushed.
                let _ = watchers[which].child.kill();
                watchers[which].child.wait().unwrap();
                watchers[which] = start(place, &mut chance);
                n_killed += 1;
            }
        }
    }
    assert!(!n_commits.is_multiple_of(9) && n_killed > 3);
    // From here on nobody is killed.
    for (which, place) in watched.iter().enumerate() {
        watchers[which].child.kill().unwrap();
        watchers[which].child.wait().unwrap();
        watchers[which] = place.watch_with(&quick, &[("HOOK", &hook.url)]);
    }
    let database = || rusqlite::Connection::open(&target).unwrap();
    let texts = |sql: &str| -> Vec<String> {
        let database = database();
        database.busy_timeout(std::time::Duration::from_secs(60)).unwrap();
        let Ok(mut statement) = database.prepare(sql) else { return Vec::new() };
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let applied = "SELECT json_extract(entry, '$.revision.commit') FROM _reconcile_journal \
                   WHERE json_extract(entry, '$.outcome.result') = 'applied' ORDER BY id";
    until("the newest commit is applied", || texts(applied).last() == Some(&newest));

    let commits = texts(applied);
    let different: BTreeSet<&String> = commits.iter().collect();
    assert_eq!(different.len(), commits.len(), "a commit was applied twice");
    let failed =
        "SELECT entry FROM _reconcile_journal WHERE json_extract(entry, '$.outcome.result') <> 'applied'";
    assert_eq!(texts(failed), Vec::<String>::new());
    // The work of each step is seen in the rows that it left: of each applied commit but the first, which has no task.
    let number = |commit: &String| authored.iter().position(|one| one == commit).unwrap();
    let wanted: Vec<String> = commits.iter().map(number).filter(|n| *n > 0).map(|n| n.to_string()).collect();
    assert_eq!(texts("SELECT n || '' FROM tally ORDER BY n"), wanted, "a step ran twice, or not at all");
    let columns = texts("SELECT name FROM pragma_table_info('note') WHERE name <> 'id'");
    let wanted: BTreeSet<String> =
        fields.iter().map(|field| field.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(columns.into_iter().collect::<BTreeSet<_>>(), wanted);
    assert!(texts("SELECT actor FROM _reconcile_lock").is_empty(), "a lock is left behind");

    // What somebody was just sending when he was killed may have arrived or not; it is sent again after a while, with the
    // same id. `watch_told` waits for that.
    for watcher in &mut watchers {
        watcher.stop();
    }
    let told = hook.received();
    let entry = |one: &receiver::Received| one.json()["entry"].to_string();
    let entries: BTreeSet<String> = told.iter().map(entry).collect();
    let ids: BTreeSet<String> = told.iter().map(|one| one.json()["id"].to_string()).collect();
    assert_eq!(entries.len(), ids.len(), "what is sent again must be known by its id");
    assert!(told.len() - ids.len() <= n_killed, "told twice, and nobody was killed over it");
    println!("{n_commits} commits, {} applies, {n_killed} kills", commits.len());
}

#[test]
fn on_a_server_one_watches_and_the_other_stands_by_until_it_dies() {
    let Some(database) = postgres_server::database() else { return };
    let place = Place::new("");
    let target = "  target: { postgres: { url: \"${env:STAGING_URL}\", schema: shop } }\n";
    place.environment("staging", &format!("{target}  autoApply: true\n"));
    place.entity("note", &["a: { type: integer }"]);
    let first = place.commit("one");
    let url = ("STAGING_URL", database.url.as_str());
    let mut one = place.watch_with(&["--lease", "2s"], &[url]);
    one.reaches(&first);
    let mut other = place.watch_with(&["--lease", "2s"], &[url]);
    assert!(other.word("standby")["message"].as_str().unwrap().contains(&one.child.id().to_string()));

    // The one that works dies in the middle of its apply.
    one.stop();
    other.word("leading");
    let hold = place.root.join("hold");
    let fault = [url, ("RECONCILE_FAULT", "hold:after:1"), ("RECONCILE_FAULT_FILE", hold.to_str().unwrap())];
    let mut third = place.watch_with(&["--lease", "2s"], &fault);
    third.word("standby");
    other.stop();
    third.word("leading");
    let mut fourth = place.watch_with(&["--lease", "2s"], &[url]);
    fourth.word("standby");
    place.entity("note", &["a: { type: integer }", "b: { type: integer }"]);
    let second = place.commit("two");
    until("the apply is under way", || hold.exists());
    third.child.kill().unwrap();
    third.child.wait().unwrap();
    fourth.word("leading");
    fourth.reaches(&second);

    let mut client = database.connect("shop");
    let rows = client
        .query("SELECT entry->'outcome'->>'result', entry->'revision'->>'commit' FROM reconcile.journal ORDER BY id", &[])
        .unwrap();
    let journal: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(journal, [("applied".to_owned(), first), ("applied".to_owned(), second)]);
}
