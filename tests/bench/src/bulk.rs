//! How the engine finds out what a bulk call costs, in a tenant where it costs one and in one where it costs its
//! devices.

use std::{
    io::{self, Write as _},
    num::NonZeroU32,
};

use intune_sync_engine::{Run, contract::Dispatch};
use intune_sync_simulation::{Observer, run};
use intune_sync_simulator::{BulkCost, QuotaKind, RetryAfterForm, Tenant};

use crate::{
    cells,
    quota::{self, Course, END, LIMITERS, Measure, SEEDS, WINDOW},
    report::{Targets, line},
};

const QUOTAS: [u32; 4] = [200, 150, 100, 60];
/// Devices where a call costs one: a hundred times as many are synced in the same time.
const MANY: u32 = 400_000;

#[derive(Debug, Clone, Copy)]
struct Case {
    cost: BulkCost,
    form: RetryAfterForm,
    kind: QuotaKind,
    quota: u32,
}

/// The worst of the seeds.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    /// What a call is taken to cost at the end, if all runs agree.
    taken: Option<BulkCost>,
    /// Throttle windows that began while it was taken to cost something else.
    windows: u32,
    /// What was throttled in the window of the first 429, of calls or devices as the tenant counts.
    learning: u64,
    /// From the end of that window on.
    after: Measure,
}

/// Sees when the cost of a call has been learned.
struct Learning {
    cost: BulkCost,
    /// Throttle windows that have begun before that.
    windows: u32,
    /// Requests that were throttled, and when the last one was.
    rejected: u64,
    last: u64,
    taken: BulkCost,
}

/// Writes the table, and adds the targets.
pub(crate) fn write(text: &mut String, targets: &mut Targets) {
    line(
        text,
        &format!(
            "\n## What a bulk call costs\n\nNobody documents whether a call for 100 devices counts as one write or as 100. Each figure is the \
             worst of {SEEDS} seeds. *Learning* is what is throttled in the 20 s from the first 429 on, in the tenant's writes; \
             *then* is what comes after that: used / throttled, in percent.\n"
        ),
    );
    let rows = rows(SEEDS);
    draw(text, &rows);
    for (cost, what) in [
        (BulkCost::Call, "a call costs one"),
        (BulkCost::Device, "a call costs its devices"),
    ] {
        let ours = rows.iter().filter(|(case, _)| case.cost == cost);
        let right = ours.clone().all(|(_, outcome)| outcome.taken == Some(cost));
        let throttled = ours.clone().map(|(_, outcome)| outcome.after.throttled);
        let throttled = throttled.fold(0.0, f64::max);
        let windows = ours.map(|(_, outcome)| outcome.windows).max().unwrap_or(0);
        targets.add(
            &format!(
                "`bulk`, {what}: learned in one throttle window, then at most 0.5 % throttled"
            ),
            format!(
                "{}, {windows} at most, {throttled:.3} % throttled",
                if right { "right" } else { "wrong" }
            ),
            right && windows <= 1 && throttled <= 0.5,
        );
    }
}

/// Prints the table, with this many seeds.
///
/// # Errors
///
/// When nothing can be printed.
pub(crate) fn print(seeds: u64) -> anyhow::Result<()> {
    let mut text = String::new();
    draw(&mut text, &rows(seeds));
    io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

fn rows(seeds: u64) -> Vec<(Case, Outcome)> {
    let mut cases = Vec::new();
    for cost in [BulkCost::Call, BulkCost::Device] {
        for form in [RetryAfterForm::Seconds, RetryAfterForm::Missing] {
            for kind in LIMITERS {
                cases.extend(QUOTAS.map(|quota| Case {
                    cost,
                    form,
                    kind,
                    quota,
                }));
            }
        }
    }
    let outcomes = cells::measured(cases.len(), |at| {
        let runs = (0..seeds).map(|seed| cases[at].once(seed));
        runs.reduce(Outcome::worst).expect("there are seeds")
    });
    cases.into_iter().zip(outcomes).collect()
}

impl Case {
    fn once(self, seed: u64) -> Outcome {
        let mut config = quota::tenant(self.kind, self.form, Course::Steady(self.quota), seed);
        config.bulk.cost = self.cost;
        config.bulk.max_ids = NonZeroU32::new(100).expect("not 0");
        if self.cost == BulkCost::Call {
            config.fleet.devices = MANY;
        }
        let limit = config.quota.clone();
        let mut tenant = Tenant::new(config);
        let mut learning = Learning {
            cost: self.cost,
            windows: 0,
            rejected: 0,
            last: 0,
            taken: BulkCost::Call,
        };
        run(
            quota::settings(Dispatch::Bulk, seed),
            &mut tenant,
            &mut learning,
        );
        let statistics = tenant.statistics();
        let rejected = &statistics.rejected_per_second;
        let first = |counts: &[u32]| counts.iter().position(|count| *count > 0);
        // What has to be learned is learned in a window of its own; without one, the others do not count at first.
        let began = first(rejected);
        let began = began.unwrap_or(first(&statistics.admitted_per_second).unwrap_or(0) + 40);
        let end = began + (WINDOW / 1_000) as usize;
        let learned = rejected.iter().take(end).skip(began);
        let allowed = quota::allowed(&limit, 0);
        // The last seconds of the fleet are not full ones.
        let to = (statistics.admitted_per_second.len() as u64 - 1) * 1_000;
        Outcome {
            taken: Some(learning.taken),
            windows: learning.windows,
            learning: learned.map(|count| u64::from(*count)).sum(),
            after: quota::measured(statistics, allowed, end as u64 * 1_000, to),
        }
    }
}

impl Observer for Learning {
    fn settled(&mut self, now: u64, run: &mut Run, tenant: &Tenant) -> bool {
        let learned = run
            .learned()
            .is_some_and(|learned| learned.bulk_counts_devices);
        let rejected = tenant.statistics().throttled_requests;
        if self.taken != self.cost && rejected > self.rejected {
            // Those that follow within a window belong together.
            self.windows += u32::from(self.windows == 0 || now > self.last + WINDOW);
            (self.rejected, self.last) = (rejected, now);
        }
        if learned {
            self.taken = BulkCost::Device;
        }
        if now >= END {
            run.stop();
        }
        true
    }
}

impl Outcome {
    fn worst(self, other: Self) -> Self {
        Self {
            taken: self.taken.filter(|taken| other.taken == Some(*taken)),
            windows: self.windows.max(other.windows),
            learning: self.learning.max(other.learning),
            after: self.after.worst(other.after),
        }
    }
}

fn draw(text: &mut String, rows: &[(Case, Outcome)]) {
    line(
        text,
        "| a call costs | `Retry-After` | limiter | quota | it takes it to cost | learning | then |\n|---|---|---|---|---|---|---|",
    );
    for (case, outcome) in rows {
        let named = quota::names_time(case.form);
        let name = |cost| match cost {
            BulkCost::Call => "one",
            BulkCost::Device => "its devices",
        };
        let cost = name(case.cost);
        let taken = outcome
            .taken
            .map_or("**one or its devices, by seed**", name);
        line(
            text,
            &format!(
                "| {cost} | {named} | {:?} | {} | {taken} | {} | {:.1} / {:.3} |",
                case.kind,
                case.quota,
                outcome.learning,
                outcome.after.used,
                outcome.after.throttled
            ),
        );
    }
}
