//! A PostgreSQL that listens on this machine's own address, asks for passwords and shows a certificate.
//! Never outlives the value, and never runs as root.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};

pub struct Secured {
    pub port: u16,
    place: tempfile::TempDir,
    server: Child,
}

impl Secured {
    /// Starts the server. None where this machine has no PostgreSQL or no openssl, which is said.
    pub fn start() -> Option<Secured> {
        let programs = ["initdb", "postgres"].map(program);
        let [Some(initdb), Some(postgres)] = programs else {
            let is_required =
                std::env::var_os("RECONCILE_REQUIRE_POSTGRES").is_some_and(|value| value != "0");
            assert!(!is_required, "there is no PostgreSQL on this machine");
            eprintln!("skipped: there is no PostgreSQL on this machine");
            return None;
        };
        if Command::new("openssl").arg("version").output().is_err() {
            eprintln!("skipped: there is no openssl on this machine to make certificates with");
            return None;
        }
        let place = tempfile::Builder::new().prefix("reconcile-tls-").tempdir_in("/tmp").unwrap();
        let folder = place.path();
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        let account = account(folder);
        let data = folder.join("data");
        let mut command = Command::new(initdb);
        command.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-U", "postgres", "-D"]);
        run(as_account(command.arg(&data).current_dir(folder), account));
        certificates(folder);
        for name in ["server.crt", "server.key"] {
            fs::copy(folder.join(name), data.join(name)).unwrap();
            fs::set_permissions(data.join(name), fs::Permissions::from_mode(0o600)).unwrap();
            if let Some((user, group)) = account {
                chown(data.join(name), Some(user), Some(group)).unwrap();
            }
        }
        fs::write(
            data.join("pg_hba.conf"),
            "local all all trust\n\
             hostssl all tls 127.0.0.1/32 scram-sha-256\n\
             hostnossl all plain 127.0.0.1/32 scram-sha-256\n\
             host all app 127.0.0.1/32 scram-sha-256\n",
        )
        .unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(postgres);
        command.arg("-D").arg(&data).arg("-k").arg(folder).args(["-h", "127.0.0.1", "-p", &port.to_string()]);
        command.args(["-c", "fsync=off", "-c", "ssl=on", "-c", "shared_buffers=16MB"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir(folder);
        let server = as_account(&mut command, account).spawn().unwrap();
        let started = Secured { port, place, server };
        let mut client = started.administrator();
        client
            .batch_execute(
                "CREATE ROLE app LOGIN PASSWORD 'app: secret'; CREATE ROLE tls LOGIN PASSWORD 'app: secret'; \
                 CREATE ROLE plain LOGIN PASSWORD 'app: secret'",
            )
            .unwrap();
        client.batch_execute("CREATE DATABASE shop").unwrap();
        Some(started)
    }

    /// A connection over the socket, as soon as the server takes one.
    fn administrator(&self) -> Client {
        let url = format!("host={} port={} user=postgres", self.place.path().display(), self.port);
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            match Client::connect(&url, NoTls) {
                Ok(client) => return client,
                Err(error) => assert!(Instant::now() < until, "the server did not start: {error:?}"),
            }
            std::thread::yield_now();
        }
    }

    /// A file beside the server's: `ca.crt`, `other.crt`, `server.crt`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }
}

impl Drop for Secured {
    fn drop(&mut self) {
        // What is killed may have ended already.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = Path::new("/usr/lib/postgresql").read_dir().into_iter().flatten();
    let debian = debian.filter_map(|entry| Some(entry.ok()?.path().join("bin")));
    std::env::split_paths(&path).chain(debian).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// An authority, another one, and a certificate of the first for `localhost`.
fn certificates(folder: &Path) {
    let openssl = |arguments: &[&str]| run(Command::new("openssl").args(arguments).current_dir(folder));
    for name in ["ca", "other"] {
        let (key, certificate, subject) =
            (format!("{name}.key"), format!("{name}.crt"), format!("/CN={name}"));
        openssl(&[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-keyout",
            &key,
            "-out",
            &certificate,
            "-subj",
            &subject,
        ]);
    }
    openssl(&[
        "req",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-keyout",
        "server.key",
        "-out",
        "server.csr",
        "-subj",
        "/CN=localhost",
    ]);
    fs::write(folder.join("names"), "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n").unwrap();
    openssl(&[
        "x509",
        "-req",
        "-in",
        "server.csr",
        "-CA",
        "ca.crt",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        "names",
        "-out",
        "server.crt",
    ]);
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The ordinary user that a folder is given to, where its owner is root.
fn account(folder: &Path) -> Option<(u32, u32)> {
    if fs::metadata(folder).unwrap().uid() != 0 {
        return None;
    }
    let known = fs::read_to_string("/etc/passwd").unwrap();
    let line = known.lines().find(|line| line.starts_with("nobody:")).unwrap();
    let parts: Vec<&str> = line.split(':').collect();
    let (user, group) = (parts[2].parse().unwrap(), parts[3].parse().unwrap());
    chown(folder, Some(user), Some(group)).unwrap();
    Some((user, group))
}

fn as_account(command: &mut Command, account: Option<(u32, u32)>) -> &mut Command {
    match account {
        Some((user, group)) => command.uid(user).gid(group),
        None => command,
    }
}
