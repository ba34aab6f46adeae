//! The host's side of the WIT in `wit/`, generated.

mod generated {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "engine",
        imports: { default: trappable },
        exports: { default: async },
        require_store_data_send: true,
    });
}

pub(crate) use generated::{
    Engine, EnginePre, exports::intune::sync::sync as wire, intune::sync::token,
};
