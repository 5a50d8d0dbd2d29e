//! The terminal: what is coloured, what is printed where, what is asked, and progress.
//! Never mixes the two streams: stdout is the result, stderr is everything else.

use std::io::{BufRead, IsTerminal, Write};
use std::time::Duration;

use indicatif::ProgressBar;

use super::args::{Global, When};
use super::dialogue::Prompt;
use super::exit::Failure;
use super::progress::ApplyProgress;
use crate::plan::Plan;
use crate::render::paint::{Paint, Role, clean, clean_lines};

/// How this run speaks.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// For stdout.
    pub paint: Paint,
    /// For stderr.
    pub paint_error: Paint,
    pub quiet: bool,
    progress: bool,
    /// Whether long work is told of in lines, where no bar can be drawn.
    lines: bool,
}

impl Terminal {
    /// Honours `--color`, then `NO_COLOR`, then `CLICOLOR_FORCE`, then whether a stream is a terminal.
    pub fn new(global: &Global) -> Terminal {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty() && v != "0");
        let colored = |is_terminal: bool| match global.color {
            When::Always => true,
            When::Never => false,
            When::Auto if std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty()) => false,
            When::Auto if is_set("CLICOLOR_FORCE") => true,
            When::Auto => is_terminal && std::env::var_os("TERM").is_none_or(|t| t != "dumb"),
        };
        let (out, error) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
        Terminal {
            paint: Paint::new(colored(out)),
            paint_error: Paint::new(colored(error)),
            quiet: global.quiet,
            progress: error && !global.quiet && !global.no_progress,
            lines: !error && !global.quiet && !global.no_progress,
        }
    }

    /// Writes a result. A reader that went away ends the run quietly.
    pub fn result(&self, text: &str) {
        if std::io::stdout().write_all(text.as_bytes()).is_err() {
            std::process::exit(0);
        }
    }

    /// Writes a remark to stderr, unless `--quiet`.
    pub fn remark(&self, text: &str) {
        if !self.quiet {
            eprintln!("{}", clean_lines(text));
        }
    }

    /// Writes a warning to stderr, `--quiet` or not.
    pub fn warning(&self, text: &str) {
        eprintln!("{}: {}", self.paint_error.paint(Role::Warn, "warning"), clean_lines(text));
    }

    /// Writes a failure and its next move to stderr.
    pub fn failure(&self, failure: &Failure) {
        if let Some(message) = &failure.message {
            eprintln!("{}: {}", self.paint_error.paint(Role::Error, "error"), clean_lines(message));
        }
        if let Some(help) = &failure.help {
            eprintln!("  {}: {}", self.paint_error.paint(Role::Note, "help"), clean_lines(help));
        }
    }

    /// Asks for a `yes`. Without a terminal nobody can answer, and that is an error.
    pub fn confirm(&self, question: &str) -> Result<bool, Failure> {
        if !std::io::stdin().is_terminal() {
            return Err(
                Failure::error("nobody can be asked here").help("give --yes to apply without a question")
            );
        }
        let answer = { *self }.ask(&format!("{question} Only `yes` applies: "))?;
        Ok(answer.as_deref() == Some("yes"))
    }

    /// Tells whether somebody sits there who can be asked.
    pub fn can_ask(&self) -> bool {
        std::io::stdin().is_terminal()
    }

    /// Shows that something goes on, until the returned bar is dropped.
    pub fn spinner(&self, what: &str) -> Progress {
        if !self.progress {
            return Progress(ProgressBar::hidden());
        }
        let bar = ProgressBar::new_spinner().with_message(clean(what).into_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        Progress(bar)
    }

    /// A line at the bottom of the terminal, where somebody looks on.
    pub fn live_line(&self) -> Option<ProgressBar> {
        self.progress.then(super::watch::line)
    }

    /// Shows each step of an apply as it runs: on a terminal as a bar, elsewhere a line now and then for what takes long.
    pub fn apply_progress(&self, plan: &Plan) -> ApplyProgress {
        let bar =
            if self.progress { ProgressBar::new(plan.steps.len() as u64) } else { ProgressBar::hidden() };
        ApplyProgress::new(bar, self.lines, self.quiet, plan)
    }
}

impl Prompt for Terminal {
    fn show(&mut self, text: &str) {
        self.result(text);
    }

    fn ask(&mut self, question: &str) -> Result<Option<String>, Failure> {
        eprint!("{}", clean_lines(question));
        let mut answer = String::new();
        let n_bytes =
            std::io::stdin().lock().read_line(&mut answer).map_err(|e| Failure::error(e.to_string()))?;
        Ok((n_bytes > 0).then(|| answer.trim().to_owned()))
    }
}

/// A bar that goes away when it is dropped.
pub struct Progress(pub ProgressBar);

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
