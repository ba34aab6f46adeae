//! A simulated tenant on a loopback socket.

use std::net::{Ipv4Addr, SocketAddr};

use intune_sync_simulator::{Config, QuotaKind, Simulator, Statistics, serve};
use tokio::{net::TcpListener, runtime::Runtime};

use crate::program::Program;

/// A tenant that serves requests until it is dropped.
pub(crate) struct Tenant {
    pub(crate) simulator: Simulator,
    pub(crate) address: SocketAddr,
    runtime: Runtime,
}

/// A tenant with this many devices, without quota or faults.
pub(crate) fn healthy(devices: u32) -> Config {
    let mut config = Config::default();
    config.fleet.devices = devices;
    config.quota.kind = QuotaKind::Off;
    config.requests.kind = QuotaKind::Off;
    config.list.page_size = config
        .list
        .page_size
        .min(std::num::NonZeroU32::MIN.saturating_add(99));
    // The machine that runs the tests may be busy.
    config.retry_after.grace_ms = 50;
    config
}

/// As fast as it goes. What tests have in common is set by variables, so that a test's own flags win over it.
pub(crate) fn hurry(program: Program) -> Program {
    program
        .env("INTUNE_SYNC_BATCH_DELAY_SECONDS", "0")
        .env("INTUNE_SYNC_INITIAL_BACKOFF_SECONDS", "0.02")
        .env("INTUNE_SYNC_MAX_RATE", "1000000")
}

impl Tenant {
    pub(crate) fn new(config: Config) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let (simulator, listener) = runtime.block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
            (Simulator::new(config), listener.expect("a loopback port"))
        });
        let address = listener.local_addr().expect("it is bound");
        runtime.spawn(serve(simulator.clone(), listener));
        Self {
            simulator,
            address,
            runtime,
        }
    }

    /// Runs something in parallel with the tenant until both are dropped.
    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(future);
    }

    /// Waits for something within the tenant's runtime.
    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub(crate) fn root(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `intune-sync sync` of this tenant through its App Service identity endpoint, as fast as it goes.
    pub(crate) fn sync(&self) -> Program {
        self.program("sync").args(["--yes"])
    }

    /// `intune-sync plan` of this tenant.
    pub(crate) fn plan(&self) -> Program {
        self.program("plan")
    }

    /// How many devices are `synced`, or respond to a sync in this way: `gone`, `unsupported`, `failing`, `regular`.
    pub(crate) fn how_many(&self, outcome: &str) -> u64 {
        let devices = self.simulator.devices(Some(outcome));
        devices.expect("an outcome").len() as u64
    }

    pub(crate) fn statistics(&self) -> Statistics {
        self.simulator.statistics()
    }

    /// The program with this tenant as its surroundings, by variables alone: no command and no flag is given yet.
    pub(crate) fn surround(&self) -> Program {
        self.app_service(Program::new().env("INTUNE_SYNC_GRAPH_URL", &self.root()))
    }

    /// The program within this tenant's App Service.
    pub(crate) fn app_service(&self, program: Program) -> Program {
        program
            .env("IDENTITY_ENDPOINT", &format!("{}/msi/token", self.root()))
            .env("IDENTITY_HEADER", "simulator")
    }

    fn program(&self, command: &str) -> Program {
        hurry(self.surround().args([command]))
    }
}
