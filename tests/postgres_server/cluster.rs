//! One private cluster: made from a template, on a unix socket alone, stopped when this process ends.
//! Never listens on the network, and never runs as root.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::programs::Programs;

/// The superuser of every private cluster.
const USER: &str = "reconcile";

/// What makes it quick and small; nothing in it has to survive anything.
const SETTINGS: [&str; 12] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "shared_buffers=16MB",
    "max_connections=40",
    "jit=off",
    "listen_addresses=",
    "logging_collector=off",
    "log_min_messages=warning",
    "log_min_error_statement=panic",
];

/// Starts the server (`$@`), waits until the pipe from the test process closes, which it does however that process
/// ends, stops the server and removes its folder (`$0`). Only the server keeps the pipe that is read for its messages.
const WATCHDOG: &str = r#"
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
exec 2>/dev/null
read -r _ <&3
kill -QUIT $server
wait $server
cd /
rm -rf "$0"
"#;

pub struct Cluster {
    folder: PathBuf,
    _watchdog: Child,
}

impl Cluster {
    /// `more` are settings of the server, `name=value`, over those that every cluster has.
    pub fn start(programs: &Programs, more: &[&str]) -> Result<Cluster, String> {
        // A socket's path is short, which the build folder's need not be.
        let made = tempfile::Builder::new().prefix("reconcile-pg-").tempdir_in("/tmp");
        let place = made.map_err(|e| format!("a folder for the server cannot be made: {e}"))?;
        let account = Account::of(place.path())?;
        let data = place.path().join("data");
        copy(&template(programs, account.as_ref())?, &data)?;
        let folder = place.keep();

        let mut command = Command::new("sh");
        command.args(["-c", WATCHDOG]).arg(&folder).arg(&programs.postgres).arg("-D").arg(&data);
        command.arg("-k").arg(&folder);
        command.args(SETTINGS.iter().chain(more).flat_map(|setting| ["-c", setting]));
        command.env("LC_ALL", "C").current_dir(&folder);
        // What is sent to the group of the test is not for the watchdog, which has to clean up after it.
        command.process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut watchdog = as_account(&mut command, account.as_ref())
            .spawn()
            .map_err(|e| format!("the server cannot be started: {e}"))?;
        let said = watchdog.stderr.take().expect("stderr is piped");
        wait_until_ready(BufReader::new(said))?;
        Ok(Cluster { folder, _watchdog: watchdog })
    }

    /// The database that is there from the beginning.
    pub fn url(&self) -> String {
        format!("postgres://{USER}@/postgres?host={}", self.folder.display())
    }
}

/// Reads what the server says until it takes connections; the rest is read so that it never waits, and forgotten.
fn wait_until_ready(mut said: BufReader<impl std::io::Read + Send + 'static>) -> Result<(), String> {
    let mut before = String::new();
    loop {
        let mut line = String::new();
        let n_bytes = said.read_line(&mut line).map_err(|e| format!("the server says nothing: {e}"))?;
        if n_bytes == 0 {
            return Err(format!("the server did not start:\n{before}"));
        }
        if line.contains("ready to accept connections") {
            break;
        }
        before.push_str(&line);
    }
    std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    Ok(())
}

/// A cluster that was never started, made once for each version and kept in the build folder.
fn template(programs: &Programs, account: Option<&Account>) -> Result<PathBuf, String> {
    let owner = account.map_or("own", |account| account.name);
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{owner}", programs.version));
    if kept.is_dir() {
        return Ok(kept);
    }
    let made = tempfile::Builder::new().prefix("reconcile-pg-").tempdir_in("/tmp");
    let place = made.map_err(|e| format!("a folder for a cluster cannot be made: {e}"))?;
    Account::of(place.path())?;
    let mut command = Command::new(&programs.initdb);
    command.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--wal-segsize=1"]);
    command.args(["--username", USER]).arg("-D").arg(place.path().join("data")).current_dir(place.path());
    run(as_account(&mut command, account))?;
    let copied = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).map_err(|e| e.to_string())?;
    copy(&place.path().join("data"), &copied.path().join("data"))?;
    // Another process may have been quicker, and then its template is as good.
    let moved = fs::rename(copied.path().join("data"), &kept);
    if kept.is_dir() { Ok(kept) } else { Err(format!("the template cannot be kept: {moved:?}")) }
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    run(Command::new("cp").arg("-Rp").arg(from).arg(to))
}

fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_owned();
    let failed = |why: String| format!("`{}` failed: {why}", program.display());
    let output = command.output().map_err(|e| failed(e.to_string()))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}

/// The ordinary user as whom the server runs where the test runs as root.
struct Account {
    name: &'static str,
    user: u32,
    group: u32,
}

impl Account {
    /// None where the owner of a folder is an ordinary user; else the folder is given to one.
    fn of(folder: &Path) -> Result<Option<Account>, String> {
        let owner = fs::metadata(folder).map_err(|e| e.to_string())?.uid();
        if owner != 0 {
            return Ok(None);
        }
        let known = fs::read_to_string("/etc/passwd").map_err(|e| format!("/etc/passwd: {e}"))?;
        let account = ["postgres", "nobody"].into_iter().find_map(|name| Account::named(name, &known));
        let account = account.ok_or("there is no ordinary user to run the server as")?;
        let given = chown(folder, Some(account.user), Some(account.group));
        given.map_err(|e| format!("a folder cannot be given to `{}`: {e}", account.name))?;
        Ok(Some(account))
    }

    fn named(name: &'static str, known: &str) -> Option<Account> {
        let line = known.lines().find(|line| line.split(':').next() == Some(name))?;
        let parts: Vec<&str> = line.split(':').collect();
        Some(Account { name, user: parts.get(2)?.parse().ok()?, group: parts.get(3)?.parse().ok()? })
    }
}

fn as_account<'a>(command: &'a mut Command, account: Option<&Account>) -> &'a mut Command {
    match account {
        Some(account) => command.uid(account.user).gid(account.group),
        None => command,
    }
}
