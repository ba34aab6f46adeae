//! What the hostile components have in common.
//!
//! Each of them is a file in `examples/`: one thing that a component of our world may try, and must not get away with.
//! Each has a test of its name in `tests/`, which shows how it is stopped; one without does not compile.
//!
//! ```ignore
//! fn attempt(graph: &Graph) -> String {
//!     graph.post(&format!("{DEVICES}/{}/wipe", graph.device())).outcome()
//! }
//!
//! attack!(attempt);
//! ```
//!
//! Those whose names begin with `message_` are in the world of what sends notifications.

#![cfg(target_arch = "wasm32")]

mod call;
mod component;
mod errand;
mod graph;

/// The world `engine`, generated.
#[expect(missing_docs, reason = "generated; the items are documented in `wit/`")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "engine",
        pub_export_macro: true,
        default_bindings_module: "intune_sync_hostile::bindings",
        additional_derives: [PartialEq],
    });
}

/// The world `notifier`, generated.
#[expect(missing_docs, reason = "generated; the items are documented in `wit/`")]
pub mod messages {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "notifier",
        pub_export_macro: true,
        export_macro_name: "export",
        default_bindings_module: "intune_sync_hostile::messages",
    });
}

pub use bindings::exports::intune::sync::sync::{
    Event, EventKind, Outcome, RunStatus, Selected, Settings, Summary,
};
pub use call::{Call, Pending, Response};
pub use component::{Attack, Component, device_done, failed, failure, incomplete, notice, planned};
pub use errand::{Errand, Messenger, Post};
pub use graph::{BATCH, DEVICES, EXECUTE_ACTION, Graph, Page};
pub use wasi;
