//! Shares and probabilities.

use serde::{Deserialize, Serialize};

/// A share or a probability, from 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Share(f64);

impl Share {
    /// None of them, or never.
    pub const NONE: Self = Self(0.0);
    /// All of them, or always.
    pub const ALL: Self = Self(1.0);

    /// A share in percent; more than 100 counts as 100.
    #[must_use]
    pub fn percent(percent: u8) -> Self {
        Self(f64::from(percent.min(100)) / 100.0)
    }

    /// As a number from 0 to 1.
    pub(crate) fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Share {
    type Error = ShareError;

    fn try_from(value: f64) -> Result<Self, ShareError> {
        if (0.0..=1.0).contains(&value) {
            Ok(Self(value))
        } else {
            Err(ShareError(value))
        }
    }
}

impl From<Share> for f64 {
    fn from(share: Share) -> Self {
        share.0
    }
}

/// A number that is not a [`Share`].
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("`{0}` is not between 0 and 1")]
pub struct ShareError(f64);
