//! The host's state behind one run of the component.

use std::{sync::Arc, time::Duration};

use intune_sync_egress::{Surrogate, Unavailable, sync::BODY_LIMIT};
use intune_sync_wit::token;
use wasmtime::{UpdateDeadline, component::ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use crate::{
    clock::Clock,
    egress::Egress,
    limits::{CallDeadline, HANDLES, StoreLimits, Time},
};

/// What belongs to one instance of the component.
pub(crate) struct State {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Hooks,
    pub(crate) limits: StoreLimits,
    pub(crate) deadline: CallDeadline,
}

impl State {
    pub(crate) fn new(egress: Arc<Egress>, time: Time) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES);
        Self {
            table,
            // Of this only the clock is linked.
            wasi: WasiCtx::builder().monotonic_clock(Clock::start()).build(),
            http: WasiHttpCtx::new(),
            hooks: Hooks(egress),
            limits: StoreLimits::default(),
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
            hooks: &mut self.hooks,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}

impl token::Host for State {
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

/// The way out for HTTP.
struct Hooks(Arc<Egress>);

type Sent = (
    http::Response<WasiBody>,
    Box<dyn Future<Output = Result<(), wasmtime_wasi_http::Error>> + Send>,
);

impl WasiHttpHooks for Hooks {
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
        _processed: Box<dyn Future<Output = Result<(), wasmtime_wasi_http::Error>> + Send>,
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
