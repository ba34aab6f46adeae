//! Prints its token.

use intune_sync_hostile::{Graph, attack, wasi};

fn attempt(graph: &Graph) -> String {
    let stdout = wasi::cli::stdout::get_stdout();
    let printed = stdout.blocking_write_and_flush(graph.token().as_bytes());
    format!("{printed:?}")
}

attack!(attempt);
