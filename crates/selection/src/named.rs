//! The devices that a selection names.

use intune_sync_ids::Guid;

use crate::Selection;

/// The devices that a selection names, and which of them are in the list.
#[derive(Debug, Clone)]
pub struct Named {
    /// Sorted.
    devices: Vec<(Guid, bool)>,
}

impl Named {
    /// Those of a selection; `None` if it names none.
    #[must_use]
    pub fn new(selection: &Selection) -> Option<Self> {
        let devices = selection.devices.iter();
        let mut devices: Vec<_> = devices.map(|device| (*device, false)).collect();
        devices.sort_unstable();
        devices.dedup();
        (!devices.is_empty()).then_some(Self { devices })
    }

    /// Whether a listed device is named. Marks it as listed.
    pub fn meet(&mut self, device: Guid) -> bool {
        match self.devices.binary_search_by_key(&device, |(id, _)| *id) {
            Ok(at) => {
                self.devices[at].1 = true;
                true
            }
            Err(_) => false,
        }
    }

    /// The named devices that are not in the list.
    pub fn unlisted(&self) -> impl Iterator<Item = Guid> + '_ {
        self.devices
            .iter()
            .filter(|(_, met)| !met)
            .map(|(id, _)| *id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_devices_are_met_once() {
        let id = |n: u128| Guid::random(n);
        let selection = Selection {
            devices: vec![id(2), id(1), id(2)],
            ..Selection::default()
        };
        let mut named = Named::new(&selection).expect("some");
        assert!(named.meet(id(2)));
        assert!(!named.meet(id(3)));
        assert_eq!(named.unlisted().collect::<Vec<_>>(), [id(1)]);
        assert!(Named::new(&Selection::default()).is_none());
    }
}
