//! What a watch begins when: a table of events and the turns they lead to, and laws over any events at all.
//! Never waits: the clock is a number.

#[path = "watch_turns/laws.rs"]
mod laws;
#[path = "watch_turns/story.rs"]
mod story;

use std::fs;
use std::path::Path;

#[test]
fn every_sequence_of_events_leads_to_these_turns() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/watch_turns/turns.txt");
    let text = fs::read_to_string(&path).unwrap();
    let update = std::env::var_os("UPDATE").is_some();
    assert!(
        !(update && std::env::var_os("CI").is_some()),
        "UPDATE=1 rewrites expectations, which CI refuses"
    );
    let found = story::play(&text);
    if update {
        fs::write(&path, &found).unwrap();
        return;
    }
    assert!(found.matches("\n## ").count() > 10, "the table is not read");
    let diff = similar::TextDiff::from_lines(&text, &found);
    assert!(text == found, "{}", diff.unified_diff().header("written", "begun"));
}
