//! Whether a person may write to an environment now: it is not suspended, and its windows let him through.
//! Never asks a person: what is in the way is said, with the way round it.

use super::context::{Context, instant};
use super::exit::{Code, Failure};
use crate::journal::suspension::Suspension;
use crate::model::environment::Environment;
use crate::model::window::{Gate, Hand, gate};
use crate::target::{Target, TargetError};

/// Refuses to write to an environment that is suspended, or whose windows are shut. `outside_window` is the reason
/// for which they are passed by.
pub fn admit(
    environment: &Environment,
    target: &mut dyn Target,
    outside_window: Option<&str>,
) -> Result<(), Failure> {
    if let Some(suspension) = target.suspension()? {
        return Err(suspended(environment, target, suspension));
    }
    pass(environment, outside_window)
}

fn suspended(environment: &Environment, target: &dyn Target, suspension: Suspension) -> Failure {
    let suspended = TargetError::Suspended { target: target.describe(), suspension: Box::new(suspension) };
    Failure::new(Code::Refused, format!("environment {}: {suspended}", environment.name))
        .help(format!("nothing was changed; go on with: reconcile resume -e {}", environment.name))
}

/// Refuses where the windows of an environment are shut.
pub fn pass(environment: &Environment, outside_window: Option<&str>) -> Result<(), Failure> {
    if outside_window.is_some() {
        return Ok(());
    }
    match gate(&environment.windows, instant(), Hand::Manual) {
        Gate::Open { .. } => Ok(()),
        Gate::Shut { until, why } => {
            let name = &environment.name;
            let until = match until {
                Some(until) => {
                    format!("it opens at {}, or", until.strftime("%Y-%m-%dT%H:%M:%SZ"))
                }
                None => "to".to_owned(),
            };
            let message = format!("environment {name} is not applied to now: {why}");
            Err(Failure::new(Code::Refused, message)
                .help(format!("nothing was changed; {until} apply all the same: --outside-window REASON")))
        }
    }
}

/// Says of a plan what will be in the way of its apply.
pub fn say(context: &Context, environment: &Environment, target: &mut dyn Target) -> Result<(), Failure> {
    let name = &environment.name;
    if let Some(suspension) = target.suspension()? {
        context.terminal.warning(&format!("environment {name} is suspended {suspension}"));
        context.terminal.remark(&format!("  nothing is applied before: reconcile resume -e {name}"));
    } else if let Gate::Shut { why, .. } = gate(&environment.windows, instant(), Hand::Manual) {
        context.terminal.warning(&format!("environment {name} is not applied to now: {why}"));
    }
    Ok(())
}
