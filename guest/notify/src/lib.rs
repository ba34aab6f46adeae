//! Writes messages about runs for Microsoft Teams, Slack and others, and sends each by one request.
//!
//! Compiled for `wasm32-unknown-unknown`, the crate is the component that ships. Compiled natively, it is what writes
//! the messages, for tests.

#[cfg(target_arch = "wasm32")]
mod component;
pub mod contract;
mod facts;
mod json;
mod slack;
mod teams;

use contract::{Format, Message};

/// The body of the request that sends a message: JSON.
#[must_use]
pub fn body(message: &Message) -> Vec<u8> {
    let body = match message.format {
        Format::Teams => teams::body(message).to_string(),
        Format::Slack => slack::body(message).to_string(),
        Format::Json => json::body(message),
    };
    body.into_bytes()
}
