//! Spin, with the manifest of `deploy/spin`.

use std::fs;

use crate::{
    components, process,
    runtime::{Ended, Environment, Runtime, Serving, Skipped},
};

/// `spin up`.
pub(crate) struct Spin;

impl Runtime for Spin {
    fn name(&self) -> &'static str {
        "spin"
    }

    fn find(&self) -> Result<String, Skipped> {
        process::version(&process::on_path("spin")?, &["--version"])
    }

    fn serve(&self, environment: &Environment) -> Serving {
        let folder = tempfile::tempdir().expect("a folder");
        let manifest = folder.path().join("spin.toml");
        fs::write(&manifest, self::manifest()).expect("it can be written");
        let address = process::free_address();
        let mut command = process::command(&process::on_path("spin").expect("it was found"));
        command
            .args(["up", "--listen", &address.to_string(), "--from"])
            .arg(&manifest)
            .current_dir(folder.path());
        for (name, value) in environment.as_slice() {
            command.args(["--env", &format!("{name}={value}")]);
        }
        // Graph and the identity endpoint, which may be one and the same here.
        let mut origins = environment.egress().iter().cycle();
        for variable in ["SPIN_VARIABLE_GRAPH", "SPIN_VARIABLE_IDENTITY"] {
            command.env(variable, origins.next().expect("it may reach something"));
        }
        process::serve(&mut command, address, folder)
    }

    /// It runs what a trigger calls, and nothing to its end.
    fn run(&self, _environment: &Environment, _arguments: &[&str]) -> Option<Ended> {
        None
    }

    fn has_an_allow_list(&self) -> bool {
        true
    }
}

/// The unchanged manifest, with an absolute path to the component.
fn manifest() -> String {
    let file = components::workspace().join("deploy/spin/spin.toml");
    let text = fs::read_to_string(file).expect("it is in the repository");
    let moved = text.replace("../../dist/intune-sync-service.wasm", components::SERVICE);
    assert_ne!(moved, text, "it names the component");
    moved
}
