//! A plan that needs more locks than a server gives one transaction, cut into several.
//! Never cuts where one transaction is enough.

use super::risk;
use crate::address::Address;
use crate::plan::{Finding, Runs, Step};
use crate::target::Dialect;

/// How much of what a server can lock one transaction may take, in hundredths: others need locks too.
const SHARE: u64 = 90;

/// Gives every step of the transaction the number of its part, where one transaction cannot hold all their locks.
/// `room` is how many locks the server has. Returns the finding that says so.
pub fn cut(steps: &mut [Step], dialect: &dyn Dialect, room: u64) -> Option<Finding> {
    let limit = (room * SHARE / 100).max(1);
    let inside = |step: &&mut Step| step.runs == Runs::Inside;
    let locks: u64 =
        steps.iter().filter(|step| step.runs == Runs::Inside).map(|step| dialect.locks(step)).sum();
    if locks <= limit {
        return None;
    }
    // A resource is not cut in two, but for what waits until all others are made.
    let mut part = 1;
    let mut taken = 0;
    let mut last: Option<Address> = None;
    for step in steps.iter_mut().filter(inside) {
        let own = dialect.locks(step);
        if last.as_ref() != Some(&step.address) && taken > 0 && taken + own > limit {
            part += 1;
            taken = 0;
        }
        taken += own;
        step.part = part;
        last = Some(step.address.clone());
    }
    let first = steps.iter().find(|step| step.part > 0)?;
    Some(risk::in_parts(&first.address, locks, room, part))
}
