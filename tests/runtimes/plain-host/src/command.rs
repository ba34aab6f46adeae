//! `wasi:cli/run`.

use std::path::Path;

use wasmtime::{Engine, Store, component::Component};
use wasmtime_wasi::{
    WasiCtx,
    p2::{bindings::Command, pipe::MemoryOutputPipe},
};

use crate::{state::State, wasi};

/// What is kept of each of the two streams.
const OUTPUT: usize = 4 << 20;

/// A command that came to its end.
#[derive(Debug)]
pub struct Ran {
    /// Its exit status was 0.
    pub success: bool,
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error.
    pub stderr: Vec<u8>,
}

/// Runs a component to its end. The first argument is its name.
///
/// # Errors
///
/// When it cannot be run, or traps.
pub fn run(
    component: &Path,
    environment: &[(String, String)],
    arguments: &[&str],
) -> wasmtime::Result<Ran> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let (stdout, stderr) = (MemoryOutputPipe::new(OUTPUT), MemoryOutputPipe::new(OUTPUT));
    let wasi = WasiCtx::builder()
        .envs(environment)
        .args(arguments)
        .stdout(stdout.clone())
        .stderr(stderr.clone())
        .build();
    let ended = runtime.block_on(instance(component, wasi))?;
    Ok(Ran {
        success: ended.is_ok(),
        stdout: stdout.contents().to_vec(),
        stderr: stderr.contents().to_vec(),
    })
}

async fn instance(component: &Path, state: WasiCtx) -> wasmtime::Result<Result<(), ()>> {
    let engine = Engine::default();
    let component = Component::from_file(&engine, component)?;
    let mut store = Store::new(&engine, State::new(state));
    let command = Command::instantiate_async(&mut store, &component, &wasi(&engine)?).await?;
    command.wasi_cli_run().call_run(&mut store).await
}
