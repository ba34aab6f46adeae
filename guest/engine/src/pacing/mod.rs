//! How fast: the ceiling on the rate, the one gate that a throttled answer closes, waits before another attempt, and
//! the budget that ends a run in which nothing succeeds any more.

mod backoff;
mod budget;
mod ceiling;
mod throttle;

pub(crate) use backoff::{exponential, full_jitter, upper_half};
pub(crate) use budget::RetryBudget;
pub(crate) use ceiling::Ceiling;
pub(crate) use throttle::{GaveUp, Throttle};
