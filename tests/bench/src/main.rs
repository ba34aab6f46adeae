//! `make bench`: measures, and writes `docs/benchmarks.md`.
//!
//! The first argument is the program, the second a file with the output of the test of the sandbox's cost, the third
//! the file to write. `intune-sync-bench quota [WORD…]` prints the use of the quota alone, without a program: some
//! minutes, for those who change the rate controller. `intune-sync-bench neighbours [SEEDS]` prints how clients share
//! one, `bulk` what a bulk call is taken to cost.

mod bulk;
mod cells;
mod clients;
mod loopback;
mod neighbours;
mod oracle;
mod pacers;
mod program;
mod quota;
mod report;
mod usage;
mod verdicts;

use std::{env, fs};

use anyhow::{Context, bail};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [quota, words @ ..] = &arguments[..]
        && quota == "quota"
    {
        return usage::print(words);
    }
    if let [table, seeds @ ..] = &arguments[..]
        && let Some(print) = alone(table)
    {
        let seeds = seeds.first().map(|seeds| seeds.parse());
        return print(seeds.transpose()?.unwrap_or(quota::SEEDS));
    }
    let [program, costs, file] = &arguments[..] else {
        bail!("give the program and two files: `intune-sync-bench PROGRAM COSTS FILE`");
    };
    let costs = fs::read_to_string(costs).with_context(|| format!("cannot read `{costs}`"))?;
    let text = report::write(program, &costs)?;
    fs::write(file, text).with_context(|| format!("cannot write `{file}`"))
}

/// What prints a table alone, if there is one of this name.
fn alone(table: &str) -> Option<fn(u64) -> anyhow::Result<()>> {
    match table {
        "neighbours" => Some(neighbours::print),
        "bulk" => Some(bulk::print),
        _ => None,
    }
}
