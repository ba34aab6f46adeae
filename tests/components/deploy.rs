//! The files of `deploy/`: that they are what the runtimes read, let out to the same two places, and hold no secret.

use std::{fs, path::PathBuf};

use serde_json::Value;

/// All that a composed component may reach, unless the operator says otherwise.
const EGRESS: [&str; 2] = ["https://graph.microsoft.com", "http://169.254.169.254"];

/// Variables whose values are secrets.
const SECRETS: [&str; 4] = [
    "INTUNE_SYNC_SERVICE_SECRET",
    "INTUNE_SYNC_CLIENT_SECRET",
    "INTUNE_SYNC_FEDERATED_TOKEN",
    "IDENTITY_HEADER",
];

#[test]
fn spin_s_manifest_is_one_and_lets_out_to_two_places() {
    let text = deployed("spin/spin.toml");
    let manifest: Value = toml::from_str(&text).expect("TOML");
    assert_valid("spin", &manifest);
    let variables = &manifest["variables"];
    let component = &manifest["component"]["intune-sync"];
    let hosts = texts(&component["allowed_outbound_hosts"]).into_iter();
    // An origin is a variable as a whole.
    let origins: Vec<&str> = hosts
        .map(|host| host.trim_matches(['{', '}', ' ']))
        .map(|variable| variables[variable]["default"].as_str().expect("a default"))
        .collect();
    assert_eq!(origins, EGRESS);
    let triggers = manifest["trigger"]["http"].as_array().expect("triggers");
    for trigger in triggers {
        let named = trigger["component"].as_str().expect("a name");
        assert!(manifest["component"].get(named).is_some(), "{named}");
    }
    let source = component["source"].as_str().expect("a path");
    assert_eq!(source, "../../dist/intune-sync-service.wasm");
    no_secret_among(&component["environment"]);
}

#[test]
fn wasmcloud_s_workload_is_one_and_lets_out_to_two_places() {
    let workload = yaml("wasmcloud/workload.yaml");
    assert_valid("workload", &workload);
    let spec = &workload["spec"]["template"]["spec"];
    let components = spec["components"].as_array().expect("components");
    for component in components {
        let resources = &component["localResources"];
        assert_eq!(texts(&resources["allowedHosts"]), EGRESS);
        no_secret_among(&resources["environment"]["config"]);
        let secrets = resources["environment"]["secretFrom"].as_array();
        assert!(secrets.is_some_and(|secrets| !secrets.is_empty()));
    }
}

#[test]
fn wash_s_configuration_is_one_and_lets_out_to_two_places() {
    let configuration = yaml("wasmcloud/.wash/config.yaml");
    assert_valid("wash", &configuration);
    let workload = &configuration["workload"];
    assert_eq!(texts(&workload["allowedHosts"]), EGRESS);
    no_secret_among(&workload["environment"]["config"]);
    for name in texts(&workload["environment"]["secretFrom"]) {
        let variables = texts(&configuration["secrets"][name]["fromEnv"]);
        assert!(variables.iter().all(|name| SECRETS.contains(name)));
    }
}

#[test]
fn node_s_list_is_the_same_and_its_packages_are_pinned() {
    let confine = deployed("node/confine.js");
    assert!(confine.contains(&EGRESS.join(" ")), "{confine}");
    let lock: Value = serde_json::from_str(&deployed("node/package-lock.json")).expect("JSON");
    let wanted: Value = serde_json::from_str(&deployed("node/package.json")).expect("JSON");
    let packages = lock["packages"].as_object().expect("packages");
    for (name, package) in packages.iter().filter(|(name, _)| !name.is_empty()) {
        assert!(package["integrity"].is_string(), "{name} has no digest");
        // Where it was downloaded from does not matter here.
        assert_eq!(package.get("resolved"), None, "{name}");
    }
    let serve = wanted["scripts"]["serve"].as_str().expect("a command");
    assert!(serve.contains("--jco-import ./confine.js"), "{serve}");
    assert!(serve.contains("--isolate-requests instance"), "{serve}");
    for (name, version) in wanted["dependencies"].as_object().expect("packages") {
        let installed = &packages[&format!("node_modules/{name}")]["version"];
        assert_eq!(installed, version, "{name} is pinned");
    }
}

fn deployed(path: &str) -> String {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let file = here.join("../deploy").join(path);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&deployed(path)).expect("YAML")
}

fn assert_valid(schema: &str, value: &Value) {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let file = here.join(format!("../tests/components/schemas/{schema}.schema.json"));
    let text = fs::read_to_string(file).expect("the schema is there");
    let schema: Value = serde_json::from_str(&text).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    let errors: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

fn texts(list: &Value) -> Vec<&str> {
    let list = list.as_array().expect("a list");
    list.iter()
        .map(|text| text.as_str().expect("a text"))
        .collect()
}

fn no_secret_among(environment: &Value) {
    let environment = environment.as_object().expect("variables");
    for secret in SECRETS {
        assert!(!environment.contains_key(secret), "{secret}");
    }
}
