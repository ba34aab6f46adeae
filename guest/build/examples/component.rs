//! Builds the components from scratch, into the target folder named by the first argument, and says where they are, one
//! a line, the engine first.

use std::{env, error::Error, path::PathBuf};

use intune_sync_component_build::build_into;

#[expect(clippy::print_stdout, reason = "the paths are what it is run for")]
fn main() -> Result<(), Box<dyn Error>> {
    let target = env::args_os().nth(1).map(PathBuf::from);
    let target = target.ok_or("name the target folder")?;
    for name in ["engine", "managed-identity", "service", "job"] {
        let path = build_into(&format!("intune-sync-{name}"), name, &target)?;
        println!("{}", path.display());
    }
    Ok(())
}
