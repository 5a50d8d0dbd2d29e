//! What was asked of a watch on the command line.
//! Never reads a setting from elsewhere.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::watch::Pace;

/// What is watched, and how quickly it goes round.
#[derive(Clone, Debug, Args)]
pub struct Order {
    /// Follow this branch in every environment: `main`, `origin/main`. Default: the environment's `ref`, else the
    /// branch that is checked out
    #[arg(long = "ref", value_name = "BRANCH", conflicts_with = "work_tree")]
    pub branch: Option<String>,
    /// How often remotes are asked with `git fetch`
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub poll: Duration,
    /// How often each target is looked at for what has moved there
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    pub interval: Duration,
    /// Follow the files of the work tree, committed or not
    #[arg(long)]
    pub work_tree: bool,
    /// Where packages are kept that need a person's consent; default: .reconcile/spool in the repository
    #[arg(long, value_name = "DIR")]
    pub spool: Option<PathBuf>,
    /// One turn of each environment, and then end
    #[arg(long)]
    pub once: bool,
    /// After how long without a sign of life another watcher takes over
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub lease: Duration,
    /// Run the programs that `notify` in `reconcile.yaml` names
    #[arg(long)]
    pub allow_commands: bool,
    /// The variable with the token under which commits get a status; default: GITHUB_TOKEN or GITLAB_TOKEN
    #[arg(long, value_name = "VARIABLE")]
    pub token_variable: Option<String>,
    /// Answer /healthz, /readyz and /metrics over HTTP: a port, which is on this machine only, or ADDRESS:PORT
    #[arg(long, value_name = "ADDRESS", value_parser = crate::cli::listen::address)]
    pub listen: Option<SocketAddr>,
    /// How long an apply may go on after Ctrl-C or SIGTERM before it is rolled back
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub grace: Duration,
}

impl Order {
    pub fn pace(&self) -> Pace {
        Pace {
            poll: self.poll,
            interval: self.interval,
            lease: self.lease,
            reads_work_tree: self.work_tree,
            is_once: self.once,
            ..Pace::default()
        }
    }
}

/// Reads `500ms`, `30s`, `5m` or `1h`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "write a number and ms, s, m or h, for example 30s".to_owned();
    let unit = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(unit);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let milliseconds = match unit {
        "ms" => Some(number),
        "s" => number.checked_mul(1000),
        "m" => number.checked_mul(60_000),
        "h" => number.checked_mul(3_600_000),
        _ => return Err(wrong()),
    };
    match milliseconds {
        Some(0) => Err("it must be longer than nothing".to_owned()),
        Some(milliseconds) if milliseconds <= 30 * 86_400_000 => Ok(Duration::from_millis(milliseconds)),
        Some(_) | None => Err("it must not be longer than 30 days".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_number_and_a_unit() {
        for (text, want) in [("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("720h", 30 * 86_400_000)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(want)), "{text}");
        }
        for text in ["", "30", "s", "-1s", "1.5s", "1 s", "0s", "721h", "1d", "99999999999999999999s", "1s2"]
        {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
