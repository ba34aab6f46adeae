//! Reads the environment, where secrets like to be.

use intune_sync_hostile::{Graph, attack, wasi};

fn attempt(_graph: &Graph) -> String {
    format!("{:?}", wasi::cli::environment::get_environment())
}

attack!(attempt);
