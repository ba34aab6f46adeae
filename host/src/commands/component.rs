//! The components that run: those built in, or others, which are compiled in a confined process.

use std::{
    ffi::OsString,
    io::{self, Write},
    path::Path,
    process::Output,
};

use intune_sync_report::ExitStatus;
use intune_sync_sandbox::{Execution, Messenger, Sandbox, SandboxError};
use intune_sync_settings::Advice;

use super::Failure;
use crate::{
    cli::{ComponentOptions, Engine},
    confined::{self, Bounds, Exceeded},
    embedded,
    printer::Printer,
};

/// Our own component takes a second or two.
const COMPILING: Bounds = Bounds {
    seconds: 60,
    memory: 1024,
};

/// What a component that sends messages is.
const MESSENGER: &str = "here `--component` takes a WebAssembly component that imports `wasi:http`, `wasi:io` and \
     `wasi:clocks/monotonic-clock` only, and exports `intune:sync/notify`";

/// Notes in a verbose log that the component is not executed by the processor.
pub(super) fn note_execution(engine: Engine, printer: &mut Printer) {
    if execution(engine) == Execution::Pulley && printer.is_verbose() {
        printer.note(match engine {
            Engine::Pulley => "the component is interpreted",
            Engine::Auto | Engine::Native => {
                "the component is interpreted, since this system forbids executable memory"
            }
        });
    }
}

fn execution(engine: Engine) -> Execution {
    match engine {
        Engine::Auto => Execution::found(),
        Engine::Native => Execution::Native,
        Engine::Pulley => Execution::Pulley,
    }
}

/// The sandbox with the component that the options name, or with the built-in one.
///
/// # Errors
///
/// When it is not a component of our world, or takes more than it may.
pub(super) async fn load(options: &ComponentOptions) -> Result<Sandbox, Failure> {
    let execution = execution(options.engine);
    let Some(file) = &options.file else {
        let built_in = tokio::task::spawn_blocking(move || Sandbox::built_in(execution)).await;
        return Ok(built_in.map_err(io::Error::from)??);
    };
    let code = compiled(file, &[], execution).await?;
    // SAFETY: it is this program that wrote it, just now, and nothing else can write to the pipe.
    Ok(unsafe { Sandbox::from_compiled(&code, execution) }?)
}

/// The sandbox with the component that the options name and that sends messages, or with the built-in one.
///
/// # Errors
///
/// As [`load`].
pub(super) async fn load_messenger(options: &ComponentOptions) -> Result<Messenger, Failure> {
    let execution = execution(options.engine);
    let Some(file) = &options.file else {
        let built_in = tokio::task::spawn_blocking(move || Messenger::built_in(execution)).await;
        return Ok(built_in.map_err(io::Error::from)??);
    };
    let code = compiled(file, &["--notifier"], execution).await?;
    // SAFETY: as in `load`.
    Ok(unsafe { Messenger::from_compiled(&code, execution) }?)
}

/// The code of the component in the file, which a confined process compiles, given these flags.
async fn compiled(file: &Path, flags: &[&str], execution: Execution) -> Result<Vec<u8>, Failure> {
    embedded::refuse_process(
        "`--component`",
        "leave it out to run the built-in component",
    )?;
    let engine = match execution {
        Execution::Native => "native",
        Execution::Pulley => "pulley",
    };
    let arguments = ["compile", "--engine", engine].into_iter();
    let arguments = arguments.chain(flags.iter().copied()).chain(["--"]);
    let arguments = arguments.map(OsString::from).chain([file.into()]);
    let output = confined::run(COMPILING, arguments).await.map_err(refused)?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(relayed(&output)),
    }
}

/// Writes the digest and the compiled code of the component in the file to stdout, for the process that has started
/// this one.
///
/// # Errors
///
/// When it is not a component of our world.
pub(super) fn compile(file: &Path, notifier: bool, engine: Engine) -> Result<ExitStatus, Failure> {
    embedded::refuse_process("`compile`", "run another command")?;
    let execution = execution(engine);
    let code = match notifier {
        true => Messenger::compile(file, execution).map_err(|error| match error {
            SandboxError::Unfit(_) => Failure::usage(error.to_string(), MESSENGER),
            error => error.into(),
        })?,
        false => Sandbox::compile(file, execution)?,
    };
    io::stdout().write_all(&code)?;
    Ok(ExitStatus::Success)
}

/// A digest, as it is written.
pub(super) fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a confined process has said instead of a result.
pub(super) fn relayed(output: &Output) -> Failure {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let line = |name: &str| stderr.lines().find_map(|line| line.strip_prefix(name));
    let status = match output.status.code() {
        Some(code) if code == i32::from(ExitStatus::Usage.code()) => ExitStatus::Usage,
        _ => ExitStatus::Failed,
    };
    let advice = match line("error: ") {
        Some(message) => Advice::new(message, line("hint: ").unwrap_or_default()),
        None => Advice::without_hint(format!(
            "the process that reads the component ended with {}",
            output.status
        )),
    };
    Failure::new(status, advice)
}

fn refused(exceeded: Exceeded) -> Failure {
    match exceeded {
        Exceeded::NotStarted(_) => Failure::failed(
            format!("the component {exceeded}"),
            "leave out `--component` to use the built-in component",
        ),
        _ => SandboxError::Bound(exceeded.to_string()).into(),
    }
}
