//! The host's side of the WIT in `wit/`, generated.

mod generated {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "engine",
        imports: { default: trappable },
        exports: { default: async },
        require_store_data_send: true,
    });
}

/// The types of `sync`, which the whole program speaks in; those generated here are for the border alone, and `wire`
/// turns one into the other.
pub(crate) use intune_sync_wit as sync;

pub(super) use generated::exports::intune::sync::sync as wire;
pub(crate) use generated::intune::sync::token;
pub(crate) use generated::{Engine, EnginePre};
