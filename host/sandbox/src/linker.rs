//! Links components to the promised interfaces, and to nothing else.

use intune_sync_wit::{EnginePre, NotifierPre, token};
use wasmtime::{
    StoreContextMut,
    component::{Component, HasData, HasSelf, Linker, Resource, ResourceTable},
};
use wasmtime_wasi::{
    WasiView,
    clocks::{WasiClocks, WasiClocksView},
    p2::bindings::{clocks::monotonic_clock, io},
};
use wasmtime_wasi_http::{
    WasiHttp, WasiHttpView,
    p2::bindings::http::{outgoing_handler::Host, types},
};

use crate::{
    delivery::Delivery,
    egress::Egress,
    state::{Outlet, State},
};

/// Links an engine to the interfaces of [`ENGINE`](crate::promise::ENGINE), and no other.
///
/// # Errors
///
/// When it asks for more, or does not export what a run is driven by.
pub(crate) fn engine(component: &Component) -> wasmtime::Result<EnginePre<State<Egress>>> {
    let mut linker = http(component.engine())?;
    token::add_to_linker::<_, HasSelf<State<Egress>>>(&mut linker, |state| state)?;
    linker.instantiate_pre(component).and_then(EnginePre::new)
}

/// Links what sends notifications to the interfaces of [`NOTIFIER`](crate::promise::NOTIFIER), and no other.
///
/// # Errors
///
/// When it asks for more, or does not export what sends a message.
pub(crate) fn notifier(component: &Component) -> wasmtime::Result<NotifierPre<State<Delivery>>> {
    http(component.engine())?
        .instantiate_pre(component)
        .and_then(NotifierPre::new)
}

/// A linker with outgoing HTTP and a monotonic clock.
fn http<O: Outlet>(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<State<O>>> {
    let mut linker = Linker::new(engine);
    io::error::add_to_linker::<_, Io>(&mut linker, table)?;
    io::poll::add_to_linker::<_, Io>(&mut linker, table)?;
    io::streams::add_to_linker::<_, Io>(&mut linker, table)?;
    monotonic_clock::add_to_linker::<_, WasiClocks>(&mut linker, State::<O>::clocks)?;
    add_outgoing_handler(&mut linker)?;
    let options = types::LinkOptions::default();
    types::add_to_linker::<_, WasiHttp>(&mut linker, &options, State::<O>::http)?;
    Ok(linker)
}

/// `wasi:http/outgoing-handler` as wasmtime has it, but without a leak: wasmtime 48 reads a request's options and
/// leaves them in the table, which costs 130 bytes for each request of a run.
fn add_outgoing_handler<O: Outlet>(linker: &mut Linker<State<O>>) -> wasmtime::Result<()> {
    type Request = Resource<types::OutgoingRequest>;
    type Options = Option<Resource<types::RequestOptions>>;
    let mut instance = linker.instance("wasi:http/outgoing-handler@0.2.12")?;
    instance.func_wrap(
        "handle",
        |mut store: StoreContextMut<'_, State<O>>, (request, options): (Request, Options)| {
            let mut http = store.data_mut().http();
            let lent = options
                .as_ref()
                .map(|options| Resource::new_borrow(options.rep()));
            let result = http.handle(request, lent);
            if let Some(options) = options {
                http.table.delete(options)?;
            }
            Ok((match result {
                Ok(response) => Ok(response),
                Err(error) => Err(error.downcast()?),
            },))
        },
    )
}

struct Io;

impl HasData for Io {
    type Data<'a> = &'a mut ResourceTable;
}

fn table<O: Outlet>(state: &mut State<O>) -> &mut ResourceTable {
    state.ctx().table
}
