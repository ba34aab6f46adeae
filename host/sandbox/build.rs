//! Builds the engine component, which the program embeds.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = intune_sync_component_build::build("intune-sync-engine", "engine")?;
    println!("cargo::rustc-env=INTUNE_SYNC_ENGINE={}", engine.display());
    Ok(())
}
