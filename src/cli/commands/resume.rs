//! `reconcile resume`: what the last apply left to be finished.
//! Never guesses: opening a target undoes what a killed apply had begun, and the journal says how the last one ended.

use crate::cli::context::{Context, Purpose};
use crate::cli::exit::{Code, Failure};
use crate::provider::open::Mode;
use crate::render::paint::clean_json;
use crate::render::resume_text;
use crate::wire::journal::{HistoryDocument, to_json};

/// Every target of today takes an apply whole or not at all, so that none has anything left.
pub fn run(context: &Context) -> Result<Code, Failure> {
    let opened = context.open()?;
    let (mut last, mut texts) = (Vec::new(), Vec::new());
    for environment in context.environments(&opened.repository, Purpose::Read)? {
        let mut target = context.target(environment, Mode::Read)?;
        let entry = target.history(1)?.into_iter().next();
        let place = (environment.name.as_str(), target.describe());
        texts.push(resume_text::nothing(place.0, &place.1, entry.as_ref(), context.terminal.paint));
        last.extend(entry);
    }
    let text = match context.is_json() {
        true => clean_json(&to_json(&HistoryDocument::new(last))),
        false => texts.join("\n"),
    };
    context.terminal.result(&text);
    Ok(Code::Done)
}
