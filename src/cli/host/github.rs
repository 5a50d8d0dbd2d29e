//! The API of GitHub and of GitHub Enterprise: comments are those of the issue behind a pull request.
//! Never takes the comment of a person for ours where GitHub does not say who we are.

use serde_json::{Value, json};

use super::api::{Api, Call, Comment, Manner, Page, list, next_by_link, text};
use super::http::{Answer, Method};
use super::status::{State, Status};
use crate::render::preview_markdown::{COMMENT, Dialect};

#[derive(Debug)]
pub struct Github {
    pub path: String,
}

impl Api for Github {
    fn headers(&self, token: &str) -> Vec<(&'static str, String)> {
        vec![
            ("accept", "application/vnd.github+json".to_owned()),
            ("x-github-api-version", "2022-11-28".to_owned()),
            ("authorization", format!("Bearer {token}")),
        ]
    }

    fn manner(&self) -> Manner {
        Manner { limit: COMMENT, dialect: Dialect::Html }
    }

    fn status(&self, status: &Status) -> Call {
        let path = format!("/repos/{}/statuses/{}", self.path, status.commit);
        let state = match status.state {
            State::Pending => "pending",
            State::Success => "success",
            State::Failure => "failure",
        };
        let body = json!({ "state": state, "context": status.context, "description": status.description });
        Call::send(Method::Post, path, body)
    }

    fn pull_request(&self, number: u64) -> Call {
        Call::get(format!("/repos/{}/pulls/{number}", self.path))
    }

    fn comments(&self, number: u64, page: Option<&str>) -> Call {
        let page = page.unwrap_or("1");
        Call::get(format!("/repos/{}/issues/{number}/comments?per_page=50&page={page}", self.path))
    }

    fn page(&self, answer: &Answer) -> Option<Page> {
        let comments = list(answer)?.iter().filter_map(comment).collect();
        Some(Page { comments, next: next_by_link(answer) })
    }

    fn create(&self, number: u64, body: &str) -> Call {
        let path = format!("/repos/{}/issues/{number}/comments", self.path);
        Call::send(Method::Post, path, json!({ "body": body }))
    }

    fn update(&self, _: u64, id: &str, body: &str) -> Call {
        let path = format!("/repos/{}/issues/comments/{id}", self.path);
        Call::send(Method::Patch, path, json!({ "body": body }))
    }
}

fn comment(item: &Value) -> Option<Comment> {
    Some(Comment {
        id: text(&item["id"])?,
        body: text(&item["body"])?,
        author: text(&item["user"]["login"]),
        // The token of a job or of an app may not ask who it is.
        may_be_ours: item["user"]["type"] == "Bot",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_github_is_asked_and_what_is_read_of_its_answers() {
        let github = Github { path: "acme/shop".to_owned() };
        let call = github.comments(7, Some("2"));
        assert_eq!((call.method, call.body), (Method::Get, None));
        assert_eq!(call.path, "/repos/acme/shop/issues/7/comments?per_page=50&page=2");
        let call = github.update(7, "31", "hello");
        assert_eq!((call.method, call.path.as_str()), (Method::Patch, "/repos/acme/shop/issues/comments/31"));
        assert_eq!(call.body, Some(json!({ "body": "hello" })));
        let body = r#"[{"id":31,"body":"hello","user":{"login":"github-actions[bot]","type":"Bot"}},
            {"id":32,"body":"no","user":{"login":"eve","type":"User"}},{"id":33,"body":null}]"#;
        let link = "<https://api.github.com/x?page=3>; rel=\"next\"".to_owned();
        let answer = Answer { status: 200, headers: vec![("link".to_owned(), link)], body: body.to_owned() };
        let page = github.page(&answer).unwrap();
        let read: Vec<(&str, bool)> =
            page.comments.iter().map(|one| (one.id.as_str(), one.may_be_ours)).collect();
        assert_eq!((read, page.next.as_deref()), (vec![("31", true), ("32", false)], Some("3")));
        let other = Answer { status: 200, headers: Vec::new(), body: r#"{"message":"no"}"#.to_owned() };
        assert_eq!(github.page(&other), None);
    }
}
