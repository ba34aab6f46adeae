//! How a throttled caller learns when to come back.

use serde::{Deserialize, Serialize};

/// How a throttled caller learns when to come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetryAfterConfig {
    /// How the wait is written.
    pub form: RetryAfterForm,
    /// The shortest wait, in milliseconds.
    pub min_ms: u32,
    /// The wait that a 503 asks for, in milliseconds.
    pub unavailable_ms: u32,
    /// A call that comes too early is throttled, and extends the wait by this many milliseconds. 0: it is treated like
    /// any other.
    pub early_penalty_ms: u32,
    /// How long a response may take to reach the caller, in milliseconds: a request that arrives this soon after a
    /// throttled response was sent may have crossed it on the wire, and is not early.
    pub grace_ms: u32,
}

impl Default for RetryAfterConfig {
    fn default() -> Self {
        Self {
            form: RetryAfterForm::Seconds,
            min_ms: 1_000,
            unavailable_ms: 2_000,
            early_penalty_ms: 0,
            grace_ms: 10,
        }
    }
}

/// How a wait is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfterForm {
    /// `Retry-After: 3`, rounded up.
    Seconds,
    /// `Retry-After: 2.128`.
    Decimal,
    /// `Retry-After: Mon, 23 Nov 2026 04:50:00 GMT`, rounded up.
    Date,
    /// `Retry-After: 2, 2`, as a proxy joins two headers.
    List,
    /// `Retry-After: 2s`.
    Suffixed,
    /// No header: `RetryAfter` in the JSON text that Intune puts in the message, in whole seconds.
    Body,
    /// Not at all.
    Missing,
    /// Any of these, at random.
    Mixed,
}
