//! Builds the components from scratch, into the target folder named by the first argument, and prints their paths, one
//! per line, the engine first.

use std::{env, path::PathBuf};

use anyhow::Context;
use intune_sync_component_build::build_into;

#[expect(clippy::print_stdout, reason = "printing the paths is its purpose")]
fn main() -> anyhow::Result<()> {
    let target = env::args_os().nth(1).map(PathBuf::from);
    let target = target.context("name the target folder")?;
    for name in ["engine", "managed-identity", "notify", "service", "job"] {
        let path = build_into(&format!("intune-sync-{name}"), name, &target)?;
        println!("{}", path.display());
    }
    Ok(())
}
