//! Runs the engine once: `wasi:cli/run` over `intune:sync/sync`, for whatever starts a component as a job.
//!
//! Settings come from the environment and from arguments. Standard output gets the summary, or one event per line;
//! everything else goes to standard error. WASI 0.2 has two exit statuses: 0 where the program's exit code is 0,
//! and 1 for everything else.

mod arguments;
#[cfg(target_arch = "wasm32")]
mod component;

pub use arguments::{Asked, Format, Request, help};
