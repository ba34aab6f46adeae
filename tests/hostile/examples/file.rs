//! Opens the folders that it was given.

use intune_sync_hostile::{Graph, attack, wasi};

fn attempt(_graph: &Graph) -> String {
    format!("{:?}", wasi::filesystem::preopens::get_directories())
}

attack!(attempt);
