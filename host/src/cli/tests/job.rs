//! The flags of `sync` and `plan`, and what they come to.

use std::{path::Path, time::Duration};

use intune_sync_identity::UserAssigned;
use intune_sync_report::Format;
use intune_sync_settings::Cloud;
use intune_sync_wit::{Dispatch, Guid, Order, Pace, Purpose};

use super::{GUID, ID, file, job};
use crate::cli::{Auth, Color, OutputOptions, Verbosity};

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
    assert!(job.given.whole_fleet());
    assert!(job.warnings().is_empty());
    assert_eq!(
        job.auth,
        Auth::ManagedIdentity {
            user_assigned: None
        }
    );
    assert_eq!(
        (job.format, job.output.clone()),
        (Format::Text, OutputOptions::default())
    );
    assert_eq!((job.deadline(), job.given.yes), (None, None));
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
    assert!(!job.given.whole_fleet());
    assert_eq!((settings.batch_size, settings.batch_delay), (10_000, 1_500));
    assert_eq!((settings.max_retries, settings.initial_backoff), (0, 500));
    assert_eq!(
        (settings.dispatch, settings.pace, settings.ceiling),
        (Dispatch::Bulk, Pace::Quota, 500)
    );
    assert_eq!(
        (job.given.yes, job.deadline()),
        (Some(true), Some(Duration::from_secs(5_400)))
    );
    assert_eq!(job.component.file.as_deref(), Some(Path::new("c.wasm")));
    assert_eq!(job.ca_file.as_deref(), Some(Path::new("ca.pem")));
    let id = ID.parse().expect("a GUID");
    assert_eq!(
        job.auth,
        Auth::ManagedIdentity {
            user_assigned: Some(UserAssigned::Client(id))
        }
    );
    let output = OutputOptions {
        color: Color::Never,
        verbosity: Verbosity::Verbose,
        ..OutputOptions::default()
    };
    assert_eq!((job.format, job.output), (Format::Jsonl, output));
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
        let job = job(&format!("sync {flags}"), &[]);
        assert!(!job.given.whole_fleet(), "{flags}");
    }
    let job = job("sync --order listed --include-unsupported", &[]);
    assert!(job.given.whole_fleet());
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
        job(&line, &[]).settings(0, 0).selection.devices,
        [
            GUID,
            Guid {
                hi: u64::MAX,
                lo: u64::MAX
            }
        ]
    );
}
