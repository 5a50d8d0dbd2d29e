//! What was measured, as a table: a line a part, a column pair a size.
//! Never measures.

use std::time::Duration;

/// The times of one part at one size.
#[derive(Clone, Debug)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn of(mut runs: Vec<Duration>) -> Times {
        assert!(!runs.is_empty(), "nothing was measured");
        runs.sort();
        Times(runs)
    }

    pub fn min(&self) -> Duration {
        self.0[0]
    }

    pub fn median(&self) -> Duration {
        self.0[self.0.len() / 2]
    }
}

/// Writes the table. Every size has the same parts; `growth` compares the last two.
pub fn table(sizes: &[(usize, Vec<(&'static str, Times)>)]) -> String {
    let mut text = format!("{:32}", "milliseconds: min, median");
    sizes.iter().for_each(|(size, _)| text.push_str(&format!("{:>20}", format!("{size} entities"))));
    if sizes.len() > 1 {
        text.push_str("  growth");
    }
    text.push('\n');
    let parts = sizes.first().map(|(_, parts)| parts.as_slice()).unwrap_or_default();
    for (line, (part, _)) in parts.iter().enumerate() {
        text.push_str(&format!("{part:32}"));
        for (_, parts) in sizes {
            let times = &parts[line].1;
            text.push_str(&format!("{:>10.1}{:>10.1}", millis(times.min()), millis(times.median())));
        }
        if let [.., (_, small), (_, large)] = sizes {
            let growth = millis(large[line].1.median()) / millis(small[line].1.median());
            text.push_str(&format!("{growth:>8.1}"));
        }
        text.push('\n');
    }
    text
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
