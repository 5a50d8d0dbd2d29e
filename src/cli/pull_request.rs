//! Shows a preview on its pull request: as our one comment there, and as the status of its last commit.
//! Never lets a plan that went wrong look like one that went well.

use std::time::Duration;

use super::context::{Context, instant, variable};
use super::exit::Failure;
use super::host::SAY_WHERE;
use super::host::api::Manner;
use super::host::caller::{Caller, Token};
use super::host::comment::{Placed, Wanted, patiently, place, show};
use super::host::http::Http;
use super::host::pipeline::{Pipeline, pipeline};
use super::host::repository::{Hosted, NoHost, hosted};
use super::host::status::{State, Status};
use crate::manifest;
use crate::model::notify::HostConfig;
use crate::render::{preview_markdown, remarks};
use crate::report::preview::{Preview, Subject};
use crate::source::{self, Revision};

/// The longest list of comments that is read at once.
const MAX_ANSWER: u64 = 64 << 20;

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub number: Option<u64>,
    pub token_variable: Option<String>,
}

/// The pull request that a preview is shown on.
pub struct PullRequest {
    caller: Caller,
    number: u64,
    /// The commit that gets the status; none where what was planned is not what anybody has committed.
    commit: Option<String>,
    /// The last commit of its branch, where the job says so.
    head: Option<String>,
}

impl PullRequest {
    /// Finds it, and the token. Nobody is asked yet.
    pub fn find(context: &Context, revision: &Revision, asked: &Asked) -> Result<PullRequest, Failure> {
        let event = variable("GITHUB_EVENT_PATH").ok().and_then(|path| std::fs::read_to_string(path).ok());
        let of_job = pipeline(&|name| variable(name).ok(), event.as_deref()).map_err(no_host)?;
        let number = asked.number.or(of_job.number).ok_or_else(|| {
            Failure::error("no variable says which pull request this is for")
                .help("name it with --pull-request N, or leave --comment out where there is none")
        })?;
        let hosted = match &of_job.hosted {
            Some(hosted) => hosted.clone(),
            None => by_origin(context, revision)?,
        };
        let token = token(&hosted, asked.token_variable.as_deref())?;
        let http = Http::reading(MAX_ANSWER);
        let head = head(&of_job, number);
        let commit = commit(head.as_ref(), revision);
        Ok(PullRequest { caller: Caller::new(http, hosted, token), number, commit, head })
    }

    /// Shows the preview. Returns whether everything is there that should be; what is not has been warned of.
    pub fn tell(&self, context: &Context, preview: &Preview, max_bytes: Option<usize>) -> bool {
        let _progress = context.terminal.spinner(&format!("telling pull request {}", self.number));
        let commit = self.head.clone();
        let wanted = Wanted { commit, ..wanted(preview, self.caller.api.manner(), max_bytes) };
        let mut pause = |pause: Duration| std::thread::sleep(pause);
        let number = self.number;
        let placed = patiently(&mut pause, &mut || place(&self.caller, number, &wanted, instant()));
        let mut is_told = true;
        match placed {
            Ok(Placed::Written) => context.terminal.remark(&format!("Commented on pull request {number}.")),
            Ok(Placed::Updated) => {
                context.terminal.remark(&format!("Brought the comment on pull request {number} up to date."));
            }
            Ok(Placed::Superseded) => context.terminal.remark(&format!(
                "Pull request {number} has a newer commit, and its comment is left to that."
            )),
            Ok(Placed::Unchanged | Placed::NotNeeded) => {}
            Err(message) => {
                is_told = false;
                let text = format!("pull request {number} does not show this preview: {message}");
                context.terminal.warning(&text);
            }
        }
        let Some(commit) = &self.commit else { return is_told };
        let status = status(preview, commit, &context.global.environments);
        let shown = patiently(&mut pause, &mut || show(&self.caller, &status, instant()));
        if let Err(message) = shown {
            is_told = false;
            context
                .terminal
                .warning(&format!("the commit does not show the status of this preview: {message}"));
        }
        is_told
    }
}

/// The host by the url of `origin`. `reconcile.yaml` may come from the branch under review, so alone it does not say who
/// gets the token.
fn by_origin(context: &Context, revision: &Revision) -> Result<Hosted, Failure> {
    // Who gets the token is for the trusted revision to say, not for the branch.
    let rev = context.global.trust.as_deref().or(context.global.rev.as_deref());
    let config = source::root_config(context.root(), rev)?;
    let config = config.map_or_else(HostConfig::default, |file| manifest::config(&file).0.host);
    let address = revision.repository.as_deref().ok_or_else(|| no_host(NoHost::NoAddress))?;
    hosted(Some(address), &config).map_err(no_host)
}

fn no_host(why: NoHost) -> Failure {
    Failure::error(format!("the host of the pull request is not known: {why}")).help(SAY_WHERE)
}

fn token(hosted: &Hosted, named: Option<&str>) -> Result<Token, Failure> {
    let names: Vec<&str> = match named {
        Some(name) => vec![name],
        None => hosted.token_variables().to_vec(),
    };
    let found = names.iter().find_map(|name| variable(name).ok());
    found.map(|text| Token::new(&text)).ok_or_else(|| {
        Failure::error(format!("there is no token to comment with: {} is not set", names.join(" or ")))
            .help("set it, or name the variable that holds it with --token-variable NAME")
    })
}

/// The last commit of the branch, as the job says.
fn head(of_job: &Pipeline, number: u64) -> Option<String> {
    of_job.commit.clone().filter(|_| of_job.number == Some(number))
}

/// The commit that gets the status: the branch's last one, which in a job is often not what is checked out.
fn commit(head: Option<&String>, revision: &Revision) -> Option<String> {
    head.cloned().or_else(|| revision.commit.clone().filter(|_| !revision.dirty))
}

/// What the comment should be.
fn wanted(preview: &Preview, manner: Manner, max_bytes: Option<usize>) -> Wanted {
    let limit = max_bytes.filter(|limit| *limit > 0).map_or(manner.limit, |limit| limit.min(manner.limit));
    let is_worth_one = !remarks::has_nothing_to_do(preview);
    let text = match is_worth_one {
        true => preview_markdown::comment(preview, limit, manner.dialect),
        false => preview_markdown::nothing(preview, manner.dialect),
    };
    Wanted { mark: preview_markdown::mark(preview, manner.dialect), text, is_worth_one, commit: None }
}

/// How the commit stands, in the words of the verdict.
fn status(preview: &Preview, commit: &str, named: &[String]) -> Status {
    let verdict = remarks::verdict(preview);
    let state = if verdict.is_failure() { State::Failure } else { State::Success };
    Status::cut(commit.to_owned(), &context_of(&preview.subject, named), state, &verdict.text)
}

/// Previews of other folders and environments have statuses of their own.
fn context_of(subject: &Subject, named: &[String]) -> String {
    let mut text = format!("reconcile/{}", if subject.has_targets { "plan" } else { "preview" });
    if !subject.folder.is_empty() {
        text.push_str(&format!("/{}", subject.folder));
    }
    if !named.is_empty() {
        text.push_str(&format!(" ({})", named.join(", ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;
    use crate::report::preview::{Planned, Unplanned};

    #[test]
    fn a_status_has_a_name_of_its_own_and_words_that_fit() {
        let of = |folder: &str, has_targets, named: &[&str]| {
            let subject = Subject { folder: folder.to_owned(), has_targets, ..Subject::default() };
            context_of(&subject, &named.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(of("", true, &[]), "reconcile/plan");
        assert_eq!(of("apps/shop", false, &["dev", "prod*"]), "reconcile/preview/apps/shop (dev, prod*)");
        let failed = Unplanned { environment: "dev".to_owned(), message: "no".to_owned(), help: None };
        let preview = Preview { unplanned: vec![failed], ..Preview::default() };
        let shown = status(&preview, "4f2a91c", &["e".repeat(300)]);
        assert_eq!(shown.state, State::Failure);
        assert!(shown.description.chars().count() <= 140 && shown.context.chars().count() == 255);
    }

    #[test]
    fn a_comment_fits_its_host_and_is_not_begun_for_nothing() {
        use crate::render::preview_markdown::Dialect;
        let manner = Manner { limit: 32_000, dialect: Dialect::Plain };
        let nothing = wanted(&Preview::default(), manner, None);
        assert!(!nothing.is_worth_one && nothing.text.starts_with(&nothing.mark));
        assert!(nothing.mark.starts_with("[//]: # (reconcile:plan "), "{}", nothing.mark);
        let failed = |at: usize| Unplanned {
            environment: format!("dev-{at}"),
            message: "no <b>".repeat(60),
            help: None,
        };
        let unplanned = (0..400).map(failed).collect();
        // Hundreds of environments leave room for what is to be said of them.
        let planned = |at: usize| {
            let environment = format!("dev-{at}");
            Planned::new(Plan { environment, ..crate::render::sample::plan(Vec::new(), Vec::new()) })
        };
        let planned = (0..700).map(planned).collect();
        let preview = Preview { unplanned, planned, ..Preview::default() };
        for (max_bytes, most) in
            [(None, 32_000), (Some(0), 32_000), (Some(5_000), 5_000), (Some(99_000), 32_000)]
        {
            let wanted = wanted(&preview, manner, max_bytes);
            assert!(wanted.is_worth_one && wanted.text.len() <= most && wanted.text.len() > most / 2);
            assert!(wanted.text.contains(" more | | ") && wanted.text.contains("### Not planned"));
        }
    }

    #[test]
    fn the_status_goes_to_the_branch_and_to_nothing_uncommitted() {
        let at =
            |commit: &str, dirty| Revision { commit: Some(commit.to_owned()), dirty, ..Revision::default() };
        let job = Pipeline { number: Some(7), commit: Some("head".to_owned()), ..Pipeline::default() };
        let of = |number, revision| commit(head(&job, number).as_ref(), &revision);
        assert_eq!(of(7, at("merge", false)).as_deref(), Some("head"));
        assert_eq!(of(8, at("here", false)).as_deref(), Some("here"));
        assert_eq!(of(8, at("here", true)), None);
    }
}
