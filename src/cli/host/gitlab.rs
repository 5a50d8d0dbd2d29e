//! The API of GitLab: comments are the notes of a merge request.
//! Never takes a note that GitLab itself wrote for a comment.

use serde_json::{Value, json};

use super::api::{Api, Call, Comment, Manner, Page, list, next_by_link, text};
use super::http::{Answer, Method};
use super::status::{State, Status};
use crate::render::preview_markdown::Dialect;

#[derive(Debug)]
pub struct Gitlab {
    pub path: String,
}

impl Gitlab {
    fn project(&self) -> String {
        format!("/projects/{}", self.path.replace('/', "%2F"))
    }
}

impl Api for Gitlab {
    fn headers(&self, token: &str) -> Vec<(&'static str, String)> {
        vec![("accept", "application/json".to_owned()), ("private-token", token.to_owned())]
    }

    fn manner(&self) -> Manner {
        Manner { limit: 1_000_000 - 10_000, dialect: Dialect::Html }
    }

    fn status(&self, status: &Status) -> Call {
        let state = match status.state {
            State::Pending => "pending",
            State::Success => "success",
            State::Failure => "failed",
        };
        let body = json!({ "state": state, "name": status.context, "description": status.description });
        Call::send(Method::Post, format!("{}/statuses/{}", self.project(), status.commit), body)
    }

    fn is_shown_already(&self, answer: &Answer) -> bool {
        answer.status == 400 && answer.body.contains("Cannot transition status")
    }

    fn ourselves(&self, answer: &Value) -> Option<String> {
        text(&answer["username"])
    }

    fn pull_request(&self, number: u64) -> Call {
        Call::get(format!("{}/merge_requests/{number}", self.project()))
    }

    fn head(&self, answer: &Value) -> Option<String> {
        text(&answer["sha"])
    }

    fn comments(&self, number: u64, page: Option<&str>) -> Call {
        let of = format!("{}/merge_requests/{number}/notes", self.project());
        // A note may be a million characters long.
        Call::get(format!("{of}?sort=asc&order_by=created_at&per_page=20&page={}", page.unwrap_or("1")))
    }

    fn page(&self, answer: &Answer) -> Option<Page> {
        let comments = list(answer)?.iter().filter_map(comment).collect();
        Some(Page { comments, next: next_by_link(answer) })
    }

    fn create(&self, number: u64, body: &str) -> Call {
        let path = format!("{}/merge_requests/{number}/notes", self.project());
        Call::send(Method::Post, path, json!({ "body": body }))
    }

    fn update(&self, number: u64, id: &str, body: &str) -> Call {
        let path = format!("{}/merge_requests/{number}/notes/{id}", self.project());
        Call::send(Method::Put, path, json!({ "body": body }))
    }
}

fn comment(item: &Value) -> Option<Comment> {
    if item["system"] == true {
        return None;
    }
    Some(Comment {
        id: text(&item["id"])?,
        body: text(&item["body"])?,
        author: text(&item["author"]["username"]),
        // Every token that may write a note may ask who it is.
        may_be_ours: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gitlab_is_asked_and_what_is_read_of_its_answers() {
        let gitlab = Gitlab { path: "acme/web/shop".to_owned() };
        let notes = "/projects/acme%2Fweb%2Fshop/merge_requests/7/notes";
        assert!(gitlab.comments(7, None).path.starts_with(&format!("{notes}?")));
        let call = gitlab.update(7, "31", "hello");
        assert_eq!((call.method, call.path), (Method::Put, format!("{notes}/31")));
        assert_eq!(gitlab.create(7, "hello").body, Some(json!({ "body": "hello" })));
        let body = r#"[{"id":31,"body":"hello","system":false,"author":{"username":"bot"}},
            {"id":32,"body":"added 1 commit","system":true,"author":{"username":"bot"}}]"#;
        let page = gitlab.page(&Answer { status: 200, headers: Vec::new(), body: body.to_owned() }).unwrap();
        let authors: Vec<Option<&str>> = page.comments.iter().map(|one| one.author.as_deref()).collect();
        assert_eq!((authors, page.next), (vec![Some("bot")], None));
    }
}
