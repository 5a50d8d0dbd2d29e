//! Tasks that come and go, change and are guarded, beside a count by hand of how often each should have run.
//! Never reads the provider's record: a table that nobody manages says what ran.

use std::collections::BTreeMap;

use reconcile::report::Applied;
use reconcile::source::{File, Files, Revision};

use super::bench::{Bench, desired};
use super::draw::Draw;

const NAMES: [&str; 3] = ["a", "b", "c"];

/// One task as it is declared in one round.
#[derive(Clone, Copy, Debug)]
struct Chore {
    version: usize,
    is_guarded: bool,
}

/// What should have come of all rounds so far.
#[derive(Debug, Default)]
struct Count {
    /// By name: the version that ran last.
    ran: BTreeMap<&'static str, usize>,
    /// The guards that say that nothing is left.
    closed: BTreeMap<&'static str, bool>,
    log: Vec<String>,
}

impl Count {
    fn round(&mut self, chores: &[(&'static str, Chore)]) {
        self.ran.retain(|name, _| chores.iter().any(|(declared, _)| declared == name));
        for (name, chore) in chores {
            let closed = self.closed.entry(name).or_default();
            let is_due = if chore.is_guarded { !*closed } else { self.ran.get(name) != Some(&chore.version) };
            if is_due {
                self.log.push(format!("{name}{}", chore.version));
                self.ran.insert(name, chore.version);
                *closed = true;
            }
        }
    }
}

fn files(chores: &[(&'static str, Chore)], label: usize) -> Files {
    let mut text = "apiVersion: reconcile/v1\nkind: Environment\nmetadata: { name: test }\n\
                    spec: { target: { sqlite: test.db } }\n---\napiVersion: reconcile/v1\nkind: Entity\n\
                    metadata: { name: order }\n"
        .to_owned();
    if !chores.is_empty() {
        text.push_str("setup:\n  tasks:\n");
    }
    for (name, chore) in chores {
        let when = if chore.version.is_multiple_of(2) { "before" } else { "after" };
        text.push_str(&format!(
            "    {name}:\n      when: {when}\n      sql: |\n        \
             INSERT INTO log VALUES ('{name}{}');\n        UPDATE gate SET closed = 1 WHERE name = '{name}';\n",
            chore.version
        ));
        if chore.is_guarded {
            text.push_str(&format!("      unless: SELECT 1 FROM gate WHERE name = '{name}' AND closed\n"));
        }
    }
    text.push_str(&format!(
        "spec: {{ displayName: Order {label}, fields: {{ number: {{ type: text }} }} }}\n"
    ));
    let file = File { path: "all.yaml".to_owned(), text };
    Files { revision: Revision::default(), files: vec![file], notes: Vec::new() }
}

/// Applies round after round, each twice, and holds what ran against the count.
pub fn run_as_often_as_they_say(numbers: Vec<u16>) -> Result<(), String> {
    let (mut draw, bench, mut count) = (Draw::new(numbers), Bench::new(), Count::default());
    bench
        .database()
        .execute_batch(
            "CREATE TABLE log (what TEXT); CREATE TABLE gate (name TEXT PRIMARY KEY, closed INTEGER);
             INSERT INTO gate VALUES ('a', 0), ('b', 0), ('c', 0)",
        )
        .map_err(|e| e.to_string())?;
    for round in 0..5 {
        let mut chores = Vec::new();
        for name in NAMES {
            if draw.below(3) > 0 {
                let version = draw.below(3);
                chores.push((name, Chore { version, is_guarded: draw.one_in(2) }));
            }
        }
        // All that come before run before all that come after, whatever their places.
        chores.sort_by_key(|(_, chore)| chore.version % 2);
        if draw.one_in(2) {
            let name = *draw.pick(&NAMES);
            bench
                .database()
                .execute("UPDATE gate SET closed = 0 WHERE name = ?1", [name])
                .map_err(|e| e.to_string())?;
            count.closed.insert(name, false);
        }
        let goal = desired(&files(&chores, draw.below(2)))?;
        let said = format!("round {round}: {chores:?}\n{count:?}");
        count.round(&chores);
        for again in [false, true] {
            let plan = bench.plan(&goal)?;
            if again && !plan.is_empty() {
                return Err(format!("{said}\na second plan is not empty: {:#?}", plan.changes));
            }
            let report = bench.apply(&plan, &goal).map_err(|e| format!("{said}\n{e:?}"))?;
            if !matches!(report.outcome, Applied::Done | Applied::Nothing) {
                return Err(format!("{said}\n{report:#?}"));
            }
            let log: String = bench
                .database()
                .query_row("SELECT coalesce(group_concat(what, ' '), '') FROM log", [], |row| row.get(0))
                .map_err(|e| e.to_string())?;
            if log != count.log.join(" ") {
                return Err(format!("{said}\nran: {log}\nshould have run: {}", count.log.join(" ")));
            }
        }
    }
    Ok(())
}
