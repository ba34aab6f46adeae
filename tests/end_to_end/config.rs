//! The config file: where it is found, its profiles, and the commands about it.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    program::{Finished, Program},
    tenant::{Tenant, healthy},
};

/// The program whose user has this config file in its default place.
fn with_file(program: Program, home: &Path, text: &str) -> Program {
    let folder = home.join("intune-sync");
    fs::create_dir_all(&folder).expect("it can be made");
    fs::write(folder.join("config.toml"), text).expect("it can be written");
    at_home(program, home)
}

/// The program whose user's config files are here.
fn at_home(program: Program, home: &Path) -> Program {
    let home = home.to_str().expect("UTF-8");
    program
        .env("INTUNE_SYNC_NO_CONFIG", "")
        .env("XDG_CONFIG_HOME", home)
        .env("APPDATA", home)
}

fn object(finished: &Finished) -> Value {
    assert_eq!(finished.code, 0, "{finished:?}");
    serde_json::from_str(&finished.stdout).expect("JSON")
}

#[test]
fn the_file_in_the_default_place_is_read_unless_it_is_not_wanted() {
    let home = tempfile::tempdir().expect("there is room for a file");
    let tenant = Tenant::new(healthy(30));
    let text = "limit = 7\n\n[profile.few]\nlimit = 3\n";
    let total = |args: &[&str]| {
        let program = with_file(tenant.plan(), home.path(), text).args(args.iter().copied());
        let finished = program.args(["-v", "--output", "json"]).run();
        let read = finished.stderr.contains("the config file is `");
        (object(&finished)["Total"].as_u64(), read)
    };
    assert_eq!(total(&[]), (Some(7), true));
    assert_eq!(total(&["--profile", "few"]), (Some(3), true));
    assert_eq!(
        total(&["--profile", "few", "--limit", "5"]),
        (Some(5), true)
    );
    assert_eq!(total(&["--no-config"]), (Some(30), false));
}

#[test]
fn a_path_is_relative_to_the_file_wherever_the_program_is_started() {
    let home = tempfile::tempdir().expect("there is room for a file");
    let tenant = Tenant::new(healthy(30));
    let devices = tenant.simulator.devices(None).expect("all of them");
    let device = devices.keys().next().expect("there are some");
    fs::create_dir_all(home.path().join("intune-sync")).expect("it can be made");
    fs::write(home.path().join("intune-sync/some.txt"), device).expect("it can be written");
    let program = with_file(tenant.plan(), home.path(), "devices-from = \"some.txt\"\n");
    assert_eq!(object(&program.args(["-o", "json"]).run())["Total"], 1);
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_what_is_meant() {
    let home = tempfile::tempdir().expect("there is room for a file");
    for (text, args, message, hint) in [
        (
            "# Ours\nbatchsize = 5\n",
            vec!["sync"],
            "`batchsize` is not a known key in `FILE`, line 2",
            "did you mean `batch-size`?",
        ),
        (
            "[profile.nightly]\n\npaces = \"quota\"\n",
            vec!["sync"],
            "`paces` is not a known key in `FILE`, line 3",
            "did you mean `pace`?",
        ),
        (
            "[profile.nightly]\n[profile.weekly]\n",
            vec!["sync", "--profile", "nightyl"],
            "`nightyl` is not allowed for `--profile`: it is not a profile of `FILE`",
            "did you mean `nightly`?",
        ),
        (
            "[profile.nightly]\n[profile.weekly]\n",
            vec!["sync", "--profile", "x"],
            "`x` is not allowed for `--profile`: it is not a profile of `FILE`",
            "it has `nightly` or `weekly`",
        ),
        (
            "limit = 5\n",
            vec!["sync", "--profile", "x", "--no-config"],
            "`--profile` and `--no-config` are not allowed together",
            "leave `--profile` or `--no-config` out",
        ),
    ] {
        let finished = with_file(Program::new(), home.path(), text)
            .args(args)
            .run();
        assert_eq!(finished.code, 2, "{finished:?}");
        let (error, found) = finished.error();
        let file = home.path().join("intune-sync/config.toml");
        let error = error.replace(file.to_str().expect("UTF-8"), "FILE");
        assert_eq!((error.as_str(), found), (message, hint));
    }
}

#[test]
fn a_file_that_is_written_is_right_and_is_not_written_twice() {
    let home = tempfile::tempdir().expect("there is room for a file");
    let call = |args: [&str; 2]| at_home(Program::new(), home.path()).args(args).run();
    let missing = call(["config", "check"]);
    assert_eq!(missing.code, 2, "{missing:?}");
    assert!(
        missing
            .error()
            .0
            .starts_with("there is no config file at `"),
        "{missing:?}"
    );

    let written = call(["config", "init"]);
    assert_eq!(written.code, 0, "{written:?}");
    let file = home.path().join("intune-sync/config.toml");
    assert_eq!(written.stdout.trim_end(), file.to_str().expect("UTF-8"));
    let checked = call(["config", "check"]);
    assert_eq!(checked.code, 0, "{checked:?}");
    assert!(
        checked
            .stdout
            .ends_with("nothing is wrong with its 0 keys\n"),
        "{checked:?}"
    );

    fs::write(&file, "pace = \"quota\"\n").expect("it can be written");
    let again = call(["config", "init"]);
    assert_eq!(again.code, 2, "{again:?}");
    assert!(
        again
            .error()
            .0
            .ends_with("is there already, and is left as it is"),
        "{again:?}"
    );
    assert_eq!(
        fs::read_to_string(&file).expect("it is there"),
        "pace = \"quota\"\n"
    );
}

#[test]
fn a_check_names_everything_that_is_wrong_in_all_profiles() {
    let home = tempfile::tempdir().expect("there is room for a file");
    let text = "batch-size = 0\nos = \"iOS\"\n[profile.a]\npace = \"fast\"\n[profile.b]\nwat = 1\n";
    let checked = with_file(Program::new(), home.path(), text)
        .args(["config", "check"])
        .run();
    assert_eq!(checked.code, 2, "{checked:?}");
    let errors: Vec<&str> = checked
        .stderr
        .lines()
        .filter(|line| line.starts_with("error: "))
        .collect();
    assert_eq!(errors.len(), 3, "{checked:?}");
    assert!(
        errors[0].contains("`0` is not allowed for `batch-size` in"),
        "{errors:?}"
    );
    assert!(
        errors[1].contains("`fast` is not allowed for `pace` in"),
        "{errors:?}"
    );
    assert!(
        errors[2].contains("`wat` is not a known key in"),
        "{errors:?}"
    );
}

#[test]
fn what_holds_is_shown_with_where_it_is_from() {
    let home = tempfile::tempdir().expect("there is room for a file");
    let text = "batch-size = 20\nmax-retries = 1\n[profile.nightly]\npace = \"quota\"\nca-file = \"ca.pem\"\n";
    let show = |args: &[&str]| {
        let program = with_file(Program::new(), home.path(), text)
            .env("INTUNE_SYNC_MAX_RETRIES", "2")
            .args(["config", "show", "--profile", "nightly", "--limit", "5"]);
        program.args(args.iter().copied()).run()
    };
    let file = home.path().join("intune-sync/config.toml");
    let file = file.to_str().expect("UTF-8");
    let shown = object(&show(&["--output", "json"]));
    assert_eq!(shown["ConfigFile"], file);
    assert_eq!(shown["Profile"], "nightly");
    let settings = shown["Settings"].as_array().expect("a list");
    let ca = home.path().join("intune-sync/ca.pem");
    for (key, value, source, place) in [
        ("batch-size", "20", "file", Some(format!("{file}:1"))),
        (
            "max-retries",
            "2",
            "variable",
            Some("INTUNE_SYNC_MAX_RETRIES".to_owned()),
        ),
        (
            "pace",
            "quota",
            "file",
            Some(format!("{file}:4 (profile nightly)")),
        ),
        (
            "ca-file",
            ca.to_str().expect("UTF-8"),
            "file",
            Some(format!("{file}:5 (profile nightly)")),
        ),
        ("limit", "5", "flag", Some("--limit".to_owned())),
        ("give-up-after", "10m", "default", None),
    ] {
        let found = settings.iter().find(|setting| setting["Key"] == key);
        let found = found.unwrap_or_else(|| panic!("{key} is not there"));
        assert_eq!(found["Value"], value, "{key}");
        assert_eq!(found["Source"], source, "{key}");
        assert_eq!(found["Place"].as_str(), place.as_deref(), "{key}");
    }
    let text = show(&[]);
    assert_eq!(text.code, 0, "{text:?}");
    let line = |key: &str| {
        let lines = text.stdout.lines();
        let words = lines.map(|line| line.split_whitespace().collect::<Vec<_>>());
        words
            .into_iter()
            .find(|words| words.first() == Some(&key))
            .expect("it is set")
    };
    assert_eq!(line("limit"), ["limit", "5", "--limit"]);
    assert_eq!(line("give-up-after"), ["give-up-after", "10m", "default"]);
    assert!(text.stdout.contains("\nNot set: "), "{text:?}");
}

#[test]
fn two_variables_that_say_which_file_are_refused() {
    let finished = Program::new()
        .args(["sync"])
        .env("INTUNE_SYNC_CONFIG", "job.toml")
        .env("INTUNE_SYNC_NO_CONFIG", "true")
        .run();
    assert_eq!(finished.code, 2, "{finished:?}");
    assert_eq!(
        finished.error().0,
        "`INTUNE_SYNC_CONFIG` and `INTUNE_SYNC_NO_CONFIG` are not allowed together"
    );
}
