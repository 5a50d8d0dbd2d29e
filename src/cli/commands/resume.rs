//! `reconcile resume`: go on. A suspension is lifted, and what the last apply left is finished.
//! Never guesses: opening a target undoes what a killed apply had begun, and the journal says how the last one ended.

use crate::cli::context::{Context, Purpose};
use crate::cli::exit::{Code, Failure};
use crate::provider::open::Mode;
use crate::render::paint::clean_json;
use crate::render::{resume_text, suspension_text};
use crate::wire::journal::{HistoryDocument, to_json};

/// Lifts suspensions, and finishes or takes back what is left, where anything is.
pub fn run(context: &Context, named: Option<&str>) -> Result<Code, Failure> {
    let opened = context.open()?;
    let (mut last, mut texts) = (Vec::new(), Vec::new());
    for environment in context.environments_or(&opened.repository, named, Purpose::Read)? {
        let mut target = context.target(environment, Mode::Read)?;
        if target.suspension()?.is_some()
            && let Some(suspension) = context.keeper(environment)?.lift()?
        {
            let (name, paint) = (target.describe(), context.terminal.paint);
            let text = suspension_text::lifted(&environment.name, &name, &suspension, paint);
            match context.is_json() {
                true => context.terminal.remark(text.trim_end()),
                false => texts.push(text),
            }
        }
        let is_clean = target.inspect()?.unfinished.is_empty();
        let tidied = if is_clean { Vec::new() } else { super::apply::tidy(context, environment)? };
        let entry = target.history(1)?.into_iter().next();
        let place = (environment.name.as_str(), target.describe());
        let ended = entry.as_ref();
        texts.push(resume_text::resumed(place.0, &place.1, &tidied, ended, context.terminal.paint));
        last.extend(entry);
    }
    let text = match context.is_json() {
        true => clean_json(&to_json(&HistoryDocument::new(last))),
        false => texts.join("\n"),
    };
    context.terminal.result(&text);
    Ok(Code::Done)
}
