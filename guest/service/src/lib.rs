//! Runs the engine at the request of an HTTP client: `wasi:http/incoming-handler` over `intune:sync/sync`.
//!
//! `POST /sync` and `POST /plan` take settings as JSON and stream the run's events as JSON lines, the summary last.
//! The operator's settings in the environment bound what a request may choose. When the caller goes away, the run
//! finishes what is in flight and ends.

mod access;
mod body;
mod bounds;
#[cfg(target_arch = "wasm32")]
mod component;
mod page;
mod refusal;
mod route;

pub use access::admit;
pub use body::{BODY_MAX, read};
pub use bounds::{may_run, narrow};
pub use page::page;
pub use refusal::Refusal;
pub use route::Route;
