//! The types of the interface `intune:sync/sync`, generated.
//!
//! In a component they come with the engine behind them. With the feature `host` wasmtime generates them, with the same
//! names and fields: they can cross the border of the sandbox, so that the host has no second set of them.

#[cfg(not(feature = "host"))]
#[expect(missing_docs, reason = "generated; the items are documented in `wit/`")]
mod generated {
    wit_bindgen::generate!({
        path: ".",
        world: "caller",
        additional_derives: [PartialEq, Eq],
    });
}

#[cfg(not(feature = "host"))]
pub use generated::intune::sync::sync::*;

#[cfg(feature = "host")]
#[expect(missing_docs, reason = "generated; the items are documented in `wit/`")]
mod generated {
    wasmtime::component::bindgen!({
        path: ".",
        world: "engine",
        imports: { default: trappable },
        exports: { default: async },
        require_store_data_send: true,
        additional_derives: [PartialEq, Eq],
    });
}

#[cfg(feature = "host")]
pub use generated::{Engine, EnginePre, exports::intune::sync::sync::*, intune::sync::token};
