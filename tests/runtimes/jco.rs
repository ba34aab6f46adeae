//! jco on Node.js, as `deploy/node` installs it: another engine (V8), and an implementation of WASI by others.

use std::{fs, path::PathBuf, process::Command};

use crate::{
    caller, components, process,
    runtime::{Ended, Environment, Runtime, Serving, Skipped},
};

/// `jco serve` and `jco run`.
pub(crate) struct Jco;

impl Runtime for Jco {
    fn name(&self) -> &'static str {
        "jco"
    }

    fn find(&self) -> Result<String, Skipped> {
        let node = process::on_path("node")?;
        let jco = jco();
        if !jco.is_file() {
            let hint = "jco is not installed here: `make runtimes` does it where there is npm";
            return Err(Skipped(hint.to_owned()));
        }
        let node = process::version(&node, &["--version"])?;
        let version = process::run(command().arg("--version"));
        Ok(format!("jco {} on Node {node}", version.stdout.trim()))
    }

    fn serve(&self, environment: &Environment) -> Serving {
        let address = process::free_address();
        let mut command = command();
        command.args(["serve", components::SERVICE]).args([
            "--isolate-requests",
            "instance",
            "--host",
            &address.ip().to_string(),
            "--port",
            &address.port().to_string(),
        ]);
        confined(&mut command, environment);
        // It serves one request after the other.
        let idle = move || caller::get(address, "/healthz").status == 200;
        process::serve(&mut command, address, ()).seen_idle(idle)
    }

    fn run(&self, environment: &Environment, arguments: &[&str]) -> Option<Ended> {
        let mut command = command();
        command.args(["run", components::JOB]);
        confined(&mut command, environment).args(arguments);
        Some(process::run(&mut command))
    }

    fn has_an_allow_list(&self) -> bool {
        true
    }

    /// It goes on taking what the component writes, until a buffer is full; a minute later the component gives up.
    /// Meanwhile it serves nobody else.
    fn tells_of_a_caller_that_left(&self) -> bool {
        false
    }
}

/// With the file of ours that gives jco an allow-list.
fn confined<'a>(command: &'a mut Command, environment: &Environment) -> &'a mut Command {
    let import = match environment.speed() {
        1 => installed().join("confine.js"),
        _ => {
            let file = installed().join("hurry.js");
            fs::write(&file, include_str!("hurry.js")).expect("it can be written");
            file
        }
    };
    process::inherit(command, environment)
        .env("INTUNE_SYNC_EGRESS", environment.egress().join(" "))
        .env("CLOCK_SPEED", environment.speed().to_string())
        .arg("--jco-import")
        .arg(import)
}

/// `deploy/node` with what its lock file names, where `.ci/setup` puts it.
fn installed() -> PathBuf {
    components::workspace().join("target/node")
}

fn jco() -> PathBuf {
    installed().join("node_modules/@bytecodealliance/jco/dist/jco.js")
}

/// Without npx, which would hold the processes apart that have to end together.
fn command() -> Command {
    let mut command = process::command(&process::on_path("node").expect("it was found"));
    command.arg(jco());
    command
}
