//! `wasi:http/incoming-handler` behind a socket: an instance for each request.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpListener, runtime::Runtime, sync::oneshot};
use wasmtime::{Engine, Store, component::Component};
use wasmtime_wasi::{HostMonotonicClock, WasiCtx};
use wasmtime_wasi_http::{
    WasiBody, WasiHttpView,
    p2::bindings::{ProxyPre, http::types::Scheme},
};

use crate::{state::State, wasi};

/// A component that is served until this is dropped, on a loopback port.
pub struct Server {
    address: SocketAddr,
    running: Arc<AtomicUsize>,
    _runtime: Runtime,
}

struct Service {
    component: ProxyPre<State>,
    environment: Vec<(String, String)>,
    clock: Clock,
    /// How many instances there are.
    running: Arc<AtomicUsize>,
}

/// A monotonic clock. What waits for it still waits in real time.
#[derive(Clone, Copy)]
struct Clock {
    start: Instant,
    /// How many times as fast as real time.
    speed: u32,
}

/// An instance, as long as it runs.
struct Running(Arc<AtomicUsize>);

impl Server {
    /// Serves a component, whose monotonic clock is `speed` times as fast as real time.
    ///
    /// # Errors
    ///
    /// When it imports anything but WASI, or handles no HTTP.
    pub fn start(
        component: &Path,
        environment: Vec<(String, String)>,
        speed: u32,
    ) -> wasmtime::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let running = Arc::default();
        let service = Arc::new(Service {
            component: load(component)?,
            environment,
            clock: Clock {
                start: Instant::now(),
                speed,
            },
            running: Arc::clone(&running),
        });
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let address = listener.local_addr()?;
        runtime.spawn(serve(service, listener));
        Ok(Self {
            address,
            running,
            _runtime: runtime,
        })
    }

    /// How many instances there are: one for each request that the component still works at.
    pub fn running(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.running)
    }

    /// Where it is served.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

fn load(component: &Path) -> wasmtime::Result<ProxyPre<State>> {
    let engine = Engine::default();
    let component = Component::from_file(&engine, component)?;
    ProxyPre::new(wasi(&engine)?.instantiate_pre(&component)?)
}

async fn serve(service: Arc<Service>, listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        let service = Arc::clone(&service);
        let handle = service_fn(move |request| Arc::clone(&service).handle(request));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), handle);
        tokio::spawn(connection);
    }
}

impl Service {
    async fn handle(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> wasmtime::Result<Response<WasiBody>> {
        let environment = WasiCtx::builder()
            .envs(&self.environment)
            .monotonic_clock(self.clock)
            .build();
        let mut store = Store::new(self.component.engine(), State::new(environment));
        let (sender, response) = oneshot::channel();
        let request = store
            .data_mut()
            .http()
            .new_incoming_request(Scheme::Http, request)?;
        let out = store.data_mut().http().new_response_outparam(sender)?;
        // It goes on after the head of its response: the body is written as the run proceeds.
        let running = Running::new(&self.running);
        let instance = tokio::spawn(async move {
            let _running = running;
            let proxy = self.component.instantiate_async(&mut store).await?;
            let handler = proxy.wasi_http_incoming_handler();
            handler.call_handle(store, request, out).await
        });
        match response.await {
            Ok(response) => Ok(response?),
            Err(_) => {
                instance.await??;
                wasmtime::bail!("the component gave no response")
            }
        }
    }
}

impl HostMonotonicClock for Clock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        let now = self.start.elapsed().saturating_mul(self.speed);
        u64::try_from(now.as_nanos()).unwrap_or(u64::MAX)
    }
}

impl Running {
    fn new(all: &Arc<AtomicUsize>) -> Self {
        all.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(all))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
