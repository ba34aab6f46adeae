//! Which of the names that a selection has are a listed device's.

use intune_sync_ids::Guid;
use intune_sync_selection::{Ambiguous, Named};

use super::Custody;

/// What became of the devices that a selection names otherwise than by their Intune ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamesFound {
    /// The names and serial numbers that no listed device has, as they were given.
    pub unlisted: Vec<String>,
    /// The Entra device ids that no listed device has.
    pub unlisted_entra_devices: Vec<Guid>,
    /// The Intune ids that no listed device has.
    pub unlisted_devices: Vec<Guid>,
    /// What is left out, and what no listed device has: names, serial numbers and ids.
    pub unlisted_exclusions: Vec<String>,
    /// The names and serial numbers that several listed devices have.
    pub ambiguous: Vec<Ambiguous>,
}

impl Custody {
    /// What the list has said of the names; `None` until it is complete.
    pub fn names_found(&self) -> Option<NamesFound> {
        let books = self.books();
        books.plan?;
        let found = |named: &Named| NamesFound {
            unlisted: named.unlisted_texts().map(str::to_owned).collect(),
            unlisted_entra_devices: named.unlisted_entra_devices().collect(),
            unlisted_devices: named.unlisted().collect(),
            unlisted_exclusions: Vec::new(),
            ambiguous: named.ambiguous().collect(),
        };
        let selector = books.devices.selector();
        Some(NamesFound {
            unlisted_exclusions: selector.unlisted_exclusions().collect(),
            ..selector.named().map(found).unwrap_or_default()
        })
    }
}
