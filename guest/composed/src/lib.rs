//! The composed components: the engine, byte for byte as in the program, between what gets it tokens and what runs it.
//! They need nothing but WASI 0.2, and run wherever that is.

/// The file of the component that takes requests for runs over HTTP: `dist/intune-sync-service.wasm`.
pub const SERVICE: &str = env!("INTUNE_SYNC_SERVICE");

/// The file of the component that is one run: `dist/intune-sync-job.wasm`.
pub const JOB: &str = env!("INTUNE_SYNC_JOB");
