//! The types of the WIT in `wit/`, generated, and the world that the component implements.

pub(crate) mod generated {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "notifier",
        additional_derives: [PartialEq, Eq],
    });
}

pub use generated::exports::intune::sync::notify::{
    Counts, FailedDevice, Format, Message, NotifyError, Refused, Tone,
};

#[cfg(target_arch = "wasm32")]
pub(crate) use generated::{export, exports::intune::sync::notify::Guest};
