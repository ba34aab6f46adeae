//! Builds the engine component alone, into the target folder named by the first argument, and says where it is.

use std::{env, error::Error, path::PathBuf};

#[expect(clippy::print_stdout, reason = "the path is what it is run for")]
fn main() -> Result<(), Box<dyn Error>> {
    let target = env::args_os().nth(1).map(PathBuf::from);
    let target = target.ok_or("name the target folder")?;
    let path = intune_sync_component_build::build_into("intune-sync-engine", "engine", &target)?;
    println!("{}", path.display());
    Ok(())
}
