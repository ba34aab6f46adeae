//! The plain host's state behind one instance.

use http_body_util::BodyExt;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use crate::exchange::{self, NoResponse};

/// What belongs to one instance.
pub(crate) struct State {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    way_out: WayOut,
}

impl State {
    pub(crate) fn new(wasi: WasiCtx) -> Self {
        Self {
            table: ResourceTable::new(),
            wasi,
            http: WasiHttpCtx::new(),
            way_out: WayOut,
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.way_out,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}

struct WayOut;

type Processed = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Sent = (http::Response<WasiBody>, Processed);

impl WasiHttpHooks for WayOut {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _processed: Processed,
    ) -> Box<dyn Future<Output = wasmtime_wasi_http::Result<Sent>> + Send> {
        Box::new(async move {
            let response = exchange::send(request).await.map_err(|error| match error {
                NoResponse::NoPlainHttp => Error::HttpRequestDenied,
                NoResponse::Connect(error) => Error::Connect(error),
                NoResponse::Http(error) => Error::Hyper(error),
            })?;
            let response = response.map(|body| body.map_err(Error::Hyper).boxed_unsync());
            let processed: Processed = Box::new(async { Ok(()) });
            Ok((response, processed))
        })
    }
}
