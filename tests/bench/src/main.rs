//! `make bench`: measures, and writes `docs/benchmarks.md`.
//!
//! The first argument is the program, the second a file with the output of the test of the sandbox's cost, the third the
//! file to write. `intune-sync-bench quota [WORD…]` prints the use of the quota alone, without a program: a minute, for
//! those who change the rate controller. `intune-sync-bench neighbours [SEEDS]` prints how clients share one.

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
    if let [neighbours, seeds @ ..] = &arguments[..]
        && neighbours == "neighbours"
    {
        let seeds = seeds
            .first()
            .map_or(Ok(quota::SEEDS), |seeds| seeds.parse())?;
        return neighbours::print(seeds);
    }
    let [program, costs, file] = &arguments[..] else {
        bail!("give the program and two files: `intune-sync-bench PROGRAM COSTS FILE`");
    };
    let costs = fs::read_to_string(costs).with_context(|| format!("cannot read `{costs}`"))?;
    let text = report::write(program, &costs)?;
    fs::write(file, text).with_context(|| format!("cannot write `{file}`"))
}
