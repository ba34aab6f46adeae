use super::LIST_PATH;
use crate::Guid;

/// The path of the action that makes one device check in. It takes no body.
pub(crate) fn sync_path(device: Guid) -> String {
    format!("{LIST_PATH}/{device}/syncDevice")
}
