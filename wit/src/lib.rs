//! The types of the interface `intune:sync/sync`, generated, and in a component the engine behind them.

#[expect(missing_docs, reason = "generated; the items are documented in `wit/`")]
mod generated {
    wit_bindgen::generate!({
        path: ".",
        world: "caller",
        additional_derives: [PartialEq, Eq],
    });
}

pub use generated::intune::sync::sync::*;
