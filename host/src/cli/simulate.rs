//! `simulate`: its flags, and what they mean.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;
use intune_sync_settings::number::{Refused, seed, whole};

use super::groups::output::OutputOptions;

/// What it is mostly called with.
pub(super) const EXAMPLES: &str = "Examples:
  intune-sync simulate --listen 127.0.0.1:8080 --devices 1000
  intune-sync simulate --config tenant.json --seed 7";

/// `simulate`.
#[derive(Debug, Args)]
pub(crate) struct SimulateOptions {
    /// Loopback address and port to serve on; port 0 is any free one
    #[arg(long, value_name = "ADDRESS", value_parser = loopback, default_value = "127.0.0.1:0",
        help_heading = "Job")]
    pub(crate) listen: SocketAddr,
    /// Devices of the simulated tenant, up to 1000000; wins over the file
    #[arg(long, value_name = "N", value_parser = whole(0..=1_000_000, "devices"), allow_hyphen_values = true,
        help_heading = "Job")]
    pub(crate) devices: Option<u32>,
    /// Also a group of this name, in which are the first half of the devices, and which the identity may read
    #[arg(long, value_name = "NAME", help_heading = "Job")]
    pub(crate) group: Option<String>,
    /// JSON file that says how the simulated tenant behaves: quota, latency, faults
    #[arg(long, value_name = "FILE", help_heading = "Job")]
    pub(crate) config: Option<PathBuf>,
    /// Seed of the simulation, instead of the file's: the same seed makes the same tenant
    #[arg(long, value_name = "N", value_parser = seed, allow_hyphen_values = true, help_heading = "Job")]
    pub(crate) seed: Option<u64>,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

/// A loopback address with a port: the simulator has no business elsewhere.
fn loopback(text: &str) -> Result<SocketAddr, Refused> {
    text.parse().ok().filter(|address: &SocketAddr| address.ip().is_loopback()).ok_or_else(|| {
        Refused("it takes a loopback address with a port, such as `127.0.0.1:8080` or `[::1]:0`, where 0 is any free port".into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_listened_on() {
        for address in ["127.0.0.1:0", "127.0.0.2:80", "[::1]:8080"] {
            assert!(loopback(address).is_ok(), "{address}");
        }
        for address in [
            "0.0.0.0:80",
            "127.0.0.1",
            "192.168.1.1:80",
            "[::]:80",
            "localhost:80",
            "127.0.0.1:70000",
            "",
        ] {
            assert!(loopback(address).is_err(), "{address}");
        }
    }
}
