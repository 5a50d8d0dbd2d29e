//! A host of repositories on this machine: the part of each API that comments and statuses go through, as documented.
//! Never shows more than one pull request, which is number 7 of `acme/shop`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use reconcile::model::notify::HostKind;
use serde_json::{Value, json};

use crate::receiver::{Received, Receiver, Reply};

/// The token that may do all this.
pub const TOKEN: &str = "hunter2";

/// What is on the host.
#[derive(Default)]
pub struct Pages {
    pub comments: Vec<Comment>,
    /// Context, state and description.
    pub statuses: Vec<(String, String, String)>,
    /// What is answered instead, one for each request whose line holds the word.
    pub faults: VecDeque<(&'static str, Reply)>,
    /// What the token is told that it belongs to; none where it may not ask.
    pub ourselves: Option<String>,
    pub n_writes: usize,
    /// The last commit of the pull request's branch; none where the token may not see it.
    pub head: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    pub author: String,
    pub body: String,
}

pub struct Forge {
    pub receiver: Receiver,
    pages: Arc<Mutex<Pages>>,
}

impl Forge {
    pub fn new(kind: HostKind) -> Forge {
        let pages = Arc::new(Mutex::new(Pages { ourselves: Some("robot".to_owned()), ..Pages::default() }));
        let kept = pages.clone();
        let receiver = Receiver::by(move |request| kept.lock().unwrap().answer(kind, request));
        Forge { receiver, pages }
    }

    pub fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap()
    }

    pub fn say(&self, author: &str, body: &str) {
        self.pages().comments.push(Comment { author: author.to_owned(), body: body.to_owned() });
    }

    pub fn bodies(&self, author: &str) -> Vec<String> {
        self.pages().comments.iter().filter(|one| one.author == author).map(|one| one.body.clone()).collect()
    }

    pub fn fault(&self, word: &'static str, status: u16, header: &str, body: &str) {
        let reply = Reply { status, header: header.to_owned(), body: body.to_owned() };
        self.pages().faults.push_back((word, reply));
    }
}

fn reply(status: u16, body: Value) -> Reply {
    Reply { status, header: String::new(), body: body.to_string() }
}

impl Pages {
    fn answer(&mut self, kind: HostKind, request: &Received) -> Reply {
        let bearer = format!("Bearer {TOKEN}");
        let (header, value) = match kind {
            HostKind::Github | HostKind::Bitbucket => ("authorization", bearer),
            HostKind::Gitlab => ("private-token", TOKEN.to_owned()),
            HostKind::Gitea => ("authorization", format!("token {TOKEN}")),
        };
        if request.header(header) != Some(value.as_str()) {
            return reply(401, json!({ "message": "Bad credentials" }));
        }
        if self.faults.front().is_some_and(|(word, _)| request.line.contains(word)) {
            return self.faults.pop_front().unwrap().1;
        }
        let mut words = request.line.split(' ');
        let (method, url) = (words.next().unwrap(), words.next().unwrap());
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let (of, changed) = match kind {
            HostKind::Github | HostKind::Gitea => {
                ("/repos/acme/shop/issues/7/comments", "/repos/acme/shop/issues/comments/")
            }
            HostKind::Gitlab => (
                "/projects/acme%2Fshop/merge_requests/7/notes",
                "/projects/acme%2Fshop/merge_requests/7/notes/",
            ),
            HostKind::Bitbucket => (
                "/repositories/acme/shop/pullrequests/7/comments",
                "/repositories/acme/shop/pullrequests/7/comments/",
            ),
        };
        let update = match kind {
            HostKind::Github | HostKind::Gitea => "PATCH",
            HostKind::Gitlab | HostKind::Bitbucket => "PUT",
        };
        let pull_request = match kind {
            HostKind::Github | HostKind::Gitea => "/repos/acme/shop/pulls/7",
            HostKind::Gitlab => "/projects/acme%2Fshop/merge_requests/7",
            HostKind::Bitbucket => "/repositories/acme/shop/pullrequests/7",
        };
        match (method, path) {
            ("GET", path) if path == pull_request => match (&self.head, kind) {
                (None, _) => reply(403, json!({ "message": "Resource not accessible by integration" })),
                (Some(head), HostKind::Github | HostKind::Gitea) => {
                    reply(200, json!({ "number": 7, "head": { "sha": head } }))
                }
                (Some(head), HostKind::Gitlab) => reply(200, json!({ "iid": 7, "sha": head })),
                (Some(head), HostKind::Bitbucket) => {
                    reply(200, json!({ "id": 7, "source": { "commit": { "hash": head } } }))
                }
            },
            ("GET", "/user") => match &self.ourselves {
                Some(name) => reply(200, json!({ "login": name, "username": name, "uuid": name })),
                None => reply(403, json!({ "message": "Resource not accessible by integration" })),
            },
            ("GET", path) if path == of => self.list(kind, of, query),
            ("POST", path) if path == of => {
                let (author, body) = ("robot".to_owned(), text(kind, request));
                self.n_writes += 1;
                self.comments.push(Comment { author, body });
                reply(201, json!({ "id": self.comments.len() - 1 }))
            }
            ("POST", path) if path.contains("/status") => self.status(kind, path, &request.json()),
            (method, path) if method == update && path.starts_with(changed) => {
                let id: usize = path.trim_start_matches(changed).parse().unwrap();
                self.n_writes += 1;
                self.comments[id].body = text(kind, request);
                reply(200, json!({ "id": id }))
            }
            (_, _) => reply(404, json!({ "message": "Not Found" })),
        }
    }

    fn list(&self, kind: HostKind, of: &str, query: &str) -> Reply {
        let number = |name: &str| {
            query.split('&').find_map(|one| one.strip_prefix(name)?.strip_prefix('=')?.parse::<usize>().ok())
        };
        let (page, size) = match kind {
            // All comments come at once.
            HostKind::Gitea => (1, usize::MAX),
            HostKind::Github | HostKind::Gitlab => (number("page").unwrap(), number("per_page").unwrap()),
            HostKind::Bitbucket => (number("page").unwrap(), number("pagelen").unwrap()),
        };
        let all = self.comments.iter().enumerate().map(|(id, one)| match kind {
            HostKind::Github | HostKind::Gitea => {
                let is_bot = one.author.ends_with("robot");
                json!({ "id": id, "body": one.body,
                    "user": { "login": one.author, "type": if is_bot { "Bot" } else { "User" } } })
            }
            HostKind::Gitlab => {
                json!({ "id": id, "body": one.body, "system": false, "author": { "username": one.author } })
            }
            HostKind::Bitbucket => {
                json!({ "id": id, "content": { "raw": one.body }, "deleted": false,
                    "user": { "uuid": one.author } })
            }
        });
        let shown: Vec<Value> = all.skip((page - 1).saturating_mul(size)).take(size).collect();
        let next = (page.saturating_mul(size) < self.comments.len())
            .then(|| format!("https://elsewhere.example{of}?per_page={size}&page={}", page + 1));
        match (kind, next) {
            (HostKind::Bitbucket, next) => reply(200, json!({ "values": shown, "next": next })),
            (HostKind::Github | HostKind::Gitlab | HostKind::Gitea, None) => reply(200, json!(shown)),
            (HostKind::Github | HostKind::Gitlab | HostKind::Gitea, Some(next)) => {
                let header = format!("link: <{next}>; rel=\"next\", <{next}>; rel=\"last\"");
                Reply { header, ..reply(200, json!(shown)) }
            }
        }
    }

    fn status(&mut self, kind: HostKind, path: &str, body: &Value) -> Reply {
        let name = match kind {
            HostKind::Github | HostKind::Gitea => "context",
            HostKind::Gitlab | HostKind::Bitbucket => "name",
        };
        let said = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
        if said("description").chars().count() > 140 || said(name).is_empty() {
            return reply(422, json!({ "message": "Validation Failed" }));
        }
        if kind == HostKind::Bitbucket && (said("url").is_empty() || said("key").is_empty()) {
            return reply(400, json!({ "error": { "message": "url: required" } }));
        }
        assert!(!path.ends_with("/statuses/"), "a status of no commit");
        self.statuses.push((said(name), said("state"), said("description")));
        reply(201, json!({}))
    }
}

/// The text of a comment; too long a one is refused before.
fn text(kind: HostKind, request: &Received) -> String {
    let body = request.json();
    let text = match kind {
        HostKind::Github | HostKind::Gitlab | HostKind::Gitea => body["body"].as_str(),
        HostKind::Bitbucket => body["content"]["raw"].as_str(),
    };
    let limit = match kind {
        HostKind::Github | HostKind::Gitea => 65_536,
        HostKind::Gitlab => 1_000_000,
        HostKind::Bitbucket => 32_768,
    };
    let text = text.unwrap().to_owned();
    assert!(text.len() <= limit, "{} bytes", text.len());
    text
}
