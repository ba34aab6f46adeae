//! The core against drawn tenants, seed by seed.
//!
//! `INTUNE_SYNC_SEEDS=100000` runs this many seeds instead of 2,000; `INTUNE_SYNC_SEED=17` runs that one and prints all
//! that was drawn and all that happened.

mod memory;

use std::{
    collections::BTreeMap,
    env,
    panic::{self, AssertUnwindSafe},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use intune_sync_engine::contract::{RunStatus, Summary};
use intune_sync_simulation::{Checks, Scenario, drive};
use intune_sync_simulator::{Statistics, Tenant};

use self::memory::Sized;

/// How many seeds have met a condition, by name.
type Coverage = BTreeMap<String, u64>;

struct Examined {
    scenario: Scenario,
    checks: Checks,
    /// `None` when a check failed.
    summary: Option<Summary>,
    statistics: Statistics,
}

fn examine(seed: u64) -> Examined {
    let scenario = Scenario::draw(seed);
    let mut tenant = Tenant::new(scenario.tenant.clone());
    let mut watched = Sized::new(Checks::new(&scenario));
    let summary = drive(scenario.settings.clone(), &mut tenant, &mut watched);
    let mut checks = watched.checks;
    if let Some(summary) = &summary {
        checks.over(summary, &tenant);
    }
    Examined {
        statistics: tenant.statistics().clone(),
        scenario,
        checks,
        summary,
    }
}

fn report(examined: &Examined) -> String {
    let Examined {
        scenario, checks, ..
    } = examined;
    let seed = scenario.seed;
    let trace = checks.trace();
    let last = trace[trace.len().saturating_sub(30)..].join("\n");
    let violation = checks
        .violation()
        .map(ToString::to_string)
        .unwrap_or_default();
    format!(
        "seed {seed}: {violation}\n\nthe end of the trace:\n{last}\n\nthe scenario:\n{scenario:#?}\n\nseed \
         {seed}: {violation}\nreplay it with\n  make replay SEED={seed}\n"
    )
}

fn cover(coverage: &mut Coverage, examined: &Examined) {
    let Examined {
        scenario,
        statistics,
        summary,
        ..
    } = examined;
    let mut met = vec![
        format!("limiter {:?}", scenario.tenant.quota.kind),
        format!(
            "rejected calls counted {}",
            scenario.tenant.quota.count_rejected
        ),
        format!("Retry-After {:?}", scenario.tenant.retry_after.form),
        format!("{:?}", scenario.settings.dispatch),
        format!("{:?}", scenario.settings.pace),
        format!("purpose {:?}", scenario.settings.purpose),
    ];
    let seen = [
        (
            "throttled",
            statistics.throttled_requests + statistics.throttled_items,
        ),
        ("renewed tokens", statistics.tokens_issued.saturating_sub(1)),
        (
            "synced twice after an unknown outcome",
            statistics.devices_synced_more_than_once.into(),
        ),
    ];
    met.extend(
        seen.iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, _)| (*name).to_owned()),
    );
    met.extend(
        statistics
            .faults
            .keys()
            .map(|fault| format!("fault {fault:?}")),
    );
    met.extend(summary.as_ref().map(|summary| {
        let ending = match summary.status {
            RunStatus::Completed => "completed",
            RunStatus::Interrupted(_) => "interrupted",
            RunStatus::NotAuthorized(_) => "not authorized",
            RunStatus::Failed(_) => "failed",
            RunStatus::Stopped => "stopped",
            RunStatus::Running => "not ended",
        };
        format!("ending {ending}")
    }));
    for met in met {
        *coverage.entry(met).or_default() += 1;
    }
}

fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("`{name}` is `{text}`, which is not a number")),
    )
}

#[test]
#[expect(clippy::print_stdout, reason = "a replay is there to be read")]
fn everything_holds_for_every_seed() {
    if let Some(seed) = number("INTUNE_SYNC_SEED") {
        let examined = examine(seed);
        println!("{:#?}", examined.scenario);
        println!("{}", examined.checks.trace().join("\n"));
        println!("{:#?}", examined.summary);
        assert!(
            examined.checks.violation().is_none(),
            "{}",
            report(&examined)
        );
        return;
    }
    let seeds = number("INTUNE_SYNC_SEEDS").unwrap_or(2_000);
    let (next, coverage) = (AtomicU64::new(0), Mutex::new(Coverage::new()));
    let first: Mutex<Option<Examined>> = Mutex::new(None);
    let work = || {
        let mut met = Coverage::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds || first.lock().expect("nobody panics with it").is_some() {
                break;
            }
            // A panic, of the engine or of a check, has to name its seed too.
            let examined = panic::catch_unwind(AssertUnwindSafe(|| examine(seed)))
                .unwrap_or_else(|_| panic!("seed {seed} panics: {:#?}", Scenario::draw(seed)));
            cover(&mut met, &examined);
            if examined.checks.violation().is_some() {
                first
                    .lock()
                    .expect("nobody panics with it")
                    .get_or_insert(examined);
            }
        }
        let mut all = coverage.lock().expect("nobody panics with it");
        for (name, count) in met {
            *all.entry(name).or_default() += count;
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(work);
        }
    });
    if let Some(examined) = first.into_inner().expect("nobody panicked") {
        panic!("{}", report(&examined));
    }
    let coverage = coverage.into_inner().expect("nobody panicked");
    println!("{seeds} seeds met: {coverage:#?}");
    for (name, least) in [
        ("limiter Fixed", 500),
        ("limiter Sliding", 500),
        ("limiter Bucket", 500),
        ("rejected calls counted true", 500),
        ("rejected calls counted false", 500),
        ("Retry-After Seconds", 100),
        ("Retry-After Decimal", 100),
        ("Retry-After Date", 100),
        ("Retry-After Body", 100),
        ("Retry-After Missing", 100),
        ("Retry-After Mixed", 100),
        ("Dispatch::Single", 300),
        ("Dispatch::Batch", 300),
        ("Dispatch::Bulk", 300),
        ("Pace::Fixed", 500),
        ("Pace::Quota", 500),
        ("throttled", 300),
        ("renewed tokens", 100),
        ("synced twice after an unknown outcome", 100),
        ("ending completed", 1_000),
        ("ending not authorized", 10),
        ("ending stopped", 50),
        ("purpose Purpose::Plan", 30),
    ] {
        let count = coverage.get(name).copied().unwrap_or(0);
        assert!(
            count * 2_000 >= least * seeds.min(2_000),
            "`{name}` was met by {count} seeds only"
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in (0..2_000).step_by(40) {
        let (first, second) = (examine(seed), examine(seed));
        assert!(first.checks.trace() == second.checks.trace(), "seed {seed}");
        assert_eq!(first.summary, second.summary, "seed {seed}");
        assert_eq!(first.statistics, second.statistics, "seed {seed}");
    }
}
