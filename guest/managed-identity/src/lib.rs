//! Obtains tokens for Microsoft Graph, for the engine where no host does: `intune:sync/token` over `wasi:http`.
//!
//! It never waits. A call of `get-token` checks whether the response to a request sent by an earlier call has arrived,
//! sends a request if one is due, and returns what is known: a token that is renewed ahead of its end, or `try-again`.
//! So the engine's poll loop goes on while an identity endpoint takes its time. The engine requests a token at least
//! once a minute, and a token is renewed with a fifth of its life to go, so that a renewal is met in time.

mod cache;
#[cfg(target_arch = "wasm32")]
mod component;
#[cfg(target_arch = "wasm32")]
mod exchange;

pub use cache::{Cache, NoToken};
