//! `simulate`: the simulator, for other clients.

use std::{net::SocketAddr, path::Path};

use intune_sync_graph::roles::{ENTRA_DEVICES, GROUP_MEMBERS};
use intune_sync_ids::without_user_info;
use intune_sync_report::ExitStatus;
use intune_sync_simulator::{Config, GroupConfig, Simulator, serve};
use tokio::net::TcpListener;

use super::{Failure, interruption::Interruption};
use crate::{cli::SimulateOptions, printer::Printer, text_file};

/// Serves the simulator until a stop is requested.
///
/// # Errors
///
/// When its configuration cannot be read, or the address is taken.
pub(crate) async fn run(
    options: &SimulateOptions,
    printer: &mut Printer,
) -> Result<ExitStatus, Failure> {
    let mut config = match &options.config {
        Some(path) => read(path)?,
        None => Config::default(),
    };
    config.fleet.devices = options.devices.unwrap_or(config.fleet.devices);
    config.seed = options.seed.unwrap_or(config.seed);
    if let Some(name) = &options.group {
        add_group(&mut config, name);
    }
    let header = config.identity.header.clone();
    let interruption = Interruption::listen();
    let (listener, address) = bind(options.listen).await?;
    let root = format!("http://{address}");
    printer.note(&format!(
        "a simulated Microsoft Graph listens on {root}; Ctrl-C stops it"
    ));
    printer.note("sync it from another terminal:");
    printer.data(&format!(
        "IDENTITY_ENDPOINT={root}/msi/token IDENTITY_HEADER={header} intune-sync sync --graph-url {root} --yes\n"
    ))?;
    printer.note(&format!("its statistics: {root}/_simulator/statistics"));
    tokio::select! {
        served = serve(Simulator::new(config), listener) => match served {
            Ok(never) => match never {},
            Err(error) => Err(Failure::failed(
                format!("the simulator cannot accept another connection: {error}"),
                "check the limit on open files",
            )),
        },
        () = interruption.requested() => Ok(ExitStatus::Success),
    }
}

/// Puts the first half of the devices into a group of this name, which the identity may read.
fn add_group(config: &mut Config, name: &str) {
    config.groups.groups.push(GroupConfig {
        id: "00000000-0000-4000-8000-0000000d0001".to_owned(),
        name: name.to_owned(),
        devices: 0..config.fleet.devices.div_ceil(2),
        ..GroupConfig::default()
    });
    for role in [GROUP_MEMBERS, ENTRA_DEVICES] {
        if !config.tokens.roles.iter().any(|held| held == role) {
            config.tokens.roles.push(role.to_owned());
        }
    }
}

/// Listens on an address. Returns the one that the system chose, too.
///
/// # Errors
///
/// When the address is taken or not allowed.
pub(super) async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Failure> {
    let listener = TcpListener::bind(address).await;
    listener
        .and_then(|listener| {
            let address = listener.local_addr()?;
            Ok((listener, address))
        })
        .map_err(|error| {
            Failure::usage(
                format!("cannot listen on `{address}`: {error}"),
                "give `--listen` another port; `127.0.0.1:0` takes any free one",
            )
        })
}

fn read(path: &Path) -> Result<Config, Failure> {
    let shown = path.display();
    let text = text_file::read(path).map_err(|error| {
        Failure::usage(
            format!("cannot read `{shown}`: {error}"),
            "give `--config` a JSON file",
        )
    })?;
    serde_json::from_str(&text).map_err(|error| {
        Failure::usage(
            format!(
                "`{shown}` is not a configuration of the simulator: {}",
                without_user_info(&error.to_string())
            ),
            "use `{}` for a healthy tenant; every key is optional",
        )
    })
}
