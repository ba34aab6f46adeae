//! Builds the components that the program embeds: the engine, and the one that sends notifications.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for (name, variable) in [
        ("engine", "INTUNE_SYNC_ENGINE"),
        ("notify", "INTUNE_SYNC_NOTIFIER"),
    ] {
        let path = intune_sync_component_build::build(&format!("intune-sync-{name}"), name)?;
        println!("cargo::rustc-env={variable}={}", path.display());
    }
    Ok(())
}
