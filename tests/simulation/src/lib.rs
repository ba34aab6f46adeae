//! The core of the engine and the simulated tenant, both state machines without a clock, driven on virtual time by one
//! loop: a run of hours takes milliseconds, and the same seed gives the same run.
//!
//! A [`Scenario`] is drawn from one number: the tenant with its quotas and faults, and the settings of the run.
//! [`Checks`] watch the run while it goes on, from the wire and from the events.

mod checks;
mod native;
mod program;
mod retry_after;
mod scenario;
mod source;
mod tokens;
mod wire;

pub use checks::{Checks, Violation};
pub use native::{Observer, Silent, drive, run, run_with};
pub use program::{Program, Turn};
pub use scenario::Scenario;
pub use source::{Proof, Source};
pub use tokens::Tokens;
