//! `reconcile history` and `reconcile show`.
//! Never writes to a target.

use crate::cli::context::{Context, Purpose};
use crate::cli::exit::{Code, Failure};
use crate::provider::open::Mode;
use crate::render::history_text;
use crate::render::paint::clean_json;
use crate::wire::journal::{EntryDocument, HistoryDocument, entry_to_json, to_json};

pub fn list(context: &Context, limit: usize) -> Result<Code, Failure> {
    let opened = context.open()?;
    let environments = context.environments(&opened.repository, Purpose::Read)?;
    let mut entries = Vec::new();
    let mut texts = Vec::new();
    for environment in &environments {
        let mut target = context.target(environment, Mode::Read)?;
        let of_one = target.history(limit)?;
        let heading = match environments.len() {
            1 => String::new(),
            _ => format!("Environment {}\n", environment.name),
        };
        texts.push(heading + &history_text::history(&of_one, context.terminal.paint));
        entries.extend(of_one);
    }
    let text = match context.is_json() {
        true => clean_json(&to_json(&HistoryDocument::new(entries))),
        false => texts.join("\n"),
    };
    context.terminal.result(&text);
    Ok(Code::Done)
}

pub fn show(context: &Context, id: u64) -> Result<Code, Failure> {
    let opened = context.open()?;
    let environment = context.environment(&opened.repository)?;
    let mut target = context.target(environment, Mode::Read)?;
    let Some(entry) = target.entry(id)? else {
        return Err(Failure::error(format!(
            "the journal of environment {} has no entry {id}",
            environment.name
        ))
        .help(format!("list them: reconcile history -e {}", environment.name)));
    };
    let text = match context.is_json() {
        true => clean_json(&entry_to_json(&EntryDocument::new(entry))),
        false => history_text::entry(&entry, context.terminal.paint),
    };
    context.terminal.result(&text);
    Ok(Code::Done)
}
