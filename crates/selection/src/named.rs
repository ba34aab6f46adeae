//! The devices that a selection names.

use intune_sync_graph::{DeviceRow, Property};
use intune_sync_ids::Guid;

use crate::Selection;

/// The devices that a selection names, and which of the names are a listed device's.
#[derive(Debug, Clone)]
pub struct Named {
    devices: Ids,
    entra_devices: Ids,
    users: Ids,
    names: Texts,
    serials: Texts,
}

/// A name or serial number that several devices have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ambiguous {
    /// As it was given.
    pub text: String,
    /// Two of the devices.
    pub devices: [Guid; 2],
}

impl Named {
    /// Those of a selection; `None` if it takes devices that are not named too.
    #[must_use]
    pub fn new(selection: &Selection) -> Option<Self> {
        selection.names_devices().then(|| Self {
            devices: Ids::new(&selection.devices),
            entra_devices: Ids::new(&selection.entra_devices),
            users: Ids::new(&selection.users),
            names: Texts::new(&selection.device_names),
            serials: Texts::new(&selection.serial_numbers),
        })
    }

    /// Whether a listed device is named. Marks each of its names as a listed device's.
    pub fn meet(&mut self, device: Guid, row: &DeviceRow<'_>) -> bool {
        let by_id = self.devices.meet(device);
        let by_entra_id = self
            .entra_devices
            .meet_text(row.text(Property::AzureAdDeviceId));
        let by_user = self.users.meet_text(row.text(Property::UserId));
        let by_name = self.names.meet(device, row.text(Property::DeviceName));
        let by_serial = self.serials.meet(device, row.text(Property::SerialNumber));
        by_id || by_entra_id || by_user || by_name || by_serial
    }

    /// The Intune ids that are not those of a listed device.
    pub fn unlisted(&self) -> impl Iterator<Item = Guid> + '_ {
        self.devices.unmet()
    }

    /// The Entra device ids that are not those of a listed device.
    pub fn unlisted_entra_devices(&self) -> impl Iterator<Item = Guid> + '_ {
        self.entra_devices.unmet()
    }

    /// The names and serial numbers that no listed device has, as they were given.
    pub fn unlisted_texts(&self) -> impl Iterator<Item = &str> {
        self.names.unmet().chain(self.serials.unmet())
    }

    /// The names and serial numbers that several listed devices have.
    pub fn ambiguous(&self) -> impl Iterator<Item = Ambiguous> + '_ {
        let texts = self.names.0.iter().chain(&self.serials.0);
        texts.filter_map(|text| match text.devices {
            [Some(first), Some(second)] => Some(Ambiguous {
                text: text.shown.clone(),
                devices: [first, second],
            }),
            _ => None,
        })
    }
}

/// Ids, sorted, and whether each is a listed device's.
#[derive(Debug, Clone)]
pub(crate) struct Ids(Vec<(Guid, bool)>);

impl Ids {
    pub(crate) fn new(ids: &[Guid]) -> Self {
        let mut ids: Vec<_> = ids.iter().map(|id| (*id, false)).collect();
        ids.sort_unstable();
        ids.dedup();
        Self(ids)
    }

    pub(crate) fn meet(&mut self, id: Guid) -> bool {
        match self.0.binary_search_by_key(&id, |(id, _)| *id) {
            Ok(at) => {
                self.0[at].1 = true;
                true
            }
            Err(_) => false,
        }
    }

    pub(crate) fn meet_text(&mut self, id: &str) -> bool {
        !self.0.is_empty() && id.parse().is_ok_and(|id| self.meet(id))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn contain(&self, id: Guid) -> bool {
        self.0.binary_search_by_key(&id, |(id, _)| *id).is_ok()
    }

    pub(crate) fn unmet(&self) -> impl Iterator<Item = Guid> + '_ {
        let unmet = self.0.iter().filter(|(_, met)| !met);
        unmet.map(|(id, _)| *id)
    }
}

/// Texts, sorted, each with the first two listed devices that have it.
#[derive(Debug, Clone)]
pub(crate) struct Texts(Vec<NamedText>);

#[derive(Debug, Clone)]
struct NamedText {
    lower: String,
    /// As it was given.
    shown: String,
    devices: [Option<Guid>; 2],
}

impl Texts {
    pub(crate) fn new(texts: &[String]) -> Self {
        let texts = texts.iter().map(|text| NamedText {
            lower: text.to_lowercase(),
            shown: text.clone(),
            devices: [None; 2],
        });
        let mut texts: Vec<NamedText> = texts.collect();
        texts.sort_by(|one, other| one.lower.cmp(&other.lower));
        texts.dedup_by(|one, other| one.lower == other.lower);
        Self(texts)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that no listed device has, as they were given.
    pub(crate) fn unmet(&self) -> impl Iterator<Item = &str> {
        let unmet = self.0.iter().filter(|text| text.devices[0].is_none());
        unmet.map(|text| text.shown.as_str())
    }

    pub(crate) fn meet(&mut self, device: Guid, text: &str) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let lower = text.to_lowercase();
        let found = self.0.binary_search_by(|known| known.lower.cmp(&lower));
        let Ok(at) = found else {
            return false;
        };
        match &mut self.0[at].devices {
            [first @ None, _] => *first = Some(device),
            [first, second @ None] if *first != Some(device) => *second = Some(device),
            _ => {}
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> Guid {
        Guid::random(n)
    }

    fn meet(named: &mut Named, device: u128, json: &str) -> bool {
        named.meet(id(device), &serde_json::from_str(json).expect("a device"))
    }

    #[test]
    fn named_devices_are_met_once() {
        let selection = Selection {
            devices: vec![id(2), id(1), id(2)],
            ..Selection::default()
        };
        let mut named = Named::new(&selection).expect("some");
        assert!(meet(&mut named, 2, "{}"));
        assert!(!meet(&mut named, 3, "{}"));
        assert_eq!(named.unlisted().collect::<Vec<_>>(), [id(1)]);
        assert!(Named::new(&Selection::default()).is_none());
    }

    #[test]
    fn who_names_nobody_takes_nobody() {
        let selection = Selection {
            named_only: true,
            ..Selection::default()
        };
        let mut named = Named::new(&selection).expect("it names, if nobody");
        assert!(!meet(
            &mut named,
            1,
            r#"{"azureADDeviceId":"","userId":null}"#
        ));
        assert_eq!(named.unlisted().count(), 0);
    }

    #[test]
    fn each_way_to_name_a_device_names_it() {
        let selection = Selection {
            entra_devices: vec![id(7), id(8)],
            users: vec![id(9)],
            device_names: vec!["Küche-1".to_owned(), "lab".to_owned()],
            serial_numbers: vec!["5CD0".to_owned(), "none".to_owned()],
            ..Selection::default()
        };
        let mut named = Named::new(&selection).expect("some");
        let with = |property: &str, id: Guid| format!(r#"{{"{property}":"{id}"}}"#);
        assert!(meet(&mut named, 1, &with("azureADDeviceId", id(7))));
        assert!(meet(&mut named, 2, &with("userId", id(9))));
        assert!(!meet(&mut named, 3, &with("userId", id(7))));
        assert!(meet(&mut named, 4, r#"{"deviceName":"KÜCHE-1"}"#));
        assert!(meet(&mut named, 5, r#"{"serialNumber":"5cd0"}"#));
        assert!(!meet(&mut named, 6, r#"{"serialNumber":"5cd"}"#));
        assert_eq!(named.unlisted_entra_devices().collect::<Vec<_>>(), [id(8)]);
        assert_eq!(named.unlisted_texts().collect::<Vec<_>>(), ["lab", "none"]);
        assert_eq!(named.ambiguous().count(), 0);
    }

    #[test]
    fn a_name_of_several_devices_is_known_and_one_of_a_repeated_row_is_not() {
        let selection = Selection {
            device_names: vec!["Lab".to_owned(), "PC".to_owned()],
            ..Selection::default()
        };
        let mut named = Named::new(&selection).expect("some");
        for (device, name) in [(1, "lab"), (2, "pc"), (2, "pc"), (3, "LAB"), (4, "lab")] {
            assert!(meet(
                &mut named,
                device,
                &format!(r#"{{"deviceName":"{name}"}}"#)
            ));
        }
        let ambiguous: Vec<Ambiguous> = named.ambiguous().collect();
        let lab = Ambiguous {
            text: "Lab".to_owned(),
            devices: [id(1), id(3)],
        };
        assert_eq!(ambiguous, [lab]);
    }
}
