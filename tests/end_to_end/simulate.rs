//! `simulate`: a tenant for other clients, until it is stopped.

use std::fs;

use intune_sync_simulator::Config;

use crate::{program::Program, running::Running};

fn simulate(args: &[&str]) -> Running {
    Running::start(Program::new().args(["simulate"]).args(args.iter().copied()))
}

#[cfg(unix)]
#[test]
fn the_line_it_prints_works_as_it_stands() {
    use std::path::Path;

    let mut tenant = simulate(&["--devices", "20"]);
    let line = tenant.says("intune-sync sync");
    // The shell finds the program under test by its name.
    let folder = Path::new(env!("CARGO_BIN_EXE_intune-sync"))
        .parent()
        .expect("a folder");
    let path = format!("{}:/usr/bin:/bin", folder.display());
    let mut shell = std::process::Command::new("/bin/sh");
    shell.args(["-c", &format!("{line} --max-rate 1000 --output json")]);
    shell.env_clear().env("PATH", path);
    if let Some(home) = std::env::var_os("HOME") {
        shell.env("HOME", home);
    }
    let output = shell.output().expect("a shell");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let object: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(object["SuccessCount"], 20);

    tenant.signal("TERM");
    let finished = tenant.finish();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(
        finished.stdout,
        format!("{line}\n"),
        "nothing but that line"
    );
    assert!(
        finished.stderr.contains("/_simulator/statistics"),
        "{finished:?}"
    );
}

/// It can be stopped from the moment it has said that it is there.
#[cfg(unix)]
#[test]
fn each_signal_to_stop_ends_it_well() {
    for signal in ["INT", "TERM"] {
        let mut tenant = simulate(&[]);
        tenant.says("intune-sync sync");
        tenant.signal(signal);
        let finished = tenant.finish();
        assert_eq!(finished.code, 0, "{signal}: {finished:?}");
    }
}

#[test]
fn a_file_says_how_it_behaves_and_flags_win() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tenant.json");
    let mut config = Config::default();
    config.fleet.devices = 5;
    config.identity.header = "from-the-file".into();
    let text = serde_json::to_string(&config).expect("JSON");
    fs::write(&path, text).expect("written");
    let path = path.to_str().expect("UTF-8");
    for (args, devices) in [
        (&["--config", path][..], 5),
        (&["--config", path, "--devices", "7"], 7),
    ] {
        let mut tenant = simulate(args);
        let line = tenant.says("intune-sync sync");
        assert!(line.contains(" IDENTITY_HEADER=from-the-file "), "{line}");
        let mut words = line.split(' ');
        let mut plan = Program::new().args(["plan"]);
        for (name, value) in words.by_ref().map_while(|word| word.split_once('=')) {
            plan = plan.env(name, value);
        }
        let root = words
            .skip_while(|word| *word != "--graph-url")
            .nth(1)
            .expect("an address");
        let (finished, plan) = plan.args(["--graph-url", root]).json();
        assert_eq!(finished.code, 0, "{finished:?}");
        assert_eq!(plan["Listed"], devices);
    }
}
