//! The watch loop as a function of what has happened: `next(state, input)` says what is begun now.
//! Never touches a file, a target or a clock: instants and chance come in, and turns go out.

mod backoff;
mod chore;
pub mod decide;
mod environment;
mod event;
pub mod fight;
mod next;
mod pace;
mod tree;

pub use event::{Event, Input, Outcome, Policy, Roster, Sight, Turn};
pub use fight::Contested;
pub use next::{State, next};
pub use pace::{At, Pace};
