//! The `wasmtime` command, as `deploy/wasmtime.md` has it.

use std::process::Command;

use crate::{
    components, process,
    runtime::{Ended, Environment, Runtime, Serving, Skipped},
};

/// `wasmtime serve` and `wasmtime run`.
pub(crate) struct Wasmtime;

impl Runtime for Wasmtime {
    fn name(&self) -> &'static str {
        "wasmtime"
    }

    fn find(&self) -> Result<String, Skipped> {
        process::version(&process::on_path("wasmtime")?, &["--version"])
    }

    fn serve(&self, environment: &Environment) -> Serving {
        let address = process::free_address();
        let mut command = wasmtime();
        command.args(["serve", "-S", "cli", "--addr", &address.to_string()]);
        hand_on(&mut command, environment).arg(components::SERVICE);
        process::serve(&mut command, address, ())
    }

    fn run(&self, environment: &Environment, arguments: &[&str]) -> Option<Ended> {
        let mut command = wasmtime();
        command.args(["run", "-S", "http"]);
        hand_on(&mut command, environment)
            .arg(components::JOB)
            .args(arguments);
        Some(process::run(&mut command))
    }
}

fn wasmtime() -> Command {
    process::command(&process::on_path("wasmtime").expect("it was found"))
}

/// By names alone: values would be seen by all users of the machine.
fn hand_on<'a>(command: &'a mut Command, environment: &Environment) -> &'a mut Command {
    process::inherit(command, environment);
    for (name, _) in environment.as_slice() {
        command.args(["--env", name]);
    }
    command
}
