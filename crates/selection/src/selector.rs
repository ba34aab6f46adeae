//! Which of the listed devices a run takes.

use core::time::Duration;

use intune_sync_graph::DeviceRow;
use intune_sync_ids::Guid;

use crate::{Criteria, Named, Selection, Unmatched, exclusions::Exclusions};

/// A [`Selection`], prepared for one listed device after the other. It remembers which of its values have matched one.
#[derive(Debug, Clone)]
pub struct Selector {
    criteria: Criteria,
    named: Option<Named>,
    exclusions: Exclusions,
}

impl Selector {
    /// That of a selection, for a run that began `started_at`, since 1970.
    #[must_use]
    pub fn new(selection: &Selection, started_at: Duration) -> Self {
        Self {
            criteria: Criteria::new(selection, started_at),
            named: Named::new(selection),
            exclusions: Exclusions::new(selection),
        }
    }

    /// Whether a listed device that last checked in at this time is taken.
    pub fn takes(&mut self, device: Guid, row: &DeviceRow<'_>, last_sync: u32) -> bool {
        let named = self.named.as_mut();
        let is_named = named.is_none_or(|named| named.meet(device, row));
        // Each value is to know whether it matches a device, whatever the others say.
        let meets = self.criteria.matches(row, last_sync);
        let is_excluded = self.exclusions.contain(device, row);
        is_named && meets && !is_excluded
    }

    /// Why a device that is taken cannot sync, unless such devices are to be included.
    #[must_use]
    pub fn unsupported(&self, device: &DeviceRow<'_>) -> Option<String> {
        self.criteria.unsupported(device)
    }

    /// Those that are named by their id and were not listed: the list is complete.
    pub fn unlisted(&self) -> impl Iterator<Item = Guid> + '_ {
        let unlisted = self.named.iter().flat_map(Named::unlisted);
        unlisted.filter(|device| !self.exclusions.contain_id(*device))
    }

    /// Whether a device that was not listed is synced: nothing is asked of it but its id.
    #[must_use]
    pub fn takes_unlisted(&self) -> bool {
        self.criteria.is_empty() && !self.exclusions.read_properties()
    }

    /// The criteria.
    #[must_use]
    pub fn criteria(&self) -> &Criteria {
        &self.criteria
    }

    /// The values of criteria and the patterns of exclusions that have matched no device.
    pub fn unmatched(&self) -> impl Iterator<Item = Unmatched> + '_ {
        self.criteria.unmatched().chain(self.exclusions.unmatched())
    }

    /// The names, serial numbers and ids that are left out, and that no listed device has.
    pub fn unlisted_exclusions(&self) -> impl Iterator<Item = String> + '_ {
        self.exclusions.unlisted()
    }

    /// What the selection names, if it names devices, and which of it was listed.
    #[must_use]
    pub fn named(&self) -> Option<&Named> {
        self.named.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_is_named_and_meets_the_criteria_and_is_not_left_out() {
        let id = |n: u128| Guid::random(n);
        let selection = Selection {
            os: vec!["iOS".to_owned()],
            devices: vec![id(1), id(2), id(3), id(4), id(5)],
            exclude_name: vec!["x".to_owned()],
            exclude_devices: vec![id(3), id(5)],
            ..Selection::default()
        };
        let mut selector = Selector::new(&selection, Duration::ZERO);
        let mut takes = |device: u128, os: &str, name: &str| {
            let json = format!(r#"{{"operatingSystem":"{os}","deviceName":"{name}"}}"#);
            selector.takes(id(device), &serde_json::from_str(&json).expect("a row"), 0)
        };
        assert!(takes(1, "iOS", ""));
        assert!(!takes(2, "Windows", ""), "of another platform");
        assert!(!takes(3, "iOS", ""), "excluded");
        assert!(!takes(1, "iOS", "x"), "excluded by its name");
        assert!(!takes(9, "iOS", ""), "not named");
        assert_eq!(selector.unlisted().collect::<Vec<_>>(), [id(4)]);
        assert!(!selector.takes_unlisted());
        let by_id = Selection {
            devices: vec![id(1)],
            exclude_devices: vec![id(2)],
            ..Selection::default()
        };
        assert!(Selector::new(&by_id, Duration::ZERO).takes_unlisted());
    }
}
