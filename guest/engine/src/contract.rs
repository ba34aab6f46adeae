//! The types of the WIT in `wit/`, generated, and the world the component implements.
//!
//! The core speaks in these types at its edges: [`Settings`] come in, [`Event`]s and a [`Summary`] go out.

#[expect(missing_docs, reason = "generated; the items are documented in `wit/`")]
pub(crate) mod generated {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "engine",
        additional_derives: [PartialEq, Eq],
    });
}

pub use generated::exports::intune::sync::sync::{
    Batch, DeviceDone, Dispatch, Event, EventKind, Failure, GroupCount, Guid as WireGuid, Listed,
    Order, Outcome, Pace, Plan, Problem, Purpose, Retried, Retrying, RunStatus, Selection,
    Settings, SettingsError, Summary, Throttled,
};

#[cfg(target_arch = "wasm32")]
pub(crate) use generated::{
    export,
    exports::intune::sync::sync::{Guest, GuestRun, Run as RunResource},
    intune::sync::token,
};
