//! The whole command line: arguments, variables and files to typed options, and each way to get them wrong.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::cloud::Cloud;
use super::duration::Span;
use super::{
    Advice, Auth, BulkCost, Color, Command, Format, JobOptions, Limiter, OutputOptions,
    RehearseOptions, ReportFormat, TenantOptions, UserAssigned, Verbosity, parse_with,
};
use crate::sandbox::bindings::sync::{Dispatch, Guid, Order, Pace, Purpose};

const ID: &str = "00112233-4455-6677-8899-aabbccddeeff";
const GUID: Guid = Guid {
    hi: 0x0011_2233_4455_6677,
    lo: 0x8899_aabb_ccdd_eeff,
};

/// What `intune-sync` makes of `line`, split at blanks, with these variables.
fn parse(line: &str, variables: &[(&str, &str)]) -> Result<Command, Advice> {
    let args = std::iter::once("intune-sync")
        .chain(line.split_whitespace())
        .map(OsString::from);
    parse_with(args, &|name| {
        variables
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).into())
    })
}

fn job(line: &str, variables: &[(&str, &str)]) -> JobOptions {
    match parse(line, variables) {
        Ok(Command::Job(job)) => *job,
        other => panic!("{line}: {other:?}"),
    }
}

fn usage(line: &str, variables: &[(&str, &str)]) -> Advice {
    match parse(line, variables) {
        Err(error) => {
            for text in [&error.message, &error.hint] {
                assert!(
                    !text.is_empty() && !text.ends_with('.') && !text.contains('\n'),
                    "{line}: {text:?}"
                );
            }
            error
        }
        Ok(command) => panic!("{line}: {command:?}"),
    }
}

/// A folder with one file.
fn file(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("there is room for a file");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("there is room for a file");
    (folder, path)
}

#[test]
fn the_tree_is_sound() {
    super::args::command().debug_assert();
}

#[test]
fn defaults_are_the_runbooks() {
    let job = job("sync", &[]);
    let settings = job.settings(7, 9);
    assert_eq!(settings.purpose, Purpose::Sync);
    assert_eq!(settings.graph_root, "https://graph.microsoft.com");
    assert_eq!(settings.scope, "https://graph.microsoft.com/.default");
    assert_eq!((settings.batch_size, settings.batch_delay), (50, 10_000));
    assert_eq!((settings.max_retries, settings.initial_backoff), (5, 5_000));
    assert_eq!(
        (settings.dispatch, settings.pace, settings.ceiling),
        (Dispatch::Batch, Pace::Fixed, 9_750)
    );
    assert_eq!((settings.started_at, settings.seed), (7, 9));
    assert_eq!(
        (settings.selection.order, settings.selection.limit),
        (Order::Stalest, None)
    );
    assert!(job.whole_fleet());
    assert!(job.warnings().is_empty());
    assert_eq!(
        job.auth,
        Auth::ManagedIdentity {
            user_assigned: None
        }
    );
    assert_eq!(job.output, OutputOptions::default());
    assert_eq!((job.deadline, job.yes), (None, false));
}

#[test]
fn each_flag_arrives() {
    let job = job(
        &format!(
            "sync --yes --deadline 1h30m --component c.wasm --os Windows,iOS --os macOS --compliance NONCOMPLIANT \
             --owner company --agent easmdm,msSense --category A,B --name KIOSK-* --stale-for 24h --device {ID} \
             --limit 7 --order listed --include-unsupported --batch-size 10000 --batch-delay-seconds 1.5 \
             --max-retries 0 --initial-backoff-seconds 500ms --dispatch bulk --pace quota --max-rate 0.5 \
             --cloud usgov --graph-url http://127.0.0.1:8080 --ca-file ca.pem --client-id {ID} --output jsonl \
             --color never -v"
        ),
        &[],
    );
    let settings = job.settings(0, 0);
    let selection = &settings.selection;
    assert_eq!(selection.os, ["Windows", "iOS", "macOS"]);
    assert_eq!(selection.compliance, ["noncompliant"]);
    assert_eq!(selection.owner, ["company"]);
    assert_eq!(selection.agent, ["easMdm", "msSense"]);
    assert_eq!(selection.category, ["A,B"]);
    assert_eq!(selection.name, ["KIOSK-*"]);
    assert_eq!(selection.stale_for, Some(86_400_000));
    assert_eq!(selection.devices, [GUID]);
    assert_eq!(
        (
            selection.limit,
            selection.order,
            selection.include_unsupported
        ),
        (Some(7), Order::Listed, true)
    );
    assert!(!job.whole_fleet());
    assert_eq!((settings.batch_size, settings.batch_delay), (10_000, 1_500));
    assert_eq!((settings.max_retries, settings.initial_backoff), (0, 500));
    assert_eq!(
        (settings.dispatch, settings.pace, settings.ceiling),
        (Dispatch::Bulk, Pace::Quota, 500)
    );
    assert_eq!(
        (job.yes, job.deadline),
        (true, Some(Duration::from_secs(5_400)))
    );
    assert_eq!(job.component.as_deref(), Some(Path::new("c.wasm")));
    assert_eq!(job.ca_file.as_deref(), Some(Path::new("ca.pem")));
    let id = ID.parse().expect("a GUID");
    assert_eq!(
        job.auth,
        Auth::ManagedIdentity {
            user_assigned: Some(UserAssigned::Client(id))
        }
    );
    let output = OutputOptions {
        format: Format::Jsonl,
        color: Color::Never,
        verbosity: Verbosity::Verbose,
    };
    assert_eq!(job.output, output);
}

#[test]
fn the_scope_is_that_of_the_cloud_whatever_the_address() {
    let job = job("sync --cloud china --graph-url https://proxy.example", &[]);
    assert_eq!(job.cloud, Cloud::China);
    assert_eq!(job.settings(0, 0).graph_root, "https://proxy.example");
    assert_eq!(
        job.settings(0, 0).scope,
        "https://microsoftgraph.chinacloudapi.cn/.default"
    );
}

#[test]
fn plan_and_dry_run_write_nothing() {
    assert_eq!(job("plan --batch-size 7", &[]).purpose, Purpose::Plan);
    assert_eq!(job("sync --dry-run", &[]).purpose, Purpose::Plan);
    assert_eq!(
        job("sync", &[("INTUNE_SYNC_DRY_RUN", "true")]).purpose,
        Purpose::Plan
    );
}

#[test]
fn any_criterion_makes_it_less_than_the_whole_fleet() {
    for flags in [
        "--os x",
        "--compliance error",
        "--owner unknown",
        "--agent eas",
        "--category x",
        "--name x",
        "--stale-for 1d",
        &format!("--device {ID}"),
        "--limit 1",
    ] {
        assert!(!job(&format!("sync {flags}"), &[]).whole_fleet(), "{flags}");
    }
    assert!(job("sync --order listed --include-unsupported", &[]).whole_fleet());
}

#[test]
fn a_rate_above_the_documented_one_is_warned_of() {
    assert!(job("sync --max-rate 10", &[]).warnings().is_empty());
    let warnings = job("sync --max-rate 10.001", &[]).warnings();
    assert_eq!(warnings.len(), 1);
    assert_eq!(
        warnings[0].message,
        "`--max-rate 10.001` is above the 10 syncs per second that Microsoft documents"
    );
}

#[test]
fn each_source_of_tokens_takes_its_flags() {
    let auth = |flags: &str| job(&format!("sync {flags}"), &[]).auth;
    let id = || ID.parse().expect("a GUID");
    let tenant = || "contoso.com".parse().expect("a tenant");
    for (flags, expected) in [
        (
            format!("--auth managed-identity --object-id {ID}"),
            Auth::ManagedIdentity {
                user_assigned: Some(UserAssigned::Object(id())),
            },
        ),
        (
            "--auth workload-identity".to_owned(),
            Auth::WorkloadIdentity {
                tenant: None,
                client_id: None,
                token_file: None,
            },
        ),
        (
            format!(
                "--auth workload-identity --tenant-id Contoso.com --client-id {ID} --token-file t"
            ),
            Auth::WorkloadIdentity {
                tenant: Some(tenant()),
                client_id: Some(id()),
                token_file: Some("t".into()),
            },
        ),
        (
            "--auth azure-cli".to_owned(),
            Auth::AzureCli { tenant: None },
        ),
        (
            "--auth azure-cli --tenant-id contoso.com".to_owned(),
            Auth::AzureCli {
                tenant: Some(tenant()),
            },
        ),
        (
            format!(
                "--auth client-secret --tenant-id contoso.com --client-id {ID} --client-secret-file -"
            ),
            Auth::ClientSecret {
                tenant: tenant(),
                client_id: id(),
                secret_file: "-".into(),
            },
        ),
        (
            "--auth token-file --token-file t".to_owned(),
            Auth::TokenFile("t".into()),
        ),
    ] {
        assert_eq!(auth(&flags), expected, "{flags}");
    }
}

/// Every flag with every source: it is taken, or it is said where it goes.
#[test]
fn no_flag_is_silently_ignored() {
    let flags = [
        "--token-file t",
        "--client-secret-file s",
        "--tenant-id contoso.com",
        &format!("--client-id {ID}"),
        &format!("--object-id {ID}"),
        "--resource-id /subscriptions/x",
    ];
    let mut told = String::new();
    for auth in [
        "managed-identity",
        "workload-identity",
        "azure-cli",
        "client-secret",
        "token-file",
    ] {
        for flag in flags {
            let line = format!("sync --auth {auth} {flag}");
            match parse(&line, &[]) {
                Ok(_) => told += &format!("$ intune-sync {line}\nok\n\n"),
                Err(_) => {
                    let Advice { message, hint } = usage(&line, &[]);
                    told += &format!("$ intune-sync {line}\nerror: {message}\nhint: {hint}\n\n");
                }
            }
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn devices_are_merged() {
    let (_folder, path) = file(
        "ids.csv",
        &format!("Id,Name\n{ID},PC\nffffffff-ffff-ffff-ffff-ffffffffffff,PC\n"),
    );
    let line = format!(
        "sync --device {} --devices-from {}",
        ID.to_uppercase(),
        path.display()
    );
    assert_eq!(
        job(&line, &[]).selection.devices,
        [
            GUID,
            Guid {
                hi: u64::MAX,
                lo: u64::MAX
            }
        ]
    );
}

#[test]
fn bad_input_names_the_value_and_what_is_allowed() {
    let duration = "as seconds (`10`, `1.5`) or with units (`500ms`, `2m`, `1h30m`)";
    let guid = "it takes a GUID such as `00112233-4455-6677-8899-aabbccddeeff`";
    let origin = |problem: &str| {
        format!(
            "{problem}; it takes `https://host` or `https://host:port`, or http on a loopback address"
        )
    };
    let scheme = origin("it does not begin with https:// or http://");
    let rate =
        "it takes more than 0 and at most 1000000 syncs per second, with up to three decimals";
    let listen = "it takes a loopback address with a port, such as `127.0.0.1:8080` or `[::1]:0`, where 0 is any free port";
    for (line, flag, value, allowed) in [
        ("sync", "--batch-size", "0", "it takes 1 to 10000 devices"),
        ("sync", "--batch-size", "-1", "it takes 1 to 10000 devices"),
        (
            "sync",
            "--batch-size",
            "1000000",
            "it takes 1 to 10000 devices",
        ),
        ("plan", "--batch-size", "ten", "it takes 1 to 10000 devices"),
        (
            "sync",
            "--batch-delay-seconds",
            "-10",
            &format!("it takes 0s to 1d, {duration}"),
        ),
        (
            "sync",
            "--batch-delay-seconds",
            "-5s",
            &format!("it takes 0s to 1d, {duration}"),
        ),
        (
            "sync",
            "--batch-delay-seconds",
            "25h",
            &format!("it takes 0s to 1d, {duration}"),
        ),
        ("sync", "--max-retries", "101", "it takes 0 to 100 retries"),
        ("sync", "--max-retries", "-1", "it takes 0 to 100 retries"),
        (
            "sync",
            "--initial-backoff-seconds",
            "61m",
            &format!("it takes 0s to 1h, {duration}"),
        ),
        ("sync", "--max-rate", "0", rate),
        ("sync", "--max-rate", "-1", rate),
        ("sync", "--max-rate", "1000001", rate),
        (
            "sync",
            "--dispatch",
            "many",
            "it takes `batch`, `single` or `bulk`",
        ),
        ("sync", "--pace", "x", "it takes `fixed` or `quota`"),
        ("sync", "--order", "x", "it takes `stalest` or `listed`"),
        (
            "sync",
            "--compliance",
            "good",
            "it takes `unknown`, `compliant`, `noncompliant`, `conflict`, `error`, `inGracePeriod` or `configManager`",
        ),
        (
            "sync",
            "--owner",
            "me",
            "it takes `unknown`, `company` or `personal`",
        ),
        (
            "sync",
            "--stale-for",
            "0",
            &format!("it takes 1s to 3650d, {duration}"),
        ),
        (
            "sync",
            "--deadline",
            "0",
            &format!("it takes 1s to 7d, {duration}"),
        ),
        ("sync", "--limit", "0", "it takes 1 to 4294967295 devices"),
        ("sync", "--device", "PC-1", guid),
        ("sync", "--client-id", "x", guid),
        ("sync", "--object-id", "x", guid),
        (
            "sync",
            "--resource-id",
            "x",
            "it takes an Azure resource id, which begins with `/subscriptions/`",
        ),
        (
            "sync",
            "--graph-url",
            "http://graph.microsoft.com",
            &origin("http is for loopback addresses only"),
        ),
        (
            "sync",
            "--graph-url",
            "http://127.0.0.1/v1.0",
            &origin("it has a path, a query or a fragment"),
        ),
        ("sync", "--graph-url", "graph.microsoft.com", &scheme),
        ("sync", "--graph-url", "ftp://127.0.0.1", &scheme),
        (
            "sync",
            "--cloud",
            "mars",
            "it takes `public`, `usgov`, `usgov-dod` or `china`",
        ),
        (
            "sync",
            "--auth",
            "password",
            "it takes `managed-identity`, `workload-identity`, `azure-cli`, `client-secret` or `token-file`",
        ),
        (
            "sync",
            "--output",
            "xml",
            "it takes `text`, `json` or `jsonl`",
        ),
        (
            "sync",
            "--color",
            "red",
            "it takes `auto`, `always` or `never`",
        ),
        ("demo", "--devices", "0", "it takes 1 to 1000000 devices"),
        (
            "demo",
            "--seed",
            "-1",
            "it takes a whole number from 0 to 18446744073709551615",
        ),
        ("demo", "--batch-size", "0", "it takes 1 to 10000 devices"),
        ("simulate", "--listen", "0.0.0.0:80", listen),
        (
            "simulate",
            "--devices",
            "x",
            "it takes 0 to 1000000 devices",
        ),
    ] {
        let error = usage(&format!("{line} {flag} {value}"), &[]);
        assert_eq!(
            error.message,
            format!("`{value}` is not allowed for `{flag}`: {allowed}")
        );
    }
    assert!(
        usage("sync --agent x", &[])
            .message
            .starts_with("`x` is not allowed for `--agent`: it takes `eas`, `mdm`, ")
    );
}

#[test]
fn other_wrong_usage_is_explained() {
    let mut told = String::new();
    for line in [
        "",
        "snyc",
        "frobnicate",
        "--quiet",
        "sync --batch-szie 5",
        "sync --frobnicate",
        "sync extra",
        "sync --batch-size",
        "sync --pace",
        "sync --pace quoat",
        "sync --batch-size 0",
        "sync --os Windows,",
        "sync --yes=true",
        "sync --batch-size 1 --batch-size 2",
        "sync --quiet --verbose",
        "sync --auth token-file",
        "sync --token-file t",
        "sync --auth token-file --token-file t --object-id 00112233-4455-6677-8899-aabbccddeeff",
        "sync --auth client-secret --client-secret-file s --tenant-id common",
        "sync --auth client-secret --client-secret-file - --tenant-id contoso.com \
         --client-id 00112233-4455-6677-8899-aabbccddeeff --devices-from -",
        "sync --auth token-file --token-file - --devices-from -",
        "sync --client-id 00112233-4455-6677-8899-aabbccddeeff --resource-id /subscriptions/x",
        "plan --dry-run",
        "demo --graph-url https://graph.microsoft.com",
    ] {
        let Advice { message, hint } = usage(line, &[]);
        told += &format!("$ intune-sync {line}\nerror: {message}\nhint: {hint}\n\n");
    }
    insta::assert_snapshot!(told);
}

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
        assert_eq!(job.pacing.batch_size, 3, "the flag");
        assert_eq!(job.pacing.max_retries, 2, "the variable");
        assert_eq!(
            (job.pacing.batch_delay, job.pacing.ceiling),
            (120_000, 250),
            "the file"
        );
        assert_eq!(job.pacing.initial_backoff, 5_000, "the default");
        assert_eq!(job.pacing.pace, Pace::Quota, "an empty variable is none");
        assert_eq!(job.selection.os, ["iOS", "macOS"]);
        assert_eq!(job.selection.name, ["a,b"]);
        assert!(job.yes);
    }
}

#[test]
fn a_list_is_replaced_and_not_joined() {
    let (_folder, path) = file("job.toml", "os = [\"iOS\"]\n");
    let config = path.display().to_string();
    let variables = [("INTUNE_SYNC_CONFIG", config.as_str())];
    assert_eq!(job("sync", &variables).selection.os, ["iOS"]);
    assert_eq!(
        job("sync --os Windows", &variables).selection.os,
        ["Windows"]
    );
    let both = [variables[0], ("INTUNE_SYNC_OS", "Linux,macOS")];
    assert_eq!(job("sync", &both).selection.os, ["Linux", "macOS"]);
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
    assert_eq!(job.selection.devices, [GUID]);
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
            .pacing
            .batch_size,
        5
    );
}

#[test]
fn a_bad_config_file_is_named_with_its_key() {
    for (text, message, hint) in [
        (
            "batch-size = -1",
            "`-1` is not allowed for `batch-size` in `FILE`: it takes 1 to 10000 devices",
            "correct it, or remove it for the default, `50`",
        ),
        (
            "pace = \"x\"",
            "`x` is not allowed for `pace` in `FILE`: it takes `fixed` or `quota`",
            "correct it, or remove it for the default, `fixed`",
        ),
        (
            "batch_size = 5",
            "`batch_size` is not a known key in `FILE`",
            "write `batch-size`: the keys are the long flags' names",
        ),
        (
            "wat = 5",
            "`wat` is not a known key in `FILE`",
            "the keys are the long flags' names: `intune-sync sync --help` lists them",
        ),
        (
            "config = \"x\"",
            "`config` is not a known key in `FILE`",
            "`--config` is for the command line alone",
        ),
        (
            "batch-size = 2026-11-23",
            "a date is not allowed for `batch-size` in `FILE`: it takes a text, a number or a boolean",
            "write the value as you would behind `--batch-size`",
        ),
        (
            "os = [[1]]",
            "a list in a list is not allowed for `os` in `FILE`: it takes a text, a number or a boolean, or a list of these",
            "write the value as you would behind `--os`",
        ),
        (
            "batch-size = [1, 2]",
            "a list is not allowed for `batch-size` in `FILE`: it takes a text, a number or a boolean",
            "write the value as you would behind `--batch-size`",
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
fn demo_and_simulate_read_their_own_flags_alone() {
    let variables = [
        ("INTUNE_SYNC_BATCH_SIZE", "7"),
        ("INTUNE_SYNC_CONFIG", "/nowhere"),
        ("INTUNE_SYNC_DEVICES", "x"),
    ];
    let Ok(Command::Demo(demo)) = parse("demo --seed 4 --max-retries 1 -q", &variables) else {
        panic!("a demo")
    };
    assert_eq!((demo.devices, demo.seed), (600, Some(4)));
    assert_eq!(
        demo.pacing.flags().join(" "),
        "--batch-size 50 --batch-delay-seconds 0.5 --max-retries 1 --initial-backoff-seconds 0.5 --dispatch batch \
         --pace fixed --max-rate 95"
    );
    // What a demo shows can be typed as it is.
    let again = job(&format!("sync {}", demo.pacing.flags().join(" ")), &[]);
    assert_eq!(again.pacing, demo.pacing);
    let simulated = demo.job("http://127.0.0.1:9".parse().expect("an origin"));
    assert!(simulated.whole_fleet() && simulated.yes);
    assert_eq!(simulated.settings(0, 0).graph_root, "http://127.0.0.1:9");

    let Ok(Command::Simulate(simulate)) = parse("simulate --config c.json --devices 0", &variables)
    else {
        panic!("a simulator")
    };
    assert_eq!(simulate.listen.to_string(), "127.0.0.1:0");
    assert_eq!((simulate.devices, simulate.seed), (Some(0), None));
    assert_eq!(simulate.config.as_deref(), Some(Path::new("c.json")));
}

#[test]
fn each_flag_of_a_rehearsal_arrives() {
    let options = rehearsal(
        "rehearse --devices 25000 --quota 150 --limiter bucket --neighbour 40 --neighbour-period 2m --latency 50ms..2s \
         --faults 0.5 --bulk-cost call --seed 9 --no-alternatives --component c.wasm --output json --pace quota -q",
        &[],
    );
    assert_eq!(
        options.tenant,
        TenantOptions {
            quota: 150,
            limiter: Limiter::Bucket,
            neighbour: 40,
            neighbour_period: Some(120_000),
            latency: Span {
                min: 50,
                max: 2_000
            },
            faults: 50,
            bulk_cost: BulkCost::Call,
            seed: 9,
        }
    );
    assert_eq!((options.devices, options.alternatives), (25_000, false));
    assert_eq!(options.component.as_deref(), Some(Path::new("c.wasm")));
    assert_eq!(options.format, ReportFormat::Json);
    assert_eq!(options.output.verbosity, Verbosity::Quiet);
    let job = options.job(options.pacing);
    assert!(job.whole_fleet());
    assert_eq!(job.pacing.pace, Pace::Quota);
    assert_eq!(job.settings(0, 0).graph_root, "https://graph.microsoft.com");
}

#[test]
fn a_rehearsal_is_cautious_by_default() {
    let options = rehearsal("rehearse", &[]);
    let TenantOptions {
        quota,
        limiter,
        bulk_cost,
        seed,
        ..
    } = options.tenant;
    assert_eq!((quota, limiter), (200, Limiter::Sliding));
    assert_eq!((bulk_cost, seed), (BulkCost::Device, 1));
    assert!(options.alternatives);
    assert_eq!(options.pacing, job("sync", &[]).pacing);
}

/// The file and the variables of a job count, as far as a rehearsal has the same flags.
#[test]
fn a_job_s_own_settings_can_be_rehearsed() {
    let text = "pace = \"quota\"\nbatch-size = 100\nos = [\"Windows\"]\ndeadline = \"5h\"\n";
    let (_folder, path) = file("job.toml", text);
    let variables = [
        ("INTUNE_SYNC_BATCH_SIZE", "200"),
        ("INTUNE_SYNC_MAX_RETRIES", "1"),
        ("INTUNE_SYNC_DEVICES", "x"),
    ];
    let line = format!("rehearse --config {} --max-retries 2", path.display());
    let options = rehearsal(&line, &variables);
    assert_eq!(options.pacing.pace, Pace::Quota);
    assert_eq!(
        (options.pacing.batch_size, options.pacing.max_retries),
        (200, 2)
    );
}

fn rehearsal(line: &str, variables: &[(&str, &str)]) -> RehearseOptions {
    match parse(line, variables) {
        Ok(Command::Rehearse(options)) => *options,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn help_and_version_are_pages() {
    for line in [
        "--help",
        "-h",
        "help sync",
        "sync --help",
        "plan -h",
        "demo --help",
        "rehearse --help",
        "simulate --help",
        "--version",
    ] {
        let Ok(Command::Show(page)) = parse(line, &[]) else {
            panic!("{line}")
        };
        assert!(page.plain.contains("intune-sync"), "{line}");
        assert!(!page.plain.contains('\u{1b}'), "{line}");
    }
}

/// The components that stand alone read no clap tree: their defaults stand in `contract`.
#[test]
fn the_defaults_are_those_of_the_components() {
    let options = job("sync", &[]);
    let graph = options.graph.to_string();
    let given = intune_sync_settings::Given::default();
    let components = given.settings(Purpose::Sync, (options.cloud, graph), 1, 2);
    assert_eq!(options.settings(1, 2), components);
}

/// Each key that a component takes is a flag of `sync`.
#[test]
fn the_keys_of_the_components_are_flags() {
    let command = super::args::command();
    let sync = command
        .find_subcommand("sync")
        .expect("the tree has `sync`");
    for key in intune_sync_settings::KEYS {
        assert!(
            sync.get_arguments().any(|arg| arg.get_long() == Some(key)),
            "{key}"
        );
    }
}
