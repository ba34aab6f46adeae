//! How settings are written: on the command line, in variables, in the config file, in the body of a request.
//!
//! Each value is a text first, whatever it stands in, and one parser reads it.

mod advice;
mod choices;
pub mod cloud;
pub mod duration;
mod environment;
mod given;
pub mod number;
pub mod terms;
mod values;

pub use self::advice::Advice;
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
