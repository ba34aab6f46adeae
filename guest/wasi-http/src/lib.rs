//! One exchange over `wasi:http`, for components that have several at once, or need timeouts.
//!
//! An [`Exchange`] never waits. Its caller waits, in one of two ways: with `poll` over the pollables of all exchanges,
//! and then [`Exchange::advance`] for each side that is ready; or by calling [`Exchange::advance_ready`] now and then.
//!
//! What a component imports is the functions that it calls: those that only the other way needs are not linked.
//!
//! Natively there is only the [`Error`], for its tests.

#[cfg(target_arch = "wasm32")]
mod download;
mod error;
#[cfg(target_arch = "wasm32")]
mod exchange;
#[cfg(target_arch = "wasm32")]
mod request;
#[cfg(target_arch = "wasm32")]
mod upload;

pub use error::Error;
#[cfg(target_arch = "wasm32")]
pub use exchange::{Exchange, Side};
#[cfg(target_arch = "wasm32")]
pub use request::{Request, Timeouts};
#[cfg(target_arch = "wasm32")]
pub use wasi::http::types::{Method, Scheme};

/// A response, read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers, names in any letter case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}
