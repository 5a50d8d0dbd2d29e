//! Ctrl-C and SIGTERM: the first asks the watch to stop, the second ends it at once.
//! Never leaves anything half done: what is under way when a process ends is rolled back by the target.

use std::sync::Arc;

use super::desk::{Desk, Message};
use crate::cli::exit::Failure;
use crate::watch::Event;
use crate::wire::watch::Word;

/// Begins to listen.
#[cfg(unix)]
pub fn listen(desk: &Arc<Desk>) -> Result<(), Failure> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let failed = |error: std::io::Error| Failure::error(format!("signals cannot be listened to: {error}"));
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]).map_err(failed)?;
    let desk = Arc::clone(desk);
    let listening = std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for signal in &mut signals {
            if desk.stop.is_asked() {
                eprintln!("Stopped at once; what was under way is rolled back.");
                std::process::exit(128 + signal);
            }
            desk.stop.ask();
            let name = if signal == SIGINT { "Ctrl-C" } else { "SIGTERM" };
            let message =
                format!("{name}: what is under way is finished, or rolled back after the grace period");
            desk.send(Message::of(Event::Stop).telling(super::told(Word::Stopping, "", message)));
        }
    });
    listening.map(drop).map_err(failed)
}

/// Elsewhere a signal ends the process as it always does.
#[cfg(not(unix))]
pub fn listen(_: &Arc<Desk>) -> Result<(), Failure> {
    Ok(())
}
