//! `--listen`: whether a watch lives, whether it is ready, and its metrics, over HTTP.
//! Never changes anything: it answers GET, reads no body, and waits for nobody long.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::exit::Failure;
use crate::render::metrics;
use crate::report::standing::{Health, Standing};
use crate::report::tally::Tally;

/// How many are answered at once; others wait.
const AT_ONCE: usize = 32;

/// How long somebody may take to ask, and how long one connection lasts in all.
const HEAD: Duration = Duration::from_secs(5);
const CONNECTION: Duration = Duration::from_secs(10);

/// No request has a longer head.
const MAX_HEAD: usize = 16 * 1024;

/// After how long without a sign of life a watch is taken for dead.
const SILENCE: Duration = Duration::from_secs(300);

/// What is shown of a watch.
#[derive(Clone)]
pub struct Shown {
    pub standings: Arc<Mutex<BTreeMap<String, Standing>>>,
    pub tally: Arc<Mutex<Tally>>,
    pub pulse: Pulse,
    /// This watcher, as its leases name it.
    pub holder: String,
}

/// When the watch last went round.
#[derive(Clone, Debug)]
pub struct Pulse {
    last: Arc<Mutex<Instant>>,
    silence: Duration,
}

impl Default for Pulse {
    fn default() -> Pulse {
        Pulse { last: Arc::new(Mutex::new(Instant::now())), silence: SILENCE }
    }
}

impl Pulse {
    /// A pulse that is looked for at least so often.
    pub fn every(silence: Duration) -> Pulse {
        Pulse { silence: silence.max(SILENCE), ..Pulse::default() }
    }

    pub fn beat(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn is_alive(&self) -> bool {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).elapsed() < self.silence
    }
}

/// Reads `9464`, `127.0.0.1:9464`, `[::1]:9464` or `localhost:9464`. A port alone is on this machine only.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.trim_start_matches(':').parse::<u16>() {
        return Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    }
    let wrong = || "write a port, which is on this machine only, or ADDRESS:PORT".to_owned();
    text.to_socket_addrs().map_err(|_| wrong())?.next().ok_or_else(wrong)
}

/// Begins to answer, in a thread of its own, and returns where.
pub fn listen(address: SocketAddr, shown: Shown) -> Result<SocketAddr, Failure> {
    let refused = |error: std::io::Error| {
        Failure::error(format!("cannot listen on {address}: {error}"))
            .help("choose another address with --listen, or leave it out")
    };
    let listener = std::net::TcpListener::bind(address).map_err(refused)?;
    let bound = listener.local_addr().map_err(refused)?;
    listener.set_nonblocking(true).map_err(refused)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(refused)?;
    let begun = std::thread::Builder::new().name("listen".to_owned()).spawn(move || {
        runtime.block_on(answer_all(listener, shown));
    });
    begun.map_err(refused)?;
    Ok(bound)
}

async fn answer_all(listener: std::net::TcpListener, shown: Shown) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let places = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let shown = shown.clone();
                tokio::spawn(async move {
                    answer(stream, shown).await;
                    drop(place);
                });
            }
            // Too many files are open, or somebody went away: the next one may get through.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn answer(stream: TcpStream, shown: Shown) {
    let service = service_fn(move |request: Request<Incoming>| {
        let response = respond(request.method(), request.uri().path(), &shown);
        async move { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(MAX_HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    // Whoever is too slow or says nonsense is not waited for.
    let _ = tokio::time::timeout(CONNECTION, connection).await;
}

fn respond(method: &Method, path: &str, shown: &Shown) -> Response<Full<Bytes>> {
    if method != Method::GET && method != Method::HEAD {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET\n");
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    match path {
        "/healthz" if shown.pulse.is_alive() => plain(StatusCode::OK, "ok\n"),
        "/healthz" => plain(StatusCode::SERVICE_UNAVAILABLE, "the watch has not gone round for long\n"),
        "/readyz" => {
            let standings = shown.standings.lock().unwrap_or_else(PoisonError::into_inner);
            let unknown: Vec<&str> = standings
                .values()
                .filter(|standing| standing.health == Health::Unknown)
                .map(|standing| standing.environment.as_str())
                .collect();
            match (standings.is_empty(), unknown.is_empty()) {
                (true, _) => plain(StatusCode::SERVICE_UNAVAILABLE, "nothing was read yet\n"),
                (false, true) => plain(StatusCode::OK, "ok\n"),
                (false, false) => {
                    let text = format!("no turn yet: {}\n", unknown.join(", "));
                    plain(StatusCode::SERVICE_UNAVAILABLE, &text)
                }
            }
        }
        "/metrics" => {
            let tally = shown.tally.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let standings = shown.standings.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let mut response = plain(StatusCode::OK, &metrics::metrics(&standings, &tally, &shown.holder));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(metrics::CONTENT_TYPE));
            response
        }
        _ => plain(StatusCode::NOT_FOUND, "there are /healthz, /readyz and /metrics\n"),
    }
}

fn plain(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::copy_from_slice(text.as_bytes())));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_alone_is_on_this_machine_only() {
        assert_eq!(address("9464").map(|a| a.to_string()), Ok("127.0.0.1:9464".to_owned()));
        assert_eq!(address(":9464").map(|a| a.to_string()), Ok("127.0.0.1:9464".to_owned()));
        assert_eq!(address("0.0.0.0:80").map(|a| a.to_string()), Ok("0.0.0.0:80".to_owned()));
        assert_eq!(address("[::1]:80").map(|a| a.to_string()), Ok("[::1]:80".to_owned()));
        for wrong in ["", "a b", "65536", "localhost"] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }
}
