//! The core of the engine and the simulated tenant, both state machines without a clock, driven on virtual time by one
//! loop: a run of hours takes milliseconds, and the same seed gives the same run.

mod native;
mod tokens;

pub use native::{Observer, Silent, run};
