//! The types of the interfaces `intune:sync/sync` and `intune:sync/notify`, generated.
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

#[cfg(not(feature = "host"))]
mod reporter {
    wit_bindgen::generate!({
        path: ".",
        world: "reporter",
        additional_derives: [PartialEq, Eq],
    });
}

#[cfg(not(feature = "host"))]
pub use reporter::intune::sync::notify;

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

#[cfg(feature = "host")]
#[expect(missing_docs, reason = "generated; the items are documented in `wit/`")]
mod notifier {
    wasmtime::component::bindgen!({
        path: ".",
        world: "notifier",
        imports: { default: trappable },
        exports: { default: async },
        require_store_data_send: true,
        additional_derives: [PartialEq, Eq],
    });
}

#[cfg(feature = "host")]
pub use notifier::{Notifier, NotifierPre, exports::intune::sync::notify};

/// The whole fleet, in the order of the list.
impl Default for Selection {
    fn default() -> Self {
        Self {
            os: Vec::new(),
            compliance: Vec::new(),
            owner: Vec::new(),
            agent: Vec::new(),
            category: Vec::new(),
            name: Vec::new(),
            serial: Vec::new(),
            user: Vec::new(),
            model: Vec::new(),
            enrollment_profile: Vec::new(),
            os_version: Vec::new(),
            stale_for: None,
            enrolled_since: None,
            named_only: false,
            devices: Vec::new(),
            entra_devices: Vec::new(),
            users: Vec::new(),
            device_names: Vec::new(),
            serial_numbers: Vec::new(),
            exclude_name: Vec::new(),
            exclude_devices: Vec::new(),
            exclude_device_names: Vec::new(),
            exclude_serial_numbers: Vec::new(),
            exclude_entra_devices: Vec::new(),
            exclude_users: Vec::new(),
            limit: None,
            order: Order::Listed,
            include_unsupported: false,
        }
    }
}
