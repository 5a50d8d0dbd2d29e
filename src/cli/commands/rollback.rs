//! `reconcile rollback`.
//! Never reads a manifest's resources: what was declared then is in the target's own record.

use std::path::PathBuf;

use super::apply::Consent;
use super::{apply, plan};
use crate::cli::context::Context;
use crate::cli::exit::{Code, Failure};
use crate::ops;
use crate::plan::Level;
use crate::provider::open::Mode;

/// What was asked for on the command line.
pub struct Order<'a> {
    pub id: u64,
    pub only_shown: bool,
    pub out: Option<PathBuf>,
    pub consent: Consent<'a>,
}

pub fn run(context: &Context, order: &Order<'_>) -> Result<Code, Failure> {
    if context.global.rev.is_some() {
        return Err(Failure::error("rollback takes what the target's journal holds, so it takes no --rev")
            .help("to apply a revision: reconcile apply -e ENV --rev REV"));
    }
    let opened = context.open()?;
    let environment = context.environment(&opened.repository)?;
    if !order.only_shown && order.out.is_none() {
        apply::begin(context, environment, order.consent.outside_window)?;
    }
    let mut back = {
        let _progress = context.terminal.spinner(&format!("planning {}", environment.name));
        ops::rollback::plan(environment, order.id, context.target(environment, Mode::Read)?.as_mut())?
    };
    back.plan.policy.max_destroy = environment.max_destroy;
    if let Some(path) = &order.out {
        plan::pack(context, &back.plan, &back.desired, path)?;
    }
    if order.only_shown || order.out.is_some() {
        plan::show(context, std::slice::from_ref(&back.plan));
        let is_refused = back.plan.findings.iter().any(|finding| finding.level == Level::Refuse);
        return Ok(if is_refused { Code::Refused } else { Code::Done });
    }
    match apply::one(context, environment, &back.plan, None, &order.consent, &[])? {
        Some(report) => apply::finish(context, vec![report]),
        None => Ok(Code::Done),
    }
}
