//! Microsoft Graph: the requests that it handles, one module per resource, and what they share.

mod access;
mod batch;
mod directory;
mod error;
pub(crate) mod exchange;
mod execute_action;
mod groups;
mod list;
pub(crate) mod request;
mod resource;
mod sync_device;
mod target;
