//! The API of Gitea and Forgejo: GitHub's in most, but all comments come at once.
//! Never asks for a page that no answer named.

use serde_json::{Value, json};

use super::api::{Api, Call, Comment, Manner, Page, list, next_by_link, text};
use super::github::status_body;
use super::http::{Answer, Method};
use super::status::Status;
use crate::render::preview_markdown::{COMMENT, Dialect};

#[derive(Debug)]
pub struct Gitea {
    pub path: String,
}

impl Api for Gitea {
    fn headers(&self, token: &str) -> Vec<(&'static str, String)> {
        vec![("accept", "application/json".to_owned()), ("authorization", format!("token {token}"))]
    }

    fn manner(&self) -> Manner {
        Manner { limit: COMMENT, dialect: Dialect::Html }
    }

    fn status(&self, status: &Status) -> Call {
        let path = format!("/repos/{}/statuses/{}", self.path, status.commit);
        Call::send(Method::Post, path, status_body(status))
    }

    fn comments(&self, number: u64, page: Option<&str>) -> Call {
        let page = page.map(|page| format!("?page={page}")).unwrap_or_default();
        Call::get(format!("/repos/{}/issues/{number}/comments{page}", self.path))
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
        // A token may lack the right to ask who it is, and belong to a person.
        may_be_ours: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gitea_is_asked_and_what_is_read_of_its_answers() {
        let gitea = Gitea { path: "acme/shop".to_owned() };
        assert_eq!(gitea.comments(7, None).path, "/repos/acme/shop/issues/7/comments");
        assert_eq!(gitea.comments(7, Some("2")).path, "/repos/acme/shop/issues/7/comments?page=2");
        assert_eq!(gitea.headers("t")[1], ("authorization", "token t".to_owned()));
        let body = r#"[{"id":31,"body":"hello","user":{"login":"gitea-actions"}}]"#;
        let page = gitea.page(&Answer { status: 200, headers: Vec::new(), body: body.to_owned() }).unwrap();
        assert_eq!((page.comments[0].author.as_deref(), page.next), (Some("gitea-actions"), None));
    }
}
