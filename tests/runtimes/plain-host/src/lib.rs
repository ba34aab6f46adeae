//! A host that knows nothing but WASI 0.2: the standard interfaces, an environment, and a way to send HTTP.
//!
//! It is what any host is to the composed components: no interface of `intune-sync` is linked, no file and no secret of
//! the caller's is handed on, and the way out is a fresh plain connection for each request, to anywhere.

mod command;
mod exchange;
mod server;
mod state;

use wasmtime::{Engine, component::Linker};

use self::state::State;

pub use self::{
    command::{Ran, run},
    exchange::{NoResponse, send},
    server::Server,
};

/// The standard interfaces, all of them, and no other.
fn wasi(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    Ok(linker)
}
