//! `reconcile drift`.
//! Never writes to a target.

use crate::cli::context::{Context, Purpose};
use crate::cli::exit::{Code, Failure};
use crate::ops::drift::drift;
use crate::provider::open::Mode;
use crate::render::drift_text::{self, DriftView};
use crate::render::paint::clean_json;
use crate::wire;

pub fn run(context: &Context, detailed_exitcode: bool) -> Result<Code, Failure> {
    let opened = context.open()?;
    let mut drifts = Vec::new();
    for environment in context.environments(&opened.repository, Purpose::Read)? {
        let _progress = context.terminal.spinner(&format!("inspecting {}", environment.name));
        let mut target = context.target(environment, Mode::Read)?;
        drifts.push(drift(&environment.name, target.as_mut())?);
    }
    let moved = drifts.iter().any(|d| !d.is_empty());
    if context.is_json() {
        context.terminal.result(&clean_json(&wire::drift::to_json(drifts)));
    } else {
        let texts: Vec<String> = drifts.iter().map(|d| text(context, d)).collect();
        context.terminal.result(&texts.join("\n"));
    }
    Ok(if moved && detailed_exitcode { Code::Pending } else { Code::Done })
}

fn text(context: &Context, drift: &crate::wire::drift::Drift) -> String {
    let place = |kept: &crate::diff::change::Kept| match &kept.path {
        Some(path) => format!("{}/{path}", kept.address),
        None => kept.address.to_string(),
    };
    let unmanaged: Vec<(String, String)> =
        drift.unmanaged.iter().map(|kept| (place(kept), kept.reason.clone())).collect();
    let view = DriftView {
        environment: &drift.environment,
        target: &drift.target,
        moved: &drift.moved,
        unmanaged: &unmanaged,
        foreign: &drift.opaque,
    };
    drift_text::drift(&view, context.terminal.paint)
}
