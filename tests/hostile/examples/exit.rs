//! Ends the program, and says that all went well.

use intune_sync_hostile::{Graph, attack, wasi};

fn attempt(_graph: &Graph) -> String {
    wasi::cli::exit::exit(Ok(()));
    "it goes on".to_owned()
}

attack!(attempt);
