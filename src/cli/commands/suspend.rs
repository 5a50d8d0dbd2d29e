//! `reconcile suspend`: nothing is applied to an environment until it is resumed.
//! Never stops an apply that is under way.

use crate::cli::context::{Context, Purpose};
use crate::cli::exit::{Code, Failure};
use crate::journal::suspension::Suspension;
use crate::render::paint::clean_json;
use crate::render::suspension_text;
use crate::wire::suspension::{Suspended, SuspensionDocument, to_json};

/// Suspends the environment that is named, or those of `-e`.
pub fn run(context: &Context, named: Option<&str>, reason: Option<&str>) -> Result<Code, Failure> {
    let opened = context.open()?;
    let holder = context.holder();
    let wanted = Suspension { actor: holder.actor, since: holder.since, reason: reason.map(str::to_owned) };
    let (mut all, mut texts) = (Vec::new(), Vec::new());
    for environment in context.environments_or(&opened.repository, named, Purpose::Write)? {
        let mut target = context.keeper(environment)?;
        let held = target.suspension()?;
        let suspension = match &held {
            Some(held) => held.clone(),
            None => target.suspend(&wanted)?,
        };
        let name = target.describe();
        let is_new = held.is_none() && suspension == wanted;
        texts.push(suspension_text::suspended(
            &environment.name,
            &name,
            &suspension,
            is_new,
            context.terminal.paint,
        ));
        all.push(Suspended { environment: environment.name.clone(), target: name, suspension });
    }
    let text = match context.is_json() {
        true => clean_json(&to_json(&SuspensionDocument::new(all))),
        false => texts.concat(),
    };
    context.terminal.result(&text);
    Ok(Code::Done)
}
