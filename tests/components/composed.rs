//! The standalone components: what they may reach, and that the engine in them is the program's.

use std::{fs, process::Command};

use sha2::{Digest, Sha256};
use wasmparser::{Parser, Payload};
use wasmtime::{
    Config, Engine, Store,
    component::{Component, Linker},
};

use intune_sync_composed::{JOB, SERVICE};
use intune_sync_sandbox::promise::Promise;

/// Everything that the service can reach: standard WASI 0.2, and nothing else.
const SERVICE_IMPORTS: [&str; 9] = [
    "wasi:cli/environment@0.2.12",
    "wasi:cli/stderr@0.2.12",
    "wasi:clocks/monotonic-clock@0.2.12",
    "wasi:clocks/wall-clock@0.2.12",
    "wasi:http/outgoing-handler@0.2.12",
    "wasi:http/types@0.2.12",
    "wasi:io/error@0.2.12",
    "wasi:io/poll@0.2.12",
    "wasi:io/streams@0.2.12",
];

/// Everything that the job can reach.
const JOB_IMPORTS: [&str; 10] = [
    "wasi:cli/environment@0.2.12",
    "wasi:cli/stderr@0.2.12",
    "wasi:cli/stdout@0.2.12",
    "wasi:clocks/monotonic-clock@0.2.12",
    "wasi:clocks/wall-clock@0.2.12",
    "wasi:http/outgoing-handler@0.2.12",
    "wasi:http/types@0.2.12",
    "wasi:io/error@0.2.12",
    "wasi:io/poll@0.2.12",
    "wasi:io/streams@0.2.12",
];

fn component(path: &str) -> Component {
    let engine = Engine::new(&Config::new()).expect("an engine");
    let bytes = fs::read(path).expect("it was composed");
    Component::new(&engine, bytes).expect("a component")
}

/// The names of what a component imports and exports, each in order.
fn world(component: &Component) -> (Vec<String>, Vec<String>) {
    let engine = component.engine();
    let ty = component.component_type();
    let mut imports: Vec<String> = ty
        .imports(engine)
        .map(|(name, _)| name.to_owned())
        .collect();
    let mut exports: Vec<String> = ty
        .exports(engine)
        .map(|(name, _)| name.to_owned())
        .collect();
    imports.sort_unstable();
    exports.sort_unstable();
    (imports, exports)
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digests of the components nested in a file, however deep.
fn nested(path: &str) -> Vec<String> {
    let bytes = fs::read(path).expect("it was composed");
    let payloads = Parser::new(0).parse_all(&bytes);
    payloads
        .filter_map(|payload| match payload.expect("it is well formed") {
            Payload::ComponentSection {
                unchecked_range, ..
            } => Some(sha256(&bytes[unchecked_range])),
            _ => None,
        })
        .collect()
}

#[test]
fn the_service_imports_and_exports_these_and_nothing_else() {
    let (imports, exports) = world(&component(SERVICE));
    assert_eq!(imports, SERVICE_IMPORTS);
    assert_eq!(exports, ["wasi:http/incoming-handler@0.2.12"]);
}

#[test]
fn the_job_imports_and_exports_these_and_nothing_else() {
    let (imports, exports) = world(&component(JOB));
    assert_eq!(imports, JOB_IMPORTS);
    assert_eq!(exports, ["wasi:cli/run@0.2.12"]);
}

/// The engine is the one of the program, to the byte: `audit` says its digest.
#[test]
fn the_engine_in_them_is_the_one_in_the_program() {
    let engine = sha256(Promise::Engine.embedded());
    let audit = Command::new(env!("CARGO_BIN_EXE_intune-sync"))
        .args(["audit", "--output", "json"])
        .output()
        .expect("the program starts");
    let audit: serde_json::Value = serde_json::from_slice(&audit.stdout).expect("JSON");
    assert_eq!(audit["Sha256"], engine);
    for path in [SERVICE, JOB] {
        let nested = nested(path);
        let found = nested.iter().filter(|digest| **digest == engine).count();
        assert_eq!(found, 1, "{path}: {nested:?}");
    }
}

/// Where nothing is linked they do not even start, and say what they lack.
#[test]
fn without_their_imports_they_cannot_be_instantiated() {
    for path in [SERVICE, JOB] {
        let component = component(path);
        let mut store = Store::new(component.engine(), ());
        let error = Linker::<()>::new(component.engine())
            .instantiate(&mut store, &component)
            .expect_err("nothing is linked");
        let message = format!("{error:#}");
        assert!(
            message.contains("component imports instance `wasi:"),
            "{message}"
        );
    }
}
