//! `demo`: a `sync` of a simulated tenant on loopback.

use std::net::{Ipv4Addr, SocketAddr};

use intune_sync_report::ExitStatus;
use intune_sync_settings::Group;
use intune_sync_simulator::{Config, Latency, RetryAfterForm, Share, Simulator, serve};
use tokio::time::Instant;

use super::{Failure, simulate, sync};
use crate::{cli::DemoOptions, identity::Environment, printer::Printer};

/// Serves a simulated tenant on loopback and syncs it, as `sync` would sync a real one.
///
/// # Errors
///
/// When there is no loopback to listen on, or the run did not begin.
pub(crate) async fn run(
    options: &DemoOptions,
    printer: &mut Printer,
) -> Result<ExitStatus, Failure> {
    let config = tenant(options);
    let header = config.identity.header.clone();
    let (listener, address) = simulate::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let simulator = tokio::spawn(serve(Simulator::new(config), listener));
    let root = format!("http://{address}");
    let endpoint = format!("{root}/msi/token");
    let graph = root.parse().map_err(|error| {
        Failure::failed(
            format!("the simulator's address is not a Graph root: {error}"),
            "report this as a bug",
        )
    })?;

    printer.note(&format!(
        "a simulated tenant of {} devices listens on {root}, ten times as fast as Graph",
        options.devices
    ));
    printer.note("the command that runs:");
    printer.note(&format!(
        "  IDENTITY_ENDPOINT={endpoint} IDENTITY_HEADER={header}"
    ));
    printer.note(&format!(
        "  intune-sync sync --yes --graph-url {root} {}",
        options.pace.given.flags(Group::Pace).join(" ")
    ));
    let environment = Environment::from([
        ("IDENTITY_ENDPOINT", endpoint.as_str()),
        ("IDENTITY_HEADER", &header),
    ]);
    let folder = options.report.as_ref().map(|_| tempfile::tempdir());
    let folder = folder.transpose().map_err(|error| {
        Failure::failed(
            format!("cannot make a directory for the history of the run: {error}"),
            "leave `--report` out, or let `TMPDIR` name a directory that can be written",
        )
    })?;
    let job = options.job(graph, folder.as_ref().map(|folder| folder.path()));
    let ended = sync::run(&job, &environment, Instant::now(), printer).await;
    simulator.abort();
    ended
}

/// A tenant with everything that a large one has: a quota that others use too, transient faults, devices that are gone
/// and devices that refuse.
fn tenant(options: &DemoOptions) -> Config {
    let mut config = Config::default();
    config.seed = options.seed.unwrap_or(config.seed);
    config.fleet.devices = options.devices;
    config.fleet.gone = Share::percent(1);
    config.fleet.platforms.linux = 2;
    config.fleet.unsupported = Share::percent(1);
    config.quota.window_ms = tenth(config.quota.window_ms);
    config.quota.neighbour = Share::percent(60);
    config.quota.neighbour_period_ms = 3_000;
    config.requests.window_ms = tenth(config.requests.window_ms);
    config.retry_after.form = RetryAfterForm::Mixed;
    config.latency = Latency {
        min_ms: 5,
        max_ms: 60,
    };
    config.faults.envelope = Share::percent(3);
    config.faults.item = Share::percent(1);
    config.faults.items_shuffled = Share::percent(100);
    config.list.page_size = config.list.page_size.min(tenth(config.list.page_size));
    config
}

/// The documented windows of 20 s become 2 s.
fn tenth(value: std::num::NonZeroU32) -> std::num::NonZeroU32 {
    std::num::NonZeroU32::new(value.get() / 10).unwrap_or(value)
}
