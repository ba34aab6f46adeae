//! The resource that a path names.

use std::borrow::Cow;

/// A resource of Graph, whatever the version.
pub(crate) enum Resource<'path> {
    Devices,
    /// `syncDevice` of the device with this id.
    Sync(&'path str),
    ExecuteAction,
    Batch,
    Other,
}

impl<'path> Resource<'path> {
    /// The resource at a path that begins after the version. Graph ignores letter case in paths.
    pub(crate) fn of(path: &'path str) -> Self {
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        let is = |segment: &str, name: &str| segment.eq_ignore_ascii_case(name);
        match segments.as_slice() {
            [batch] if is(batch, "$batch") => Self::Batch,
            [management, rest @ ..] if is(management, "deviceManagement") => match rest {
                [devices] if is(devices, "managedDevices") => Self::Devices,
                [devices, action]
                    if is(devices, "managedDevices") && is(action, "executeAction") =>
                {
                    Self::ExecuteAction
                }
                [devices, id, action]
                    if is(devices, "managedDevices") && is(action, "syncDevice") =>
                {
                    Self::Sync(id)
                }
                [device, action] if is(action, "syncDevice") => match key(device, "managedDevices")
                {
                    Some(id) => Self::Sync(id),
                    None => Self::Other,
                },
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }
}

/// A path with its quotes decoded.
pub(crate) fn decode_quotes(path: &str) -> Cow<'_, str> {
    if path.contains('%') {
        path.replace("%27", "'").into()
    } else {
        path.into()
    }
}

/// The key in `name('…')`.
fn key<'path>(segment: &'path str, name: &str) -> Option<&'path str> {
    let (start, rest) = segment.split_once('(')?;
    let id = rest
        .strip_suffix(')')?
        .strip_prefix('\'')?
        .strip_suffix('\'')?;
    start.eq_ignore_ascii_case(name).then_some(id)
}
