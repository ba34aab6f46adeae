//! The body of `executeAction`.

use intune_sync_ids::{Guid, Quoted};
use serde::{Deserialize, Serialize};

use super::{Refusal, json};

/// The most devices in a bulk action: what the Intune portal allows. The API's own limit is not documented.
pub const BULK_DEVICES: usize = 100;

/// The only action that the gate knows. The same endpoint would wipe, retire and delete.
pub(super) const ACTION: &str = "syncDevice";

/// The body of `executeAction` as it is written on the wire.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Body {
    action_name: String,
    device_ids: Vec<String>,
}

/// Reads a bulk action that syncs.
pub(super) fn read(body: &[u8]) -> Result<Vec<Guid>, Refusal> {
    let Body {
        action_name,
        device_ids,
    } = json::read(body)?;
    if action_name != ACTION {
        return Err(Refusal::Action {
            action: Quoted::new(action_name),
        });
    }
    if !(1..=BULK_DEVICES).contains(&device_ids.len()) {
        return Err(Refusal::BulkDevices {
            devices: device_ids.len(),
        });
    }
    device_ids
        .into_iter()
        .map(|id| {
            id.parse().map_err(|_| Refusal::DeviceId {
                id: Quoted::new(id),
            })
        })
        .collect()
}

/// Writes a bulk action that syncs these devices.
pub(super) fn write(devices: &[Guid]) -> Vec<u8> {
    json::write(&Body {
        action_name: ACTION.to_owned(),
        device_ids: devices.iter().map(Guid::to_string).collect(),
    })
}
