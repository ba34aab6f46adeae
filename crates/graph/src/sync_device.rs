//! `syncDevice`, the action that makes one device check in.
//!
//! What is known of it: docs/graph-facts.md#sync.

use crate::LIST_PATH;
use intune_sync_ids::Guid;

/// The path of the action that makes one device check in. It takes no body.
#[must_use]
pub fn sync_path(device: Guid) -> String {
    format!("{LIST_PATH}/{device}/syncDevice")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_names_the_device() {
        let id = "00112233-4455-6677-8899-aabbccddeeff";
        let path = sync_path(id.parse().expect("a GUID"));
        assert_eq!(
            path,
            format!("/v1.0/deviceManagement/managedDevices/{id}/syncDevice")
        );
    }
}
