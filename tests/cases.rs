//! Runs every case folder and asks it the six questions of the design's section 9.
//! Never knows what a case is about: the folder says.

#[path = "cases"]
mod cases {
    pub mod catalog;
    pub mod folder;
    pub mod runner;
}

use cases::runner;

#[test]
fn every_case_holds() {
    let outcomes = runner::run_all();
    let failed: Vec<&runner::Outcome> = outcomes.iter().filter(|o| !o.faults.is_empty()).collect();
    for outcome in &failed {
        eprintln!("\n== {}\n{}", outcome.name, outcome.faults.join("\n"));
    }
    println!("{} cases, {} failed", outcomes.len(), failed.len());
    assert!(!outcomes.is_empty(), "there are no cases");
    assert!(failed.is_empty(), "{} of {} cases failed", failed.len(), outcomes.len());
}
