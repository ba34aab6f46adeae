//! wasmCloud's own development host, with the configuration of `deploy/wasmcloud`.

use std::fs;

use serde_json::{Value, json};

use crate::{
    components, process,
    runtime::{Ended, Environment, Runtime, Serving, Skipped},
};

/// `wash dev`.
pub(crate) struct Wash;

/// The variable that comes as a secret.
const SECRET: &str = "INTUNE_SYNC_SERVICE_SECRET";

impl Runtime for Wash {
    fn name(&self) -> &'static str {
        "wash"
    }

    fn find(&self) -> Result<String, Skipped> {
        process::version(&process::on_path("wash")?, &["--version"])
    }

    fn serve(&self, environment: &Environment) -> Serving {
        let folder = tempfile::tempdir().expect("a folder");
        let address = process::free_address();
        let mut configuration = configuration();
        configuration["dev"]["address"] = address.to_string().into();
        configuration["build"]["component_path"] = components::SERVICE.into();
        let workload = &mut configuration["workload"];
        workload["allowedHosts"] = environment.egress().into();
        let variables = environment.as_slice().iter();
        let (secret, fixed): (Vec<_>, Vec<_>) = variables.partition(|(name, _)| name == SECRET);
        workload["environment"]["config"] = fixed
            .into_iter()
            .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
            .collect::<serde_json::Map<_, _>>()
            .into();
        if secret.is_empty() {
            workload["environment"]["secretFrom"] = json!([]);
        }
        fs::create_dir(folder.path().join(".wash")).expect("a folder");
        // JSON is YAML.
        let text = configuration.to_string();
        fs::write(folder.path().join(".wash/config.yaml"), text).expect("it can be written");
        let mut command = process::command(&process::on_path("wash").expect("it was found"));
        command
            .arg("-C")
            .arg(folder.path())
            .args(["--non-interactive", "dev"])
            .envs(secret.into_iter().map(|(name, value)| (name, value)));
        process::serve(&mut command, address, folder)
    }

    /// It can keep a command running, but does not report how it ended.
    fn run(&self, _environment: &Environment, _arguments: &[&str]) -> Option<Ended> {
        None
    }

    fn has_an_allow_list(&self) -> bool {
        true
    }
}

/// The unchanged configuration.
fn configuration() -> Value {
    let file = components::workspace().join("deploy/wasmcloud/.wash/config.yaml");
    let text = fs::read_to_string(file).expect("it is in the repository");
    serde_saphyr::from_str(&text).expect("YAML")
}
