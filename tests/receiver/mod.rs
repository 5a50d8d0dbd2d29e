//! A receiver of HTTP requests on this machine, which answers as it is told.
//! Never understands more of HTTP than the tests need.

// Each test uses some of it.
#![allow(dead_code)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A request as it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub line: String,
    /// By names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// What is answered.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    pub status: u16,
    /// A whole line; empty for none.
    pub header: String,
    pub body: String,
}

/// A server that answers as it was told.
pub struct Receiver {
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    /// Answers with what it was given, the last answer for ever. Each is a status with headers and a body: `503`, `429 retry-after: 60`, `400 {"a":1}`.
    pub fn answering(answers: &[&str]) -> Receiver {
        let mut answers: Vec<String> = answers.iter().rev().map(|a| (*a).to_owned()).collect();
        Receiver::by(move |_| {
            let answer = if answers.len() > 1 { answers.pop() } else { answers.last().cloned() };
            let answer = answer.unwrap();
            let (status, rest) = answer.split_once(' ').unwrap_or((&answer, ""));
            let (header, body) = if rest.starts_with('{') { ("", rest) } else { (rest, "") };
            Reply { status: status.parse().unwrap(), header: header.to_owned(), body: body.to_owned() }
        })
    }

    /// Answers each request as a function says.
    pub fn by(mut answer: impl FnMut(&Received) -> Reply + Send + 'static) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = received.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                serve(stream.unwrap(), &mut answer, &kept);
            }
        });
        Receiver { url, received }
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Waits until so many have come.
    pub fn wait_for(&self, n_requests: usize) -> Vec<Received> {
        let until = Instant::now() + Duration::from_secs(60);
        while self.received().len() < n_requests && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(20));
        }
        self.received()
    }
}

fn serve(stream: TcpStream, answer: &mut dyn FnMut(&Received) -> Reply, kept: &Mutex<Vec<Received>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut next = || {
        let mut line = String::new();
        reader.read_line(&mut line).ok();
        line.trim_end().to_owned()
    };
    let line = next();
    if line.is_empty() {
        return;
    }
    let mut headers = Vec::new();
    loop {
        let header = next();
        let Some((name, value)) = header.split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, value)| value.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    let body = String::from_utf8(body).unwrap();
    let received = Received { line, headers, body };
    kept.lock().unwrap().push(received.clone());
    let Reply { status, header, body: text } = answer(&received);
    let header = if header.is_empty() { String::new() } else { format!("{header}\r\n") };
    let reply = format!(
        "HTTP/1.1 {status} Said\r\n{header}content-length: {}\r\nconnection: close\r\n\r\n{text}",
        text.len()
    );
    (&stream).write_all(reply.as_bytes()).ok();
}
