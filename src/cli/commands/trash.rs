//! `reconcile trash list` and `reconcile trash purge`.
//! Never purges what was not shown, unless `--yes` says that nobody is there to see it.

use crate::cli::args::Purging;
use crate::cli::context::{Context, Purpose, now};
use crate::cli::exit::{Code, Failure};
use crate::ops::trash::{self, Chosen};
use crate::provider::open::Mode;
use crate::render::paint::clean_json;
use crate::render::trash_text;
use crate::wire::trash::{Trash, TrashKind, to_json};

pub fn list(context: &Context) -> Result<Code, Failure> {
    let opened = context.open()?;
    let environments = context.environments(&opened.repository, Purpose::Read)?;
    let (mut all, mut texts) = (Vec::new(), Vec::new());
    for environment in &environments {
        let mut target = context.target(environment, Mode::Read)?;
        let kept = trash::list(target.as_mut())?;
        let heading = match environments.len() {
            1 => String::new(),
            _ => format!("Environment {}\n", environment.name),
        };
        texts.push(heading + &trash_text::list(&kept, context.terminal.paint));
        all.push(Trash { environment: environment.name.clone(), target: target.describe(), kept });
    }
    let text = match context.is_json() {
        true => clean_json(&to_json(TrashKind::Trash, all)),
        false => texts.join("\n"),
    };
    context.terminal.result(&text);
    Ok(Code::Done)
}

pub fn purge(context: &Context, order: &Purging) -> Result<Code, Failure> {
    let chosen = match (order.all, order.expired, order.numbers.is_empty()) {
        (true, _, _) => Chosen::All,
        (false, true, _) => Chosen::Expired(now()),
        (false, false, false) => Chosen::Numbers(order.numbers.clone()),
        (false, false, true) => {
            return Err(Failure::error("nothing is named that is to be purged")
                .help("give the numbers that `reconcile trash list` shows, --expired or --all"));
        }
    };
    let opened = context.open()?;
    let environment = context.environment(&opened.repository)?;
    let mut target = context.target(environment, Mode::Write)?;
    let these = trash::choose(&environment.name, target.as_mut(), &chosen)?;
    let terminal = &context.terminal;
    if !these.is_empty() && !order.yes {
        if !context.is_json() {
            terminal.result(&trash_text::list(&these, terminal.paint));
        }
        let question = format!("\nDrop this for good from environment {}?", environment.name);
        if !terminal.confirm(&question)? {
            terminal.remark("Nothing was purged.");
            return Ok(Code::Done);
        }
    }
    let purged = trash::purge(target.as_mut(), &context.holder(), &these)?;
    let text = match context.is_json() {
        true => {
            let of_one =
                Trash { environment: environment.name.clone(), target: target.describe(), kept: purged };
            clean_json(&to_json(TrashKind::Purged, vec![of_one]))
        }
        false => trash_text::purged(&purged, terminal.paint),
    };
    terminal.result(&text);
    Ok(Code::Done)
}
