//! The devices of a run: the list they come from, the fleet that holds them, and the order in which they are sent.

mod fleet;
mod index;
mod listing;
mod schedule;

pub use fleet::DEVICES_MAX;
pub(crate) use fleet::{Added, Fleet, UNKNOWN_OS};
pub(crate) use index::{DeviceIndex, Position, Selected};
pub(crate) use listing::{ListCursor, ListingError, NextPage};
pub(crate) use schedule::{Schedule, Work};
