//! `rehearse`.

use std::path::Path;

use intune_sync_settings::{Group, duration::Span};
use intune_sync_wit::Pace;

use super::{file, job, parse, usage};
use crate::cli::{
    BulkCost, Command, Limiter, RehearseOptions, ReportFormat, TenantOptions, Verbosity,
};

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
    assert_eq!(
        (options.devices, options.tries_alternatives()),
        (25_000, false)
    );
    assert_eq!(options.component.file.as_deref(), Some(Path::new("c.wasm")));
    assert_eq!(options.report.format, ReportFormat::Json);
    assert_eq!(options.report.output.verbosity, Verbosity::Quiet);
    let job = options.job(options.pace.given.clone());
    assert!(job.given.whole_fleet());
    assert_eq!(job.given.pace, Some(Pace::Quota));
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
    assert!(options.tries_alternatives());
    let sync = job("sync", &[]).given;
    assert_eq!(
        options.pace.given.flags(Group::Pace),
        sync.flags(Group::Pace)
    );
}

/// The file and the variables of a job count, as far as a rehearsal has the same flags.
#[test]
fn a_job_s_own_settings_can_be_rehearsed() {
    let text = "pace = \"quota\"\nbatch-size = 100\nos = [\"Windows\"]\ndeadline = \"5h\"\n";
    let (_folder, path) = file("job.toml", text);
    let variables = [
        ("INTUNE_SYNC_BATCH_SIZE", "200"),
        ("INTUNE_SYNC_MAX_RETRIES", "1"),
    ];
    let line = format!("rehearse --config {} --max-retries 2", path.display());
    let options = rehearsal(&line, &variables);
    assert_eq!(options.pace.given.pace, Some(Pace::Quota));
    let error = usage(&line, &[("INTUNE_SYNC_DEVICES", "7")]);
    assert_eq!(error.message, "`INTUNE_SYNC_DEVICES` is not a setting");
    assert_eq!(
        (
            options.pace.given.batch_size,
            options.pace.given.max_retries
        ),
        (Some(200), Some(2))
    );
}

fn rehearsal(line: &str, variables: &[(&str, &str)]) -> RehearseOptions {
    match parse(line, variables) {
        Ok(Command::Rehearse(options)) => *options,
        other => panic!("{line}: {other:?}"),
    }
}
