//! The simulator as its callers see it, on a paused clock.

mod batch;
mod client;
mod directory;
mod entra;
mod execute_action;
mod faults;
mod groups;
mod identity;
mod list;
mod server;
mod speed;
mod sync_device;
mod tenant;
mod throttle;
mod tokens;
