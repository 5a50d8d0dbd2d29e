//! How far an apply is: the step that runs, for how long, how much of it is done.
//! Never says anything on stdout.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::fault::Fault;
use super::terminal::Progress;
use crate::apply::{Moment, Observer};
use crate::plan::Plan;
use crate::render::paint::clean;
use crate::target::{Going, Listener};

/// How often a step that takes long is told of where no bar can be drawn.
const LINE: Duration = Duration::from_secs(30);

/// Shows each step of an apply as it runs.
pub struct ApplyProgress {
    bar: Progress,
    titles: Vec<String>,
    is_quiet: bool,
    waited_for: Option<String>,
    running: Arc<Mutex<Running>>,
    /// The thread that tells of what takes long ends when this is dropped.
    _lines: Option<Sender<()>>,
    fault: Fault,
}

/// The step that runs.
#[derive(Debug, Default)]
struct Running {
    /// Its title; empty between steps.
    step: String,
    since: Option<Instant>,
    going: Option<Going>,
}

impl ApplyProgress {
    /// Shows on `bar`; tells of what takes long in lines where `has_lines`.
    pub fn new(bar: ProgressBar, has_lines: bool, is_quiet: bool, plan: &Plan) -> ApplyProgress {
        if let Ok(style) = ProgressStyle::with_template("{spinner} {pos}/{len} {elapsed} {wide_msg}") {
            bar.set_style(style);
        }
        if !bar.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        let running = Arc::new(Mutex::new(Running::default()));
        let lines = has_lines.then(|| tell_in_lines(Arc::clone(&running)));
        let titles = plan.steps.iter().map(|s| clean(&s.title).into_owned()).collect();
        let fault = Fault::from_environment();
        ApplyProgress {
            bar: Progress(bar),
            titles,
            is_quiet,
            waited_for: None,
            running,
            _lines: lines,
            fault,
        }
    }

    /// Hears how far the step under way is.
    pub fn listener(&self) -> Listener {
        let (bar, running) = (self.bar.0.clone(), Arc::clone(&self.running));
        Arc::new(move |going| {
            let mut running = lock(&running);
            if running.since.is_some() {
                running.going = Some(going.clone());
                bar.set_message(running.text());
            }
        })
    }

    fn step(&self, step: u32) {
        self.bar.0.set_position(u64::from(step));
        let title = self.titles.get(step as usize - 1).map(String::as_str).unwrap_or_default();
        let mut running = lock(&self.running);
        *running = Running { step: title.to_owned(), since: Some(Instant::now()), going: None };
        self.bar.0.set_message(running.text());
    }

    /// Says who is waited for: once, until it is somebody else.
    fn wait(&mut self, why: &str) {
        if !self.is_quiet && self.waited_for.as_deref() != Some(why) {
            self.bar.0.suspend(|| eprintln!("{}", clean(&format!("Waiting: {why}"))));
            self.waited_for = Some(why.to_owned());
        }
    }
}

impl Running {
    /// `fill column "a" of table "b" in batches: 40 %`
    fn text(&self) -> String {
        match &self.going {
            Some(going) => format!("{}: {}", self.step, said(going)),
            None => self.step.clone(),
        }
    }
}

/// `building index: scanning table, 40 %`
fn said(going: &Going) -> String {
    let phase = clean(&going.phase);
    let share =
        (going.total > 0).then(|| format!("{} %", u128::from(going.done) * 100 / u128::from(going.total)));
    match (phase.is_empty(), share) {
        (true, Some(share)) => share,
        (false, Some(share)) => format!("{phase}, {share}"),
        (_, None) => phase.into_owned(),
    }
}

/// Tells every now and then of a step that takes long, until the sender is dropped.
fn tell_in_lines(running: Arc<Mutex<Running>>) -> Sender<()> {
    let (sender, receiver) = channel::<()>();
    std::thread::spawn(move || {
        while receiver.recv_timeout(LINE) == Err(RecvTimeoutError::Timeout) {
            let running = lock(&running);
            if let Some(time) = running.since.map(|since| since.elapsed()).filter(|time| *time >= LINE) {
                eprintln!("Still running for {} s: {}", time.as_secs(), running.text());
            }
        }
    });
    sender
}

fn lock(running: &Mutex<Running>) -> MutexGuard<'_, Running> {
    // Whoever panicked left what it showed.
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Observer for ApplyProgress {
    fn at(&mut self, moment: &Moment) -> Result<(), String> {
        match moment {
            Moment::Waiting(why) => self.wait(why),
            Moment::Before(step) => self.step(*step),
            Moment::After(_) => *lock(&self.running) = Running::default(),
            Moment::Locked | Moment::Checked | Moment::Recorded | Moment::Verified | Moment::Committed => {}
        }
        self.fault.at(moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_told_where_there_is_one() {
        let going = |phase: &str, done, total| said(&Going { phase: phase.to_owned(), done, total });
        assert_eq!(going("", 1, 3), "33 %");
        assert_eq!(going("building index: scanning table", 0, 0), "building index: scanning table");
        assert_eq!(going("sorting", u64::MAX, u64::MAX), "sorting, 100 %");
    }
}
