//! `audit`: what it says of the component built in, and of components that ask for more.

use std::fs;

use insta::{assert_snapshot, with_settings};
use intune_sync_sandbox::promise::Promise;
use serde_json::Value;

use crate::program::{Finished, Program};

fn audit(args: &[&str]) -> Finished {
    Program::new()
        .args(["audit"])
        .args(args.iter().copied())
        .run()
}

/// The component that the program has built in.
fn engine() -> &'static [u8] {
    Promise::Engine.embedded()
}

/// A component with the engine nested in it, which imports one interface, of which it uses nothing.
fn importing(name: &str) -> Vec<u8> {
    let length = |length: usize| u8::try_from(length).expect("names are short");
    let engine = engine();
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    // A section with a nested component.
    bytes.push(4);
    bytes.extend(leb128(engine.len()));
    bytes.extend(engine);
    // A section of types: one, of an instance without items.
    bytes.extend([7, 3, 1, 0x42, 0]);
    // A section of imports: one, an instance of that type.
    bytes.extend([10, length(name.len() + 5), 1, 0, length(name.len())]);
    bytes.extend(name.as_bytes());
    bytes.extend([5, 0]);
    bytes
}

pub(crate) fn leb128(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(0x80 | (value & 0x7f) as u8);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A file with a component, and where it is.
pub(crate) fn file(component: &[u8]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("component.wasm");
    fs::write(&path, component).expect("it can be written");
    let path = path.to_str().expect("UTF-8").to_owned();
    (folder, path)
}

fn names(list: &Value) -> Vec<&str> {
    let list = list.as_array().expect("an array").iter();
    list.filter_map(|item| item["Name"].as_str()).collect()
}

#[test]
fn the_built_in_component_asks_for_nothing_beyond_the_promise() {
    let finished = audit(&[]);
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    with_settings!({filters => [
        (r"\b[0-9a-f]{64}\b", "[sha256]"),
        (r"\b\d+ bytes\n", "[size]\n"),
        // What is recorded changes with each update of a dependency; it is looked at below.
        (r"(?s)(made with, as the component records it\n).*?(\n\nwhat may pass)", "$1  [recorded]$2"),
    ]}, {
        assert_snapshot!(finished.stdout);
    });
}

/// In the form of Wassette's: its keys are those of its schema, and what it has no words for is in comments.
#[test]
fn the_policy_file_allows_one_host_and_names_each_rule() {
    let finished = audit(&["--policy"]);
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    let plain: Vec<&str> = finished
        .stdout
        .lines()
        .filter(|line| !line.trim_start().starts_with('#') && !line.is_empty())
        .collect();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        plain,
        [
            "version: \"1.0\"",
            &format!(
                "description: \"intune-sync {version}: read the list of managed devices and sync them\""
            ),
            "permissions:",
            "  network:",
            "    allow:",
            "      - host: \"graph.microsoft.com\"",
        ]
    );
    let (_, json) = Program::new().args(["audit"]).json();
    for (table, what, is) in [
        ("GateRules", "What", "Condition"),
        ("Limits", "What", "Limit"),
    ] {
        for row in json[table].as_array().expect("an array") {
            let text = |key: &str| row[key].as_str().expect("a text").to_owned();
            let line = format!("#   {}: {}", text(what), text(is));
            assert!(finished.stdout.contains(&line), "{line}");
        }
    }
    assert_eq!(audit(&["--policy", "x.wasm"]).code, 2);
}

#[test]
fn the_json_says_the_same() {
    let (finished, json) = Program::new().args(["audit"]).json();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(json["Component"], "built-in");
    assert_eq!(json["Verdict"], "pass");
    assert_eq!(json["Problem"], Value::Null);
    assert_eq!(json["BeyondThePromise"], serde_json::json!([]));
    assert_eq!(
        names(&json["Imports"]),
        [
            "intune:sync/token@0.2.0",
            "wasi:clocks/monotonic-clock@0.2.12",
            "wasi:http/outgoing-handler@0.2.12",
            "wasi:http/types@0.2.12",
            "wasi:io/error@0.2.12",
            "wasi:io/poll@0.2.12",
            "wasi:io/streams@0.2.12",
        ]
    );
    assert_eq!(names(&json["Exports"]), ["intune:sync/sync@0.2.0"]);
    let size = u64::try_from(engine().len()).expect("it fits");
    assert_eq!(json["SizeBytes"], size);
    let text = audit(&[]).stdout;
    for part in [
        &json["Sha256"],
        &json["Limits"][0]["Limit"],
        &json["GateRules"][1]["What"],
    ] {
        let part = part.as_str().expect("a text");
        assert!(!part.is_empty() && text.contains(part), "{part}");
    }
}

#[test]
fn the_component_records_its_compiler_and_its_crates() {
    let (_, json) = Program::new().args(["audit"]).json();
    let rustc = json["Tools"]
        .as_array()
        .expect("an array")
        .iter()
        .find(|tool| tool["Name"] == "rustc")
        .expect("the compiler is recorded");
    let pinned = include_str!("../../rust-toolchain.toml");
    let channel = pinned
        .lines()
        .find_map(|line| line.strip_prefix("channel = \""))
        .expect("it is pinned")
        .trim_end_matches('"');
    let version = rustc["Version"].as_str().expect("a text");
    // Where rustup has no std for the target, another compiler builds it.
    assert!(
        version.starts_with(channel) || option_env!("INTUNE_SYNC_GUEST_RUSTC").is_some(),
        "{version}"
    );

    // Each is in the lock file, at that version, and the kinds are not mixed up.
    let lock = include_str!("../../Cargo.lock");
    let crates = json["Crates"].as_array().expect("an array");
    for found in crates {
        let [name, version] = ["Name", "Version"].map(|key| found[key].as_str().expect("a text"));
        let locked = format!("name = \"{name}\"\nversion = \"{version}\"\n");
        assert!(lock.contains(&locked), "{found}");
    }
    let kind = |name: &str| {
        let found = crates.iter().find(|found| found["Name"] == name);
        found.map(|found| found["Kind"].as_str().expect("a text"))
    };
    assert_eq!(kind("intune-sync-engine"), Some("runtime"));
    assert_eq!(kind("serde_json"), Some("runtime"));
    assert_eq!(kind("serde_derive"), Some("build"));
    assert_eq!(kind("syn"), Some("build"));
    assert_eq!(kind("wasmtime"), None);
    assert_eq!(kind("proptest"), None);
}

#[test]
fn a_given_component_with_the_same_bytes_is_the_same() {
    let (_folder, path) = file(engine());
    let (finished, given) = Program::new().args(["audit", &path]).json();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(given["Component"], path);
    let (_, built_in) = Program::new().args(["audit"]).json();
    assert_eq!(given["Sha256"], built_in["Sha256"]);
}

#[test]
fn an_import_beyond_the_promise_fails_and_is_named() {
    let (_folder, path) = file(&importing("wasi:filesystem/preopens@0.2.12"));
    let (finished, json) = Program::new().args(["audit", &path]).json();
    assert_eq!(finished.code, 1, "{finished:?}");
    assert_eq!(json["Verdict"], "beyond-the-promise");
    assert_eq!(
        json["BeyondThePromise"],
        serde_json::json!(["wasi:filesystem/preopens@0.2.12"])
    );
    // What is nested in it is read as well.
    assert!(names(&json["Crates"]).contains(&"serde_json"));

    let finished = audit(&[&path]);
    assert_eq!(finished.code, 1);
    let last = finished.stdout.lines().last();
    assert_eq!(
        last,
        Some("verdict: fail: beyond the promised list: `wasi:filesystem/preopens@0.2.12`")
    );
}

#[test]
fn a_component_that_asks_for_little_but_cannot_run_fails() {
    let (_folder, path) = file(&importing("wasi:io/poll@0.2.0"));
    let (finished, json) = Program::new().args(["audit", &path]).json();
    assert_eq!(finished.code, 1, "{finished:?}");
    assert_eq!(json["Verdict"], "unfit");
    assert_eq!(json["BeyondThePromise"], serde_json::json!([]));
    assert!(json["Problem"].is_string());
}

#[test]
fn what_a_component_records_cannot_steer_the_terminal() {
    let name = "\u{1b}[2Jwasm";
    // A section of producers with one field, of one value: a tool whose name clears the screen.
    let mut section = b"\x09producers\x01\x03sdk\x01".to_vec();
    section.push(u8::try_from(name.len()).expect("it is short"));
    section.extend(name.as_bytes());
    section.extend(b"\x011");
    let mut component = engine().to_vec();
    component.push(0);
    component.extend(leb128(section.len()));
    component.extend(section);
    let (_folder, path) = file(&component);
    let finished = audit(&[&path]);
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(finished.stdout.contains("[2Jwasm"), "{finished:?}");
    assert!(!finished.stdout.contains('\u{1b}'), "{finished:?}");
}

#[test]
fn no_component_is_wrong_usage() {
    let module = b"\0asm\x01\0\0\0";
    for bytes in [&b""[..], b"hello", module] {
        let (_folder, path) = file(bytes);
        let finished = audit(&[&path]);
        assert_eq!((finished.code, finished.stdout.as_str()), (2, ""));
        let message = format!("error: `{path}` is not a component: ");
        assert!(finished.stderr.starts_with(&message), "{finished:?}");
        assert!(finished.stderr.contains("\nhint: "), "{finished:?}");
    }
    let finished = audit(&["/nowhere/at.wasm"]);
    assert_eq!((finished.code, finished.stdout.as_str()), (2, ""));
    assert!(
        finished
            .stderr
            .starts_with("error: cannot read the component `/nowhere/at.wasm`: "),
        "{finished:?}"
    );
}

/// The components that `make build` leaves in `dist`: what they ask for, what is in them, and that no gate is.
#[test]
fn a_component_that_stands_alone_is_said_to_have_no_gate() {
    for path in [intune_sync_composed::SERVICE, intune_sync_composed::JOB] {
        let finished = audit(&[path]);
        assert_eq!((finished.code, finished.stderr.as_str()), (1, ""));
        let text = finished.stdout;
        assert!(
            text.contains(
                "\nverdict: stands alone: the engine in it is the one built into this program"
            ),
            "{text}"
        );
        assert!(
            text.contains(
                "the egress gate and the limits belong to this program, and are not in it"
            ),
            "{text}"
        );
        assert!(
            !text.contains("syncDevice"),
            "rules that do not hold for it: {text}"
        );
        let (_, json) = Program::new().args(["audit", path]).json();
        assert_eq!(json["Verdict"], "stands-alone");
        assert_eq!(
            (&json["GateRules"], &json["Limits"]),
            (&serde_json::json!([]), &serde_json::json!([]))
        );
        let components = json["Components"].as_array().expect("an array");
        let built_in: Vec<&Value> = components
            .iter()
            .filter(|nested| nested["BuiltIn"] == true)
            .collect();
        let (_, own) = Program::new().args(["audit"]).json();
        assert_eq!((components.len(), built_in.len()), (4, 2));
        let is_the_engine = |nested: &&Value| nested["Sha256"] == own["Sha256"];
        assert_eq!(
            built_in
                .iter()
                .filter(|nested| is_the_engine(nested))
                .count(),
            1
        );
        assert!(
            text.contains("  what sends messages, built into this program\n"),
            "{text}"
        );
    }
}

/// The same files with another engine in them are components as any other: one byte is enough.
#[test]
fn a_component_with_another_engine_does_not_pass_for_one_that_stands_alone() {
    let mut bytes = fs::read(intune_sync_composed::JOB).expect("it was composed");
    let engine = engine();
    let at = bytes
        .windows(engine.len())
        .position(|window| window == engine)
        .expect("it holds the engine");
    let name = b"executeAction";
    let inside = engine
        .windows(name.len())
        .position(|window| window == name)
        .expect("the bulk action's name");
    bytes[at + inside] = b'E';
    let (_folder, path) = file(&bytes);
    let (finished, json) = Program::new().args(["audit", &path]).json();
    assert_eq!(finished.code, 1);
    assert_eq!(json["Verdict"], "beyond-the-promise");
}

/// A section of a component or a module.
pub(crate) fn section(id: u8, content: &[u8]) -> Vec<u8> {
    let mut section = vec![id];
    section.extend(leb128(content.len()));
    section.extend(content);
    section
}

/// Components in each other, each of which instantiates the one in it ten times: 300 bytes, and ten million instances.
fn instances() -> Vec<u8> {
    let header = b"\0asm\x0d\0\x01\0";
    let instantiate = [&[10][..], &[0, 0, 0].repeat(10)].concat();
    (0..7).fold(header.to_vec(), |inner, _| {
        [&header[..], &section(4, &inner), &section(5, &instantiate)].concat()
    })
}

/// A few bytes, or a few megabytes, can describe what takes a compiler hours.
#[test]
fn a_file_that_would_take_too_long_is_refused_with_the_bound() {
    let (_folder, small) = file(&instances());
    let (_other, large) = file(b"\0asm\x0d\0\x01\0");
    let grown = fs::OpenOptions::new().write(true).open(&large);
    let grown = grown.and_then(|file| file.set_len((64 << 20) + 1));
    grown.expect("it can grow");
    for (path, bound) in [
        (&small, "more than 100000 steps to instantiate it"),
        (&large, "more than 64 MiB"),
    ] {
        let finished = audit(&[path]);
        assert_eq!((finished.code, finished.stdout.as_str()), (2, ""));
        let message = format!("error: `{path}` is not audited: it has {bound}\n");
        assert!(finished.stderr.starts_with(&message), "{finished:?}");
        let finished = Program::new().args(["rehearse", "--component", path]).run();
        assert_eq!((finished.code, finished.stdout.as_str()), (2, ""));
        let message = format!("error: the component is refused, since it has {bound}\n");
        assert!(finished.stderr.starts_with(&message), "{finished:?}");
    }
}
