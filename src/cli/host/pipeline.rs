//! The pull request that a job runs for, as the variables of the job say.
//! Never believes that a job runs for one because of anything in the repository.

use serde_json::Value;

use super::repository::{BITBUCKET, Hosted, NoHost};
use crate::model::notify::HostKind;

/// What a job knows of where it runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pipeline {
    /// The repository that pull requests are made to; none where the job does not say.
    pub hosted: Option<Hosted>,
    /// The pull request; none where the job runs for something else.
    pub number: Option<u64>,
    /// The last commit of its branch, where that is not what is checked out.
    pub commit: Option<String>,
}

/// Reads a job's variables. `event` is the text of the file that `GITHUB_EVENT_PATH` names.
pub fn pipeline(variable: &dyn Fn(&str) -> Option<String>, event: Option<&str>) -> Result<Pipeline, NoHost> {
    let is_on = |name: &str| variable(name).is_some_and(|value| value == "true");
    let number = |name: &str| variable(name).and_then(|text| text.parse().ok());
    let at = |kind, api: Option<String>, path: Option<String>| match (api, path) {
        (Some(api), Some(path)) => Hosted::at(kind, &api, &path).map(Some),
        (_, _) => Ok(None),
    };
    if is_on("GITEA_ACTIONS") || is_on("FORGEJO_ACTIONS") {
        let server = variable("GITHUB_SERVER_URL").map(|url| format!("{}/api/v1", url.trim_end_matches('/')));
        let hosted = at(HostKind::Gitea, server, variable("GITHUB_REPOSITORY"))?;
        return Ok(Pipeline { hosted, ..actions(variable, event) });
    }
    if is_on("GITHUB_ACTIONS") {
        let hosted = at(HostKind::Github, variable("GITHUB_API_URL"), variable("GITHUB_REPOSITORY"))?;
        return Ok(Pipeline { hosted, ..actions(variable, event) });
    }
    if is_on("GITLAB_CI") {
        // A job of a fork runs in the fork, and its merge request is elsewhere.
        let path = variable("CI_MERGE_REQUEST_PROJECT_PATH").or_else(|| variable("CI_PROJECT_PATH"));
        let commit = variable("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA").or_else(|| variable("CI_COMMIT_SHA"));
        return Ok(Pipeline {
            hosted: at(HostKind::Gitlab, variable("CI_API_V4_URL"), path)?,
            number: number("CI_MERGE_REQUEST_IID"),
            commit,
        });
    }
    if let Some(path) = variable("BITBUCKET_REPO_FULL_NAME") {
        return Ok(Pipeline {
            hosted: at(HostKind::Bitbucket, Some(BITBUCKET.to_owned()), Some(path))?,
            number: number("BITBUCKET_PR_ID"),
            commit: variable("BITBUCKET_COMMIT"),
        });
    }
    Ok(Pipeline::default())
}

/// What the actions of GitHub and of those like it say: the event, else the reference `refs/pull/7/merge`.
fn actions(variable: &dyn Fn(&str) -> Option<String>, event: Option<&str>) -> Pipeline {
    let event: Value = event.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let of_comment = event["issue"]["pull_request"].is_object().then(|| event["issue"]["number"].as_u64());
    let by_event = event["pull_request"]["number"].as_u64().or(of_comment.flatten());
    let by_reference = || {
        let reference = variable("GITHUB_REF")?;
        reference.strip_prefix("refs/pull/")?.split('/').next()?.parse().ok()
    };
    Pipeline {
        hosted: None,
        number: by_event.or_else(by_reference),
        commit: event["pull_request"]["head"]["sha"].as_str().map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &str, event: Option<&str>) -> String {
        let variable = |name: &str| {
            let mut all = variables.split_whitespace().filter_map(|one| one.split_once('='));
            all.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
        };
        match pipeline(&variable, event) {
            Err(error) => error.to_string(),
            Ok(Pipeline { hosted, number, commit }) => {
                let hosted = hosted.map(|one| format!("{:?} {} {}", one.kind, one.api, one.path));
                let number = number.map(|number| format!("!{number}"));
                [hosted, number, commit].into_iter().flatten().collect::<Vec<_>>().join(" ")
            }
        }
    }

    #[test]
    fn a_job_says_which_pull_request_it_runs_for() {
        let github = "GITHUB_ACTIONS=true GITHUB_API_URL=https://api.github.com GITHUB_REPOSITORY=acme/shop";
        let event = r#"{"pull_request":{"number":7,"head":{"sha":"4f2a91c"}}}"#;
        let comment = r#"{"issue":{"number":8,"pull_request":{}}}"#;
        let issue = r#"{"issue":{"number":8}}"#;
        let at = "Github https://api.github.com acme/shop";
        for (variables, event, want) in [
            (String::new(), None, String::new()),
            (github.to_owned(), None, at.to_owned()),
            (github.to_owned(), Some(event), format!("{at} !7 4f2a91c")),
            (github.to_owned(), Some(comment), format!("{at} !8")),
            (github.to_owned(), Some(issue), at.to_owned()),
            (format!("{github} GITHUB_REF=refs/pull/9/merge"), Some("nonsense"), format!("{at} !9")),
            (format!("{github} GITHUB_REF=refs/heads/main"), None, at.to_owned()),
            (
                format!("{github} GITEA_ACTIONS=true GITHUB_SERVER_URL=https://git.example.com/"),
                Some(event),
                "Gitea https://git.example.com/api/v1 acme/shop !7 4f2a91c".to_owned(),
            ),
            (
                "GITLAB_CI=true CI_API_V4_URL=https://gitlab.com/api/v4 CI_PROJECT_PATH=eve/shop \
                 CI_MERGE_REQUEST_PROJECT_PATH=acme/shop CI_MERGE_REQUEST_IID=7 CI_COMMIT_SHA=4f2a91c"
                    .to_owned(),
                None,
                "Gitlab https://gitlab.com/api/v4 acme/shop !7 4f2a91c".to_owned(),
            ),
            (
                "BITBUCKET_REPO_FULL_NAME=acme/shop BITBUCKET_PR_ID=7 BITBUCKET_COMMIT=4f2a91c".to_owned(),
                None,
                "Bitbucket https://api.bitbucket.org/2.0 acme/shop !7 4f2a91c".to_owned(),
            ),
            (
                "GITHUB_ACTIONS=true GITHUB_API_URL=http://git.example.com GITHUB_REPOSITORY=a/b".to_owned(),
                None,
                "the API is reached neither by https nor on this machine".to_owned(),
            ),
        ] {
            assert_eq!(read(&variables, event), want, "{variables}");
        }
    }
}
