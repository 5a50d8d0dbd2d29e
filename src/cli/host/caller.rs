//! Asks the API of a repository's host, with its token.
//! Never prints the token, and never sends it anywhere else.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::api::{Api, Call, api};
use super::http::{Answer, Http, Request};
use super::repository::Hosted;

/// How much of a host's own words is shown.
const WORDS: usize = 200;

/// The token of a host; it is in no message.
pub struct Token(String);

impl Token {
    pub fn new(text: &str) -> Token {
        Token(text.trim().to_owned())
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The host of one repository, which can be asked.
#[derive(Debug)]
pub struct Caller {
    http: Http,
    hosted: Hosted,
    token: Token,
    pub api: Box<dyn Api>,
}

/// Why a host did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The status of its answer; none where there was no answer.
    pub status: Option<u16>,
    pub message: String,
    pub retry: Retry,
}

/// When it may be asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It would say the same.
    Never,
    Soon,
    After(Duration),
}

impl Caller {
    pub fn new(http: Http, hosted: Hosted, token: Token) -> Caller {
        Caller { http, api: api(&hosted), hosted, token }
    }

    /// Asks once. An answer of any status is an answer.
    pub fn send(&self, call: &Call) -> Result<Answer, String> {
        let url = format!("{}{}", self.hosted.api, call.path);
        let mut headers = self.api.headers(&self.token.0);
        if call.body.is_some() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let body = call.body.as_ref().map(Value::to_string).unwrap_or_default();
        self.http.ask(&Request { method: call.method, url: &url, headers: &headers, body: body.as_bytes() })
    }

    /// Asks once. Only a good answer is one.
    pub fn ask(&self, call: &Call, now: Timestamp) -> Result<Answer, Trouble> {
        match self.send(call) {
            Ok(answer) if answer.is_good() => Ok(answer),
            Ok(answer) => Err(self.trouble(&answer, now)),
            Err(message) => Err(Trouble { status: None, message, retry: Retry::Soon }),
        }
    }

    /// What an answer means that is not a good one.
    pub fn trouble(&self, answer: &Answer, now: Timestamp) -> Trouble {
        let said = said(answer).filter(|said| !said.contains(&self.token.0));
        let asked = answer.retry_after(now).and_then(|pause| Duration::try_from(pause).ok());
        let is_limit = said.as_ref().is_some_and(|said| said.to_lowercase().contains("rate limit"));
        let retry = match (answer.status, asked) {
            (429 | 403 | 500..600, Some(pause)) => Retry::After(pause),
            (429 | 500..600, None) => Retry::Soon,
            (403, None) if is_limit => Retry::Soon,
            (_, _) => Retry::Never,
        };
        let message = match answer.status {
            300..400 => format!("it answers {}, and redirects are not followed", answer.status),
            status => {
                let said = said.map(|said| format!(": {said}")).unwrap_or_default();
                format!("it answers {status}{said}")
            }
        };
        Trouble { status: Some(answer.status), message, retry }
    }
}

/// What a host says of a refusal, in its own words.
fn said(answer: &Answer) -> Option<String> {
    let body: Value = serde_json::from_str(&answer.body).ok()?;
    let places = [&body["message"], &body["error"]["message"], &body["error"]];
    let said = places.into_iter().find_map(Value::as_str)?;
    let flat: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(WORDS).collect();
    (!flat.trim().is_empty()).then(|| flat.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::notify::HostKind;

    #[test]
    fn a_refusal_says_when_to_come_back_and_never_the_token() {
        let hosted = Hosted::at(HostKind::Github, "https://api.github.com", "acme/shop").unwrap();
        let caller = Caller::new(Http::default(), hosted, Token::new("hunter2"));
        let now: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        let after = |seconds| Retry::After(Duration::from_secs(seconds));
        for (status, header, body, retry) in [
            (403, None, "", Retry::Never),
            (403, None, r#"{"message":"You have exceeded a secondary rate limit"}"#, Retry::Soon),
            (403, Some("60"), "", after(60)),
            (429, Some("5"), "", after(5)),
            (429, None, "", Retry::Soon),
            (502, None, "<html>", Retry::Soon),
            (422, Some("5"), r#"{"message":"hunter2 is bad"}"#, Retry::Never),
            (404, None, r#"{"error":{"message":"no hunter2"}}"#, Retry::Never),
        ] {
            let headers = header.map(|value| ("retry-after".to_owned(), str::to_owned(value)));
            let answer = Answer { status, headers: headers.into_iter().collect(), body: body.to_owned() };
            let trouble = caller.trouble(&answer, now);
            assert_eq!(trouble.retry, retry, "{status} {body}");
            assert!(!trouble.message.contains("hunter2"), "{}", trouble.message);
        }
        assert!(!format!("{caller:?}").contains("hunter2"));
    }
}
