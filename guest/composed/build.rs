//! Builds the components that run without the program: composes each with the engine, into the folder `dist`.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use intune_sync_component_build::build;
use wac_graph::{CompositionGraph, EncodeOptions, types::Package};

const TOKEN: &str = "intune:sync/token@0.2.0";
const SYNC: &str = "intune:sync/sync@0.2.0";
const NOTIFY: &str = "intune:sync/notify@0.2.0";

fn main() -> Result<(), Box<dyn Error>> {
    let engine = build("intune-sync-engine", "engine")?;
    let own = |name: &str| build(&format!("intune-sync-{name}"), name);
    let identity = own("managed-identity")?;
    let notify = own("notify")?;
    for (name, variable, export) in [
        (
            "service",
            "INTUNE_SYNC_SERVICE",
            "wasi:http/incoming-handler@0.2.12",
        ),
        ("job", "INTUNE_SYNC_JOB", "wasi:cli/run@0.2.12"),
    ] {
        let composed = compose(&identity, &engine, &notify, &own(name)?, export)?;
        let path = write(&composed, name)?;
        println!("cargo::rustc-env={variable}={}", path.display());
    }
    Ok(())
}

/// Puts the engine between the component that gets it tokens and the one that runs it, next to the one that sends
/// messages for the latter. The result exports what the latter exports, and contains the bytes of each unchanged.
fn compose(
    identity: &Path,
    engine: &Path,
    notify: &Path,
    caller: &Path,
    export: &str,
) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut graph = CompositionGraph::new();
    let mut instantiate = |name: &str, path: &Path| {
        let package = Package::from_bytes(name, None, fs::read(path)?, graph.types_mut())?;
        let package = graph.register_package(package)?;
        Ok::<_, Box<dyn Error>>(graph.instantiate(package))
    };
    let identity = instantiate("intune-sync:identity", identity)?;
    let engine = instantiate("intune-sync:engine", engine)?;
    let notify = instantiate("intune-sync:notify", notify)?;
    let caller = instantiate("intune-sync:caller", caller)?;
    let token = graph.alias_instance_export(identity, TOKEN)?;
    graph.set_instantiation_argument(engine, TOKEN, token)?;
    let sync = graph.alias_instance_export(engine, SYNC)?;
    graph.set_instantiation_argument(caller, SYNC, sync)?;
    let sends = graph.alias_instance_export(notify, NOTIFY)?;
    graph.set_instantiation_argument(caller, NOTIFY, sends)?;
    let does = graph.alias_instance_export(caller, export)?;
    graph.export(does, export)?;
    Ok(graph.encode(EncodeOptions::default())?)
}

/// Writes `dist/intune-sync-{name}.wasm` in the workspace.
fn write(component: &[u8], name: &str) -> Result<PathBuf, Box<dyn Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dist = here.ancestors().nth(2).unwrap_or(here).join("dist");
    fs::create_dir_all(&dist)?;
    let path = dist.join(format!("intune-sync-{name}.wasm"));
    // An unchanged file keeps its time.
    if !fs::read(&path).is_ok_and(|written| written == component) {
        fs::write(&path, component)?;
    }
    Ok(path)
}
