//! What the repository's policy says of a plan, and of its manifests.
//! Never lets through what cannot work: a policy makes stricter, and lenient only what somebody may allow.

mod judge;
mod manifests;
mod rules;
mod words;

pub use judge::{BROKEN_RULE, Case, RULE, judge, weigh_again};
pub use manifests::{check, is_of_policy};
