//! What a request asks for.

use std::borrow::Cow;

use http::{Method, Uri};

use crate::batch;
use crate::directory;
use crate::errors::Refusal;
use crate::execute_action;
use crate::fleet::{Fleet, Index};
use crate::guid::Guid;

/// What a request to Graph asks for.
pub(crate) enum Call {
    List,
    Sync(Target),
    Batch(Result<Vec<batch::Item>, Refusal>),
    ExecuteAction(Result<Vec<execute_action::Member>, Refusal>),
    Directory(directory::Call),
    /// A write that is no sync.
    Forbidden(String),
    Unknown,
}

/// A device that a request names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target {
    /// None if the fleet has no such device.
    pub(crate) index: Option<Index>,
    /// How many syncs for it have arrived, with this one.
    pub(crate) attempt: u16,
}

/// A resource of Graph, its version left out.
pub(crate) enum Resource<'path> {
    Devices,
    /// `syncDevice` of the device with this id.
    Sync(&'path str),
    ExecuteAction,
    Batch,
    Other,
}

impl Call {
    /// Reads a request. None if it is not for Graph.
    pub(crate) fn read(fleet: &Fleet, method: &Method, uri: &Uri, body: &[u8]) -> Option<Self> {
        let path = quoted(uri.path());
        let relative = path
            .strip_prefix("/v1.0")
            .or_else(|| path.strip_prefix("/beta"))?;
        let beta = path.starts_with("/beta");
        let query = uri.query().unwrap_or_default();
        if let Some(call) = directory::Call::read(method, relative, query, body) {
            return Some(Self::Directory(call));
        }
        let is_read = [Method::GET, Method::HEAD, Method::OPTIONS].contains(method);
        Some(match (Resource::of(relative), method) {
            (Resource::Devices, &Method::GET) => Self::List,
            (Resource::Sync(id), &Method::POST) => Self::Sync(Target::named(fleet, id)),
            (Resource::Batch, &Method::POST) => Self::Batch(batch::read(fleet, body)),
            (Resource::ExecuteAction, &Method::POST) if beta => execute_action::read(fleet, body),
            _ if is_read => Self::Unknown,
            _ => Self::Forbidden(format!("{method} {path}")),
        })
    }

    /// The devices that are to be synced.
    pub(crate) fn targets(&mut self) -> Box<dyn Iterator<Item = &mut Target> + '_> {
        match self {
            Self::Sync(target) => Box::new(std::iter::once(target)),
            Self::Batch(Ok(items)) => Box::new(items.iter_mut().filter_map(batch::Item::target)),
            Self::ExecuteAction(Ok(members)) => {
                Box::new(members.iter_mut().map(|member| &mut member.target))
            }
            _ => Box::new(std::iter::empty()),
        }
    }

    /// The writes in it that are no sync.
    pub(crate) fn forbidden(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Self::Forbidden(what) => Box::new(std::iter::once(what.as_str())),
            Self::Batch(Ok(items)) => Box::new(items.iter().filter_map(batch::Item::forbidden)),
            _ => Box::new(std::iter::empty()),
        }
    }
}

impl Target {
    /// The device with an id.
    pub(crate) fn named(fleet: &Fleet, id: &str) -> Self {
        Self {
            index: Guid::parse(id).and_then(|id| fleet.index(id)),
            attempt: 0,
        }
    }

    /// What chance decides upon: this attempt for this device.
    pub(crate) fn subject(&self) -> u64 {
        u64::from(self.index.unwrap_or(Index::MAX)) << 16 | u64::from(self.attempt)
    }
}

impl<'path> Resource<'path> {
    /// The resource at a path that begins after the version. Graph reads paths without regard to letter case.
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

/// A path with its quotes, which may come encoded.
pub(crate) fn quoted(path: &str) -> Cow<'_, str> {
    if path.contains('%') {
        path.replace("%27", "'").into()
    } else {
        path.into()
    }
}

/// What stands in `name('…')`.
fn key<'path>(segment: &'path str, name: &str) -> Option<&'path str> {
    let (start, rest) = segment.split_once('(')?;
    let id = rest
        .strip_suffix(')')?
        .strip_prefix('\'')?
        .strip_suffix('\'')?;
    start.eq_ignore_ascii_case(name).then_some(id)
}
