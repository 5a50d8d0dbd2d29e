//! Watching for real: processes, a repository, databases, signals.
//! Never goes by how long anything takes.

#[path = "watch/place.rs"]
#[allow(dead_code)]
mod place;

use std::fs;

use place::{Place, until};

const QUICK: [&str; 4] = ["--interval", "300ms", "--lease", "3s"];
const A: &str = "a: { type: integer }";
const B: &str = "b: { type: integer }";
const C: &str = "c: { type: integer }";

#[test]
fn a_commit_is_applied_by_itself_and_an_environment_without_consent_is_only_told_of() {
    let place = Place::new("  setup: { default: overwrite }\n");
    place.environment("production", "");
    place.entity("note", &[A]);
    let first = place.commit("one");
    let mut watcher = place.watch(&[]);
    assert_eq!(watcher.word("version")["formatVersion"], "1.0");
    let applied = watcher.word("applied");
    assert_eq!((&applied["revision"]["commit"], &applied["entry"]), (&first.into(), &1.into()));
    place.entity("note", &[A, B]);
    let second = place.commit("two");
    watcher.reaches(&second);
    // A commit that changes nothing here changes nothing.
    place.write("README.md", "hello");
    let third = place.commit("three");
    watcher.reaches(&third);
    assert_eq!(place.journal("staging").len(), 2);
    // What an older commit declared is declared again, by a newer one and by going back.
    place.git(&["revert", "--no-edit", "HEAD~1"]);
    watcher.word("pending");
    place.git(&["reset", "-q", "--hard", &third]);
    watcher.reaches(&third);
    assert!(!place.database("production").exists());
    until("production is told of", || watcher.all("out-of-sync").len() >= 3);
    assert_eq!(watcher.stop().code(), Some(0));
    assert_eq!(watcher.complaints(), "");
    // Whoever begins again finds everything as it is meant to be.
    let mut again = place.watch(&[]);
    again.reaches(&third);
    assert!(again.all("standby").is_empty(), "the lease was not given back");
}

#[test]
fn what_has_moved_is_told_and_healed_only_where_that_is_asked_for() {
    let place = Place::new("  setup: { default: overwrite }\n");
    place.entity("note", &[A, "b: { type: integer, unique: true }"]);
    place.commit("one");
    let mut watcher = place.watch(&QUICK);
    watcher.word("applied");
    place.execute("staging", "ALTER TABLE note ADD COLUMN stranger INTEGER");
    let drifted = watcher.word("drifted");
    assert_eq!(drifted["paths"], serde_json::json!(["entity/note/stranger"]), "{drifted}");
    assert_eq!(place.journal("staging").len(), 1);
    assert_eq!(watcher.stop().code(), Some(0));

    place.environment("staging", "  autoApply: true\n  selfHeal: true\n  allow: [RK203]\n  maxDestroy: 9\n  setup: { default: overwrite }\n");
    place.commit("heal");
    let mut watcher = place.watch(&QUICK);
    watcher.word("healed");
    assert_eq!(
        place.ask("staging", "SELECT name FROM pragma_table_info('note') ORDER BY name"),
        ["a", "b", "id"]
    );
}

#[test]
fn a_fight_is_noticed_and_ends() {
    let place =
        Place::new("  selfHeal: true\n  allow: [RK203]\n  maxDestroy: 9\n  setup: { default: overwrite }\n");
    place.entity("note", &[A]);
    place.commit("one");
    let mut watcher = place.watch(&QUICK);
    watcher.word("applied");
    let mut n_heals = 0;
    let fighting = loop {
        let move_it = "ALTER TABLE note ADD COLUMN stranger INTEGER";
        if !place
            .ask("staging", "SELECT name FROM pragma_table_info('note')")
            .contains(&"stranger".to_owned())
        {
            place.execute("staging", move_it);
        }
        let next = watcher
            .wait("a move of the fight", |event| event["type"] == "healed" || event["type"] == "fighting");
        if next["type"] == "fighting" {
            break next;
        }
        n_heals += 1;
        assert!(n_heals < 10, "nobody notices");
    };
    assert_eq!(fighting["paths"], serde_json::json!(["entity/note/stranger"]), "{fighting}");
    // A newer commit ends it.
    place.entity("note", &[A, B]);
    let second = place.commit("two");
    watcher.reaches(&second);
    assert!(
        !place.ask("staging", "SELECT name FROM pragma_table_info('note')").contains(&"stranger".to_owned())
    );
}

#[test]
fn what_needs_consent_waits_as_a_package_that_a_person_applies() {
    let place = Place::new("  setup: { default: overwrite }\n  prune: true\n");
    place.entity("note", &[A, B]);
    place.commit("one");
    let mut watcher = place.watch(&["--interval", "1h", "--lease", "2s"]);
    watcher.word("applied");
    place.execute(
        "staging",
        "INSERT INTO note (id, a, b) VALUES ('00000000-0000-4000-8000-000000000001', 1, 2)",
    );
    place.entity("note", &[A]);
    place.commit("two");
    let pending = watcher.word("pending");
    assert_eq!(pending["why"][0]["code"], "RK203", "{pending}");
    let package = pending["package"].as_str().unwrap().to_owned();
    let spool = place.root.join(".reconcile/spool/staging");
    assert_eq!(fs::read_dir(&spool).unwrap().count(), 1);
    assert_eq!(place.ask("staging", "SELECT b FROM note"), ["2"]);

    // What is superseded goes.
    place.entity("note", &[A, C]);
    let third = place.commit("three");
    let pending = watcher.wait("the newer package", |event| {
        event["type"] == "pending" && event["package"] != package.as_str()
    });
    let package = pending["package"].as_str().unwrap().to_owned();
    assert_eq!(fs::read_dir(&spool).unwrap().count(), 1);

    assert_eq!(place.run(&["apply", &package, "--yes"]).status.code(), Some(12));
    place.done(&["apply", &package, "--yes", "--allow", "RK203:entity/note/b", "--allow", "RK401"]);
    // It is noticed with the next sign of life, long before the clock comes round.
    watcher.reaches(&third);
    until("the spool is empty", || fs::read_dir(&spool).unwrap().count() == 0);
}

#[test]
fn what_was_rolled_back_is_not_applied_again_before_a_newer_commit() {
    let place = Place::new("  setup: { default: overwrite }\n");
    place.entity("note", &[A]);
    place.commit("one");
    let mut watcher = place.watch(&QUICK);
    watcher.word("applied");
    place.entity("note", &[A, B]);
    let second = place.commit("two");
    watcher.reaches(&second);
    place.write("README.md", "a commit that wants the same");
    let third = place.commit("three");
    watcher.reaches(&third);
    place.done(&["rollback", "2", "-e", "staging", "--yes", "--allow", "RK203"]);
    watcher.word("held");
    watcher.stop();
    // Also for one that begins afresh.
    let mut watcher = place.watch(&QUICK);
    let held = watcher.word("held");
    assert_eq!(held["revision"]["commit"], third.as_str());
    assert_eq!(place.ask("staging", "SELECT name FROM pragma_table_info('note') ORDER BY name"), ["a", "id"]);
    place.entity("note", &[A, C]);
    let fourth = place.commit("four");
    watcher.reaches(&fourth);
    assert_eq!(
        place.ask("staging", "SELECT name FROM pragma_table_info('note') ORDER BY name"),
        ["a", "c", "id"]
    );
}

#[test]
fn a_repository_made_empty_unreadable_or_half_parsed_prunes_nothing() {
    let settings =
        "  setup: { default: overwrite }\n  prune: true\n  allow: [RK201, RK203]\n  maxDestroy: 99\n";
    let place = Place::new(settings);
    place.entity("note", &[A]);
    place.entity("other", &[A]);
    place.commit("one");
    let mut watcher = place.watch(&QUICK);
    watcher.word("applied");
    let all = place.tables("staging");
    assert_eq!(all, ["note", "other"]);

    // Half of it does not read.
    place.write(
        "resources/note.yaml",
        "apiVersion: reconcile/v1\nkind: Entity\nmetadata: { name: note }\nspec: {",
    );
    place.commit("half");
    let failed = watcher.word("failed");
    assert!(failed["message"].as_str().unwrap().contains("resources/note.yaml"), "{failed}");
    assert!(failed["retryAt"].is_string(), "{failed}");
    // Even the environment.
    place.write("environments/staging.yaml", "apiVersion: reconcile/v1\nkind: Environment\nmetadata: {");
    let broken = place.commit("broken");
    watcher.wait("the broken commit", |event| {
        event["type"] == "failed" && event["revision"]["commit"] == broken.as_str()
    });
    assert_eq!(place.tables("staging"), all);

    // All of it is gone.
    place.git(&["rm", "-q", "-r", "environments", "resources"]);
    let empty = place.commit("empty");
    watcher.wait("the empty commit", |event| {
        event["type"] == "failed" && event["revision"]["commit"] == empty.as_str()
    });
    assert_eq!(place.tables("staging"), all);

    // All but the environment.
    place.environment("staging", &format!("  autoApply: true\n{settings}"));
    place.commit("nothing is declared");
    watcher.wait("a word about it", |event| {
        event["environment"] == "staging" && event["revision"]["commit"] != empty.as_str()
    });
    assert_eq!(place.tables("staging"), all, "an empty repository has pruned something");

    // It cannot be read at all, and then it can.
    place.entity("note", &[A]);
    place.entity("other", &[A, B]);
    let good = place.commit("good");
    let objects = place.root.join(".git/objects");
    let away = place.root.join(".git/objects-away");
    fs::rename(&objects, &away).unwrap();
    fs::create_dir(&objects).unwrap();
    place.write(".git/refs/heads/knock", &good);
    until("it is told of", || {
        watcher
            .all("warning")
            .iter()
            .any(|event| event["message"].as_str().unwrap().contains("cannot be read"))
            || watcher.all("applied").len() > 1
    });
    fs::remove_dir_all(&objects).unwrap();
    fs::rename(&away, &objects).unwrap();
    place.write(".git/refs/heads/knock2", &good);
    watcher.reaches(&good);
    assert_eq!(place.tables("staging"), all);
}

#[test]
fn a_stop_finishes_what_is_under_way() {
    let place = Place::new("");
    place.entity("note", &[A]);
    place.entity("other", &[A]);
    place.commit("one");
    let hold = place.root.join("hold");
    let fault = [("RECONCILE_FAULT", "hold:after:1"), ("RECONCILE_FAULT_FILE", hold.to_str().unwrap())];
    let mut watcher = place.watch_with(&["--grace", "1h"], &fault);
    until("the apply is under way", || hold.exists());
    watcher.signal("TERM");
    watcher.word("stopping");
    fs::remove_file(&hold).unwrap();
    watcher.word("applied");
    watcher.word("stopped");
    assert_eq!(watcher.end().code(), Some(0));
    assert_eq!(place.tables("staging"), ["note", "other"]);
}

#[test]
fn a_stop_rolls_back_what_takes_too_long() {
    let place = Place::new("");
    place.entity("note", &[A]);
    place.entity("other", &[A]);
    place.commit("one");
    let hold = place.root.join("hold");
    let fault = [("RECONCILE_FAULT", "hold:after:1"), ("RECONCILE_FAULT_FILE", hold.to_str().unwrap())];
    let mut watcher = place.watch_with(&["--grace", "1ms"], &fault);
    until("the apply is under way", || hold.exists());
    watcher.signal("INT");
    watcher.word("stopping");
    std::thread::sleep(std::time::Duration::from_millis(5));
    fs::remove_file(&hold).unwrap();
    let failed = watcher.word("failed");
    assert!(failed["message"].as_str().unwrap().contains("asked to stop"), "{failed}");
    watcher.word("stopped");
    assert_eq!(watcher.end().code(), Some(0));
    assert!(place.tables("staging").is_empty());
    assert!(place.journal("staging")[0].starts_with("failed"));
}

#[test]
fn a_second_signal_ends_it_at_once_and_leaves_nothing_half_done() {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let place = Place::new("");
        place.entity("note", &[A]);
        place.entity("other", &[A]);
        let commit = place.commit("one");
        let hold = place.root.join("hold");
        let fault = [("RECONCILE_FAULT", "hold:after:1"), ("RECONCILE_FAULT_FILE", hold.to_str().unwrap())];
        let mut watcher = place.watch_with(&["--lease", "1s"], &fault);
        until("the apply is under way", || hold.exists());
        watcher.signal(signal);
        watcher.word("stopping");
        watcher.signal(signal);
        assert_eq!(watcher.end().code(), Some(code));
        assert!(place.tables("staging").is_empty());
        let mut again = place.watch(&["--lease", "1s"]);
        again.reaches(&commit);
        assert_eq!(place.tables("staging"), ["note", "other"]);
    }
}

#[test]
fn the_work_tree_is_followed_and_nothing_half_written_is_applied() {
    let place = Place::new("  setup: { default: overwrite }\n  prune: true\n");
    place.entity("note", &[A]);
    let mut watcher = place.watch(&["--work-tree", "--interval", "1h"]);
    watcher.word("applied");
    place.write("resources/note.yaml", "apiVersion: reconcile/v1\nkind: Entity\nmetadata:");
    watcher.word("failed");
    place.entity("note", &[A, B]);
    watcher.word("applied");
    // A new folder, a rename over the file as editors do it.
    place.entity("deep/down/other", &[A]);
    let other = "apiVersion: reconcile/v1\nkind: Entity\nmetadata: { name: other }\nspec: { fields: { a: { type: integer } } }\n";
    place.write("resources/deep/down/other.yaml~", other);
    fs::rename(
        place.root.join("resources/deep/down/other.yaml~"),
        place.root.join("resources/deep/down/other.yaml"),
    )
    .unwrap();
    watcher.word("applied");
    assert_eq!(place.tables("staging"), ["note", "other"]);
    // Another tool's lock says that it is not done.
    place.write(".git/index.lock", "");
    place.entity("note", &[A, B, C]);
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(place.ask("staging", "SELECT count(*) FROM pragma_table_info('note')"), ["3"]);
    place.remove(".git/index.lock");
    watcher.word("applied");
    assert_eq!(place.ask("staging", "SELECT count(*) FROM pragma_table_info('note')"), ["4"]);
}

#[test]
fn each_environment_may_follow_a_branch_of_its_own() {
    let place = Place::new("  ref: stable\n");
    place.environment("dev", "  autoApply: true\n");
    place.entity("note", &[A]);
    let first = place.commit("one");
    place.git(&["branch", "stable"]);
    let mut watcher = place.watch(&["--interval", "1h"]);
    for name in ["dev", "staging"] {
        until(name, || watcher.all("applied").iter().any(|event| event["environment"] == name));
    }
    place.entity("note", &[A, B]);
    let second = place.commit("two");
    watcher
        .wait("dev", |event| event["environment"] == "dev" && event["revision"]["commit"] == second.as_str());
    assert_eq!(place.journal("staging"), [format!("applied {first}")]);
    place.git(&["branch", "-f", "stable", "main"]);
    watcher.wait("staging", |event| {
        event["environment"] == "staging" && event["revision"]["commit"] == second.as_str()
    });
    assert_eq!(place.journal("staging").len(), 2);
}

#[test]
fn a_signed_environment_is_planned_and_waits() {
    let place = Place::new("");
    place.done(&["package", "keygen", "--out", "release.key"]);
    let key = fs::read_to_string(place.root.join("release.key.pub")).unwrap_or_default();
    let printed = place.done(&["package", "keygen", "--out", "other.key"]);
    let key = key
        .lines()
        .chain(printed.lines())
        .find_map(|line| line.split_whitespace().find(|word| word.starts_with("ed25519:")).map(str::to_owned))
        .unwrap();
    place.environment("staging", &format!("  autoApply: true\n  requireSignedBy: [\"{key}\"]\n"));
    place.entity("note", &[A]);
    place.git(&["add", "environments", "resources", ".gitignore"]);
    place.git(&["commit", "-q", "-m", "one"]);
    let mut watcher = place.watch(&QUICK);
    let pending = watcher.word("pending");
    assert!(pending["why"][0]["message"].as_str().unwrap().contains("signed"), "{pending}");
    assert!(!place.database("staging").exists());
}

#[test]
fn one_turn_of_each_environment_ends_with_how_it_went() {
    let place = Place::new("  setup: { default: overwrite }\n");
    place.entity("note", &[A, B]);
    place.commit("one");
    assert_eq!(place.run(&["watch", "--once"]).status.code(), Some(0));
    let lines = place.run(&["watch", "--once", "--format", "ndjson"]).stdout;
    let words = String::from_utf8(lines).unwrap();
    let words: Vec<serde_json::Value> =
        words.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        (words[0]["type"].as_str(), words.last().unwrap()["type"].as_str()),
        (Some("version"), Some("stopped"))
    );
    place.execute(
        "staging",
        "INSERT INTO note (id, a, b) VALUES ('00000000-0000-4000-8000-000000000001', 1, 2)",
    );
    place.entity("note", &[A]);
    place.commit("two");
    assert_eq!(place.run(&["watch", "--once"]).status.code(), Some(12));
    place.write("resources/note.yaml", "apiVersion: reconcile/v1\nkind: Entity\nmetadata:");
    place.commit("three");
    assert_eq!(place.run(&["watch", "--once"]).status.code(), Some(1));
    // While another watches, nothing is done.
    place.entity("note", &[A, B]);
    let fourth = place.commit("four");
    let mut watcher = place.watch(&[]);
    watcher.reaches(&fourth);
    assert_eq!(place.run(&["watch", "--once"]).status.code(), Some(10));
}

#[cfg(target_os = "linux")]
#[test]
fn two_hundred_turns_leave_no_file_open() {
    let place = Place::new("  selfHeal: true\n");
    place.entity("note", &[A]);
    place.commit("one");
    let mut watcher = place.watch(&["--interval", "20ms", "--poll", "50ms", "--lease", "1s", "-v"]);
    let mut turns = |n: usize| {
        for _ in 0..n {
            watcher.word("synced");
        }
        // Turns and leases come and go: the least of several looks is what stays.
        (0..40)
            .map(|_| {
                std::thread::sleep(std::time::Duration::from_millis(5));
                watcher.n_files()
            })
            .min()
            .unwrap()
    };
    let early = turns(20);
    let late = turns(200);
    assert!(late <= early + 1, "{early} files were open after 20 turns, {late} after 220");
}

#[cfg(target_os = "linux")]
#[test]
fn whoever_has_nothing_to_do_does_nothing() {
    let place = Place::new("");
    place.entity("note", &[A]);
    for number in 0..5000 {
        place.write(&format!("docs/{}/{number}.yaml", number % 50), "just: a file of another tool\n");
    }
    let commit = place.commit("many");
    for more in [&[][..], &["--work-tree"]] {
        let mut watcher = place.watch(more);
        watcher.reaches(&commit);
        // The second reading of a work tree, the lease.
        until("it has settled", || {
            let before = watcher.busy();
            std::thread::sleep(std::time::Duration::from_millis(500));
            watcher.busy() == before
        });
        let before = watcher.busy();
        std::thread::sleep(std::time::Duration::from_secs(5));
        let busy = watcher.busy() - before;
        assert!(busy.as_millis() <= 100, "{busy:?} of 5 s with {more:?}");
        watcher.stop();
    }
}

#[test]
fn a_suspension_holds_it_back_and_its_end_is_noticed() {
    let place = Place::new("");
    place.entity("note", &[A]);
    place.commit("one");
    let mut watcher = place.watch(&["--interval", "1h", "--lease", "1s"]);
    watcher.word("applied");
    place.done(&["suspend", "staging", "--reason", "the index is being rebuilt"]);
    place.entity("note", &[A, B]);
    let second = place.commit("two");
    let suspended = watcher.word("suspended");
    assert!(suspended["message"].as_str().unwrap().contains("the index is being rebuilt"), "{suspended}");
    assert_eq!(place.journal("staging").len(), 1);
    place.done(&["resume", "staging"]);
    watcher.reaches(&second);
}

#[test]
fn a_repository_that_can_be_read_again_is_looked_at_again() {
    let place = Place::new("");
    place.entity("note", &[A]);
    let first = place.commit("one");
    let mut watcher = place.watch(&["--interval", "1h", "-v"]);
    watcher.reaches(&first);
    place.write("reconcile.yaml", "folders: 7");
    place.commit("two");
    watcher.word("warning");
    place.git(&["reset", "-q", "--hard", &first]);
    watcher.reaches(&first);
}

/// What is there when a watch begins says nothing of what the remote has by now.
#[test]
fn a_remote_is_asked_although_nothing_can_be_read_yet() {
    let place = Place::new("");
    place.entity("note", &[A]);
    place.write("reconcile.yaml", "folders: 7");
    place.commit("one");
    let remote = place.root.join(".reconcile/remote.git");
    let remote = remote.to_str().unwrap();
    place.git(&["clone", "-q", "--bare", ".", remote]);
    place.git(&["remote", "add", "origin", remote]);
    place.git(&["fetch", "-q", "origin"]);
    let once = place.run(&["watch", "--once", "--ref", "origin/main"]);
    let said = String::from_utf8_lossy(&once.stdout);
    assert_eq!(once.status.code(), Some(1), "{said}");
    assert!(said.contains("the repository cannot be read") && said.contains("line 1"), "{said}");
    let nowhere = place.run(&["watch", "--once", "--ref", "origin/nowhere"]);
    assert_eq!(nowhere.status.code(), Some(1), "{}", String::from_utf8_lossy(&nowhere.stdout));
    let mut watcher = place.watch(&["--ref", "origin/main", "--poll", "300ms"]);
    watcher.word("warning");
    place.git(&["rm", "-q", "reconcile.yaml"]);
    let second = place.commit("two");
    // It comes by the remote alone: what was fetched before stays as it was.
    place.git(&["push", "-q", remote, "main"]);
    watcher.reaches(&second);
}
