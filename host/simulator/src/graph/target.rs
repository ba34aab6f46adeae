//! A device that a request names.

use crate::fleet::{Fleet, Index};

/// A device that a request names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target {
    /// `None` if the fleet has no such device.
    pub(crate) index: Option<Index>,
    /// How many syncs of it have arrived, including this one.
    pub(crate) attempt: u16,
}

impl Target {
    /// The device with this id, not counted as an attempt yet.
    pub(crate) fn named(fleet: &Fleet, id: &str) -> Self {
        Self {
            index: id.parse().ok().and_then(|id| fleet.index(id)),
            attempt: 0,
        }
    }

    /// The subject of random draws: this attempt for this device.
    pub(crate) fn subject(&self) -> u64 {
        u64::from(self.index.unwrap_or(Index::MAX)) << 16 | u64::from(self.attempt)
    }
}
