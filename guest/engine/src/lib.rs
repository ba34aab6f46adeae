//! The sync logic of intune-sync: which requests to send to Microsoft Graph, when, and what the answers mean.
//!
//! [`Run`] is a state machine without I/O, clock, randomness or threads. Whoever drives it tells it the time and the
//! answers, and does what it says:
//!
//! ```text
//! loop {
//!     match run.step(now) {
//!         Action::GetToken { rejected } => run.token(now, …),
//!         Action::Send(request)         => put it on the wire; later run.answered(id, now, result),
//!         Action::WaitUntil(time)       => wait for an answer, or until then,
//!         Action::Done                  => break,
//!     }
//!     for event in run.events() { … }
//! }
//! ```
//!
//! Compiled for `wasm32-unknown-unknown`, the crate is also the component that ships: the `driver` module drives
//! [`Run`] over WASI. Compiled natively it is the same logic for tests and simulations: same settings, same seed,
//! same answers, same trace.
//!
//! Times are [`core::time::Duration`]s since the start of the run.

#![deny(
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    clippy::disallowed_types
)]

pub mod contract;
#[cfg(target_arch = "wasm32")]
mod driver;
mod fleet;
pub mod http;
mod list_query;
mod listing;
mod pacing;
mod run;
mod schedule;
mod selection;
mod settings;
mod token;

pub use fleet::DEVICES_MAX;
pub use run::{Action, Run};
pub use settings::Settings;
pub use token::{TokenAnswer, TokenSerial};
