//! Runs every case folder on every provider that it names, and asks it the six questions of the design's section 9.
//! Never knows what a case is about: the folder says.

#[path = "cases"]
mod cases {
    pub mod catalog_postgres;
    pub mod catalog_sqlite;
    pub mod folder;
    pub mod runner;
    pub mod stage;
    pub mod stage_postgres;
    pub mod stage_sqlite;
}
mod postgres_server;

use cases::runner;
use cases::stage::PROVIDERS;
use reconcile::provider::open;

#[test]
fn every_case_holds_on_sqlite() {
    hold("sqlite");
}

#[test]
fn every_case_holds_on_postgres() {
    hold("postgres");
}

fn hold(name: &str) {
    let provider = PROVIDERS.iter().find(|provider| provider.name == name).expect("the list names it");
    if open::dialect(name).is_none() {
        println!("skipped on {name}: this version cannot open it yet");
        return;
    }
    let Some(outcomes) = runner::run_all(provider) else { return };
    let failed: Vec<&runner::Outcome> = outcomes.iter().filter(|o| !o.faults.is_empty()).collect();
    for outcome in &failed {
        eprintln!("\n== {}\n{}", outcome.name, outcome.faults.join("\n"));
    }
    println!("{} cases on {name}, {} failed", outcomes.len(), failed.len());
    assert!(!outcomes.is_empty(), "there are no cases");
    assert!(failed.is_empty(), "{} of {} cases failed", failed.len(), outcomes.len());
}
