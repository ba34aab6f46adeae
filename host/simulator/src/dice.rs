//! Chance without state: what is decided follows from the seed, the matter and the subject alone, and so comes out
//! the same in every run.

use crate::config::Share;
use crate::faults::Fault;

/// The seed, made ready for use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dice(u64);

/// What is decided. Two matters of the same subject are independent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Matter {
    Platform,
    Variant,
    Agent,
    State,
    Category,
    Compliance,
    Owner,
    LastSync,
    Enrolled,
    Sparse,
    Unlisted,
    CheckIn,
    Offline,
    Fate,
    Duplicate,
    Late,
    EmptyPage,
    Guid,
    Round,
    RequestId,
    Status,
    StatusRetryAfter,
    RetryAfterForm,
    ErrorStyle,
    Latency,
    Order,
    Token,
    Assignment,
}

impl From<Matter> for u64 {
    fn from(matter: Matter) -> Self {
        matter as Self
    }
}

impl From<Fault> for u64 {
    fn from(fault: Fault) -> Self {
        0x100 + fault as Self
    }
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    /// A number for `matter` and `subject`, any of 2⁶⁴ with the same probability.
    pub(crate) fn roll(self, matter: impl Into<u64>, subject: u64) -> u64 {
        mix(mix(self.0 ^ matter.into().wrapping_mul(0x9e37_79b9_7f4a_7c15)) ^ subject)
    }

    /// True in `share` of the cases.
    pub(crate) fn chance(self, share: Share, matter: impl Into<u64>, subject: u64) -> bool {
        share > Share::NONE && self.fraction(matter, subject) < share.get()
    }

    /// A number from 0 up to, not including, 1.
    pub(crate) fn fraction(self, matter: impl Into<u64>, subject: u64) -> f64 {
        // The top 53 bits are what a double holds exactly.
        (self.roll(matter, subject) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number from 0 up to, not including, `end`; 0 when `end` is.
    pub(crate) fn below(self, end: u64, matter: impl Into<u64>, subject: u64) -> u64 {
        let wide = u128::from(self.roll(matter, subject)) * u128::from(end);
        (wide >> 64) as u64
    }

    /// One of `choices`; none when there are none.
    pub(crate) fn pick<T>(self, choices: &[T], matter: impl Into<u64>, subject: u64) -> Option<&T> {
        choices.get(self.below(choices.len() as u64, matter, subject) as usize)
    }
}

/// The finalizer of SplitMix64.
fn mix(mut value: u64) -> u64 {
    value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
