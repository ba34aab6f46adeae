//! The names of things on both sides of the sandbox: GUIDs, origins, the addresses of webhooks, and text quoted for a
//! message.
//!
//! No I/O, no clock, no randomness: the program and the components build this crate alike.

mod bom;
mod guid;
mod origin;
mod quoted;
mod user_info;
mod webhook_address;

pub use bom::without_bom;
pub use guid::{Guid, GuidError, GuidText};
pub use origin::{Origin, OriginError, OriginProblem};
pub use quoted::Quoted;
pub use user_info::{has_user_info, without_user_info};
pub use webhook_address::{WebhookAddress, WebhookAddressError};
