//! The API of Gitea and Forgejo: GitHub's in most, but all comments come at once.
//! Never asks for a page that no answer named.

use serde_json::Value;

use super::api::{Api, Call, Comment, Manner, Page, list, next_by_link, text};
use super::github::Github;
use super::http::Answer;
use super::status::Status;

/// What it is asked as GitHub is, it is asked in GitHub's words.
#[derive(Debug)]
pub struct Gitea(pub Github);

impl Api for Gitea {
    fn headers(&self, token: &str) -> Vec<(&'static str, String)> {
        vec![("accept", "application/json".to_owned()), ("authorization", format!("token {token}"))]
    }

    fn manner(&self) -> Manner {
        self.0.manner()
    }

    fn status(&self, status: &Status) -> Call {
        self.0.status(status)
    }

    fn pull_request(&self, number: u64) -> Call {
        self.0.pull_request(number)
    }

    fn comments(&self, number: u64, page: Option<&str>) -> Call {
        let page = page.map(|page| format!("?page={page}")).unwrap_or_default();
        Call::get(format!("/repos/{}/issues/{number}/comments{page}", self.0.path))
    }

    fn page(&self, answer: &Answer) -> Option<Page> {
        let comments = list(answer)?.iter().filter_map(comment).collect();
        Some(Page { comments, next: next_by_link(answer) })
    }

    fn create(&self, number: u64, body: &str) -> Call {
        self.0.create(number, body)
    }

    fn update(&self, number: u64, id: &str, body: &str) -> Call {
        self.0.update(number, id, body)
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
        let gitea = Gitea(Github { path: "acme/shop".to_owned() });
        assert_eq!(gitea.comments(7, None).path, "/repos/acme/shop/issues/7/comments");
        assert_eq!(gitea.comments(7, Some("2")).path, "/repos/acme/shop/issues/7/comments?page=2");
        assert_eq!(gitea.headers("t")[1], ("authorization", "token t".to_owned()));
        let body = r#"[{"id":31,"body":"hello","user":{"login":"gitea-actions"}}]"#;
        let page = gitea.page(&Answer { status: 200, headers: Vec::new(), body: body.to_owned() }).unwrap();
        assert_eq!((page.comments[0].author.as_deref(), page.next), (Some("gitea-actions"), None));
    }
}
