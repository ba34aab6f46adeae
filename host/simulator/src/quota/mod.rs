//! Quotas, and the waits that throttled callers are asked for.

mod limiter;
pub(crate) mod retry_after;
pub(crate) mod throttle;
