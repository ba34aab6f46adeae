//! The host's state behind one instance of a component.

use std::{sync::Arc, time::Duration};

use intune_sync_egress::{Surrogate, Unavailable, sync::BODY_LIMIT};
use intune_sync_wit::token;
use wasmtime::{UpdateDeadline, component::ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use crate::{
    clock::Clock,
    egress::Egress,
    limits::{CallDeadline, HANDLES, StoreLimits, Time},
};

/// The way out for HTTP: each request of an instance passes it.
pub(crate) trait Outlet: Send + Sync + 'static {
    /// Why the guest's first refused request was refused.
    fn refusal(&self) -> Option<String>;

    /// Takes a request, and returns its response once the future that is returned is awaited.
    ///
    /// # Errors
    ///
    /// When the request is refused, which ends the instance, or gets no response.
    fn send(
        self: &Arc<Self>,
        request: http::Request<WasiBody>,
        options: RequestOptions,
    ) -> impl Future<Output = Result<http::Response<WasiBody>, Error>> + Send + 'static;
}

/// What belongs to one instance of a component.
pub(crate) struct State<O> {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Hooks<O>,
    pub(crate) limits: StoreLimits,
    pub(crate) deadline: CallDeadline,
}

impl<O: Outlet> State<O> {
    /// The state of an instance that may use up this much memory, in bytes.
    pub(crate) fn new(outlet: Arc<O>, memory: usize, time: Time) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES);
        Self {
            table,
            // Of this only the clock is linked.
            wasi: WasiCtx::builder().monotonic_clock(Clock::start()).build(),
            http: WasiHttpCtx::new(),
            hooks: Hooks(outlet),
            limits: StoreLimits::of(memory),
            deadline: time.deadline(Duration::ZERO),
        }
    }

    /// Decides at each tick of the epoch whether a guest that computes goes on or ends.
    pub(crate) fn tick(&self) -> wasmtime::Result<UpdateDeadline> {
        if self.hooks.0.refusal().is_some() {
            wasmtime::bail!("one of its requests was refused");
        }
        self.deadline.decide()
    }
}

impl<O: Outlet> WasiView for State<O> {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl<O: Outlet> WasiHttpView for State<O> {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.hooks,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}

impl token::Host for State<Egress> {
    fn get_token(
        &mut self,
        scope: String,
        rejected: Option<String>,
    ) -> wasmtime::Result<Result<token::AccessToken, token::TokenError>> {
        let token = self.hooks.0.token(&scope, rejected.as_deref());
        Ok(match token {
            Ok(Surrogate { value, lifetime }) => Ok(token::AccessToken {
                value,
                lifetime: millis(lifetime),
            }),
            Err(Unavailable::TryAgain(after)) => Err(token::TokenError::TryAgain(millis(after))),
            Err(Unavailable::Denied(reason)) => Err(token::TokenError::Denied(reason)),
        })
    }
}

struct Hooks<O>(Arc<O>);

type Sent = (
    http::Response<WasiBody>,
    Box<dyn Future<Output = Result<(), Error>> + Send>,
);

impl<O: Outlet> WasiHttpHooks for Hooks<O> {
    /// The gate refuses the header and the client sets it.
    fn set_host_header(&mut self) -> bool {
        false
    }

    /// What is not sent yet is kept by the host.
    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        BODY_LIMIT
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = wasmtime_wasi_http::Result<Sent>> + Send> {
        let response = self.0.send(request, options.unwrap_or_default());
        Box::new(async move {
            let response = response.await?;
            let io: Sent = (response, Box::new(async { Ok(()) }));
            Ok(io)
        })
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
