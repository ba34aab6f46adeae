use wasmtime::component::{HasData, HasSelf, Linker, ResourceTable};
use wasmtime_wasi::{
    WasiView,
    clocks::{WasiClocks, WasiClocksView},
    p2::bindings::{clocks::monotonic_clock, io},
};
use wasmtime_wasi_http::{
    WasiHttp, WasiHttpView,
    p2::bindings::http::{outgoing_handler, types},
};

use super::{bindings::token, state::State};

/// A linker with the promised interfaces and no other: `intune:sync/token`, `wasi:http/{types,outgoing-handler}`,
/// `wasi:io/{error,poll,streams}` and `wasi:clocks/monotonic-clock`.
pub(crate) fn promised(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    token::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
    io::error::add_to_linker::<_, Io>(&mut linker, table)?;
    io::poll::add_to_linker::<_, Io>(&mut linker, table)?;
    io::streams::add_to_linker::<_, Io>(&mut linker, table)?;
    monotonic_clock::add_to_linker::<_, WasiClocks>(&mut linker, State::clocks)?;
    outgoing_handler::add_to_linker::<_, WasiHttp>(&mut linker, State::http)?;
    let options = types::LinkOptions::default();
    types::add_to_linker::<_, WasiHttp>(&mut linker, &options, State::http)?;
    Ok(linker)
}

struct Io;

impl HasData for Io {
    type Data<'a> = &'a mut ResourceTable;
}

fn table(state: &mut State) -> &mut ResourceTable {
    state.ctx().table
}
