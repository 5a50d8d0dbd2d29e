//! The API of Bitbucket Cloud, which shows HTML as text and wants a link with every status.
//! Never follows the link to the next page: only its number is taken.

use base64ct::{Base64, Encoding};
use serde_json::{Value, json};

use super::api::{Api, Call, Comment, Manner, Page, page_of, text};
use super::http::{Answer, Method};
use super::status::{State, Status};
use crate::fingerprint::Fingerprint;
use crate::render::preview_markdown::Dialect;

/// The longest name of a status.
const MAX_KEY: usize = 40;

#[derive(Debug)]
pub struct Bitbucket {
    pub path: String,
}

impl Bitbucket {
    fn at(&self, number: u64) -> String {
        format!("/repositories/{}/pullrequests/{number}", self.path)
    }
}

impl Api for Bitbucket {
    fn headers(&self, token: &str) -> Vec<(&'static str, String)> {
        // The tokens of people come with their address: `ada@example.com:TOKEN`.
        let authorization = match token.contains(':') {
            true => format!("Basic {}", Base64::encode_string(token.as_bytes())),
            false => format!("Bearer {token}"),
        };
        vec![("accept", "application/json".to_owned()), ("authorization", authorization)]
    }

    fn manner(&self) -> Manner {
        Manner { limit: 32_768 - 768, dialect: Dialect::Plain }
    }

    fn status(&self, status: &Status) -> Call {
        let state = match status.state {
            State::Pending => "INPROGRESS",
            State::Success => "SUCCESSFUL",
            State::Failure => "FAILED",
        };
        let key = match status.context.len() <= MAX_KEY {
            true => status.context.clone(),
            false => format!("reconcile-{}", Fingerprint::of(&status.context).short()),
        };
        let body = json!({
            "key": key,
            "name": status.context,
            "state": state,
            "description": status.description,
            "url": format!("https://bitbucket.org/{}/commits/{}", self.path, status.commit),
        });
        let path = format!("/repositories/{}/commit/{}/statuses/build", self.path, status.commit);
        Call::send(Method::Post, path, body)
    }

    fn ourselves(&self, answer: &Value) -> Option<String> {
        text(&answer["uuid"])
    }

    fn pull_request(&self, number: u64) -> Call {
        Call::get(self.at(number))
    }

    fn head(&self, answer: &Value) -> Option<String> {
        text(&answer["source"]["commit"]["hash"])
    }

    fn comments(&self, number: u64, page: Option<&str>) -> Call {
        Call::get(format!("{}/comments?pagelen=50&page={}", self.at(number), page.unwrap_or("1")))
    }

    fn page(&self, answer: &Answer) -> Option<Page> {
        let body: Value = serde_json::from_str(&answer.body).ok()?;
        let comments = body["values"].as_array()?.iter().filter_map(comment).collect();
        Some(Page { comments, next: body["next"].as_str().and_then(page_of) })
    }

    fn create(&self, number: u64, body: &str) -> Call {
        let path = format!("{}/comments", self.at(number));
        Call::send(Method::Post, path, json!({ "content": { "raw": body } }))
    }

    fn update(&self, number: u64, id: &str, body: &str) -> Call {
        let path = format!("{}/comments/{id}", self.at(number));
        Call::send(Method::Put, path, json!({ "content": { "raw": body } }))
    }
}

fn comment(item: &Value) -> Option<Comment> {
    if item["deleted"] == true {
        return None;
    }
    Some(Comment {
        id: text(&item["id"])?,
        body: text(&item["content"]["raw"])?,
        author: text(&item["user"]["uuid"]),
        // A token may lack the right to ask who it is; only the author may change a comment.
        may_be_ours: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_bitbucket_is_asked_and_what_is_read_of_its_answers() {
        let bitbucket = Bitbucket { path: "acme/shop".to_owned() };
        let comments = "/repositories/acme/shop/pullrequests/7/comments";
        assert_eq!(bitbucket.comments(7, None).path, format!("{comments}?pagelen=50&page=1"));
        let call = bitbucket.update(7, "31", "hello");
        assert_eq!((call.method, call.path), (Method::Put, format!("{comments}/31")));
        assert_eq!(call.body, Some(json!({ "content": { "raw": "hello" } })));
        let body = r#"{"values":[{"id":31,"deleted":true,"content":{"raw":""},"user":{"uuid":"{a}"}},
            {"id":32,"deleted":false,"content":{"raw":"hello"},"user":{"uuid":"{b}"}}],
            "next":"https://api.bitbucket.org/2.0/x?pagelen=50&page=2"}"#;
        let answer = Answer { status: 200, headers: Vec::new(), body: body.to_owned() };
        let page = bitbucket.page(&answer).unwrap();
        assert_eq!((page.comments.len(), page.comments[0].id.as_str()), (1, "32"));
        assert_eq!(page.next.as_deref(), Some("2"));
        assert_eq!(bitbucket.headers("t")[1].1, "Bearer t");
        assert_eq!(bitbucket.headers("ada@example.com:t")[1].1, "Basic YWRhQGV4YW1wbGUuY29tOnQ=");
        let status = |context: String| Status {
            commit: "4f2a91c".to_owned(),
            context,
            state: State::Success,
            description: "No changes.".to_owned(),
        };
        let body = |context: &str| bitbucket.status(&status(context.to_owned())).body.unwrap();
        assert_eq!(body("reconcile/plan")["key"], "reconcile/plan");
        assert!(body(&"x".repeat(41))["key"].as_str().is_some_and(|key| key.len() <= MAX_KEY));
    }
}
