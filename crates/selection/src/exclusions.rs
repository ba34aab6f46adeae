//! The devices that a selection leaves out.

use std::collections::BTreeSet;

use intune_sync_graph::{DeviceRow, Property};
use intune_sync_ids::Guid;
use wildmatch::WildMatch;

use crate::Selection;

/// The devices that a selection leaves out, whatever else it says of them.
#[derive(Debug, Clone)]
pub(crate) struct Exclusions {
    names: Vec<WildMatch>,
    /// In lower case.
    whole_names: BTreeSet<String>,
    /// In lower case.
    serials: BTreeSet<String>,
    devices: BTreeSet<Guid>,
    entra_devices: BTreeSet<Guid>,
    users: BTreeSet<Guid>,
}

impl Exclusions {
    pub(crate) fn new(selection: &Selection) -> Self {
        let set = |ids: &[Guid]| ids.iter().copied().collect();
        let lower = |texts: &[String]| texts.iter().map(|text| text.to_lowercase()).collect();
        let names = selection.exclude_name.iter();
        Self {
            names: names
                .map(|name| WildMatch::new_case_insensitive(name))
                .collect(),
            whole_names: lower(&selection.exclude_device_names),
            serials: lower(&selection.exclude_serial_numbers),
            devices: set(&selection.exclude_devices),
            entra_devices: set(&selection.exclude_entra_devices),
            users: set(&selection.exclude_users),
        }
    }

    /// Whether a listed device is left out.
    pub(crate) fn contain(&self, device: Guid, row: &DeviceRow<'_>) -> bool {
        let name = row.text(Property::DeviceName);
        self.contain_id(device)
            || self.names.iter().any(|pattern| pattern.matches(name))
            || has(&self.whole_names, name)
            || has(&self.serials, row.text(Property::SerialNumber))
            || is_in(&self.entra_devices, row.text(Property::AzureAdDeviceId))
            || is_in(&self.users, row.text(Property::UserId))
    }

    /// Whether a device is left out by its id, which is all that is known of it.
    pub(crate) fn contain_id(&self, device: Guid) -> bool {
        self.devices.contains(&device)
    }

    /// Whether more than the id decides who is left out.
    pub(crate) fn read_properties(&self) -> bool {
        !self.names.is_empty()
            || [&self.whole_names, &self.serials]
                .iter()
                .any(|texts| !texts.is_empty())
            || [&self.entra_devices, &self.users]
                .iter()
                .any(|ids| !ids.is_empty())
    }
}

fn has(texts: &BTreeSet<String>, text: &str) -> bool {
    !texts.is_empty() && texts.contains(&text.to_lowercase())
}

fn is_in(ids: &BTreeSet<Guid>, id: &str) -> bool {
    !ids.is_empty() && id.parse().is_ok_and(|id| ids.contains(&id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_left_out_for_any_reason() {
        let id = |n: u128| Guid::random(n);
        let exclusions = Exclusions::new(&Selection {
            exclude_name: vec!["Kiosk-*".to_owned()],
            exclude_devices: vec![id(1)],
            exclude_entra_devices: vec![id(2)],
            exclude_users: vec![id(3)],
            exclude_device_names: vec!["Lab*".to_owned()],
            exclude_serial_numbers: vec!["5CD0".to_owned()],
            ..Selection::default()
        });
        let contain = |device: u128, json: &str| {
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
    }
}
