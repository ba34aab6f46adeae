//! The file of `--devices-from`: a list, a table, or an archive with one of them.

use intune_sync_files::{
    decode,
    devices::{DeviceList, parse},
};

pub(crate) fn run(input: &[u8]) -> bool {
    let devices = match parse(input.to_vec(), "`ids.txt`", None) {
        Ok(devices) => devices,
        Err(error) => {
            assert!(error.message.contains("`ids.txt`"), "{error}");
            assert!(error.message.chars().count() < 700, "{error}");
            assert!(!error.hint.is_empty(), "{error}");
            return false;
        }
    };
    let devices: Vec<String> = match devices {
        DeviceList::Ids(ids) | DeviceList::EntraIds(ids) => {
            ids.iter().map(ToString::to_string).collect()
        }
        DeviceList::SerialNumbers(texts) | DeviceList::Names(texts) => texts,
    };
    if devices.is_empty() {
        return false;
    }
    // A device takes a line: no reader makes up others. What is in an archive is more than can be seen here.
    if !input.starts_with(b"PK") {
        let text = decode(input);
        let lines = text.split(['\n', '\r']).count();
        assert!(devices.len() <= lines, "{} of {lines}", devices.len());
        // Each is written there, in one letter case or the other.
        let text = text.to_ascii_lowercase();
        for device in &devices {
            assert!(text.contains(&device.to_string()), "{device}");
        }
    }
    true
}
