//! `reconcile promote`.
//! Never writes to the environment that is promoted from.

use std::path::PathBuf;

use super::apply::Consent;
use super::{apply, plan};
use crate::cli::context::{Context, today, writable};
use crate::cli::exit::{Code, Failure};
use crate::model::environment::Environment;
use crate::model::repository::Repository;
use crate::model::state::Desired;
use crate::ops::promote::{Drifted, desired, planned, promoted};
use crate::plan::Level;
use crate::provider::open::Mode;

/// What was asked for on the command line.
pub struct Order<'a> {
    pub from: String,
    pub to: String,
    pub only_shown: bool,
    pub out: Option<PathBuf>,
    pub consent: Consent<'a>,
    pub allow_drift: bool,
}

pub fn run(context: &Context, order: &Order<'_>) -> Result<Code, Failure> {
    if context.global.rev.is_some() {
        return Err(Failure::error("promote takes what was applied to FROM, so it takes no --rev")
            .help("to apply a revision: reconcile apply -e TO --rev REV"));
    }
    if order.from == order.to {
        return Err(Failure::error("an environment is not promoted to itself"));
    }
    let opened = context.open()?;
    let from = environment(&opened.repository, &order.from)?;
    let to = environment(&opened.repository, &order.to)?;
    if !order.only_shown && order.out.is_none() {
        writable(to, &[])?;
        apply::begin(context, to, order.consent.outside_window)?;
    }
    let drifted = if order.allow_drift { Drifted::Allowed } else { Drifted::Refused };
    let promoted = promoted(&from.name, context.target(from, Mode::Read)?.as_mut(), drifted)?;
    let desired = Desired { today: Some(today()), ..desired(&promoted, &opened.repository, to) };
    let plan = {
        let _progress = context.terminal.spinner(&format!("planning {}", to.name));
        planned(&promoted, desired.clone(), context.target(to, Mode::Read)?.as_mut())?
    };
    context.terminal.remark(&format!(
        "Promoting to {} what was applied to {} (journal entry {}).",
        to.name, from.name, promoted.entry.id
    ));
    if let Some(path) = &order.out {
        plan::pack(context, &plan, &desired, path)?;
    }
    if order.only_shown || order.out.is_some() {
        plan::show(context, std::slice::from_ref(&plan));
        let is_refused = plan.findings.iter().any(|finding| finding.level == Level::Refuse);
        return Ok(if is_refused { Code::Refused } else { Code::Done });
    }
    match apply::one(context, to, &plan, Some(desired), &order.consent, &[])? {
        Some(report) => apply::finish(context, vec![report]),
        None => Ok(Code::Done),
    }
}

fn environment<'a>(repository: &'a Repository, name: &str) -> Result<&'a Environment, Failure> {
    let names = || repository.environments.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let found = repository.environments.get(name).map(|(environment, _)| environment);
    found.ok_or_else(|| {
        Failure::error(format!("there is no environment `{name}`")).help(format!("there are: {}", names()))
    })
}
