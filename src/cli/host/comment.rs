//! Our one comment on a pull request: found again, brought up to date in place, left alone where it says the same.
//! Never touches a comment that does not begin with our marker, and never writes one to say that there is nothing to do.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::api::{Call, Comment};
use super::caller::{Caller, Retry, Trouble};
use super::status::Status;

/// No more pages are looked through.
const MAX_PAGES: usize = 200;

/// For how long a host is waited for, in all.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the comment should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// How it begins, whatever it says.
    pub mark: String,
    pub text: String,
    /// Whether it is worth a comment where there is none yet.
    pub is_worth_one: bool,
    /// The last commit of the branch when this was made; none where nobody knows.
    pub commit: Option<String>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    Written,
    Updated,
    /// It says that already.
    Unchanged,
    /// There is none, and none is needed.
    NotNeeded,
    /// Somebody has pushed since. The comment is left to whoever makes it of the newer commit.
    Superseded,
}

/// Brings the comment up to date, once. It begins with a look at what is there, so that it may be done again after any
/// trouble.
pub fn place(caller: &Caller, number: u64, wanted: &Wanted, now: Timestamp) -> Result<Placed, Trouble> {
    let ours = find(caller, number, &wanted.mark, now)?;
    let same = |text: &str| text.replace("\r\n", "\n").trim_end() == wanted.text.trim_end();
    match ours {
        None if !wanted.is_worth_one => Ok(Placed::NotNeeded),
        Some(comment) if same(&comment.body) => Ok(Placed::Unchanged),
        // A slow job must not write over what a later one has said.
        _ if has_moved_on(caller, number, wanted, now) => Ok(Placed::Superseded),
        None => {
            caller.ask(&caller.api.create(number, &wanted.text), now)?;
            Ok(Placed::Written)
        }
        Some(comment) => match caller.ask(&caller.api.update(number, &comment.id, &wanted.text), now) {
            Ok(_) => Ok(Placed::Updated),
            // Somebody has just deleted it: another look makes a new one.
            Err(gone) if gone.status == Some(404) => Err(Trouble { retry: Retry::Soon, ..gone }),
            Err(trouble) => Err(trouble),
        },
    }
}

/// Tells whether the branch has a newer commit. A host that does not say has none.
fn has_moved_on(caller: &Caller, number: u64, wanted: &Wanted, now: Timestamp) -> bool {
    let Some(commit) = &wanted.commit else { return false };
    let answer = caller.ask(&caller.api.pull_request(number), now).ok();
    let answer: Option<Value> = answer.and_then(|answer| serde_json::from_str(&answer.body).ok());
    let head = answer.and_then(|answer| caller.api.head(&answer)).filter(|head| head.len() >= 7);
    head.is_some_and(|head| !commit.starts_with(&head) && !head.starts_with(commit.as_str()))
}

/// Shows the status of a commit, once.
pub fn show(caller: &Caller, status: &Status, now: Timestamp) -> Result<(), Trouble> {
    match caller.send(&caller.api.status(status)) {
        Ok(answer) if answer.is_good() || caller.api.is_shown_already(&answer) => Ok(()),
        Ok(answer) => Err(caller.trouble(&answer, now)),
        Err(message) => Err(Trouble { status: None, message, retry: Retry::Soon }),
    }
}

fn find(caller: &Caller, number: u64, mark: &str, now: Timestamp) -> Result<Option<Comment>, Trouble> {
    let ourselves = ourselves(caller, now)?;
    let is_ours = |comment: &Comment| {
        let begins = comment.body.replace("\r\n", "\n").starts_with(mark.trim_end());
        begins && ourselves.as_ref().map_or(comment.may_be_ours, |name| comment.author.as_ref() == Some(name))
    };
    let mut next = None;
    for _ in 0..MAX_PAGES {
        let answer =
            caller.ask(&caller.api.comments(number, next.as_deref()), now).map_err(
                |trouble| match trouble.status {
                    Some(404) => Trouble {
                        message: format!(
                            "{}; it has no such pull request, or the token may not see it",
                            trouble.message
                        ),
                        ..trouble
                    },
                    Some(_) | None => trouble,
                },
            )?;
        let unreadable = || Trouble {
            status: Some(answer.status),
            message: "its comments do not read".to_owned(),
            retry: Retry::Never,
        };
        let page = caller.api.page(&answer).ok_or_else(unreadable)?;
        if let Some(ours) = page.comments.into_iter().find(is_ours) {
            return Ok(Some(ours));
        }
        match page.next {
            Some(page) if next.as_ref() != Some(&page) => next = Some(page),
            Some(_) | None => return Ok(None),
        }
    }
    Ok(None)
}

/// What the host calls us; none where the token may not ask.
fn ourselves(caller: &Caller, now: Timestamp) -> Result<Option<String>, Trouble> {
    match caller.ask(&Call::get("/user".to_owned()), now) {
        Ok(answer) => {
            let answer: Option<Value> = serde_json::from_str(&answer.body).ok();
            Ok(answer.and_then(|answer| caller.api.ourselves(&answer)))
        }
        Err(trouble) if trouble.retry == Retry::Never => Ok(None),
        Err(trouble) => Err(trouble),
    }
}

/// Does something again after each trouble that passes, until it is done or patience is at its end.
pub fn patiently<T>(
    pause: &mut dyn FnMut(Duration),
    round: &mut dyn FnMut() -> Result<T, Trouble>,
) -> Result<T, String> {
    let (mut left, mut usual) = (PATIENCE, Duration::from_secs(1));
    loop {
        let Trouble { message, retry, .. } = match round() {
            Ok(done) => return Ok(done),
            Err(trouble) => trouble,
        };
        let wait = match retry {
            Retry::Never => return Err(message),
            Retry::Soon => usual,
            Retry::After(asked) => asked.max(usual),
        };
        let Some(rest) = left.checked_sub(wait) else {
            return Err(format!("{message}; it was not waited for any longer"));
        };
        (left, usual) = (rest, usual * 2);
        pause(wait);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_has_an_end_and_a_pause_that_is_asked_for_is_kept() {
        let seconds = |text: &str| -> Vec<Retry> {
            let retry = |word: &str| match word {
                "never" => Retry::Never,
                "soon" => Retry::Soon,
                seconds => Retry::After(Duration::from_secs(seconds.parse().unwrap())),
            };
            text.split_whitespace().map(retry).collect()
        };
        for (troubles, pauses, is_done) in [
            ("", vec![], true),
            ("soon soon 30", vec![1, 2, 30], true),
            ("0 0 0", vec![1, 2, 4], true),
            ("never soon", vec![], false),
            ("121", vec![], false),
            ("60 soon 59", vec![60, 2], false),
            ("soon soon soon soon soon soon soon soon", vec![1, 2, 4, 8, 16, 32], false),
        ] {
            let (mut waited, mut left) = (Vec::new(), seconds(troubles).into_iter());
            let done = patiently(&mut |pause| waited.push(pause.as_secs()), &mut || match left.next() {
                None => Ok(()),
                Some(retry) => Err(Trouble { status: None, message: "no".to_owned(), retry }),
            });
            assert_eq!((waited, done.is_ok()), (pauses, is_done), "{troubles}");
        }
    }
}
