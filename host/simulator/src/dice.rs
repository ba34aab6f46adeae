//! Randomness without state: each draw follows from the seed, its kind and its subject alone, and so is the same in
//! every run.

use intune_sync_ids::Guid;

use crate::config::{Fault, Share};

/// The seed, mixed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dice(u64);

/// What is drawn. Draws of different kinds are independent, even for the same subject.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Draw {
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
    SameName,
    User,
    DirectoryId,
}

impl From<Draw> for u64 {
    fn from(draw: Draw) -> Self {
        draw as Self
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

    /// A number for `draw` and `subject`, uniform over all 2⁶⁴.
    pub(crate) fn roll(self, draw: impl Into<u64>, subject: u64) -> u64 {
        mix(mix(self.0 ^ draw.into().wrapping_mul(0x9e37_79b9_7f4a_7c15)) ^ subject)
    }

    /// Whether it is one of the cases that make up `share` of all.
    pub(crate) fn chance(self, share: Share, draw: impl Into<u64>, subject: u64) -> bool {
        share > Share::NONE && self.fraction(draw, subject) < share.get()
    }

    /// A number from 0 (inclusive) to 1 (exclusive).
    pub(crate) fn fraction(self, draw: impl Into<u64>, subject: u64) -> f64 {
        // The top 53 bits are what a double holds exactly.
        (self.roll(draw, subject) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number from 0 (inclusive) to `end` (exclusive); 0 if `end` is 0.
    pub(crate) fn below(self, end: u64, draw: impl Into<u64>, subject: u64) -> u64 {
        let wide = u128::from(self.roll(draw, subject)) * u128::from(end);
        (wide >> 64) as u64
    }

    /// One of `choices`; `None` if there are none.
    pub(crate) fn pick<T>(self, choices: &[T], draw: impl Into<u64>, subject: u64) -> Option<&T> {
        choices.get(self.below(choices.len() as u64, draw, subject) as usize)
    }
}

/// A random GUID (version 4) from any 128 bits.
pub(crate) fn random_guid(hi: u64, lo: u64) -> Guid {
    Guid::random(Guid::from_halves(hi, lo).bits())
}

/// The finalizer of SplitMix64.
fn mix(mut value: u64) -> u64 {
    value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
