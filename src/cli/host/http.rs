//! One HTTP request: with a deadline, without redirects, and never to the addresses of a machine's own metadata.
//! Never says in an error where it went to: an url may be a secret.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use jiff::SignedDuration;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error};

/// How long one request may take in all.
const DEADLINE: Duration = Duration::from_secs(10);

/// No more is read of an answer.
const MAX_ANSWER: u64 = 1 << 20;

/// A client; it keeps connections open between requests.
#[derive(Clone, Debug)]
pub struct Http {
    agent: Agent,
    /// No more is read of an answer; of a longer one, nothing is.
    max_answer: u64,
}

/// What is asked.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub method: Method,
    pub url: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// The headers that are of use, by their names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// How long the receiver wants to be left alone; at most a day.
    pub fn retry_after(&self, now: jiff::Timestamp) -> Option<SignedDuration> {
        let seconds = |text: &str| text.trim().parse::<i64>().ok();
        let asked = self.header("retry-after").and_then(|text| match seconds(text) {
            Some(seconds) => Some(SignedDuration::from_secs(seconds)),
            None => jiff::fmt::rfc2822::parse(text).ok().map(|at| at.timestamp().duration_since(now)),
        });
        let is_used_up = self.header("x-ratelimit-remaining").and_then(seconds) == Some(0);
        let reset = self.header("x-ratelimit-reset").and_then(seconds).filter(|_| is_used_up);
        let reset = reset.and_then(|at| jiff::Timestamp::from_second(at).ok());
        let pause = asked.or(reset.map(|at| at.duration_since(now)))?;
        Some(pause.clamp(SignedDuration::ZERO, SignedDuration::from_hours(24)))
    }
}

impl Default for Http {
    fn default() -> Http {
        let found = rustls_native_certs::load_native_certs().certs;
        let system: Vec<Certificate<'static>> =
            found.iter().map(|one| Certificate::from_der(one.as_ref()).to_owned()).collect();
        let roots = if system.is_empty() { RootCerts::WebPki } else { RootCerts::from(system) };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(DEADLINE))
            .user_agent(concat!("reconcile/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .build();
        let agent = Agent::with_parts(config, DefaultConnector::default(), Careful::default());
        Http { agent, max_answer: MAX_ANSWER }
    }
}

impl Http {
    /// A client that reads answers of up to so many bytes.
    pub fn reading(max_answer: u64) -> Http {
        Http { max_answer, ..Http::default() }
    }

    /// Asks once. An answer of any status is an answer.
    pub fn ask(&self, request: &Request<'_>) -> Result<Answer, String> {
        let method = match request.method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
        };
        let mut builder = ureq::http::Request::builder().method(method).uri(request.url);
        for (name, value) in request.headers {
            builder = builder.header(*name, *value);
        }
        // What does not read may be a secret.
        let unreadable = "the url or a header does not read";
        let answer = match request.method {
            Method::Get => self.agent.run(builder.body(()).map_err(|_| unreadable)?),
            Method::Post | Method::Put | Method::Patch => {
                self.agent.run(builder.body(request.body).map_err(|_| unreadable)?)
            }
        };
        let mut answer = answer.map_err(|error| message(&error))?;
        let headers = answer
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(self.max_answer).lossy_utf8(true).read_to_string();
        Ok(Answer { status, headers, body: body.unwrap_or_default() })
    }
}

/// What went wrong, without where.
fn message(error: &Error) -> String {
    match error {
        Error::Timeout(_) => format!("it did not answer within {} s", DEADLINE.as_secs()),
        Error::HostNotFound => "there is no such host, or not one that may be asked".to_owned(),
        Error::ConnectionFailed => "it does not take the connection".to_owned(),
        Error::Io(error) => error.kind().to_string(),
        Error::Rustls(error) => format!("its certificate is refused: {error}"),
        Error::Tls(why) => format!("its certificate is refused: {why}"),
        Error::BadUri(_) | Error::Http(_) => "the url does not read".to_owned(),
        Error::Protocol(_) => "it does not speak HTTP".to_owned(),
        _ => "it could not be asked".to_owned(),
    }
}

/// Looks names up, and leaves out the addresses at which a machine tells its own secrets.
#[derive(Debug, Default)]
struct Careful {
    inner: DefaultResolver,
}

impl Resolver for Careful {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let mut kept = self.empty();
        found.iter().filter(|address| !is_link_local(address)).for_each(|address| kept.push(*address));
        if kept.is_empty() { Err(Error::HostNotFound) } else { Ok(kept) }
    }
}

fn is_link_local(address: &SocketAddr) -> bool {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => ip.is_link_local() || ip.is_unspecified(),
        // `fd00:ec2::254` is where one provider keeps them.
        IpAddr::V6(ip) => {
            ip.is_unicast_link_local() || ip.is_unspecified() || ip.segments()[..2] == [0xfd00, 0x0ec2]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_metadata_are_never_asked() {
        for (address, is_refused) in [
            ("169.254.169.254:80", true),
            ("[fe80::1]:80", true),
            ("[::ffff:169.254.169.254]:80", true),
            ("[fd00:ec2::254]:80", true),
            ("0.0.0.0:80", true),
            ("127.0.0.1:80", false),
            ("10.0.0.1:443", false),
            ("[::1]:80", false),
        ] {
            assert_eq!(is_link_local(&address.parse().unwrap()), is_refused, "{address}");
        }
        let http = Http::default();
        for url in [
            "http://169.254.169.254/latest?token=hunter2",
            "http://[fe80::1]/hunter2",
            "hunter2",
            "ftp://hunter2/",
        ] {
            let request = Request { method: Method::Get, url, headers: &[], body: b"" };
            let refused = http.ask(&request).unwrap_err();
            assert!(!refused.contains("hunter2") && !refused.contains("169.254"), "{refused}");
        }
    }

    #[test]
    fn a_receiver_may_ask_to_be_left_alone() {
        let now: jiff::Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        let reset = (now.as_second() + 90).to_string();
        for (headers, want) in [
            (vec![], None),
            (vec![("retry-after", "30")], Some(30)),
            (vec![("retry-after", "-5")], Some(0)),
            (vec![("retry-after", "999999999")], Some(86_400)),
            (vec![("retry-after", "Mon, 2 Mar 2026 12:01:00 GMT")], Some(60)),
            (vec![("retry-after", "soon")], None),
            (vec![("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset.as_str())], Some(90)),
            (vec![("x-ratelimit-remaining", "5"), ("x-ratelimit-reset", reset.as_str())], None),
        ] {
            let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            let answer = Answer { status: 429, headers, body: String::new() };
            assert_eq!(answer.retry_after(now).map(|pause| pause.as_secs()), want);
        }
    }
}
