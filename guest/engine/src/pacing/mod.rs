//! How fast: the rate that is right, the one gate that a throttled answer closes, waits before another attempt, and
//! the budget that ends a run in which nothing succeeds any more.

mod backoff;
mod budget;
mod controller;
mod pacer;
mod throttle;
mod trailing;

pub(crate) use backoff::{exponential, full_jitter, upper_half};
pub(crate) use budget::RetryBudget;
pub(crate) use controller::{Passage, RateController};
use pacer::Pacer;
pub(crate) use pacer::SPAN;
pub(crate) use throttle::{GaveUp, Throttle};
pub(crate) use trailing::Trailing;
