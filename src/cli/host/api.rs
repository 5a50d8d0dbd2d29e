//! What every host can be asked: the status of a commit, and the comments of a pull request.
//! Never asks: it says what a request is, and reads what was answered.

use serde_json::Value;

use super::bitbucket::Bitbucket;
use super::gitea::Gitea;
use super::github::Github;
use super::gitlab::Gitlab;
use super::http::{Answer, Method};
use super::repository::Hosted;
use super::status::Status;
use crate::model::notify::HostKind;
use crate::render::preview_markdown::Dialect;

/// One request to the API of a host.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub method: Method,
    /// Behind the address of the API.
    pub path: String,
    pub body: Option<Value>,
}

/// A comment that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    pub id: String,
    pub body: String,
    pub author: Option<String>,
    /// Whether it may be ours where the host does not say who we are.
    pub may_be_ours: bool,
}

/// A part of the comments of a pull request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    pub comments: Vec<Comment>,
    /// What the next page is called; none where this is the last one.
    pub next: Option<String>,
}

/// What a comment may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// The most bytes that it is given: the host's limit, less a margin.
    pub limit: usize,
    pub dialect: Dialect,
}

/// The API of one kind of host.
pub trait Api: std::fmt::Debug + Send {
    fn headers(&self, token: &str) -> Vec<(&'static str, String)>;

    fn manner(&self) -> Manner;

    fn status(&self, status: &Status) -> Call;

    /// Tells whether a refusal says that the status is there already.
    fn is_shown_already(&self, _: &Answer) -> bool {
        false
    }

    /// Reads what we are called from the answer to `/user`.
    fn ourselves(&self, answer: &Value) -> Option<String> {
        text(&answer["login"])
    }

    fn pull_request(&self, number: u64) -> Call;

    /// Reads the last commit of a pull request's branch from the answer to that; it may be cut short.
    fn head(&self, answer: &Value) -> Option<String> {
        text(&answer["head"]["sha"])
    }

    fn comments(&self, number: u64, page: Option<&str>) -> Call;

    /// Reads a page of comments; none where it is no such page.
    fn page(&self, answer: &Answer) -> Option<Page>;

    fn create(&self, number: u64, body: &str) -> Call;

    fn update(&self, number: u64, id: &str, body: &str) -> Call;
}

/// The API of a repository's host.
pub fn api(hosted: &Hosted) -> Box<dyn Api> {
    let path = hosted.path.clone();
    match hosted.kind {
        HostKind::Github => Box::new(Github { path }),
        HostKind::Gitlab => Box::new(Gitlab { path }),
        HostKind::Gitea => Box::new(Gitea(Github { path })),
        HostKind::Bitbucket => Box::new(Bitbucket { path }),
    }
}

impl Call {
    pub fn get(path: String) -> Call {
        Call { method: Method::Get, path, body: None }
    }

    pub fn send(method: Method, path: String, body: Value) -> Call {
        Call { method, path, body: Some(body) }
    }
}

/// The page that a `Link` header calls the next one.
pub fn next_by_link(answer: &Answer) -> Option<String> {
    let link = answer.header("link")?;
    let next = link.split(',').find(|one| one.contains("rel=\"next\""))?;
    page_of(next.split(['<', '>']).nth(1)?)
}

/// The `page` of an url. Only that is taken: the token goes nowhere else because an answer says so.
pub fn page_of(url: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let page = query.split('&').find_map(|one| one.strip_prefix("page="))?;
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~%".contains(&b);
    (!page.is_empty() && page.bytes().all(is_plain)).then(|| page.to_owned())
}

/// A text, or a number as one.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The items of an answer that is a list.
pub fn list(answer: &Answer) -> Option<Vec<Value>> {
    serde_json::from_str(&answer.body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_page_of_a_link_is_taken() {
        for (link, want) in [
            ("", None),
            ("<https://h/c?page=1>; rel=\"prev\"", None),
            (
                "<https://h/c?page=1>; rel=\"prev\", <https://evil/c?per_page=50&page=3>; rel=\"next\"",
                Some("3"),
            ),
            ("<https://h/c?page=a/../b>; rel=\"next\"", None),
            ("<https://h/c>; rel=\"next\"", None),
        ] {
            let headers = vec![("link".to_owned(), link.to_owned())];
            let answer = Answer { status: 200, headers, body: String::new() };
            assert_eq!(next_by_link(&answer).as_deref(), want, "{link}");
        }
    }
}
