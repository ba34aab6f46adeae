//! How settings are written: on the command line, in variables, in the config file, in the body of a request.
//!
//! Each value is a text first, whatever it stands in, and one parser reads it.

mod choices;
pub mod cloud;
pub mod duration;
mod environment;
mod given;
pub mod number;
pub mod terms;
mod values;

pub use self::choices::{Choice, DispatchKind, OrderKind, PaceKind, choice, words};
pub use self::cloud::Cloud;
pub use self::environment::{
    Environment, IDENTITY_KEYS, OUTPUT, SERVICE_SECRET, Variables, variable,
};
pub use self::given::{Given, KEYS, NotSet};
pub use self::values::{
    batch_delay, batch_size, deadline, initial_backoff, limit, max_rate, max_retries, seed,
    stale_for,
};

/// Something is wrong with what was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// The value and what is allowed, in one sentence without a full stop.
    pub message: String,
    /// What to do about it, in one sentence without a full stop.
    pub hint: String,
}

impl Problem {
    /// A problem and its remedy.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: hint.into(),
        }
    }
}
