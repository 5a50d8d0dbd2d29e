//! What a watch answers over HTTP, and that nobody can keep it from answering.
//! Never leaves this machine.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reconcile::cli::listen::{Pulse, Shown, address, listen};
use reconcile::report::standing::{Health, Standing};
use reconcile::report::tally::Tally;

struct Watch {
    shown: Shown,
    at: SocketAddr,
}

fn watch() -> Watch {
    let shown = Shown {
        standings: Arc::new(Mutex::new(BTreeMap::new())),
        tally: Arc::new(Mutex::new(Tally::default())),
        pulse: Pulse::default(),
        holder: "ada, process 7".to_owned(),
    };
    let at = listen(address("0").unwrap(), shown.clone()).expect("a free port");
    Watch { shown, at }
}

impl Watch {
    fn stand(&self, name: &str, health: Health) {
        let standing = Standing { health, ..Standing::unknown(name, "sqlite dev.db") };
        self.shown.standings.lock().unwrap().insert(name.to_owned(), standing);
    }

    /// Sends bytes and returns all that is answered.
    fn send(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.at).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.write_all(bytes).ok();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok();
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn get(&self, path: &str) -> (String, String) {
        let answer = self.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
        (head.lines().next().unwrap().to_owned(), body.to_owned())
    }
}

#[test]
fn it_is_ready_once_every_environment_had_its_turn() {
    let watch = watch();
    assert_eq!(watch.get("/healthz").0, "HTTP/1.1 200 OK");
    let not_yet = "HTTP/1.1 503 Service Unavailable".to_owned();
    assert_eq!(watch.get("/readyz"), (not_yet.clone(), "nothing was read yet\n".to_owned()));
    watch.stand("dev", Health::Synced);
    watch.stand("staging", Health::Unknown);
    assert_eq!(watch.get("/readyz"), (not_yet, "no turn yet: staging\n".to_owned()));
    watch.stand("staging", Health::Standby);
    assert_eq!(watch.get("/readyz").0, "HTTP/1.1 200 OK");
    // A failure is for the metrics: to start the program anew would change nothing.
    watch.stand("staging", Health::Failed { retry_at: None });
    assert_eq!(watch.get("/readyz?verbose").0, "HTTP/1.1 200 OK");
    let (head, body) = watch.get("/metrics");
    assert_eq!(head, "HTTP/1.1 200 OK");
    assert!(body.contains("reconcile_environment_health{environment=\"staging\",health=\"failed\"} 1\n"));
}

#[test]
fn it_answers_to_looking_and_to_nothing_else() {
    let watch = watch();
    assert!(watch.send(b"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 200 OK"));
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "TRACE"] {
        let answer = watch.send(format!("{method} /metrics HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
        assert!(answer.starts_with("HTTP/1.1 405"), "{method}: {answer}");
    }
    assert_eq!(watch.get("/").0, "HTTP/1.1 404 Not Found");
    assert_eq!(watch.get("/../../etc/passwd").0, "HTTP/1.1 404 Not Found");
}

#[test]
fn who_says_nonsense_or_too_much_keeps_nobody_from_asking() {
    let watch = watch();
    let long = format!("GET /healthz HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
    assert!(!watch.send(long.as_bytes()).contains(" 200 "));
    let huge = b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1073741824\r\n\r\nx";
    assert!(watch.send(huge).starts_with("HTTP/1.1 405"));
    for nonsense in [
        &b"\0\0\0\0\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\xff\xfe\r\n\r\n",
        b"\r\n\r\n\r\n",
    ] {
        watch.send(nonsense);
    }
    // More than are answered at once, who connect and say nothing.
    let silent: Vec<TcpStream> = (0..60).map(|_| TcpStream::connect(watch.at).unwrap()).collect();
    assert_eq!(watch.get("/healthz").0, "HTTP/1.1 200 OK");
    drop(silent);
    assert_eq!(watch.get("/healthz").0, "HTTP/1.1 200 OK");
}
