//! What the program is built from, and what must not be among it.

use std::{collections::BTreeMap, process::Command};

/// The crates of the program, each with its features.
fn dependencies() -> BTreeMap<String, String> {
    tree(&["--no-dedupe", "--format", "{p} | {f}"])
        .lines()
        .map(|line| {
            let (package, features) = line.split_once(" | ").expect("the format has it");
            let name = package.split(' ').next().expect("a name");
            (name.to_owned(), features.to_owned())
        })
        .collect()
}

/// The crates of the program that depend on a crate themselves.
fn dependents(of: &str) -> Vec<String> {
    tree(&["--invert", of, "--depth", "1", "--format", "{p}"])
        .lines()
        .skip(1)
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect()
}

/// What `cargo tree` prints of the program.
fn tree(options: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["tree", "--locked", "--offline", "--edges", "normal"])
        .args(["--prefix", "none", "--package", "intune-sync"])
        .args(options)
        .output()
        .expect("cargo starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// One provider of cryptography and one HTTP client: another one is another way out, and minutes of building.
#[test]
fn there_is_one_way_to_speak_tls() {
    let crates = dependencies();
    for needed in [
        "ring",
        "rustls",
        "reqwest",
        "wasmtime",
        "wasmtime-wasi-http",
    ] {
        assert!(
            crates.contains_key(needed),
            "`{needed}` is missing: {crates:?}"
        );
    }
    for unwanted in [
        "aws-lc-rs",
        "aws-lc-sys",
        "native-tls",
        "openssl",
        "openssl-sys",
    ] {
        assert!(
            !crates.contains_key(unwanted),
            "`{unwanted}` is part of the program"
        );
    }
}

/// wasmtime's own client would bypass the pooled one, and its limits.
#[test]
fn wasmtime_cannot_send_on_its_own() {
    let crates = dependencies();
    let features: Vec<&str> = crates["wasmtime-wasi-http"].split(',').collect();
    assert!(features.contains(&"p2"), "{features:?}");
    assert!(!features.contains(&"default-send-request"), "{features:?}");
    let wasi: Vec<&str> = crates["wasmtime-wasi"].split(',').collect();
    assert_eq!(wasi, ["p2"]);
}

/// Anyone who has the HTTP library can send past the gates.
#[test]
fn one_crate_can_send() {
    let direct = dependents("reqwest");
    assert_eq!(direct, ["intune-sync-egress"]);
}
