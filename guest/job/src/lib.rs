//! Runs the engine once: `wasi:cli/run` over `intune:sync/sync`, for whatever starts a component as a job.
//!
//! Settings come from the environment and from arguments. Standard output gets the summary, or an event a line;
//! everything else goes to standard error. WASI 0.2 knows two exit statuses: 0 for what the program's exit code 0
//! stands for, 1 for everything else.

mod arguments;
#[cfg(target_arch = "wasm32")]
mod component;

pub use arguments::{Asked, Format, Request, help};
