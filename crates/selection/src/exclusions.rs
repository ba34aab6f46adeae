//! The devices that a selection leaves out.

use intune_sync_graph::{DeviceRow, Property};
use intune_sync_ids::Guid;

use crate::{
    Selection,
    criterion::{Criterion, Unmatched},
    named::{Ids, Texts},
};

/// The devices that a selection leaves out, whatever else it says of them. It remembers which of its entries are a
/// listed device's.
#[derive(Debug, Clone)]
pub(crate) struct Exclusions {
    patterns: Option<Criterion>,
    names: Texts,
    serials: Texts,
    devices: Ids,
    entra_devices: Ids,
    users: Ids,
}

impl Exclusions {
    pub(crate) fn new(selection: &Selection) -> Self {
        Self {
            patterns: Criterion::exclude_name(selection),
            names: Texts::new(&selection.exclude_device_names),
            serials: Texts::new(&selection.exclude_serial_numbers),
            devices: Ids::new(&selection.exclude_devices),
            entra_devices: Ids::new(&selection.exclude_entra_devices),
            users: Ids::new(&selection.exclude_users),
        }
    }

    /// Whether a listed device is left out.
    pub(crate) fn contain(&mut self, device: Guid, row: &DeviceRow<'_>) -> bool {
        let patterns = self.patterns.as_mut();
        let by_pattern = patterns.is_some_and(|patterns| patterns.matches(row));
        let by_name = self.names.meet(device, row.text(Property::DeviceName));
        let by_serial = self.serials.meet(device, row.text(Property::SerialNumber));
        let by_id = self.devices.meet(device);
        let by_entra_id = self
            .entra_devices
            .meet_text(row.text(Property::AzureAdDeviceId));
        let by_user = self.users.meet_text(row.text(Property::UserId));
        by_pattern || by_name || by_serial || by_id || by_entra_id || by_user
    }

    /// Whether a device is left out by its id, which is all that is known of it.
    pub(crate) fn contain_id(&self, device: Guid) -> bool {
        self.devices.contain(device)
    }

    /// Whether more than the id decides who is left out.
    pub(crate) fn read_properties(&self) -> bool {
        self.patterns.is_some()
            || !self.names.is_empty()
            || !self.serials.is_empty()
            || !self.entra_devices.is_empty()
            || !self.users.is_empty()
    }

    /// The patterns that no listed device's name has matched.
    pub(crate) fn unmatched(&self) -> impl Iterator<Item = Unmatched> + '_ {
        self.patterns.iter().flat_map(Criterion::unmatched)
    }

    /// The names, serial numbers and ids, users' apart, that no listed device has.
    pub(crate) fn unlisted(&self) -> impl Iterator<Item = String> + '_ {
        let texts = self.names.unmet().chain(self.serials.unmet());
        let ids = self.devices.unmet().chain(self.entra_devices.unmet());
        texts.map(str::to_owned).chain(ids.map(|id| id.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_left_out_for_any_reason() {
        let id = |n: u128| Guid::random(n);
        let mut exclusions = Exclusions::new(&Selection {
            exclude_name: vec!["Kiosk-*".to_owned()],
            exclude_devices: vec![id(1)],
            exclude_entra_devices: vec![id(2)],
            exclude_users: vec![id(3)],
            exclude_device_names: vec!["Lab*".to_owned()],
            exclude_serial_numbers: vec!["5CD0".to_owned()],
            ..Selection::default()
        });
        let mut contain = |device: u128, json: &str| {
            exclusions.contain(id(device), &serde_json::from_str(json).expect("a device"))
        };
        let with = |property: &str, id: Guid| format!(r#"{{"{property}":"{id}"}}"#);
        assert!(contain(1, "{}"));
        assert!(!contain(2, "{}"));
        assert!(contain(4, &with("azureADDeviceId", id(2))));
        assert!(!contain(4, &with("azureADDeviceId", id(3))));
        assert!(contain(4, &with("userId", id(3))));
        assert!(contain(4, r#"{"deviceName":"KIOSK-7"}"#));
        assert!(!contain(4, r#"{"deviceName":"PC","userId":""}"#));
        assert!(contain(4, r#"{"deviceName":"LAB*"}"#));
        assert!(!contain(4, r#"{"deviceName":"LAB1"}"#), "no pattern");
        assert!(contain(4, r#"{"serialNumber":"5cd0"}"#));
        let unlisted: Vec<String> = exclusions.unlisted().collect();
        assert_eq!(unlisted, Vec::<String>::new());
        assert_eq!(exclusions.unmatched().count(), 0);
    }

    #[test]
    fn what_leaves_nobody_out_is_known() {
        let id = Guid::random(1);
        let mut exclusions = Exclusions::new(&Selection {
            exclude_name: vec!["nope*".to_owned()],
            exclude_devices: vec![id],
            exclude_device_names: vec!["PC".to_owned(), "Other".to_owned()],
            ..Selection::default()
        });
        let row = serde_json::from_str(r#"{"deviceName":"pc"}"#).expect("a device");
        assert!(exclusions.contain(Guid::random(2), &row));
        let unlisted: Vec<String> = exclusions.unlisted().collect();
        assert_eq!(unlisted, ["Other".to_owned(), id.to_string()]);
        let unmatched: Vec<Unmatched> = exclusions.unmatched().collect();
        assert_eq!((unmatched[0].key, unmatched.len()), ("exclude-name", 1));
    }
}
