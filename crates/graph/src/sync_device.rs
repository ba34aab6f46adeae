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
