//! Flags, variables and the config file: which of them wins, and what is wrong with one.

use intune_sync_identity::UserAssigned;
use intune_sync_wit::Pace;

use super::{GUID, ID, file, job, usage};
use crate::cli::{Auth, Verbosity};

#[test]
fn a_flag_wins_over_a_variable_over_the_file_over_the_default() {
    let (_folder, path) = file(
        "job.toml",
        "batch-size = 1\nmax-retries = 1\nbatch-delay-seconds = \"2m\"\nmax-rate = 0.25\nos = [\"iOS\", \"macOS\"]\n\
         yes = true\nname = \"a,b\"\npace = \"quota\"\n",
    );
    let variables = [
        ("INTUNE_SYNC_BATCH_SIZE", "2"),
        ("INTUNE_SYNC_MAX_RETRIES", "2"),
        ("INTUNE_SYNC_PACE", ""),
    ];
    let job = |command: &str| {
        job(
            &format!("{command} --config {} --batch-size 3", path.display()),
            &variables,
        )
    };
    for job in [job("sync"), job("plan")] {
        assert_eq!(job.given.batch_size, Some(3), "the flag");
        assert_eq!(job.given.max_retries, Some(2), "the variable");
        assert_eq!(
            (job.given.batch_delay, job.given.max_rate),
            (Some(120_000), Some(250)),
            "the file"
        );
        assert_eq!(job.given.initial_backoff, Some(5_000), "the default");
        let quota = Some(Pace::Quota);
        assert_eq!(job.given.pace, quota, "an empty variable is not set");
        assert_eq!(job.given.os, ["iOS", "macOS"]);
        assert_eq!(job.given.name, ["a,b"]);
        assert_eq!(job.given.yes, Some(true));
    }
}

#[test]
fn a_list_is_replaced_and_not_joined() {
    let (_folder, path) = file("job.toml", "os = [\"iOS\"]\n");
    let config = path.display().to_string();
    let variables = [("INTUNE_SYNC_CONFIG", config.as_str())];
    assert_eq!(job("sync", &variables).given.os, ["iOS"]);
    assert_eq!(job("sync --os Windows", &variables).given.os, ["Windows"]);
    let both = [variables[0], ("INTUNE_SYNC_OS", "Linux,macOS")];
    assert_eq!(job("sync", &both).given.os, ["Linux", "macOS"]);
}

#[test]
fn a_flag_voids_what_lower_layers_say_of_its_alternatives() {
    let variables = [
        ("INTUNE_SYNC_CLIENT_ID", ID),
        ("INTUNE_SYNC_VERBOSE", "true"),
        ("INTUNE_SYNC_DEVICES_FROM", "/nowhere/ids.txt"),
    ];
    let job = job(
        &format!("sync --resource-id /subscriptions/x -q --device {ID}"),
        &variables,
    );
    let resource = UserAssigned::Resource("/subscriptions/x".into());
    assert_eq!(
        job.auth,
        Auth::ManagedIdentity {
            user_assigned: Some(resource)
        }
    );
    assert_eq!(job.output.verbosity, Verbosity::Quiet);
    assert_eq!(job.settings(0, 0).selection.devices, [GUID]);
}

/// What is in the file for each night does not keep anyone from looking first, or from keeping nothing.
#[test]
fn flags_that_exclude_what_the_file_says_win() {
    let (_folder, path) = file("job.toml", "report = \"r.html\"\nconfirm-after = \"1h\"\n");
    let job = |flags: &str, variables: &[(&str, &str)]| {
        job(
            &format!("sync --config {} {flags}", path.display()),
            variables,
        )
    };
    assert!(job("--no-history", &[]).history.is_none());
    let looked = job("--dry-run", &[]);
    assert_eq!(looked.purpose, intune_sync_wit::Purpose::Plan);
    let off = [("INTUNE_SYNC_NO_HISTORY", "false")];
    let history = job("", &off).history.expect("it is kept");
    assert_eq!(history.confirm_after, Some(3_600_000));
    // The next part writes the same file, wherever it is started.
    let [flag, page] = &history.arguments[history.arguments.len() - 2..] else {
        panic!("{:?}", history.arguments);
    };
    assert_eq!(flag, "--report");
    assert!(std::path::Path::new(page).is_absolute(), "{page}");
}

#[test]
fn a_bad_value_is_named_by_where_it_stands() {
    let error = usage("sync", &[("INTUNE_SYNC_BATCH_SIZE", "0")]);
    assert_eq!(
        error.message,
        "`0` is not allowed for `INTUNE_SYNC_BATCH_SIZE`: it takes 1 to 10000 devices"
    );
    assert_eq!(error.hint, "correct it, or remove it for the default, `50`");
    let error = usage("sync", &[("INTUNE_SYNC_YES", "maybe")]);
    assert_eq!(
        error.message,
        "`maybe` is not allowed for `INTUNE_SYNC_YES`: it takes `true` or `false`"
    );
    // A flag in the same place is right, so the variable does not matter.
    assert_eq!(
        job("sync --batch-size 5", &[("INTUNE_SYNC_BATCH_SIZE", "0")])
            .given
            .batch_size,
        Some(5)
    );
}

#[test]
fn a_bad_config_file_is_named_with_its_key() {
    for (text, message, hint) in [
        (
            "batch-size = -1",
            "`-1` is not allowed for `batch-size` in `FILE`, line 1: it takes 1 to 10000 devices",
            "correct it, or remove it for the default, `50`",
        ),
        (
            "pace = \"x\"",
            "`x` is not allowed for `pace` in `FILE`, line 1: it takes `fixed` or `quota`",
            "correct it, or remove it for the default, `fixed`",
        ),
        (
            "batch_size = 5",
            "`batch_size` is not a known key in `FILE`, line 1",
            "write `batch-size`: the keys are the long flags' names",
        ),
        (
            "wat = 5",
            "`wat` is not a known key in `FILE`, line 1",
            "the keys are the long flags' names: `intune-sync sync --help` lists them",
        ),
        (
            "config = \"x\"",
            "`config` is not a known key in `FILE`, line 1",
            "`--config` is for the command line alone",
        ),
        (
            "[batch-size]",
            "a table is not allowed for `batch-size` in `FILE`, line 1: it takes a text, a number or a boolean",
            "write the value as you would after `--batch-size`",
        ),
        (
            "os = [[1]]",
            "a list in a list is not allowed for `os` in `FILE`, line 1: it takes a text, a number or a boolean, or a list of these",
            "write the value as you would after `--os`",
        ),
        (
            "batch-size = [1, 2]",
            "a list is not allowed for `batch-size` in `FILE`, line 1: it takes a text, a number or a boolean",
            "write the value as you would after `--batch-size`",
        ),
    ] {
        let (_folder, path) = file("job.toml", text);
        let error = usage(&format!("sync --config {}", path.display()), &[]);
        assert_eq!(
            error.message.replace(&path.display().to_string(), "FILE"),
            message
        );
        assert_eq!(error.hint, hint);
    }
    let (_folder, path) = file("job.toml", "pace = \"quota\"\nbatch-size 5\n");
    let error = usage(&format!("sync --config {}", path.display()), &[]);
    assert!(
        error
            .message
            .contains("job.toml`, line 2: this is not TOML: "),
        "{error}"
    );
    let error = usage("sync --config /nowhere/job.toml", &[]);
    assert!(
        error
            .message
            .starts_with("`/nowhere/job.toml` cannot be read: "),
        "{error}"
    );
}

#[test]
fn a_misspelt_variable_is_refused_with_the_one_that_is_meant() {
    for line in ["sync", "plan", "rehearse", "doctor"] {
        let error = usage(line, &[("INTUNE_SYNC_STALEFOR", "7d")]);
        assert_eq!(error.message, "`INTUNE_SYNC_STALEFOR` is not a setting");
        assert_eq!(error.hint, "did you mean `INTUNE_SYNC_STALE_FOR`?");
    }
    let error = usage("sync", &[("INTUNE_SYNC_DEVICES_FORM", "ids.txt")]);
    assert_eq!(error.hint, "did you mean `INTUNE_SYNC_DEVICES_FROM`?");
    let error = usage("sync", &[("INTUNE_SYNC_XYZZY", "1")]);
    assert_eq!(
        error.hint,
        "unset it; `intune-sync sync --help` lists the flags, and each has a variable of its name"
    );
}

#[test]
fn variables_that_are_not_meant_for_the_program_are_let_pass() {
    for (name, value) in [
        ("INTUNE_SYNC_PORT", "tcp://10.0.0.1:80"),
        ("INTUNE_SYNC_SERVICE_HOST", "10.0.0.1"),
        (
            "INTUNE_SYNC_SERVICE_SECRET",
            "of the service, not of the program",
        ),
        ("INTUNE_SYNC_STALEFOR", ""),
    ] {
        assert!(job("sync", &[(name, value)]).given.whole_fleet(), "{name}");
    }
}

#[test]
fn a_config_file_can_be_encoded_as_windows_does() {
    let text = "batch-size = 7\n";
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [
        [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat(),
        [b"\xff\xfe".as_slice(), &utf16].concat(),
    ] {
        let (_folder, path) = file("job.toml", "");
        std::fs::write(&path, &bytes).expect("there is room for a file");
        let job = job(&format!("sync --config {}", path.display()), &[]);
        assert_eq!(job.given.batch_size, Some(7), "{bytes:?}");
    }
}
